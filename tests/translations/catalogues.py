"""The translations of pages: what they need, and `python -m tests.translations.catalogues`, which writes them anew."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from romm.api.credentials.client_token_pages import LIFETIMES
from romm.api.pages import renderer
from romm.api.pages.languages import CATALOGUES, ENGLISH, LANGUAGES
from romm.api.pages.scope_words import WORDS
from romm.domain.catalogue import CATALOGUE
from romm.domain.titles import TITLES

TEMPLATES = Path(renderer.__file__).with_name("templates")
KEYWORDS = ("_", "gettext", "ngettext")


def needed() -> Catalog:
    """Of the templates, and what a page takes from elsewhere: refusals, scopes and lifetimes."""
    catalogue = Catalog(fuzzy=False)
    for template in sorted(TEMPLATES.glob("*.html")):
        with template.open("rb") as file:
            for _, _, message, _ in babel_extract(file, KEYWORDS, (), {"trimmed": "true"}):
                if message is not None:  # `_(name)` of a text from elsewhere
                    catalogue.add(_text(message))
    for code, row in CATALOGUE.items():
        catalogue.add(TITLES[code])
        catalogue.add(row.person)
    for text in (*WORDS.values(), *LIFETIMES.values()):
        catalogue.add(text)
    return catalogue


def _text(message: object) -> str | tuple[str, ...]:
    if not isinstance(message, tuple):
        return str(message)
    forms = tuple(str(each) for each in message if each)
    return forms if len(forms) > 1 else forms[0]


def stored(language: str) -> Catalog:
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language.replace("-", "_"))


def new(language: str) -> Catalog:
    """Without anything that differs from one writing to the next."""
    began = datetime(2026, 11, 30, tzinfo=UTC)
    header = f"# RomM sign-in in {LANGUAGES[language]}. Written by `nox -s translations`: translate what is empty, run it again."
    return Catalog(
        locale=language.replace("-", "_"),
        project="RomM sign-in",
        version="",
        header_comment=header,
        creation_date=began,
        revision_date=began,
        last_translator="",
        language_team="",
        fuzzy=False,
    )


def compiled(catalogue: Catalog) -> bytes:
    file = BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def main() -> None:
    """Adds what is new, without a translation, and drops what no page needs."""
    for language in LANGUAGES:
        if language == ENGLISH:
            continue
        path = CATALOGUES / f"{language}.po"
        catalogue = new(language)
        for message in stored(language) if path.exists() else ():
            if message.id:  # the first is the header
                catalogue[message.id] = message
        catalogue.update(needed(), no_fuzzy_matching=True, update_creation_date=False)
        catalogue.obsolete.clear()
        with path.open("wb") as file:
            write_po(file, catalogue, width=120, omit_header=False, no_location=True, sort_output=True)
        path.with_suffix(".mo").write_bytes(compiled(catalogue))


if __name__ == "__main__":
    main()
