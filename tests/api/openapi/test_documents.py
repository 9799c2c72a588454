"""The API's own documentation: an OpenAPI 3.1 document that programs can read, and the same as a page."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from romm.domain.catalogue import CATALOGUE
from romm.domain.errors import Code
from tests.api.doors import DOORS, Door
from tests.world import World

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
ROUTES = {
    ("get", "/api/login/openid"),
    ("get", "/api/login/initiate"),
    ("post", "/api/login/initiate"),
    ("get", "/api/oauth/openid"),
    ("post", "/api/oauth/openid"),
    ("get", "/api/oauth/openid/{provider_id}"),
    ("post", "/api/oauth/openid/{provider_id}"),
    ("get", "/api/oauth/openid/{provider_id}/jwks.json"),
    ("get", "/api/oauth/openid/jwks.json"),
    ("post", "/api/oauth/openid/backchannel-logout"),
    ("post", "/api/login"),
    ("post", "/api/logout"),
    ("post", "/api/users"),
    ("get", "/api/users"),
    ("get", "/api/users/identifiers"),
    ("get", "/api/users/me"),
    ("get", "/api/oidc/diagnosis"),
    ("get", "/api/users/{user_id}"),
    ("put", "/api/users/{user_id}"),
    ("delete", "/api/users/{user_id}"),
    ("post", "/api/users/{user_id}/reset-link"),
    ("post", "/api/users/invite-link"),
    ("get", "/api/users/invitations"),
    ("delete", "/api/users/invitations/{invitation_id}"),
    ("post", "/api/users/register"),
    ("post", "/api/forgot-password"),
    ("post", "/api/reset-password"),
    ("post", "/api/recover"),
    ("get", "/api/sessions"),
    ("delete", "/api/sessions"),
    ("delete", "/api/sessions/{session_id}"),
    ("get", "/api/identities/link"),
    ("delete", "/api/identities/{identity_id}"),
    ("post", "/api/oidc/explain"),
    ("get", "/api/oidc/trial"),
    ("get", "/api/sign-ins"),
    ("get", "/api/auth/forward"),
    ("get", "/api/authorize"),
    ("post", "/api/authorize"),
    ("post", "/api/token"),
    ("post", "/api/token/revoke"),
    ("post", "/api/token/introspect"),
    ("get", "/.well-known/oauth-authorization-server"),
    ("get", "/api/client-tokens"),
    ("get", "/api/client-tokens/all"),
    ("post", "/api/client-tokens"),
    ("delete", "/api/client-tokens/{token_id}"),
    ("delete", "/api/client-tokens/{token_id}/admin"),
    ("put", "/api/client-tokens/{token_id}/regenerate"),
    ("post", "/api/client-tokens/{token_id}/pair"),
    ("get", "/api/client-tokens/pair/{code}/status"),
    ("post", "/api/client-tokens/exchange"),
    ("post", "/api/device_authorization"),
    ("post", "/api/auth/device/init"),
    ("get", "/api/auth/device/pending/{user_code}"),
    ("post", "/api/auth/device/approve"),
    ("post", "/api/auth/device/deny"),
    ("post", "/api/auth/device/token"),
    ("get", "/api/devices"),
    ("post", "/api/devices"),
    ("get", "/api/devices/{device_id}"),
    ("put", "/api/devices/{device_id}"),
    ("delete", "/api/devices/{device_id}"),
    ("get", "/api/platforms"),
    ("get", "/api/heartbeat"),
    ("get", "/api/health/live"),
    ("get", "/api/health/ready"),
}
"""What apps and operators rely on; a route that comes or goes is news, so it stands here, too."""


@pytest.fixture(scope="module")
def house() -> World:
    return World()


@pytest.fixture
async def text(house: World) -> str:
    response = await house.program().get("/api/openapi.json")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/vnd.oai.openapi+json"
    return response.text


@pytest.fixture
def document(text: str) -> dict[str, Any]:
    """Strict JSON: no NaN, no name twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({name for name, _ in pairs}) == len(pairs)
        return dict(pairs)

    found: dict[str, Any] = json.loads(text, parse_constant=pytest.fail, object_pairs_hook=once)
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield method, path, item[method]


