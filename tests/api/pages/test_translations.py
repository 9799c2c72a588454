"""Every text of people's pages in every language, as the templates have it now."""

import re
from gettext import GNUTranslations
from io import BytesIO

import pytest
from babel.messages.catalog import Message

from romm.api.pages.languages import CATALOGUES, ENGLISH, LANGUAGES
from tests.translations.catalogues import compiled, needed, stored

OTHERS = [tag for tag in LANGUAGES if tag != ENGLISH]
_PLACEHOLDER = re.compile(r"%\(\w+\)s")
_TAG = re.compile(r"</?\w+[^>]*>")


def forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_every_text_and_no_other(language: str) -> None:
    """Run `nox -s translations` and translate what is empty."""
    wanted, found = {each.id for each in needed() if each.id}, {each.id for each in stored(language) if each.id}
    assert found == wanted
    assert [each.id for each in stored(language) if each.id and not all(forms(each))] == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_keeps_what_is_filled_in_and_marked_up(language: str) -> None:
    for message in stored(language):
        for form in forms(message) if message.id else ():
            source = message.id if isinstance(message.id, str) else message.id[-1]
            for kept in (_PLACEHOLDER, _TAG):
                missing = set(kept.findall(source)) ^ set(kept.findall(form))
                assert missing <= {"%(count)s"}, (source, form)


@pytest.mark.parametrize("language", OTHERS)
def test_the_compiled_catalogue_is_that_of_its_source(language: str) -> None:
    with (CATALOGUES / f"{language}.mo").open("rb") as file:
        told = GNUTranslations(file)
    fresh = GNUTranslations(BytesIO(compiled(stored(language))))
    for text in (each.id for each in needed() if isinstance(each.id, str) and each.id):
        assert told.gettext(text) == fresh.gettext(text) != ""
