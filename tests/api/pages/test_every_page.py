"""The list of pages that are looked at in a browser (`tests/e2e/every_page.py`) has every route that answers one."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

from litestar.handlers import HTTPRouteHandler
from litestar.response import Template
from litestar.routes import HTTPRoute

from tests.api.test_doors import litestar
from tests.e2e.every_page import ANSWERS, LOOKED_AT_ELSEWHERE, PAGES, SEND_ON

E2E = Path(__file__).parents[2] / "e2e"
LINKS = {"{invitation}": "/register", "{reset}": "/reset-password", "{recovery}": "/recover"}


def routes(method: Literal["GET", "POST"]) -> Iterator[str]:
    for route in litestar().routes:
        if isinstance(route, HTTPRoute) and method in route.route_handler_map:
            handler, _ = route.route_handler_map[method]
            if answers_a_page(handler):
                yield route.path_format


def answers_a_page(handler: HTTPRouteHandler) -> bool:
    annotation = handler.parsed_return_field.annotation
    return Template in (get_args(annotation) or (annotation,))


def is_at(page: str, route: str) -> bool:
    path = re.split(r"[?&]", LINKS.get(re.split("&", page)[0], page))[0]
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route), path) is not None


def test_every_page_is_looked_at() -> None:
    assert [route for route in routes("GET") if not any(is_at(page, route) for page in PAGES)] == []


def test_every_page_that_answers_a_form_is_looked_at() -> None:
    assert set(routes("POST")) == {*ANSWERS, *SEND_ON, *LOOKED_AT_ELSEWHERE}
    assert all((E2E / f"{module}.py").exists() for module in LOOKED_AT_ELSEWHERE.values())
