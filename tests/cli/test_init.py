"""`romm init`: what it asks, what it prints, and the file that it writes."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from romm.cli.main import main
from romm.settings.load import load
from tests.fake_provider import CLIENT_ID, CLIENT_SECRET, FakeProvider, served

HOME = "http://localhost:8080"
FOREIGN = {name: None for name in os.environ if name.partition("_")[0] in ("ROMM", "OIDC", "DB", "LOG", "DISABLE")}


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    provider = FakeProvider()
    with served(provider) as port:
        provider.issuer = f"http://127.0.0.1:{port}"
        provider.redirect_uri = f"{HOME}/api/oauth/openid"
        yield provider


@pytest.fixture
def folder(migrated: Path, tmp_path: Path) -> Path:
    shutil.copy(migrated, tmp_path / "romm.db")
    return tmp_path


def init(folder: Path, *arguments: str, typed: str = "") -> Result:
    env = {**FOREIGN, "COLUMNS": "100", "ROMM_BASE_PATH": str(folder)}
    return CliRunner().invoke(main, ["init", *arguments], env=env, input=typed)


def options(fake: FakeProvider) -> list[str]:
    named = {"--provider": "Authelia", "--base-url": f"{HOME}/", "--address": fake.issuer, "--client-id": CLIENT_ID}
    return [part for option in named.items() for part in option]


def sourced(file: Path) -> dict[str, str]:
    """As a shell reads it."""
    script = 'set -a; . "$1"; env -0'
    printed = subprocess.run(["sh", "-c", script, "sh", str(file)], env={}, capture_output=True, text=True, check=True)
    return dict(each.split("=", 1) for each in printed.stdout.split("\0") if each)


def test_it_asks_for_everything_and_prints_what_to_keep_without_the_secret(fake: FakeProvider, folder: Path) -> None:
    typed = f"authelia\n{HOME}\n{fake.issuer}\n{CLIENT_ID}\n{CLIENT_SECRET}\n"
    result = init(folder, typed=typed)
    assert result.exit_code == 0, result.output
    printed = result.stdout
    assert printed.index(f"{HOME}/api/oauth/openid\n") < printed.index("✓ ok") < printed.index("OIDC_ENABLED=true")
    assert "configuration.yml, identity_providers.oidc.clients[].redirect_uris" in printed
    assert f"{HOME}/api/oauth/openid/backchannel-logout" in printed
    assert f'OIDC_CLIENT_ID: "{CLIENT_ID}"' in printed
    assert "OIDC_CLIENT_SECRET='<the client secret>'" in printed
    assert CLIENT_SECRET not in result.output


def test_the_file_is_the_owners_alone_and_romm_reads_it_as_it_was_typed(fake: FakeProvider, folder: Path) -> None:
    file = folder / ".env"
    result = init(
        folder, *options(fake), "--client-secret-file", "-", "--output", str(file), typed=f"{CLIENT_SECRET}\n"
    )
    assert result.exit_code == 0, result.output
    assert CLIENT_SECRET not in result.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    loaded = load(sourced(file) | {"ROMM_BASE_PATH": str(folder)})
    oidc = loaded.settings.oidc
    assert (oidc.provider, oidc.client_id, oidc.client_secret) == ("authelia", CLIENT_ID, CLIENT_SECRET)
    assert (loaded.settings.server.base_url, loaded.settings.oidc_off) == (HOME, "")
    assert loaded.warnings == ()


def test_a_file_that_is_there_stays_and_nothing_is_asked(fake: FakeProvider, folder: Path) -> None:
    file = folder / ".env"
    file.write_text("KEPT=1\n")
    result = init(folder, *options(fake), "--output", str(file))
    assert result.exit_code == 2
    assert "overwrite it with --force" in result.stderr
    assert file.read_text() == "KEPT=1\n"
    assert fake.requests == []


def test_with_force_it_is_replaced_also_where_others_could_read_it(fake: FakeProvider, folder: Path) -> None:
    file, kept = folder / ".env", folder / "kept"
    kept.write_text("KEPT=1\n")
    file.symlink_to(kept)
    arguments = ("--client-secret-file", "-", "--output", str(file), "--force")
    assert init(folder, *options(fake), *arguments, typed=CLIENT_SECRET).exit_code == 0
    assert kept.read_text() == "KEPT=1\n"
    assert stat.S_IMODE(file.lstat().st_mode) == 0o600
    assert "OIDC_ENABLED=true" in file.read_text()


def test_a_failed_check_is_explained_and_answers_the_shell_with_1(fake: FakeProvider, folder: Path) -> None:
    file = folder / ".env"
    result = init(folder, *options(fake), "--client-secret-file", "-", "--output", str(file), typed="wrong")
    assert result.exit_code == 1
    assert "failed   Client and secret" in result.stdout
    assert file.exists()


def test_an_unknown_provider_is_told_the_known_ones(folder: Path) -> None:
    result = init(folder, "--provider", "authelai")
    assert result.exit_code == 2
    assert "authelai is no provider that RomM knows. Write authelia, authentik" in result.stderr


def test_a_line_break_adds_no_setting(fake: FakeProvider, folder: Path) -> None:
    file = folder / ".env"
    secret = "a\nDISABLE_USERPASS_LOGIN=true"
    result = init(folder, *options(fake), "--client-secret-file", "-", "--output", str(file), typed=secret)
    assert result.exit_code == 1
    assert "client_secret has a character that cannot be printed" in result.stderr
    assert not file.exists()


def test_a_folder_that_is_not_there_is_a_sentence(fake: FakeProvider, folder: Path) -> None:
    file = folder / "nowhere" / ".env"
    result = init(folder, *options(fake), "--client-secret-file", "-", "--output", str(file), typed=CLIENT_SECRET)
    assert result.exit_code == 1
    assert f"{file} cannot be written (No such file or directory)." in result.stderr
