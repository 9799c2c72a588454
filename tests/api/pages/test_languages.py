"""The language of a page: as chosen on a page, else as set, else the browser's."""

from typing import Any

import pytest

from romm.api.pages.languages import LANGUAGES, Asked, Languages, accepted
from romm.domain.model import AccessLevel
from tests.api.sign_in.test_pages import words
from tests.world import PASSWORD, World


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-GB,en;q=0.9,de;q=0.8", "en"),
        ("fr;q=0.5, es;q=0.7", "es"),
        ("pt-PT", "pt-BR"),
        ("zh-CN", "zh-Hans"),
        ("ZH-tw", "zh-Hans"),
        ("nl, sv", "en"),
        ("nl, de;q=0.1", "de"),
        ("de;q=0, fr;q=0.1", "fr"),
        ("de;q=a", "en"),
        ("*", "en"),
        ("\x00,,;q=;q=", "en"),
        ("nl," * 1_000 + "de", "en"),
    ],
)
def test_the_best_language_of_the_browser_is_taken(header: str, tag: str) -> None:
    assert accepted(header) == tag


async def test_a_page_speaks_the_browsers_language() -> None:
    page = (await World().browser(**{"accept-language": "de-CH"}).get("/login")).text
    assert '<html lang="de">' in page
    assert "Passwort" in words(page)


async def test_a_setting_comes_before_the_browser() -> None:
    page = (await World({"ROMM_LANGUAGE": "fr"}).browser(**{"accept-language": "de"}).get("/login")).text
    assert '<html lang="fr">' in page


async def test_a_choice_on_the_page_comes_before_both_and_leads_back() -> None:
    browser = World({"ROMM_LANGUAGE": "fr"}).browser(**{"accept-language": "de"})
    chosen = await browser.submit("/language", language="es", next="/login?next=%2Fcollection")
    assert chosen.headers["location"] == "/login?next=%2Fcollection"
    page = (await browser.get("/login?next=/collection")).text
    assert '<html lang="es">' in page
    assert '<input type="hidden" name="next" value="/login?next=%2Fcollection">' in page


@pytest.mark.parametrize("language", ["xx", "../en", "", "de\r\nset-cookie: a=b"])
async def test_an_unknown_language_is_not_kept(language: str) -> None:
    answer = await World().browser().submit("/language", language=language, next="//evil.test")
    assert "set-cookie" not in answer.headers
    assert answer.headers["location"] == "/"


async def test_a_refusal_is_told_in_the_language_of_the_page() -> None:
    page = (await World().browser(**{"accept-language": "de"}).get("/login?error=no_role")).text
    assert '<html lang="de">' in page
    assert "You are not in a group" not in words(page)


def test_each_language_is_named_in_its_own_words() -> None:
    assert list(LANGUAGES.values()) == ["English", "Deutsch", "Español", "Français", "Português (Brasil)", "简体中文"]


async def test_a_page_that_answers_a_form_cannot_change_its_language() -> None:
    """It is shown this once: the way back would lead to another page."""
    world = World()
    await world.add("keeper", level=AccessLevel.ADMIN)
    browser = world.browser()
    await browser.submit("/api/login", username="keeper", password=PASSWORD)
    invited = await browser.submit("/admin/users/invite", role="viewer")
    assert "/register?token=" in invited.text
    assert 'action="/language"' not in invited.text


def test_the_language_of_a_request_is_read_once() -> None:
    """A page has some sixty texts."""
    scope: Any = {"type": "http", "headers": [(b"accept-language", b"de")]}
    asked = Asked(Languages(usual="", cookie="romm_language"), scope)
    assert asked.language == "de"
    scope["headers"] = [(b"accept-language", b"fr")]
    assert asked.language == "de"
