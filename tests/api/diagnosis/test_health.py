"""Is it alive, is it ready, and what does it offer: asked by anybody, with any credential."""

import pytest

from romm.composition import app
from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from tests.world import World, environment


@pytest.fixture(scope="module")
def house() -> World:
    return World()


@pytest.mark.parametrize(
    ("environ", "frontend", "oidc"),
    [
        pytest.param({}, False, (True, False, "authelia", False), id="as the guides set it up"),
        pytest.param({"OIDC_AUTOLOGIN": "true"}, False, (True, True, "authelia", False), id="straight to the provider"),
        pytest.param({"OIDC_RP_INITIATED_LOGOUT": "1"}, False, (True, False, "authelia", True), id="logout there, too"),
        pytest.param({"OIDC_PROVIDER": ""}, False, (True, False, "", False), id="a provider without a name"),
        pytest.param({"DISABLE_USERPASS_LOGIN": "true"}, True, (True, False, "authelia", False), id="no passwords"),
        pytest.param(
            {"OIDC_ENABLED": "false", "OIDC_AUTOLOGIN": "true", "OIDC_RP_INITIATED_LOGOUT": "true"},
            False, (False, False, "", False), id="single sign-on is off, whatever else is set",
        ),
        pytest.param(
            {"OIDC_CLIENT_ID": "", "OIDC_AUTOLOGIN": "true"}, False, (False, False, "", False), id="R-66: half configured"
        ),
    ],
)  # fmt: skip
async def test_the_heartbeat_has_exactly_what_apps_know(
    environ: dict[str, str], frontend: bool, oidc: tuple[object, ...]
) -> None:
    world = World(environ)
    await world.add("keeper", level=AccessLevel.ADMIN)
    response = await world.program().get("/api/heartbeat")
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    said = response.json()
    assert said["SYSTEM"] == {"VERSION": "5.1.1", "SHOW_SETUP_WIZARD": False, "SIGN_IN_VERSION": app.VERSION}
    assert said["FRONTEND"] == {
        "DISABLE_USERPASS_LOGIN": frontend,
        "DISABLE_LOGS_VIEWER": True,
        "YOUTUBE_BASE_URL": "",
    }
    assert said["OIDC"] == dict(zip(("ENABLED", "AUTOLOGIN", "PROVIDER", "RP_INITIATED_LOGOUT"), oidc, strict=True))


async def test_the_version_can_be_that_of_another_romm() -> None:
    answer = await World({"ROMM_API_VERSION": "5.2.0"}).program().get("/api/heartbeat")
    assert answer.json()["SYSTEM"]["VERSION"] == "5.2.0"


async def test_the_heartbeat_says_that_the_first_admin_is_missing(house: World) -> None:
    assert (await house.program().get("/api/heartbeat")).json()["SYSTEM"]["SHOW_SETUP_WIZARD"] is True


async def test_the_heartbeat_holds_no_secret(house: World) -> None:
    """R-59."""
    answer = (await house.program().get("/api/heartbeat")).text
    assert house.settings.oidc.client_secret not in answer
    assert house.idp.issuer not in answer


async def test_alive_and_ready(house: World) -> None:
    for path in ("/api/health/live", "/api/health/ready"):
        response = await house.program().get(path)
        assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_without_its_database_it_is_alive_but_not_ready() -> None:
    async def not_migrated() -> bool:
        return False

    world = World()
    world.serve(is_ready=not_migrated)
    assert (await world.program().get("/api/health/live")).status_code == 200
    response = await world.program().get("/api/health/ready")
    assert (response.status_code, response.json()["code"]) == (503, Code.STORAGE_UNAVAILABLE)
    assert int(response.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "path",
    ["/api/heartbeat", "/api/health/live", "/api/health/ready", "/api/openapi.json", "/api/docs", "/login", "/setup"],
)
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"cookie": "__Host-romm_session=stale"}, id="a stale session"),
        pytest.param({"cookie": "a=b; ;=; \x7f"}, id="a broken cookie header"),
        pytest.param({"authorization": "Bearer stale"}, id="a stale token"),
        pytest.param({"authorization": "Basic !!!"}, id="a broken header"),
    ],
)
async def test_a_stale_credential_does_not_break_what_needs_nobody(
    house: World, path: str, headers: dict[str, str]
) -> None:
    assert (await house.program().get(path, headers=headers)).status_code == 200


async def test_it_is_healthy_without_its_provider() -> None:
    world = World()
    world.reconfigure(environment("https://nobody-there.test"))
    for path in ("/api/heartbeat", "/api/health/live", "/api/health/ready", "/login"):
        assert (await world.program().get(path)).status_code == 200