def everything(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of the document."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from everything(each)


def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert document["info"]["title"]
    assert document["info"]["version"]


def test_the_document_has_every_route_and_no_page(document: dict[str, Any]) -> None:
    assert {(method, path) for method, path, _ in operations(document)} == ROUTES


def test_every_route_says_what_it_is_for_and_how_it_answers(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["description"].endswith("."), where
        assert operation["tags"], where
        assert operation["responses"], where
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[1-5]\d\d|default", status), where
            assert response["description"], where


def test_every_operation_has_its_own_name(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = [node["$ref"] for node in everything(document) if isinstance(node.get("$ref"), str)]
    assert references
    for reference in references:
        node = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def test_every_security_requirement_names_a_scheme(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    for method, path, operation in operations(document):
        for requirement in operation["security"]:
            assert requirement.keys() <= schemes.keys(), f"{method} {path}"


def test_a_route_that_needs_somebody_says_so(document: dict[str, Any]) -> None:
    ways = document["paths"]["/api/users/me"]["get"]["security"]
    assert ways == [{"session": ["me.read"]}, {"basic": ["me.read"]}, {"bearer": ["me.read"]}]


def test_a_refusal_is_documented_as_it_is_answered(document: dict[str, Any]) -> None:
    """Each example is a problem with the status it stands under, and its sentence is the catalogue's."""
    found: set[str] = set()
    for _, _, operation in operations(document):
        for status, response in operation["responses"].items():
            examples = response.get("content", {}).get("application/problem+json", {}).get("examples", {})
            for example in examples.values():
                problem = example["value"]
                assert str(problem["status"]) == status
                assert problem["detail"] == CATALOGUE[Code(problem["code"])].person
                found.add(problem["code"])
    assert {Code.CREDENTIALS_WRONG, Code.NOT_SIGNED_IN, Code.CROSS_SITE, Code.STORAGE_UNAVAILABLE} <= found


@pytest.mark.parametrize("name", [name for name, row in DOORS.items() if isinstance(row, Door)])
def test_what_a_door_refuses_with_is_documented_at_its_route(name: str, document: dict[str, Any]) -> None:
    door, (method, path) = DOORS[name], re.split("[ ?]", name)[:2]
    assert isinstance(door, Door)
    refusals = {
        door.own,
        door.foreign,
        door.passes and door.passes[1],
        door.rights == "admin" and Code.ADMIN_REQUIRED,
        bool(door.lasting or door.proof) and Code.CONFIRMATION_REQUIRED,
    }
    answers = everything(document["paths"][path][method.lower()]["responses"])
    assert {code for code in refusals if code} <= {example["code"] for example in answers if "code" in example}


def test_the_token_endpoint_documents_what_every_grant_sends_and_is_refused_for(document: dict[str, Any]) -> None:
    """By app's code (RFC 6749, 4.1.3; RFC 7636, 4.5), by device code, by refresh token and by password."""
    operation = document["paths"]["/api/token"]["post"]
    sent = {
        "grant_type", "code", "redirect_uri", "code_verifier", "device_code", "refresh_token", "username", "password", "scope",
    }  # fmt: skip
    [medium] = operation["requestBody"]["content"].values()
    assert sent <= medium["schema"]["properties"].keys()
    refused = {name for each in operation["responses"].values() for name in examples_of(each)}
    assert {Code.APP_CODE_INVALID, Code.APP_CODE_REUSED, Code.DEVICE_CODE_INVALID, Code.CREDENTIALS_WRONG} <= refused


def examples_of(response: dict[str, Any]) -> set[str]:
    return {name for medium in response.get("content", {}).values() for name in medium.get("examples", {})}


async def test_a_documented_example_of_a_body_is_one_that_can_be_read(house: World, document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        for media_type, medium in operation.get("requestBody", {}).get("content", {}).items():
            for example in medium["examples"].values():
                sent = {"json" if media_type == "application/json" else "data": example["value"]}
                response = await World().program().request(method, path, **sent)
                assert "request_invalid" not in response.text, f"{method} {path} as {media_type}"


async def test_the_page_shows_every_route_and_its_summary(house: World, document: dict[str, Any]) -> None:
    response = await house.browser().get("/api/docs")
    assert response.headers["content-type"].startswith("text/html")
    page = html.unescape(response.text)
    for method, path, operation in operations(document):
        assert f'id="{operation["operationId"]}"' in page
        assert f"<code>{path}</code>" in page
        assert f'method {method}">{method.upper()}<' in page
        assert operation["summary"] in page
        assert operation["description"] in page
    for name in document["components"]["schemas"]:
        assert f'id="schema-{name}"' in page


async def test_the_page_needs_no_script(house: World) -> None:
    assert (await house.browser().get("/api/docs")).text.count("<script") == 1, "our own"
