"""Every Python block of docs/building-on-it.md runs as it is written."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.fake_provider import free_port, served
from tests.mounted import ADMIN, ORIGIN, application, client_token, running, sign_in

TEXT = Path(__file__).parents[2].joinpath("docs", "building-on-it.md").read_text(encoding="utf-8")
PLUGIN, TESTS, INTROSPECTION = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def run(block: str, **names: Any) -> dict[str, Any]:
    names["__name__"] = __name__  # Litestar looks there for what annotations name
    exec(compile(block, "docs/building-on-it.md", "exec"), names)  # noqa: S102  (our own documentation)
    return names


def test_the_application_is_guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROMM_BASE_PATH", str(tmp_path))
    monkeypatch.setenv("ROMM_BASE_URL", ORIGIN)
    with running(run(PLUGIN)["app"]) as client:
        assert client.get("/games").status_code == 401
        assert client.get("/games", auth=ADMIN).text == "The games of keeper"


def test_the_test_is_one(tmp_path: Path) -> None:
    run(TESTS, FOLDER=str(tmp_path))


def test_an_api_learns_what_a_token_opens(tmp_path: Path) -> None:
    app, port = application(tmp_path), free_port()
    with running(app) as client:
        sign_in(client)
        received = client_token(client, "me.read", "roms.read")["authorization"].removeprefix("Bearer ")
    with served(app, port=port, lifespan="on"):
        run(INTROSPECTION, ROMM=f"http://127.0.0.1:{port}", RECEIVED=received)


def test_its_own_paths_are_those_that_it_names(tmp_path: Path) -> None:
    paths = {route.path for route in application(tmp_path).routes if "romm_sign_in" in _opt(route)}
    named = re.search(r"^\*\*Paths\.\*\*.*?`/api`", TEXT, re.DOTALL | re.MULTILINE)
    assert named is not None
    tops = {"/" + path.split("/")[1] for path in paths} - {"/", "/.well-known"}
    assert tops == set(re.findall(r"`(/[a-z-]+)`", named[0]))


def _opt(route: Any) -> dict[str, Any]:
    handler = route.route_handlers[0] if hasattr(route, "route_handlers") else route.route_handler
    return dict(handler.opt)
