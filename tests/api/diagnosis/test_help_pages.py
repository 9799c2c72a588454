"""What each code means, for everyone."""

import re

import pytest

from romm.domain.catalogue import CATALOGUE
from romm.domain.errors import Code
from romm.domain.titles import TITLES
from tests.api.accounts.test_own_page import read
from tests.api.sign_in.test_pages import words
from tests.world import World


@pytest.mark.parametrize("code", Code)
async def test_each_code_has_a_page_with_both_texts_and_no_braces(world: World, code: Code) -> None:
    answer = await world.browser().get(f"/help/{code}")
    page = " ".join(words(answer.text).split())
    assert answer.status_code == 200
    assert CATALOGUE[code].person in page
    operator = re.sub(r"\{(\w+)\}", r"\1", CATALOGUE[code].operator).replace("`", "")
    assert "".join(operator.split()) in "".join(page.split())
    assert not set("{}") & set(page)
    assert TITLES[code] in page


async def test_the_index_leads_to_every_code(world: World) -> None:
    page = (await world.browser().get("/help")).text
    assert re.findall(r'href="/help/(\w+)"', page) == list(CATALOGUE)


async def test_the_page_has_the_hint_for_the_configured_provider(world: World) -> None:
    page = await read(world.browser(), "/help/client_rejected")
    assert "At Authelia: Paste the plain secret" in page


@pytest.mark.parametrize("unknown", ["nothing", "EMAIL_NOT_VERIFIED", "%3Cb%3E"])
async def test_an_unknown_code_is_no_page(world: World, unknown: str) -> None:
    answer = await world.browser().get(f"/help/{unknown}")
    assert answer.status_code == 404
    assert "<b>" not in answer.text


async def test_a_code_on_a_page_leads_to_its_explanation(world: World) -> None:
    for path, code in (("/login?error=no_role", "no_role"), ("/nothing-here", "not_found")):
        assert f'href="/help/{code}"' in (await world.browser().get(path)).text
