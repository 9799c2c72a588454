"""The demo runs beside another RomM, whose settings may be in the shell."""

import socket
from pathlib import Path

import click
import pytest

from romm.cli.demo import environment, usable_port
from romm.settings.load import load
from romm.settings.model import FIELDS

OTHER = "of another RomM"


def test_the_demo_ignores_every_setting_in_the_shell(tmp_path: Path) -> None:
    names = [name for field in FIELDS for name in field.names]
    files = [f"{name}_FILE" for name in names]
    shell = dict.fromkeys([*names, *files, "ROMM_SETTINGS_FILE", "ROMM_AUTH_SECRET_KEY", "OIDC_CLIENTID"], OTHER)
    found = environment(shell | {"PATH": "/bin"}, 8080, 9400, tmp_path)
    assert found["PATH"] == "/bin"
    assert [name for name, value in found.items() if value == OTHER] == []


def test_the_demos_own_settings_are_complete_and_without_a_warning(tmp_path: Path) -> None:
    loaded = load(environment({}, 8080, 9400, tmp_path))
    assert loaded.settings.oidc_off == ""
    assert loaded.warnings == ()


def test_a_usual_port_that_is_taken_is_replaced_by_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        usual = int(taken.getsockname()[1])
        assert usable_port("--port", None, usual) != usual
        with pytest.raises(click.ClickException, match="choose another with --port"):
            usable_port("--port", usual, usual)
    assert usable_port("--port", None, usual) == usual
