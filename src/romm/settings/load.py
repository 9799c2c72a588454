"""The only reader of configuration: defaults, file and environment become one struct.

Defaults and their documentation are in settings.toml only.
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from romm.settings import clients, database, environment, file, oidc, role_values, server
from romm.settings.model import FIELDS, Field, Loaded, Settings, SettingsError
from romm.settings.values import DEFAULT, ConfigurationReport, Draft, typed


def load(environ: Mapping[str, str]) -> Loaded:
    """`environ` overrides the file, the file the defaults.

    Raises SettingsError with all mistakes at once. Incomplete OIDC settings only fill `Settings.oidc_off`.
    """
    report = ConfigurationReport()
    name = environment.text(environment.SETTINGS_FILE, environ, report)
    content = file.parsed(name, report)
    apps = clients.read(content.pop(clients.SECTION, []), name, report)
    layers = [
        _Layer("default", "", _defaults()),
        _Layer("file", name, file.read(content, name, FIELDS, report)),
        *(_Layer("variable", *layer) for layer in environment.read(FIELDS, environ, report)),
    ]
    draft = _draft(layers, apps, report)
    server.complete(draft)
    database.complete(draft)
    oidc.complete(draft)
    if report.problems:
        raise SettingsError(tuple(report.problems))
    return Loaded(
        settings=draft.settings,
        origins={**draft.origins, clients.SECTION: f"settings file {name}"},
        warnings=tuple(report.warnings),
        notes=tuple(report.notes),
    )


def others(environ: Mapping[str, str]) -> dict[str, str]:
    return environment.others(FIELDS, environ)


def describe(loaded: Loaded) -> list[tuple[str, str, str]]:
    """Variable, value and origin, with secrets hidden."""
    rows = [(field.variable.name, _format(loaded.settings, field), loaded.origins[field.path]) for field in FIELDS]
    apps = [
        (f"[[{clients.SECTION}]] {app.name}", ", ".join(app.redirect_uris), loaded.origins[clients.SECTION])
        for app in loaded.settings.clients
    ]
    return [*rows, *apps]


def _format(settings: Settings, field: Field) -> str:
    value = getattr(getattr(settings, field.section), field.key)
    if field.path == "database.url":
        return database.hidden(value)
    if field.variable.secret:
        return "(hidden)" if value else ""
    if isinstance(value, tuple):
        return role_values.format_values(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


class _Layer(NamedTuple):
    """`source` is the file or variable."""

    kind: Literal["default", "file", "variable"]
    source: str
    values: Mapping[str, Any]


def _draft(layers: Sequence[_Layer], apps: Sequence[Mapping[str, Any]], report: ConfigurationReport) -> Draft:
    values, sources = _merged(layers)
    tables: dict[str, dict[str, Any]] = {}
    names: dict[str, dict[str, str]] = {}
    origins: dict[str, str] = {}
    for field in FIELDS:
        name, origins[field.path] = _name_and_origin(field, *sources[field.path])
        try:
            value = typed(field, values[field.path])
        except ValueError as error:
            if field.choices and field.section == "oidc":
                report.oidc.append(f"{name} {error}")
            else:
                report.problems.append(f"{name} {error}.")
            # Go on with the default, so that all mistakes are reported together.
            value = typed(field, layers[0].values[field.path])
        tables.setdefault(field.section, {})[field.key] = value
        names.setdefault(field.section, {})[field.key] = name
    settings = msgspec.convert({**tables, "oidc_off": "", "clients": apps}, Settings)
    return Draft(settings=settings, names=names, origins=origins, report=report)


def _name_and_origin(field: Field, kind: str, source: str) -> tuple[str, str]:
    """For messages, and for the list of settings."""
    match kind:
        case "file":
            return f"{field.key} in [{field.section}] of {source}", f"settings file {source}"
        case "variable":
            return source, source
        case _:
            return field.variable.name, DEFAULT


def _merged(layers: Sequence[_Layer]) -> tuple[dict[str, Any], dict[str, tuple[str, str]]]:
    """Value and source by path; later layers override earlier ones."""
    # Importing Dynaconf takes longer than the rest of this module, whose types are imported everywhere.
    from dynaconf import Dynaconf, get_history  # noqa: PLC0415
    from dynaconf.loaders.base import SourceMetadata  # noqa: PLC0415

    # It gets values, not file names: for a name it searches parent folders, reads a `.local.toml` next to it, runs
    # a `dynaconf_hooks.py` and ignores a missing file. Its keys are whole paths: merging tables would
    # concatenate lists, and would add the lower layers' keys to a layer's history.
    merged = Dynaconf(envvar_prefix=None, load_dotenv=False, loaders=[], core_loaders=[])
    # Text stays text. Set here, because variables of these names override arguments of Dynaconf.
    merged.update({"AUTO_CAST_FOR_DYNACONF": False, "NESTED_SEPARATOR_FOR_DYNACONF": ""})
    for kind, source, values in layers:
        merged.update(dict(values), loader_identifier=SourceMetadata(kind, source), dotted_lookup=False, merge=False)
    sources = {
        path.lower(): (layer["loader"], layer["identifier"]) for layer in get_history(merged) for path in layer["value"]
    }
    return {path.lower(): value for path, value in merged.as_dict().items()}, sources


def _defaults() -> dict[str, Any]:
    """From the copy in the wheel, else from the repository."""
    packaged = Path(__file__).parents[1] / "settings.toml"
    path = packaged if packaged.exists() else Path(__file__).parents[3] / "settings.toml"
    return file.flat(tomllib.loads(path.read_text(encoding="utf-8")))
