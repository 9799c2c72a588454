"""One thing has one address, and texts to search for have an end."""

import pytest

from romm.domain.errors import Code
from romm.domain.limits import SEARCH_CHARACTERS
from romm.domain.model import AccessLevel
from tests.api.accounts.test_own_page import local
from tests.api.sign_in.test_openid import error_of
from tests.world import World


@pytest.mark.parametrize("number", ["٣", "３", "+3", "03", "3_0", "%203", "-0"])
@pytest.mark.parametrize("path", ["/api/users/{}", "/admin/users/{}"])
async def test_a_number_in_another_spelling_is_not_found(world: World, path: str, number: str) -> None:
    """A proxy's rule for a path would not see it. A page says so on the page before it."""
    for name in ("vera", *(f"v{n}" for n in range(30))):
        await world.add(name)
    browser = await local(world, "keeper")
    assert (await browser.get(path.format("3"))).status_code == 200
    answer = await browser.get(path.format(number))
    assert answer.status_code == 404 or error_of(answer) == Code.NOT_FOUND


@pytest.mark.parametrize(
    "query",
    [
        "/api/users?search={}",
        "/admin/users?search={}",
        "/api/sign-ins?outcome={}",
        "/api/sign-ins?code={}",
        "/api/sign-ins?correlation_id={}",
        "/admin/sign-ins?search={}",
    ],
)
async def test_a_text_to_search_for_has_an_end(world: World, query: str) -> None:
    await world.add("vera", level=AccessLevel.ADMIN)
    browser = await local(world, "vera")
    browser.client.headers["accept"] = "application/json"
    assert (await browser.get(query.format("x" * SEARCH_CHARACTERS))).status_code == 200
    assert (await browser.get(query.format("x" * (SEARCH_CHARACTERS + 1)))).status_code == 400
    assert (await browser.get(query.format("x" * 60_000))).status_code == 400
