"""The example library: what each person and each token may do in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from library.app import FOLDER, library
from tests.mounted import ADMIN, OWN_SITE, PAGE, client_token, environ, running, sign_in
from tests.world import PASSWORD

Library = TestClient[Litestar]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("romm")
    with running(library(environ(folder) | {FOLDER: str(folder / "games")})) as client:
        for name in ("viewer", "editor"):
            body = {"username": name, "password": PASSWORD, "email": "", "role": name}
            assert client.post("/api/users", json=body, auth=ADMIN).status_code == 201
        yield client


@pytest.fixture(autouse=True)
def a_new_browser(client: Library) -> None:
    client.cookies.clear()


def test_without_a_credential_nothing_of_the_library_is_seen(client: Library) -> None:
    for path in ("/", "/api/platforms", "/api/roms", "/api/roms/1/content"):
        assert client.get(path).status_code == 401
    page = client.get("/", headers=PAGE, follow_redirects=False)
    assert page.headers["location"] == "/login?next=%2F"


def test_a_viewer_sees_the_games_on_a_page(client: Library) -> None:
    sign_in(client, "viewer")
    page = client.get("/", headers=PAGE).text
    assert "Lucky Seven" in page
    assert "BASIC" in page


def test_a_viewer_lists_and_downloads_but_does_not_write(client: Library) -> None:
    sign_in(client, "viewer")
    assert [each["name"] for each in client.get("/api/platforms").json()] == ["BASIC", "CHIP-8"]
    seven = next(game for game in client.get("/api/roms").json()["items"] if game["name"] == "Lucky Seven")
    file = client.get(f"/api/roms/{seven['id']}/content")
    assert len(file.content) == seven["fs_size_bytes"] == 14
    assert file.headers["content-disposition"].startswith("attachment")
    assert client.post("/api/roms/scan", headers=OWN_SITE).status_code == 403


def test_an_editor_has_the_folder_read_again(client: Library) -> None:
    sign_in(client, "editor")
    assert client.post("/api/roms/scan", headers=OWN_SITE).json() == {"roms": 4}


def test_the_games_of_one_platform_are_listed(client: Library) -> None:
    sign_in(client, "viewer")
    first = client.get("/api/platforms").json()[0]
    found = client.get("/api/roms", params={"platform_id": first["id"]}).json()
    assert {game["platform_name"] for game in found["items"]} == {"BASIC"}
    assert found["total"] == first["rom_count"] == 2


def test_a_client_token_with_the_scope_lists_and_one_without_is_told_which(client: Library) -> None:
    sign_in(client, "viewer")
    reader, other = client_token(client, "roms.read"), client_token(client, "me.read")
    client.cookies.clear()
    assert client.get("/api/roms", headers=reader).json()["total"] == 4
    refused = client.get("/api/roms", headers=other)
    assert refused.status_code == 403
    assert 'scope="roms.read"' in refused.headers["www-authenticate"]


def test_a_game_that_is_not_there_is_not_found(client: Library) -> None:
    assert client.get("/api/roms/7/content", auth=ADMIN).status_code == 404


def test_links_and_hidden_files_are_left_out_and_a_folder_with_games_stays_as_it_is(tmp_path: Path) -> None:
    games = tmp_path / "games" / "basic"
    games.mkdir(parents=True)
    (games / "mine.bas").write_text("10 END")
    (games / ".hidden").write_text("")
    (games / "passwd").symlink_to("/etc/passwd")
    with running(library(environ(tmp_path) | {FOLDER: str(tmp_path / "games")})) as client:
        assert [game["fs_name"] for game in client.get("/api/roms", auth=ADMIN).json()["items"]] == ["mine.bas"]
