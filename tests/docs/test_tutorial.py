"""The tutorial: its commands are run beside a `docker` that answers as Authelia does, and what they leave must start RomM."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types

from romm.cli.main import main
from romm.settings.load import load
from tests.docs.test_docs import ROOT, blocks, compose_environment
from tests.shapes.register import shape
from tests.world import World

TUTORIAL = ROOT / "docs" / "tutorial.md"
COMPOSE = ROOT / "deploy" / "compose"
STEPS = 7
MOST_COMMANDS = 15
DOCUMENTED = {
    "server.address",
    "authentication_backend.file.path",
    "access_control.default_policy",
    "session.cookies.domain",
    "session.cookies.authelia_url",
    "storage.local.path",
    "notifier.filesystem.filename",
    "identity_providers.oidc.jwks.key",
    *(
        f"identity_providers.oidc.clients.{key}"
        for key in (
            "authorization_policy", "client_id", "client_name", "client_secret", "consent_mode", "grant_types",
            "pkce_challenge_method", "public", "redirect_uris", "require_pkce", "response_types", "scopes",
            "token_endpoint_auth_method", "userinfo_signed_response_alg",
        )
    ),
}  # fmt: skip
"""Keys of Authelia 4.39, by the reference of its configuration (`configuration/` of its documentation)."""

NAMES = {"PUBLIC_HOST": "romm.example.com", "AUTH_HOST": "auth.example.com"}
SECRET, DIGEST = "aB3-._~xyz", "$pbkdf2-sha512$310000$salt$digest"

DOCKER = f"""#!/bin/sh
echo "$*" >> "$ASKED"
case "$*" in *pbkdf2*) printf 'Random Password: %s\\nDigest: %s\\n' '{SECRET}' '{DIGEST}' ;; esac
"""
"""Its lines are those of `authelia crypto hash generate` in 4.39."""


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source's folder, after all commands of the tutorial."""
    source = tmp_path_factory.mktemp("source")
    shutil.copytree(COMPOSE, source / "deploy" / "compose")
    docker = source / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(DOCKER, encoding="utf-8")
    docker.chmod(0o755)
    environ = os.environ | {"PATH": f"{docker.parent}:{os.environ['PATH']}", "ASKED": str(source / "asked")}
    script = "\n".join(["set -eu", *blocks(TUTORIAL, "sh")])
    done = subprocess.run(["sh", "-c", script], cwd=source, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return source


def variables(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_it_has_few_commands_in_seven_steps() -> None:
    text = TUTORIAL.read_text(encoding="utf-8")
    assert re.findall(r"^## (\d)\. ", text, re.MULTILINE) == [str(number) for number in range(1, STEPS + 1)]
    commands = [line for block in blocks(TUTORIAL, "sh") for line in block.splitlines()]
    assert len(commands) <= MOST_COMMANDS
    assert f"seven steps with {len(commands)} commands to copy" in text


def test_every_docker_command_names_a_file_an_image_and_a_command_that_there_are(followed: Path) -> None:
    asked = (followed / "asked").read_text(encoding="utf-8").splitlines()
    image = yaml.safe_load((COMPOSE / "authelia.yaml").read_text(encoding="utf-8"))["services"]["authelia"]["image"]
    assert len(asked) == 5
    for line in asked:
        words = line.split()
        if words[0] == "compose":
            assert (COMPOSE / words[words.index("-f") + 1]).exists()
        else:
            assert image in words
    (inside,) = [line.partition(" exec romm ")[2].split() for line in asked if " exec " in line]
    assert inside[0] == "romm"
    assert inside[1] in main.commands


def test_what_the_commands_leave_starts_romm_with_the_settings_that_are_shown(followed: Path) -> None:
    folder = followed / "deploy" / "compose"
    assert {name: variables(folder / ".env")[name] for name in NAMES} == NAMES
    environment: dict[str, str] = {}
    for file in ("romm.yaml", "authelia.yaml"):
        environment |= compose_environment((folder / file).read_text(encoding="utf-8"))
    filled = {
        key: re.sub(r"\$\{(\w+)[^}]*\}", lambda found: NAMES[found[1]], value) for key, value in environment.items()
    }
    own = {name: value for name, value in variables(folder / "romm.env").items() if value}
    assert own["OIDC_CLIENT_SECRET"] == SECRET
    loaded = load(own | filled)
    assert loaded.warnings == ()
    assert loaded.settings.working_providers
    (shown,) = [found for block in blocks(TUTORIAL, "yaml") if (found := compose_environment(block))]
    assert shown == filled | {"OIDC_CLIENT_SECRET": shown["OIDC_CLIENT_SECRET"]}


async def test_alice_signs_in_at_authelia_as_it_answers_with_the_settings_that_are_left(followed: Path) -> None:
    """Authelia itself is a container, which no test here can run; its answers are those of `tests/shapes/authelia.py`."""
    folder, server = followed / "deploy" / "compose", shape("authelia-4.39")
    left = compose_environment((folder / "authelia.yaml").read_text(encoding="utf-8")) | variables(folder / "romm.env")
    kinds = ("OIDC_ROLE", "OIDC_CLAIM", "OIDC_CLIENT")
    roles = {name: value for name, value in left.items() if value and name.startswith(kinds)}
    world = World(environ={**server.environment, **roles}, idp=server.healthy(client_secret=SECRET))
    browser = world.browser()
    assert (await browser.sign_in()).headers["location"] == "/"
    me = (await browser.me()).json()
    assert (me["username"], me["access_level"]) == ("alice", "admin")


def keys_of(found: object, path: str = "") -> set[str]:
    """With dots, lists left out."""
    if isinstance(found, dict):
        return {key for name, value in found.items() for key in keys_of(value, f"{path}.{name}".strip("."))}
    lists = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return {key for each in lists for key in keys_of(each, path)} or {path}


def test_the_configuration_of_authelia_has_only_keys_that_authelia_documents() -> None:
    text = (COMPOSE / "authelia" / "configuration.yml").read_text(encoding="utf-8")
    without_names = re.sub(r"{{ env [^}]+}}", "name", text)
    document = yaml.safe_load(re.sub(r"'?{{ secret [^}]+}}'?", "secret", without_names))
    assert keys_of(document) == DOCUMENTED


def test_every_secret_that_authelia_reads_is_there(followed: Path) -> None:
    folder = followed / "deploy" / "compose"
    texts = [(folder / name).read_text(encoding="utf-8") for name in ("authelia.yaml", "authelia/configuration.yml")]
    read = set(re.findall(r"/etc/authelia/secrets/([\w.]+)", "".join(texts)))
    assert read == {path.name for path in (folder / "authelia" / "secrets").iterdir()}
    assert (folder / "authelia/secrets/client.hash").read_text(encoding="utf-8").strip() == DIGEST
    assert "PRIVATE KEY" in (folder / "authelia/secrets/jwks.pem").read_text(encoding="utf-8")


def test_alice_is_the_person_of_the_file_and_becomes_an_administrator(followed: Path) -> None:
    (shown,) = [block for block in blocks(TUTORIAL, "yaml") if block.startswith("users:")]
    file = (followed / "deploy/compose/authelia/users.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(shown) == yaml.safe_load(file)
    settings = next(found for block in blocks(TUTORIAL, "yaml") if (found := compose_environment(block)))
    assert yaml.safe_load(shown)["users"]["alice"]["groups"] == [settings["OIDC_ROLE_ADMIN"]]
