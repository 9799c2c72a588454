"""The doctor over HTTP, for admins."""

import pytest

from romm.domain.diagnosis.findings import Check
from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from tests.world import PASSWORD, World

ROUTE = "/api/oidc/diagnosis"


async def test_an_admin_reads_what_the_doctor_finds(world: World) -> None:
    response = await world.program().get(ROUTE, auth=("keeper", PASSWORD))
    assert response.status_code == 200
    findings = response.json()
    assert [finding["check"] for finding in findings] == list(Check)
    assert {finding["outcome"] for finding in findings} == {"ok", "warning"}
    assert findings[list(Check).index(Check.CLIENT)] == {
        "check": "client",
        "title": "Client and secret",
        "outcome": "ok",
        "expected": "the provider rejects a made-up code (invalid_grant), not RomM's client id and secret",
        "found": "known to the provider, which reads its pushed request (it answered invalid_grant (this is invalid_grant))",
        "fixes": [],
        "code": None,
        "provider": None,
    }


async def test_what_is_wrong_comes_with_code_and_fixes() -> None:
    world = World(environ={"OIDC_CLIENT_SECRET": "wrong"})
    await world.add("keeper", level=AccessLevel.ADMIN)
    findings = (await world.program().get(ROUTE, auth=("keeper", PASSWORD))).json()
    [failure] = [finding for finding in findings if finding["outcome"] == "failed"]
    assert (failure["check"], failure["code"]) == ("client", Code.CLIENT_REJECTED)
    assert "OIDC_CLIENT_SECRET" in failure["fixes"][0]


async def test_it_works_while_single_sign_on_is_off() -> None:
    world = World(environ={"OIDC_CLIENT_ID": ""})
    await world.add("keeper", level=AccessLevel.ADMIN)
    findings = (await world.program().get(ROUTE, auth=("keeper", PASSWORD))).json()
    assert findings[1]["code"] == Code.OIDC_OFF
    assert "OIDC_CLIENT_ID" in findings[1]["fixes"][0]


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)]
)
async def test_no_website_makes_an_admins_browser_ask_the_provider(world: World, site: str, status: int) -> None:
    """A link brings the session's cookie."""
    program = world.program()
    program.headers["sec-fetch-site"] = "same-origin"
    await program.post("/api/login", json={"username": "keeper", "password": PASSWORD})
    asked = len(world.idp.requests)
    response = await program.get(ROUTE, headers={"sec-fetch-site": site, "sec-fetch-mode": "navigate"})
    assert response.status_code == status
    assert (len(world.idp.requests) > asked) is (status == 200)


@pytest.mark.parametrize(
    ("level", "status", "code"),
    [
        (None, 401, Code.NOT_SIGNED_IN),
        (AccessLevel.VIEWER, 403, Code.FORBIDDEN),
        (AccessLevel.EDITOR, 403, Code.FORBIDDEN),
    ],
)
async def test_nobody_else_may_and_the_provider_is_left_alone(
    world: World, level: AccessLevel | None, status: int, code: Code
) -> None:
    program = world.program()
    if level is not None:
        await world.add("other", level=level)
        program.auth = ("other", PASSWORD)
    response = await program.get(ROUTE)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert world.idp.requests == []
