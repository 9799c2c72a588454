"""What the OpenAPI document says of every route, and `Allow` of every path."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from litestar.openapi.spec import Operation
from litestar.routes import HTTPRoute

from romm.api.openapi.operations import Described
from romm.api.routes import ROUTERS
from romm.domain import scopes
from romm.domain.accounts import passwords, usernames
from romm.domain.model import LEVEL_NAMES
from tests.world import World

METHODS = ("get", "post", "put", "delete")
FORM, JSON, PROBLEM = "application/x-www-form-urlencoded", "application/json", "application/problem+json"


@pytest.fixture
async def document(world: World) -> dict[str, Any]:
    async with world.program() as program:
        found: dict[str, Any] = (await program.get("/api/openapi.json")).json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        yield from ((f"{name} {path}", methods[name]) for name in METHODS if name in methods)


def body(document: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    schema: dict[str, Any] = next(
        iter(document["paths"][path][method]["requestBody"]["content"].values())
    )["schema"]["properties"]  # fmt: skip
    return schema


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/users", "GET, HEAD, OPTIONS, POST"),
        ("/api/users/3", "DELETE, GET, HEAD, OPTIONS, PUT"),
        ("/api/authorize", "GET, HEAD, OPTIONS, POST"),
        ("/api/token", "OPTIONS, POST"),
    ],
)
async def test_allow_names_every_method_of_a_path(world: World, path: str, methods: str) -> None:
    async with world.program() as program:
        asked, refused = await program.options(path), await program.patch(path)
    assert (asked.status_code, asked.headers["allow"]) == (204, methods)
    assert (refused.status_code, refused.headers["allow"]) == (405, methods)


async def test_a_body_that_is_too_large_or_of_another_type_is_documented(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        if "requestBody" in operation:
            assert {"400", "413"} <= operation["responses"].keys(), name
            assert ("415" in operation["responses"]) == (JSON in operation["requestBody"]["content"]), name


async def test_a_number_in_the_path_and_a_wrong_parameter_are_documented_as_problems(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        numbers = [each for each in operation.get("parameters", ()) if each["schema"].get("type") == "integer"]
        if any(each["in"] == "path" for each in numbers):
            assert "404" in operation["responses"], name
        if numbers:
            assert PROBLEM in operation["responses"]["400"]["content"], name


async def test_no_answer_of_the_framework_is_documented(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for answer in operation["responses"].values():
            for medium in answer.get("content", {}).values():
                assert "status_code" not in medium.get("schema", {}).get("properties", {}), name


async def test_fields_have_the_words_and_lengths_of_their_rules(document: dict[str, Any]) -> None:
    user, token = body(document, "post", "/api/users"), body(document, "post", "/api/client-tokens")
    assert user["role"]["enum"] == list(LEVEL_NAMES)
    assert user["username"]["pattern"] == usernames.TYPED_PATTERN
    assert user["password"]["anyOf"][0]["minLength"] == passwords.MIN_LENGTH
    assert token["scopes"]["items"]["enum"] == [*scopes.ALL, scopes.GRANT_ACCESS]


async def test_the_example_of_every_body_is_taken_as_well_formed(world: World, document: dict[str, Any]) -> None:
    """A refusal is about what it says, such as an unknown secret, and not about its form."""
    async with world.program() as program:
        for name, operation in operations(document):
            for medium, content in operation.get("requestBody", {"content": {}})["content"].items():
                method, _, path = name.partition(" ")
                answer = await sent(program, method, path, medium, content["examples"]["example"]["value"])
                assert "request_invalid" not in answer.text, (name, medium)


async def sent(program: httpx.AsyncClient, method: str, path: str, medium: str, example: Any) -> httpx.Response:
    path = path.replace("{user_id}", "1")
    form = {"data": example} if medium == FORM else {"json": example}
    return await program.request(method.upper(), path, **form)


def test_no_route_makes_a_dataclass_of_its_own() -> None:
    """Guards a fiftieth of a start's time."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, HTTPRoute)]
    kinds = {handler.operation_class for route in routes for handler in route.route_handlers}
    classes = kinds - {Operation, Described}
    assert classes
    assert [each for each in classes if "__dataclass_params__" in vars(each)] == []
