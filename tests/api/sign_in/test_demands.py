"""What an operator demands of the provider: pushed requests, a way to answer, a fresh sign-in, a level of it."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from romm.domain.errors import Code
from tests.api.sign_in.test_openid import error_of
from tests.fake_provider import HTML, NOT_FOUND, Response, error, redirect
from tests.world import World

PUSHED = {"OIDC_PUSHED_REQUESTS": "true"}


async def test_a_client_that_must_push_its_requests_is_refused_with_the_setting_for_it() -> None:
    world = World()
    world.idp.client_requires_par = True
    assert error_of(await world.browser().sign_in()) == Code.REQUEST_REFUSED
    [line] = world.lines("refused")
    assert "OIDC_PUSHED_REQUESTS=true" in line["hint"]


async def test_a_client_that_must_push_its_requests_does_so_when_told() -> None:
    """RFC 9126, 6."""
    world = World(PUSHED)
    world.idp.client_requires_par = True
    assert (await world.browser().sign_in("/collection")).headers["location"] == "/collection"
    assert len(world.idp.received("/par")) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(redirect("https://idp.test/login", status=302), id="Spring: the page to log in"),
        pytest.param(NOT_FOUND, id="404"),
        pytest.param(HTML, id="a page"),
        pytest.param(Response(204), id="nothing"),
    ],
)
async def test_an_endpoint_that_is_announced_and_not_there_leaves_the_plain_request(answer: Response) -> None:
    world = World(PUSHED)
    world.idp.instead["par"] = answer
    assert (await world.browser().sign_in("/collection")).headers["location"] == "/collection"


async def test_without_an_announced_endpoint_nothing_is_pushed() -> None:
    world = World(PUSHED)
    world.idp.alter_metadata = lambda metadata: metadata.pop("pushed_authorization_request_endpoint")
    assert (await world.browser().sign_in("/collection")).headers["location"] == "/collection"


@pytest.mark.parametrize(
    ("environ", "answer", "code"),
    [
        pytest.param(PUSHED, error("invalid_scope"), Code.INVALID_SCOPE, id="an error of the protocol"),
        pytest.param(PUSHED, error("invalid_client", 401), Code.CLIENT_REJECTED, id="a wrong secret"),
        pytest.param({}, NOT_FOUND, Code.PROVIDER_ANSWER_INVALID, id="the metadata require it"),
    ],
)
async def test_there_is_no_plain_request_after(environ: dict[str, str], answer: Response, code: Code) -> None:
    world = World(environ)
    world.idp.requires_par = not environ
    world.idp.instead["par"] = answer
    assert error_of(await world.browser().get("/api/login/openid")) == code


async def test_what_is_demanded_is_asked_for() -> None:
    world = World({"OIDC_RESPONSE_MODE": "form_post", "OIDC_MAX_AGE": "3600", "OIDC_ACR_VALUES": "gold silver"})
    asked = dict(parse_qsl(urlsplit(await world.browser().begin()).query))
    assert (asked["response_mode"], asked["max_age"], asked["acr_values"]) == ("form_post", "3600", "gold silver")


async def test_what_is_not_demanded_is_not_asked_for(world: World) -> None:
    asked = dict(parse_qsl(urlsplit(await world.browser().begin()).query))
    assert {"response_mode", "max_age", "acr_values"}.isdisjoint(asked)


@pytest.mark.parametrize(
    ("environ", "claims", "code"),
    [
        pytest.param({"OIDC_MAX_AGE": "60"}, {}, Code.ID_TOKEN_AUTH_TIME, id="a provider that ignores max_age"),
        pytest.param({"OIDC_ACR_VALUES": "gold silver"}, {"acr": "bronze"}, Code.ID_TOKEN_ACR, id="a weaker sign-in"),
    ],
)
async def test_who_does_not_meet_the_demand_is_refused(
    environ: dict[str, str], claims: dict[str, str], code: Code
) -> None:
    world = World(environ)
    world.idp.alter_id_token = lambda token: token.update(claims)
    browser = world.browser()
    assert error_of(await browser.sign_in()) == code
    assert browser.session is None


async def test_who_meets_the_demand_is_signed_in() -> None:
    world = World({"OIDC_MAX_AGE": "60", "OIDC_ACR_VALUES": "gold silver"})
    now = int(world.clock().timestamp())
    world.idp.alter_id_token = lambda token: token.update(auth_time=now - 30, acr="silver")
    assert (await world.browser().sign_in("/collection")).headers["location"] == "/collection"
