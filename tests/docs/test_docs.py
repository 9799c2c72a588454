"""The documentation as an operator uses it: what they paste must work, what they click must exist."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types

from romm.composition.sign_in import reading
from romm.domain.diagnosis.findings import PLAN, Outcome
from romm.domain.providers.register import PRESETS
from romm.domain.sign_in import discovery
from romm.domain.sign_in.claims import rules as claims
from romm.domain.sign_in.claims.rules import Claims
from romm.domain.sign_in.forward_auth import headers
from romm.domain.sign_in.forward_hosts import for_application
from romm.domain.sign_in.roles import rules as roles
from romm.domain.sign_in.roles.rules import Give, RoleMapping
from romm.settings.load import load
from romm.settings.model import FIELDS
from tests.domain.examples import account

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md")])

PROVIDERS = ROOT / "docs" / "providers"
OTHER = PROVIDERS / "other.md"
WITHOUT_PRESET = {OTHER, PROVIDERS / "other-servers.md"}
QUESTIONS = ["Register", "Paste", "What is special", "What RomM receives", "What fails, and how it looks here"]

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


def _of_first(name: str) -> str:
    """A further provider has the keys of the first."""
    return re.sub(r"^ROMM_PROVIDERS__.+?__", "OIDC_", name)


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
    complete = next((each for each in found if each.get("OIDC_ENABLED") == "true"), COMPLETE)
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
    assert {_of_first(name) for name in environment} <= _KNOWN
    assert [each.off for each in loaded.settings.all_providers if each.oidc.enabled and each.off] == []
    assert loaded.settings.working_providers
    assert loaded.warnings == ()


def complete_blocks(page: Path) -> list[dict[str, str]]:
    return [found for text in blocks(page, "yaml") if "OIDC_ENABLED" in (found := compose_environment(text))]


def test_the_readme_has_a_complete_block_to_paste() -> None:
    assert complete_blocks(ROOT / "README.md")


@pytest.mark.parametrize("page", sorted(set(PROVIDERS.glob("*.md")) - WITHOUT_PRESET), ids=name_of)
def test_a_page_for_a_provider_has_complete_blocks_that_bring_its_preset(page: Path) -> None:
    """By its own name, so that what the page says of the preset is true of the block."""
    found = complete_blocks(page)
    assert found
    assert {block["OIDC_PROVIDER"] for block in found} == {page.stem}
    assert page.stem in PRESETS


def test_the_page_for_any_other_provider_has_a_block_without_a_preset() -> None:
    assert any(
        "OIDC_PROVIDER" not in block or block["OIDC_PROVIDER"] not in PRESETS for block in complete_blocks(OTHER)
    )


@pytest.mark.parametrize("provider", PRESETS)
def test_every_preset_has_a_page_or_stands_on_the_page_of_the_others(provider: str) -> None:
    page = PROVIDERS / f"{provider}.md"
    text = (page if page.exists() else OTHER).read_text(encoding="utf-8")
    assert f"OIDC_PROVIDER={provider}\n" in text
    assert not PRESETS[provider].hints or f"<!-- table:fixes-{provider} -->" in text


@pytest.mark.parametrize("page", sorted(PROVIDERS.glob("*.md")), ids=name_of)
def test_a_page_for_a_provider_answers_the_same_questions_and_is_on_the_first_page(page: Path) -> None:
    headings = [heading["title"] for heading in _HEADING.finditer(prose(page))]
    assert [title for title in headings if title in QUESTIONS] == QUESTIONS
    assert f"](providers/{page.name})" in (ROOT / "docs" / "index.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", sorted(PROVIDERS.glob("*.md")), ids=name_of)
def test_what_a_provider_is_said_to_send_fits_the_blocks_of_its_page(page: Path) -> None:
    """The issuer is the one to configure, and the groups make an admin by each block that maps them."""
    id_token, *more = (json.loads(text) for text in blocks(page, "json"))
    settings = [load(environment).settings for environment in environments(page)]
    where = discovery.location(settings[0].oidc.server_application_url, settings[0].oidc.server_metadata_url)
    assert id_token["iss"].removesuffix("/") in where.issuers
    for each in (each for each in settings if each.oidc.role_admin):
        said = claims.read(id_token, more[0] if more else None, reading(each.oidc))
        assert isinstance(said, Claims)
        role = roles.grant(said.roles, RoleMapping(admin=each.oidc.role_admin))
        assert isinstance(role, Give)
        assert said.email.address


def test_the_doctors_examples_have_the_checks_that_there_are() -> None:
    healthy, broken = blocks(ROOT / "docs" / "doctor.md", "text")
    titles = [plan.title for plan in PLAN.values()]
    assert [title for line, title in zip(_heads(healthy), titles, strict=True) if title not in line] == []
    assert all(any(title in line for title in titles) for line in _heads(broken))


def _heads(printed: str) -> list[str]:
    outcomes = "|".join(Outcome)
    return [line for line in printed.splitlines() if re.match(rf"\S ({outcomes})", line)]


ANSWERED = {*headers(account(), frozenset()), *for_application("", "", by_header=False)}
"""What the application behind a proxy gets of RomM's answer, in place of what the visitor sent."""

