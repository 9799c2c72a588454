"""Every setting, from the defaults, the operator's file and the environment to one frozen struct.

This is the only reader of configuration. Defaults and their documentation stand in settings.toml, nowhere else.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from romm.settings import clients, database, environment, file, oidc, server
from romm.settings.model import FIELDS, Loaded, Settings, SettingsError
from romm.settings.values import DEFAULT, ConfigurationReport, Draft, Field, RawValue, typed


def load(environ: Mapping[str, str]) -> Loaded:
    """Read all settings; `environ` stands over the operator's file, that over the defaults.

    Raises SettingsError with all mistakes at once. Half-configured OIDC is none: it only fills `Settings.oidc_off`.
    """
    report = ConfigurationReport()
    name = environment.text(environment.SETTINGS_FILE, environ, report)
    content = file.parsed(name, report)
    apps = clients.read(content.pop(clients.SECTION, []), name, report)
    draft = _draft(environ, name, content, report)
    server.complete(draft)
    database.complete(draft)
    oidc_off = oidc.complete(draft)
    if draft.report.problems:
        raise SettingsError(tuple(draft.report.problems))
    return Loaded(
        settings=msgspec.convert({**_tables(draft.values), "oidc_off": oidc_off, "clients": apps}, Settings),
        origins={**draft.origins, clients.SECTION: f"settings file {name}"},
        warnings=tuple(draft.report.warnings),
        notes=tuple(draft.report.notes),
    )


def describe(loaded: Loaded) -> list[tuple[str, str, str]]:
    """Every setting as variable, value and origin, for people; secrets are hidden."""
    shown = [(field.variable.name, _format(loaded.settings, field), loaded.origins[field.path]) for field in FIELDS]
    apps = [
        (f"[[{clients.SECTION}]] {app.name}", ", ".join(app.redirect_uris), loaded.origins[clients.SECTION])
        for app in loaded.settings.clients
    ]
    return [*shown, *apps]


def _format(settings: Settings, field: Field) -> str:
    value = getattr(getattr(settings, field.section), field.key)
    if field.path == "database.url":
        return database.hidden(value)
    if field.variable.secret:
        return "(hidden)" if value else ""
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _draft(environ: Mapping[str, str], name: str, content: Mapping[str, Any], report: ConfigurationReport) -> Draft:
    defaults = tomllib.loads(_defaults_file().read_text(encoding="utf-8"))
    own = file.read(content, name, FIELDS, report)
    written = {**_from_files(defaults, own, name), **environment.read(FIELDS, environ, report)}
    values = {}
    for field in FIELDS:
        try:
            values[field.path] = typed(field, written[field.path])
        except ValueError as error:
            report.problems.append(str(error))
            # With the default in its place the rest can still be judged, and all mistakes come out together.
            values[field.path] = typed(field, RawValue(defaults[field.section][field.key], "", ""))
    return Draft(
        values=values,
        names={path: given.name for path, given in written.items()},
        origins={path: given.origin for path, given in written.items()},
        report=report,
    )


def _from_files(defaults: file.Tables, own: file.Tables, name: str) -> dict[str, RawValue]:
    layered = _layered(defaults, own)
    return {
        field.path: RawValue(layered[field.section.upper()][field.key], *_source(field, name, own)) for field in FIELDS
    }


def _source(field: Field, name: str, own: file.Tables) -> tuple[str, str]:
    """What a value from the files is called, and where it comes from."""
    if field.key in own.get(field.section, {}):
        return f"{field.key} in [{field.section}] of {name}", f"settings file {name}"
    return field.variable.name, DEFAULT


def _layered(*layers: file.Tables) -> file.Tables:
    """The layers merged, the later over the earlier one."""
    # Importing Dynaconf takes longer than everything else here together, and the types above are wanted everywhere.
    from dynaconf import Dynaconf  # noqa: PLC0415

    # It is given tables, not file names: for a name it searches parent folders, takes a `.local.toml` next to it, runs
    # a `dynaconf_hooks.py` and keeps silent when there is no such file. Its own reading of the environment and of
    # `@format` in texts is off.
    options: dict[str, Any] = {"envvar_prefix": None, "load_dotenv": False, "loaders": [], "core_loaders": []}
    merged = Dynaconf(merge_enabled=True, auto_cast=False, **options)
    for layer in layers:
        copy = {section: dict(table) for section, table in layer.items()}  # it writes into what it is given
        merged.update(copy)
    tables: file.Tables = merged.as_dict()
    return tables


def _defaults_file() -> Path:
    """The copy that the wheel has beside this module, else the one in the repository."""
    packaged = Path(__file__).parents[1] / "settings.toml"
    return packaged if packaged.exists() else Path(__file__).parents[3] / "settings.toml"


def _tables(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    tables: dict[str, dict[str, Any]] = {}
    for path, value in values.items():
        section, _, key = path.partition(".")
        tables.setdefault(section, {})[key] = value
    return tables
