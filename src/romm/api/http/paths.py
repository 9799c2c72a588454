"""Numbers in paths: one thing has one address, so that rules of proxies and logs by path hold."""

from litestar.exceptions import NotFoundException

from romm.api.http.requests import Request


def check_numbers(request: Request) -> None:
    """`int` reads digits of every script, `+3`, `03` and `1_0`, too. Raises NotFoundException."""
    segments = request.scope["path"].split("/")
    for value in request.path_params.values():
        if isinstance(value, int) and str(value) not in segments:
            raise NotFoundException
