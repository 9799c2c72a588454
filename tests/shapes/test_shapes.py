"""Each shape lets a person in when it is healthy, and gives the answers of its table when it is not."""

from collections.abc import Mapping

import httpx
import pytest

from tests.fake_provider import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI
from tests.shapes.model import State
from tests.shapes.provider import ShapedProvider
from tests.shapes.register import SERVERS, shape
from tests.shapes.server import Server
from tests.world import World

REQUEST: Mapping[str, str] = {
    "client_id": CLIENT_ID,
    "redirect_uri": REDIRECT_URI,
    "response_type": "code",
    "scope": "openid profile email groups",
    "state": "s",
    "code_challenge": "c",
    "code_challenge_method": "S256",
}
INVENTED = {"client_id": "nobody", "redirect_uri": "https://romm.test/invented"}
EACH = pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS)


@EACH
async def test_a_person_signs_in_at_each_healthy_server(server: Server) -> None:
    world = World(environ=server.environment, idp=server.healthy())
    browser = world.browser()
    answer = await browser.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/"), answer.text
    assert (await browser.me()).status_code == 200


@EACH
def test_a_server_answers_for_each_state_that_it_is_known_in(server: Server) -> None:
    assert State.HEALTHY not in server.shape.states
    assert len(set(server.shape.states)) == len(server.shape.states)
    with pytest.raises(AssertionError, match="not known"):
        server.broken("healthy")


async def _asked(idp: ShapedProvider, *, prompt: str = "none", **changes: str) -> httpx.Response:
    parameters = {**REQUEST, **({"prompt": prompt} if prompt else {}), **changes}
    async with httpx.AsyncClient(transport=idp.transport, base_url=idp.origin) as client:
        return await client.get(idp.shape.paths["authorize"], params=parameters)


def _look(answer: httpx.Response) -> tuple[object, ...]:
    location = httpx.URL(answer.headers.get("location", ""))
    return answer.status_code, location.path.partition(";")[0], location.params.get("error"), answer.text[:60]


CONTROLS = [
    # server, with prompt=none: does registered differ from invented?, and without
    ("hydra-2.3", True, True),
    ("spring-authorization-server-1.5", True, False),
    ("spring-authorization-server-7", False, False),
    ("kanidm-1.10", False, True),
    ("lemonldap-2.16", False, False),
    ("dex-2.45", False, False),
    ("pocket-id-2.9", False, False),
    ("authelia-4.38", True, True),
    ("keycloak-26", True, True),
    ("django-oauth-toolkit-3.4", True, False),
]


@pytest.mark.parametrize(("name", "silent", "aloud"), CONTROLS, ids=[row[0] for row in CONTROLS])
async def test_an_invented_redirect_uri_differs_from_the_registered_one_where_it_was_seen_to(
    name: str, silent: bool, aloud: bool
) -> None:
    idp = shape(name).healthy()
    for prompt, differs in (("none", silent), ("", aloud)):
        registered = _look(await _asked(idp, prompt=prompt))
        invented = _look(await _asked(idp, prompt=prompt, redirect_uri=INVENTED["redirect_uri"]))
        assert (registered != invented) is differs, prompt


@EACH
async def test_an_unregistered_redirect_uri_looks_like_an_invented_one(server: Server) -> None:
    idp = server.broken(State.REDIRECT_URI)
    for prompt in ("none", ""):
        here = _look(await _asked(idp, prompt=prompt))
        assert here == _look(await _asked(idp, prompt=prompt, redirect_uri=INVENTED["redirect_uri"]))


TOKEN_ERRORS = [
    # server, state, the answer to an invented code
    ("authelia-4.38", State.HEALTHY, 400, "invalid_grant"),
    ("authentik-2026.5", State.HEALTHY, 400, "invalid_grant"),
    ("authentik-2026.5", State.SECRET, 400, "invalid_client"),
    ("authentik-2026.5", State.REDIRECT_URI, 400, "invalid_client"),
    ("authentik-2026.5", State.GRANTS, 400, "invalid_grant"),
    ("keycloak-26", State.SECRET, 401, "unauthorized_client"),
    ("keycloak-26", State.CLIENT_ID, 401, "invalid_client"),
    ("keycloak-26", State.DISABLED, 401, "invalid_client"),
    ("keycloak-26", State.DPOP, 400, "invalid_request"),
    ("pocket-id-2.9", State.HEALTHY, 400, "Invalid authorization code"),
    ("pocket-id-2.9", State.SECRET, 401, "Invalid client secret"),
    ("pocket-id-2.9", State.CLIENT_ID, 404, "Client not found"),
    ("hydra-2.3", State.METHOD, 401, "invalid_client"),
    ("spring-authorization-server-1.5", State.REDIRECT_URI, 400, "invalid_grant"),
    ("kanidm-1.10", State.HEALTHY, 400, "invalid_request"),
    ("kanidm-1.10", State.SECRET, 401, None),
    ("lemonldap-2.16", State.SECRET, 400, "invalid_client"),
]


@pytest.mark.parametrize(("name", "state", "status", "error"), TOKEN_ERRORS)
async def test_an_invented_code_is_answered_as_it_was_seen(
    name: str, state: State, status: int, error: str | None
) -> None:
    idp = shape(name).healthy() if state is State.HEALTHY else shape(name).broken(state)
    fields = {
        "grant_type": "authorization_code",
        "code": "invented",
        "redirect_uri": REDIRECT_URI,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }
    async with httpx.AsyncClient(transport=idp.transport, base_url=idp.origin) as client:
        answer = await client.post(idp.shape.paths["token"], data=fields)
    assert answer.status_code == status
    assert (answer.json()["error"] if answer.content else None) == error