NOT_RUN = "traefik and envoy are not run without their packages, so that their blocks are read here"


def test_the_blocks_for_traefik_are_complete() -> None:
    for page in ("forward-auth.md", "reverse-proxy.md"):
        document = yaml.safe_load(next(blocks(ROOT / "docs" / page, "yaml")))["http"]
        names = {name for router in document["routers"].values() for name in router.get("middlewares", [])}
        assert names == set(document.get("middlewares", {})), NOT_RUN
        assert {router["service"] for router in document["routers"].values()} == set(document["services"]), NOT_RUN


def test_the_blocks_for_traefik_and_envoy_take_every_header_that_romm_answers() -> None:
    traefik, envoy = map(yaml.safe_load, blocks(ROOT / "docs" / "forward-auth.md", "yaml"))
    taken = traefik["http"]["middlewares"]["romm-editors"]["forwardAuth"]["authResponseHeaders"]
    assert {name.lower() for name in taken} == ANSWERED, NOT_RUN
    [listener] = envoy["static_resources"]["listeners"]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    script = manager["http_filters"][0]["typed_config"]["default_source_code"]["inline_string"]
    assert set(re.findall(r'"([a-z-]+)"', script.splitlines()[0])) == ANSWERED, NOT_RUN


def test_every_block_that_serves_files_on_romms_own_host_sandboxes_them() -> None:
    page = (ROOT / "docs" / "forward-auth.md").read_text(encoding="utf-8")
    for section in page.split("\n## ")[1:]:
        if "/files/" in section and "```" in section and not section.startswith("Before"):
            assert re.search(r"content-?security-?policy.{0,12}sandbox allow-scripts", section, re.IGNORECASE), section[
                :20
            ]
            assert re.search(r"nosniff", section, re.IGNORECASE), section[:20]


@pytest.mark.parametrize(("page", "target"), [*links()])
def test_a_link_in_the_documentation_leads_somewhere(page: Path, target: str) -> None:
    file, _, anchor = unquote(target).partition("#")
    there = (page.parent / file).resolve() if file else page
    assert there.exists()
    assert not anchor or anchor in anchors(there)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_documentation_names_no_setting_that_does_not_exist(page: Path) -> None:
    # Variables that are not settings steer the checks, and stand in the noxfile, or are an option's of a command.
    elsewhere = [ROOT / "noxfile.py", ROOT / "src" / "romm" / "cli" / "main.py"]
    others = {name for file in elsewhere for name in _NAME.findall(file.read_text(encoding="utf-8"))}
    named = {_of_first(name) for name in _NAME.findall(page.read_text(encoding="utf-8"))}
    assert named <= _KNOWN | others
