"""Every route of `romm.toml`, called as RomM's apps call it; the answers have RomM's names and types."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from romm.domain import scopes
from romm.domain.credentials import short_codes
from romm.domain.model import AccessLevel
from romm.settings.load import load
from tests.api.sign_in.test_pages import words
from tests.compatibility.contract import ROMM, ROUTES, Route, differences, filled
from tests.world import ORIGIN, PASSWORD, World

NEW_PASSWORD = "another lantern in the attic"
KEPT = {
    "POST /api/token": {"access_token": "access_token", "refresh_token": "refresh_token"},
    "POST /api/users": {"newcomer_id": "id"},
    "POST /api/users/invite-link": {"invitation": "token"},
    "POST /api/users/register": {"invited_id": "id"},
    "POST /api/client-tokens": {"token_id": "id"},
    "POST /api/client-tokens/{token_id}/pair": {"pairing_code": "code"},
    "POST /api/auth/device/init": {"device_code": "device_code", "user_code": "user_code"},
    "POST /api/devices": {"device_id": "device_id"},
}
"""Facts of an answer that later routes need."""


async def test_every_route_takes_what_romms_apps_send_and_answers_in_romms_types() -> None:
    """One conversation, because later rows need what earlier ones made."""
    world = World({"OIDC_ENABLED": "false"})
    await world.add("keeper", level=AccessLevel.ADMIN)
    facts = {"password": PASSWORD, "new_password": NEW_PASSWORD}
    program = world.program()
    wrong = []
    for row in ROUTES:
        if "{reset}" in str(row.sends):
            facts["reset"] = await reset_link(program, facts)
        answer = await ask(program, row, facts)
        assert answer.status_code == row.status, (row.route, answer.text)
        said: Any = answer.json() if answer.content else None
        wrong += [f"{row.route}: {each}" for each in (differences(said, row.gives) if row.gives else ())]
        kept = KEPT.get(row.route, {}) if answer.is_success else {}
        facts |= {fact: str(said[name]) for fact, name in kept.items()}
    assert wrong == []


async def ask(program: httpx.AsyncClient, row: Route, facts: Mapping[str, str]) -> httpx.Response:
    method, _, path = filled(row.route, facts).partition(" ")
    sends = filled(row.sends, facts)
    more: dict[str, Any] = {}
    match row.place:
        case "json":
            more["json"] = sends
        case "form":
            more["data"] = sends
        case "multipart":
            more |= {"data": sends, "files": {"avatar": ("a.png", b"a picture", "image/png")}}
        case "query":
            more["params"] = sends
        case "basic":
            more["auth"] = ("keeper", PASSWORD)
    match row.who:
        case "bearer":
            more["headers"] = {"authorization": f"Bearer {facts['access_token']}"}
        case "basic":
            more["auth"] = ("keeper", PASSWORD)
    return await program.request(method, path, **more)


async def reset_link(program: httpx.AsyncClient, facts: Mapping[str, str]) -> str:
    """RomM writes it into its log; here an administrator makes it."""
    path = f"/api/users/{facts['invited_id']}/reset-link"
    return str((await program.post(path, auth=("keeper", PASSWORD))).json()["token"])


def test_every_app_takes_the_version_that_we_speak() -> None:
    spoken = load({}).settings.server.api_version
    assert spoken == ROMM["api_version"]
    for app, smallest in ROMM["version_gates"].items():
        assert numbers(spoken) >= numbers(smallest), app


def numbers(version: str) -> list[int]:
    return [int(each) for each in version.split(".")]


def test_the_scopes_are_romms() -> None:
    assert len(scopes.ALL) == 22


def test_a_pairing_code_has_letters_of_romms_alone() -> None:
    assert set(short_codes.ALPHABET) <= set(ROMM["pairing_alphabet"])


async def test_the_qr_code_is_romms_and_a_browser_that_follows_it_reads_what_to_do() -> None:
    world = World()
    await world.add("vera")
    browser = world.browser()
    await browser.submit("/api/login", username="vera", password=PASSWORD)
    made = (await browser.submit("/account/tokens", name="Handheld", scopes="me.read", expires_in="never")).text
    [path] = set(re.findall(r"/account/tokens/\d+/pair", made))
    page = (await browser.submit(path)).text
    [shown] = set(re.findall(r"[A-Z]{4}-[A-Z]{4}", page))
    address = urlsplit(ROMM["qr_code"].replace("<origin>", ORIGIN).replace("XXXX-XXXX", shown))
    assert parse_qs(address.query) == {"code": [shown]}

    stranger = await world.browser().get(f"{address.path}?{address.query}")
    assert stranger.status_code == 200
    assert shown in stranger.text
    assert (await world.program().get(f"/api/client-tokens/pair/{shown}/status")).status_code == 200


@pytest.mark.parametrize("code", ["<script>", "BCDF-GHJL", "short", "BCDF-GHJK-MNPQ"])
async def test_the_page_of_a_pairing_code_shows_nothing_that_is_none(code: str) -> None:
    page = await World().browser().client.get("/pair", params={"code": code})
    assert page.status_code == 200
    assert code not in words(page.text)
    assert "no pairing code" in page.text


async def test_a_refusal_is_json_for_everyone_but_those_who_ask_for_a_problem() -> None:
    """RFC 9457; apps look for `application/json`."""
    program = World().program()
    for accept, media_type in (
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/problem+json", "application/problem+json"),
    ):
        answer = await program.get("/api/users/me", headers={"accept": accept})
        assert answer.headers["content-type"] == media_type
        assert differences(answer.json(), "refusal") == []
        assert answer.headers["vary"] == "Accept"


async def test_another_method_is_refused_with_a_code_of_its_own() -> None:
    answer = await World().program().patch("/api/devices")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "POST" in answer.headers["allow"]


async def test_a_device_that_was_paired_is_the_one_that_its_token_registers() -> None:
    world = World()
    await world.add("vera")
    program = world.program()
    wanted = ["me.read", "devices.read", "devices.write"]
    init = {"client_device_identifier": "b7", "name": "Argosy", "client": "argosy", "requested_scopes": wanted}
    asked = (await program.post("/api/auth/device/init", json=init)).json()
    choice = {"user_code": asked["user_code"], "approved_scopes": wanted}
    await program.post("/api/auth/device/approve", json=choice, auth=("vera", PASSWORD))
    token = (await program.post("/api/auth/device/token", json={"device_code": asked["device_code"]})).json()
    header = {"authorization": f"Bearer {token['access_token']}"}

    again = await program.post("/api/devices", json={"name": "Argosy", "hostname": "phone"}, headers=header)
    assert (again.status_code, again.json()["device_id"]) == (200, token["device_id"])
    me = (await program.get("/api/users/me", headers=header)).json()
    assert me["current_device_id"] == token["device_id"]
