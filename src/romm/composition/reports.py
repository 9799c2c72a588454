"""What a report says of this installation."""

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from romm.domain.diagnosis.report import Surroundings
from romm.settings import shareable
from romm.settings.model import Settings

LIBRARIES = (
    "romm-sign-in",
    "litestar",
    "granian",
    "httpx",
    "authlib",
    "msgspec",
    "sqlalchemy",
    "advanced-alchemy",
    "dynaconf",
)


def surroundings(settings: Settings, origins: Mapping[str, str]) -> Surroundings:
    """`origins` as in `Loaded`; empty if unknown."""
    versions = {name: _version(name) for name in LIBRARIES}
    versions |= {"Python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    versions["database"] = "SQLite" if settings.database.is_embedded else "PostgreSQL"
    return Surroundings(
        versions=versions, settings=shareable.rows(settings, origins), private=shareable.private(settings)
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
