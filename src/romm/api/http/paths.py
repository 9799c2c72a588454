"""A number in a path has one spelling: proxies' rules and logs by path must hold."""

from litestar.exceptions import NotFoundException

from romm.api.http.requests import Request


def check_numbers(request: Request) -> None:
    """`int` also reads any script's digits, `+3`, `03` and `1_0`. Raises NotFoundException."""
    segments = request.scope["path"].split("/")
    for value in request.path_params.values():
        if isinstance(value, int) and str(value) not in segments:
            raise NotFoundException
