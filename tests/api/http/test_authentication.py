"""Who is asking: every route asks, but for those that stand here, however its address is written."""

import re

import pytest

from romm.domain.errors import Code
from tests.api.openapi.test_documents import ROUTES
from tests.world import PASSWORD, World

EVIL = "https://evil.test"

OPEN = {
    # signing in and out, and what leads back in
    ("get", "/api/login/openid"),
    ("get", "/api/login/initiate"),
    ("post", "/api/oauth/openid/backchannel-logout"),  # the logout token is its proof
    ("get", "/api/oauth/openid"),
    ("post", "/api/oauth/openid"),  # only leads to the same address by GET, as the next one does
    ("post", "/api/login/initiate"),
    ("get", "/api/oauth/openid/{provider_id}"),
    ("post", "/api/oauth/openid/{provider_id}"),
    ("get", "/api/oauth/openid/{provider_id}/jwks.json"),
    ("get", "/api/oauth/openid/jwks.json"),  # public keys
    ("post", "/api/login"),
    ("post", "/api/logout"),
    ("post", "/api/users"),  # the first administrator
    ("post", "/api/users/register"),
    ("post", "/api/forgot-password"),
    ("post", "/api/reset-password"),
    ("post", "/api/recover"),
    # apps and devices, which bring their own proof, or wait for a person to come
    ("get", "/api/authorize"),
    ("post", "/api/authorize"),  # the app is judged before the person is asked for
    ("post", "/api/token"),
    ("post", "/api/token/revoke"),
    ("post", "/api/client-tokens/exchange"),
    ("get", "/api/client-tokens/pair/{code}/status"),
    ("post", "/api/device_authorization"),
    ("post", "/api/auth/device/init"),
    ("post", "/api/auth/device/token"),
    # what anybody may know
    ("get", "/.well-known/oauth-authorization-server"),
    ("get", "/api/heartbeat"),
    ("get", "/api/health/live"),
    ("get", "/api/health/ready"),
}


@pytest.fixture(scope="module")
def house() -> World:
    return World()


@pytest.mark.parametrize(("method", "path"), sorted(ROUTES - OPEN))
async def test_a_route_lets_nobody_in_who_does_not_say_who_they_are(house: World, method: str, path: str) -> None:
    """R-86: being open is the exception; a new route is closed, or stands in the list above."""
    address = re.sub(r"{\w+}", "1", path)
    response = await house.program().request(method, address, headers={"sec-fetch-site": "same-origin"})
    came_to_sign_in = response.headers.get("location", "").startswith("/login?")
    assert response.status_code == 401 or (response.status_code, came_to_sign_in) == (303, True)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        pytest.param("/api/users/me?next=/api/login", 401, id="an open route in the query"),
        pytest.param("/api/users/me/", 401, id="a slash more"),
        pytest.param("/api//users/me", 401, id="two slashes"),
        pytest.param("/api/users/%6de", 401, id="a letter encoded"),
        pytest.param("/api/users%2fme", 401, id="a slash encoded"),
        pytest.param("//api/users/me", 404, id="two slashes in front"),
        pytest.param("/API/users/me", 404, id="capitals"),
        pytest.param("/api/users/me;/api/login", 404, id="an open route behind a semicolon"),
        pytest.param("/api/users/me%00/api/login", 404, id="an open route behind a NUL"),
        pytest.param("/api/login/%2e%2e/users/me", 404, id="a way through an open route"),
        pytest.param("/api/login/..%2fusers/me", 404, id="the same with a slash encoded"),
    ],
)
async def test_no_spelling_of_an_address_is_a_way_around(house: World, address: str, status: int) -> None:
    """R-86, CVE-2025-25205, CVE-2026-71209."""
    response = await house.program().get(address)
    assert response.status_code == status
    assert status == 404 or response.json()["code"] == Code.NOT_SIGNED_IN


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": EVIL}]
)
async def test_no_website_spends_attempts_by_a_password_in_an_address(headers: dict[str, str]) -> None:
    """`http://keeper:invented@…`, also by GET. The right password is not looked at, either."""
    world = World()
    await world.add("keeper")
    for password in ("invented", PASSWORD):
        response = await world.program().get("/api/users/me", auth=("keeper", password), headers=headers)
        assert (response.status_code, response.json()["code"]) == (403, Code.CROSS_SITE)
    assert world.throttles.counted == {}


async def test_a_page_looks_at_the_cookie_and_not_at_a_header_for_a_proxy_in_front() -> None:
    world = World()
    await world.add("vera")
    browser = world.browser()
    await browser.submit("/api/login", username="vera", password=PASSWORD)
    page = await browser.client.get("/account", headers={"authorization": "Bearer of-a-proxy"})
    assert page.status_code == 200


@pytest.mark.parametrize("header", ["Basic", "Basic !", "Basic bm8gY29sb24="])
async def test_a_basic_header_that_cannot_be_read_is_a_wrong_credential(header: str) -> None:
    answer = await World().program().get("/api/users/me", headers={"authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, Code.CREDENTIALS_WRONG)
