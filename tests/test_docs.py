"""The documentation as an operator uses it: what they paste must work, what they click must exist."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types

from romm.domain.forward_auth import headers
from romm.settings import FIELDS, load
from tests.domain.examples import account

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md")])

COMPLETE = {
    "OIDC_ENABLED": "true",
    "OIDC_CLIENT_ID": "romm",
    "OIDC_CLIENT_SECRET": "secret",
    "OIDC_REDIRECT_URI": "https://romm.example.com/api/oauth/openid",
    "OIDC_SERVER_APPLICATION_URL": "https://auth.example.com",
}
"""What a block that only adds something is added to, when its page has no complete one."""

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[[^][]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(?P<title>.+)$", re.MULTILINE)
_ANCHOR = re.compile(r'<a id="(?P<name>[^"]+)">')

_VARIABLES = {name for field in FIELDS for name in field.names}
_OTHERS = {
    "ROMM_SETTINGS_FILE",
    "ROMM_AUTH_SECRET_KEY",
}  # where settings stand, and what is accepted and ignored
_KNOWN = {*_VARIABLES, *(f"{name}_FILE" for name in _VARIABLES), *_OTHERS}
_PREFIXES = "|".join(sorted({name.partition("_")[0] for name in _VARIABLES if "_" in name}))
# Not the beginning of a family of names, as in `OIDC_ROLE_…`.
_NAME = re.compile(rf"\b(?:{_PREFIXES})_[A-Z0-9_]*[A-Z0-9]\b")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, *languages: str) -> Iterator[str]:
    for fence in _FENCE.finditer(page.read_text(encoding="utf-8")):
        if fence["language"] in languages:
            yield fence["text"]


def compose_environment(text: str) -> dict[str, str]:
    """The environment in a compose file or a part of one; empty for other YAML, such as a provider's configuration."""
    document = yaml.safe_load(text)
    service = document.get("services", {}).get("romm", document)
    environment = service.get("environment", {})
    if isinstance(environment, Mapping):
        return dict(environment)
    return dict(pair.split("=", 1) for pair in environment)


def env_file(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))


def environments(page: Path) -> list[dict[str, str]]:
    """What each block of a page sets; one without the master switch is added to the first complete one."""
    found = [*map(compose_environment, blocks(page, "yaml")), *map(env_file, blocks(page, "shell"))]
    complete = next((each for each in found if "OIDC_ENABLED" in each), COMPLETE)
    return [each if "OIDC_ENABLED" in each else complete | each for each in found if each]


def pasted() -> Iterator[Any]:
    for page in PAGES:
        for number, environment in enumerate(environments(page), start=1):
            yield pytest.param(environment, id=f"{name_of(page)}-{number}")


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Where a link with # may lead: the headings, named as GitHub names them, and the anchors written as such."""
    text = prose(page)
    titles = (re.sub(r"[^\w\- ]", "", heading["title"].lower()) for heading in _HEADING.finditer(text))
    return {title.strip().replace(" ", "-") for title in titles} | {anchor["name"] for anchor in _ANCHOR.finditer(text)}


def links() -> Iterator[Any]:
    for page in PAGES:
        for target in sorted({link["target"] for link in _LINK.finditer(prose(page))}):
            if "://" not in target:
                yield pytest.param(page, target, id=f"{name_of(page)}-{target}")


@pytest.mark.parametrize("environment", [*pasted()])
def test_a_block_of_the_documentation_signs_people_in_as_it_is(environment: dict[str, str], tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_text("-----BEGIN CERTIFICATE-----\n")
    here = {"OIDC_TLS_CACERTFILE": str(authority)} if "OIDC_TLS_CACERTFILE" in environment else {}
    assert all(isinstance(value, str) for value in environment.values()), "Compose takes text only: quote it"
    loaded = load(environment | here)
    assert environment.keys() <= _KNOWN
    assert loaded.settings.oidc_off == ""
    assert loaded.warnings == ()


@pytest.mark.parametrize("page", ["README.md", "docs/providers/authelia.md", "docs/providers/authentik.md"])
def test_a_page_for_a_provider_has_a_complete_block_to_paste(page: str) -> None:
    assert any("OIDC_ENABLED" in compose_environment(text) for text in blocks(ROOT / page, "yaml"))


def test_the_block_for_traefik_takes_every_header_that_romm_answers() -> None:
    [block] = blocks(ROOT / "docs" / "forward-auth.md", "yaml")
    document = yaml.safe_load(block)["http"]
    names = {name for router in document["routers"].values() for name in router.get("middlewares", [])}
    assert names == set(document["middlewares"])
    assert {router["service"] for router in document["routers"].values()} == set(document["services"])
    for middleware in document["middlewares"].values():
        taken = middleware["forwardAuth"]["authResponseHeaders"]
        assert {name.lower() for name in taken} == set(headers(account(), ()))


@pytest.mark.parametrize(("page", "target"), [*links()])
def test_a_link_in_the_documentation_leads_somewhere(page: Path, target: str) -> None:
    file, _, anchor = unquote(target).partition("#")
    there = (page.parent / file).resolve() if file else page
    assert there.exists()
    assert not anchor or anchor in anchors(there)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_documentation_names_no_setting_that_does_not_exist(page: Path) -> None:
    # Variables that are not settings steer the checks, and stand in the noxfile.
    checks = set(_NAME.findall((ROOT / "noxfile.py").read_text(encoding="utf-8")))
    assert set(_NAME.findall(page.read_text(encoding="utf-8"))) <= _KNOWN | checks
