"""The one script of the pages, and the pictures of providers."""

import base64
import hashlib
import re
from pathlib import Path
from xml.etree import ElementTree as ET  # our own files

import pytest

from romm.api.pages import renderer
from romm.domain.providers.register import PRESETS
from tests.world import World


async def test_the_only_script_is_ours_and_its_hash_allows_nothing_else() -> None:
    response = await World().browser().get("/login")
    [script] = re.findall(r"<script>(.*?)</script>", response.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = dict(each.strip().split(" ", 1) for each in response.headers["content-security-policy"].split(";"))
    assert policy["script-src"] == f"'sha256-{digest}'"


async def test_what_needs_the_script_hides_without_it() -> None:
    page = (await World().browser().get("/login")).text
    [button] = re.findall(r"<button[^>]+data-shows[^>]*>", page)
    assert " hidden " in button


@pytest.mark.parametrize("provider", sorted(PRESETS))
async def test_the_button_of_a_known_provider_has_its_picture(provider: str) -> None:
    page = (await World({"OIDC_PROVIDER": provider}).browser().get("/login")).text
    assert f'src="/static/icons/{provider}.svg' in page
    ET.parse(Path(renderer.__file__).with_name("static") / "icons" / f"{provider}.svg")  # noqa: S314  our own file
