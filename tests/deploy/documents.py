"""The files of deploy/ as the programs that read them understand them."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # it ships no types

from romm.settings.load import load
from romm.settings.model import Loaded
from tests.deploy.containerfile import DEPLOY, stages

COMPOSE = DEPLOY / "compose"
IMAGE = stages((DEPLOY / "Containerfile").read_text(encoding="utf-8"))[-1]
_REFERENCE = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?::\?[^}]*)?\}")


def documents(path: Path) -> list[Any]:
    return parsed(path.read_text(encoding="utf-8"))


def parsed(text: str) -> list[Any]:
    return list(yaml.safe_load_all(text))


def variables(path: Path) -> dict[str, str]:
    """Of an env file without quotes."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def services(path: Path) -> dict[str, Any]:
    """Of a Compose file, with what they extend and the values of .env."""
    (document,) = documents(path)
    return {name: _filled(_extended(service)) for name, service in document["services"].items()}


def _extended(service: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings are merged, lists joined."""
    own = {key: value for key, value in service.items() if key != "extends"}
    if "extends" not in service:
        return own
    (document,) = documents(COMPOSE / service["extends"]["file"])
    merged = _extended(document["services"][service["extends"]["service"]])
    for key, value in own.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = {**merged[key], **value}
        elif isinstance(value, list) and isinstance(merged.get(key), list):
            merged[key] = merged[key] + value
        else:
            merged[key] = value
    return merged


def references(path: Path) -> set[str]:
    return {found["name"] for found in _REFERENCE.finditer(path.read_text(encoding="utf-8"))}


def _filled(value: Any) -> Any:
    values = {name: text or "secret" for name, text in variables(COMPOSE / ".env.example").items()}
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: values[found["name"]], value).replace("$$", "$")
    if isinstance(value, Mapping):
        return {key: _filled(each) for key, each in value.items()}
    return [_filled(each) for each in value] if isinstance(value, list) else value


def loaded(environ: Mapping[str, str]) -> Loaded:
    """The settings in a container of the image. Nothing may be remarked on, and single sign-on is as it is asked for."""
    found = load({**IMAGE.env, **environ})
    assert not found.warnings
    assert not found.notes
    assert found.settings.oidc_off == "" or not found.settings.oidc.enabled
    return found


def fits_schema(schema: str, *paths: Path) -> str:
    """What check-jsonschema finds wrong, empty if nothing is. The schemas are in its package."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *map(str, paths)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return "" if checked.returncode == 0 else checked.stdout + checked.stderr
