"""A page's language: as chosen on a page, else ROMM_LANGUAGE, else the browser's."""

import gettext
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jinja2 import Environment
from litestar.connection import ASGIConnection
from litestar.types import HTTPScope

from romm.domain import urls
from romm.domain.urls import with_query

ENGLISH = "en"

LANGUAGES: Mapping[str, str] = {
    ENGLISH: "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "pt-BR": "Português (Brasil)",
    "zh-Hans": "简体中文",
}
"""By their tag (BCP 47), in their own words."""

CATALOGUES = Path(__file__).with_name("translations")

_LONGEST_HEADER = 500
_asked: ContextVar["Asked | None"] = ContextVar("asked", default=None)


@dataclass(frozen=True)
class Languages:
    """`usual`: a tag of `LANGUAGES`, or empty for the browser's. `cookie`: the name of a page's choice."""

    usual: str
    cookie: str

    def of(self, scope: HTTPScope) -> str:
        connection = ASGIConnection[Any, Any, Any, Any](scope)
        chosen = connection.cookies.get(self.cookie, "")
        if chosen in LANGUAGES:
            return chosen
        return self.usual or accepted(connection.headers.get("accept-language", ""))


@dataclass
class Asked:
    languages: Languages
    scope: HTTPScope

    @cached_property
    def language(self) -> str:
        return self.languages.of(self.scope)


def remember(asked: Asked) -> None:
    _asked.set(asked)


def current() -> str:
    asked = _asked.get()
    return ENGLISH if asked is None else asked.language


def this_page() -> str:
    """The way back to this request's page, with the parameters that it needs. Empty if it only answers a form."""
    if (asked := _asked.get()) is None or asked.scope["method"] != "GET":
        return ""
    query = dict(parse_qsl(asked.scope["query_string"].decode("latin-1")))
    kept = {name: query[name] for name in ("token", "user_code") if name in query}
    target = urls.return_to(query.get("next", "/"))
    return with_query(asked.scope["path"], kept | ({"next": target} if target != "/" else {}))


def accepted(header: str) -> str:
    """The best of ours for an `Accept-Language` (RFC 9110, 12.5.4), by the primary subtag alone."""
    ours = {tag.partition("-")[0]: tag for tag in LANGUAGES}
    ranges = [each.strip().partition(";q=") for each in header[:_LONGEST_HEADER].lower().split(",")]
    wanted = sorted(ranges, key=lambda each: _quality(each[2]), reverse=True)
    found = (ours.get(tag.partition("-")[0]) for tag, _, quality in wanted if _quality(quality) > 0)
    return next(filter(None, found), ENGLISH)


def _quality(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0


def install(environment: Environment) -> None:
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]  # by the extension
    environment.globals |= {"language": current, "languages": LANGUAGES, "this_page": this_page}


def _gettext(message: str) -> str:
    return _translations(current()).gettext(message)


def _ngettext(one: str, many: str, number: int) -> str:
    return _translations(current()).ngettext(one, many, number)


@cache
def _translations(language: str) -> gettext.NullTranslations:
    if language == ENGLISH:
        return gettext.NullTranslations()
    with (CATALOGUES / f"{language}.mo").open("rb") as file:
        return gettext.GNUTranslations(file)
