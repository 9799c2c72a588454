"""The Compose files are valid, and each RomM in them is one that starts, trusts its own proxy only and writes its data only."""

import os
import re
import shutil
import subprocess
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.containerfile import SOURCE
from tests.deploy.documents import (
    COMPOSE,
    IMAGE,
    documents,
    fits_schema,
    loaded,
    parsed,
    references,
    services,
    variables,
)

FILES = sorted(COMPOSE.glob("*.yaml"))
STARTED = [each for each in FILES if each.name not in {"romm.yaml", "proxy.yaml"}]
GUIDE = (SOURCE / "docs" / "deploying.md").read_text(encoding="utf-8")
CLIENT = {"OIDC_CLIENT_ID": "romm", "OIDC_CLIENT_SECRET": "secret"}
"""What the operator writes into romm.env."""

started = pytest.mark.parametrize("path", STARTED, ids=lambda path: path.stem)


def runs_romm(service: dict[str, Any]) -> bool:
    return bool(service["image"] == "romm-sign-in:local")


def of_romm(path: Path) -> list[dict[str, Any]]:
    return [each for each in services(path).values() if runs_romm(each)]


def environment(service: dict[str, Any], **own: str) -> dict[str, str]:
    return {**variables(COMPOSE / "romm.env.example"), **own, **service["environment"]}


def test_they_fit_the_schema_of_compose() -> None:
    assert not fits_schema("compose-spec", *FILES)


def test_each_is_in_the_guide() -> None:
    others = {"romm.yaml", "proxy.yaml", "kubernetes.yaml"}
    assert {each.name for each in STARTED} == set(re.findall(r"\b[a-z]+\.yaml\b", GUIDE)) - others


@started
def test_its_settings_are_complete_and_nothing_is_wrong_with_them(path: Path) -> None:
    for service in of_romm(path):
        assert service["env_file"] == "romm.env"
        settings = loaded(environment(service, **CLIENT)).settings
        assert settings.server.base_url == "https://romm.example.com"
        assert settings.oidc.redirect_uri == "https://romm.example.com/api/oauth/openid"


@started
def test_it_trusts_the_proxy_and_no_other_address(path: Path) -> None:
    (document,) = documents(path)
    (ipam,) = next(iter(document["networks"].values()))["ipam"]["config"]
    caddy = services(path).get("caddy")
    proxy = ipam["gateway"] if caddy is None else caddy["networks"]["front"]["ipv4_address"]
    assert ip_address(proxy) in ip_network(ipam["subnet"])
    assert caddy is None or ip_address(proxy) not in ip_network(ipam["ip_range"])
    for service in of_romm(path):
        assert loaded(environment(service, **CLIENT)).settings.server.trusted_proxies == (f"{proxy}/32",)


@started
def test_romm_writes_its_data_folder_and_nothing_else_and_has_no_rights(path: Path) -> None:
    for service in of_romm(path):
        assert [each.partition(":")[2] for each in service["volumes"]] == IMAGE.words("VOLUME")
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "cap_add" not in service
        assert service["security_opt"] == ["no-new-privileges:true"]


@started
def test_only_the_proxy_can_be_reached_from_outside(path: Path) -> None:
    published = {(name, port) for name, each in services(path).items() for port in each.get("ports", [])}
    outside = {(name, port) for name, port in published if not port.startswith("127.0.0.1:")}
    assert {name for name, _ in outside} <= {"caddy"}
    assert published


@started
def test_every_volume_is_declared_and_every_file_is_there(path: Path) -> None:
    (document,) = documents(path)
    used = [each for service in services(path).values() for each in service.get("volumes", [])]
    named = {each.partition(":")[0] for each in used if not each.startswith(".")}
    assert named == set(document["volumes"])
    assert all((COMPOSE / each.partition(":")[0]).exists() for each in used if each.startswith("."))


def test_the_example_has_every_variable_and_no_other() -> None:
    assert set().union(*map(references, FILES)) == set(variables(COMPOSE / ".env.example"))


def test_two_replicas_start_after_the_migration() -> None:
    romm, migrate = services(COMPOSE / "postgres.yaml")["romm"], services(COMPOSE / "postgres.yaml")["migrate"]
    assert romm["deploy"]["replicas"] == 2
    assert romm["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert migrate["command"] == ["romm", "db", "upgrade"]
    for each in (romm, migrate):
        assert loaded(environment(each)).settings.database.url == "postgresql+asyncpg://romm:secret@postgres:5432/romm"


def authelia() -> tuple[dict[str, Any], set[str]]:
    """Its configuration for the example's names, and the secrets that it reads."""
    text = (COMPOSE / "authelia" / "configuration.yml").read_text(encoding="utf-8")
    secrets = set(re.findall(r'{{ secret "/etc/authelia/secrets/([^"]+)"', text))
    for name, value in variables(COMPOSE / ".env.example").items():
        text = text.replace(f'{{{{ env "{name}" }}}}', value)
    filled = re.sub(r"'?{{ secret [^}]+}}'?", "secret", text)
    assert "{{" not in filled
    path = COMPOSE / "authelia.yaml"
    read = services(path)["authelia"]["environment"]
    secrets |= {Path(value).name for name, value in read.items() if name.endswith("_FILE")}
    (document,) = parsed(filled)
    return document, secrets


def test_authelia_knows_romm_as_romm_asks() -> None:
    configuration, _ = authelia()
    (client,) = configuration["identity_providers"]["oidc"]["clients"]
    (service,) = of_romm(COMPOSE / "authelia.yaml")
    oidc = loaded(environment(service, **CLIENT)).settings.oidc
    assert client["client_id"] == oidc.client_id
    assert client["redirect_uris"] == [oidc.redirect_uri]
    assert set(oidc.scopes.split()) <= set(client["scopes"])
    assert [each["authelia_url"] for each in configuration["session"]["cookies"]] == [oidc.server_application_url]
    (person,) = documents(COMPOSE / "authelia" / "users.yml")[0]["users"].values()
    assert set(person["groups"]) & set(oidc.role_admin)


def test_the_guide_makes_every_secret_of_authelia() -> None:
    _, secrets = authelia()
    assert secrets == set(re.findall(r"authelia/secrets/([\w.]+)", GUIDE)) | {"session", "storage", "reset", "hmac"}
    assert "for each in session storage reset hmac;" in GUIDE


@pytest.mark.parametrize("path", sorted(COMPOSE.glob("Caddyfile*")), ids=lambda path: path.name)
def test_caddy_understands_its_file(path: Path) -> None:
    if (caddy := shutil.which("caddy")) is None:
        pytest.skip("no caddy")
    env = {"PUBLIC_HOST": "romm.example.com", "AUTH_HOST": "auth.example.com", "AUTH_UPSTREAM": "authelia:9091"}
    command = [caddy, "adapt", "--adapter", "caddyfile", "--config", str(path)]
    adapted = subprocess.run(command, env=os.environ | env, capture_output=True, text=True, timeout=60, check=False)
    assert adapted.returncode == 0, adapted.stderr
    assert "not formatted" not in adapted.stderr
