"""A provider's guide: its sections, the versions it was checked against, its addresses and its codes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.routes import HTTPRoute

from romm.api.routes import routes
from romm.composition import app
from romm.domain.catalogue import CATALOGUE
from romm.domain.providers.register import PRESETS
from tests.docs.test_docs import OTHER, PROVIDERS, ROOT, name_of, prose
from tests.shapes.register import SERVERS
from tests.world import World

GUIDES = sorted(PROVIDERS.glob("*.md"))
SECTIONS = [
    "## Register",
    "## Paste",
    "## What is special",
    "### A person in no group",
    "### Signing out",
    "## What RomM receives",
    "## What fails, and how it looks here",
]
REDIRECT_URI = "https://romm.example.com/api/oauth/openid"
BACKCHANNEL = f"{REDIRECT_URI}/backchannel-logout"

_ADDRESS = re.compile(r"https://romm\.example\.com(?P<path>/[^\s\"`,)|]*)")
_CODE = re.compile(r"(?P<linked>\[)?`(?P<code>[a-z0-9]+(?:_[a-z0-9]+)+)`(?(linked)\]\((?P<target>[^)]+)\))")
_CHECKED = re.compile(r"<!-- table:checked-(?P<page>[\w-]+) -->\n(?P<table>.*?)<!-- /table -->", re.DOTALL)

guide = pytest.mark.parametrize("page", GUIDES, ids=name_of)


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@guide
def test_a_guide_has_all_sections_in_one_order(page: Path) -> None:
    lines = [line for line in prose(page).splitlines() if line in SECTIONS]
    assert lines == SECTIONS


@guide
def test_a_guide_says_against_which_versions_it_was_checked(page: Path) -> None:
    """The table is printed from the shapes of real servers; `docs/tables.py --check` compares."""
    stamps = [found["page"] for found in _CHECKED.finditer(text(page))]
    assert stamps == ([] if page == OTHER else [page.stem])


def test_every_server_that_was_looked_at_stands_on_a_guide() -> None:
    stamps = "".join(found["table"] for page in GUIDES for found in _CHECKED.finditer(text(page)))
    missing = {server.shape.title for server in SERVERS.values() if f"| {server.shape.title} |" not in stamps}
    assert {title.split()[0] for title in missing} == {"oidc-provider"}, "a library without a page"


@guide
def test_a_guide_names_the_redirect_uri_for_one_and_for_several_providers(page: Path) -> None:
    register = text(page).split("## Paste")[0]
    assert REDIRECT_URI in register
    assert f"`{REDIRECT_URI}/{page.stem if page.stem in PRESETS else '<id>'}`" in register


def addresses() -> Iterator[Any]:
    for page in GUIDES:
        for path in sorted({found["path"] for found in _ADDRESS.finditer(text(page))}):
            yield pytest.param(path, id=f"{name_of(page)}{path}")


@pytest.fixture(scope="module")
def ours() -> list[re.Pattern[str]]:
    world = World()
    service = routes(app.app_dependencies(world.settings, world.ports), app.VERSION)
    paths = [route.path for route in service.routes if isinstance(route, HTTPRoute)]
    return [re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)) for path in paths]


@pytest.mark.parametrize("path", [*addresses()])
def test_an_address_of_a_guide_is_a_route_of_ours(path: str, ours: list[re.Pattern[str]]) -> None:
    path = path.partition("?")[0].rstrip(".").replace("<id>", "google")
    assert any(route.fullmatch(path) for route in ours)


@guide
def test_a_guide_says_what_each_way_of_signing_out_does(page: Path) -> None:
    """And the back-channel address to register, or that there is none."""
    part = text(page).partition("### Signing out")[2].partition("\n## ")[0]
    assert re.search(r"signing out (stays )?here", part, re.IGNORECASE)
    assert BACKCHANNEL in text(page) or "does not reach romm" in part.lower()


@guide
def test_a_code_of_a_guide_exists_and_leads_to_its_explanation(page: Path) -> None:
    for found in _CODE.finditer(prose(page)):
        if found["linked"] and found["target"].startswith("../errors.md"):
            assert found["target"] == f"../errors.md#{found['code']}"
            assert found["code"] in CATALOGUE
        elif not found["linked"]:
            assert found["code"] not in CATALOGUE, f"{found['code']} without a link"


@guide
def test_a_guide_knows_that_a_begun_sign_in_is_in_our_log(page: Path) -> None:
    assert "log has nothing" not in text(page)
    assert "not in RomM's" not in " ".join(text(page).split())


def test_every_preset_has_its_guide_on_the_first_page() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for page in GUIDES:
        assert f"](providers/{page.name})" in index
    assert {page.stem for page in GUIDES} - {OTHER.stem, "other-servers"} <= set(PRESETS)
