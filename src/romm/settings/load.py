"""The only reader of configuration: defaults, file and environment become one struct.

Defaults and their documentation are in settings.toml only.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import msgspec

from romm.settings import clients, database, environment, file, oidc, providers, role_values, server
from romm.settings.model import FIELDS, PROVIDERS, Field, Loaded, Settings, SettingsError, section_of
from romm.settings.values import DEFAULT, ConfigurationReport, Draft, typed

Given = Mapping[str, Mapping[str, str]]
"""By option of the command line: text by path."""


def load(environ: Mapping[str, str], given: Given = MappingProxyType({})) -> Loaded:
    """`given` overrides `environ`, that the file, and the file the defaults.

    Raises SettingsError with all mistakes at once. Incomplete OIDC settings only fill `Settings.oidc_off`.
    """
    report = ConfigurationReport()
    name = environment.text(environment.SETTINGS_FILE, environ, report)
    content = file.parsed(name, report)
    apps = clients.read(content.pop(clients.SECTION, []), name, report)
    ids = providers.declared_ids(content.get(PROVIDERS, {}), name, environ, report)
    content[PROVIDERS] = {each: table for each, table in _tables(content.get(PROVIDERS)) if each in ids}
    fields, of_first = (*FIELDS, *providers.fields(ids)), _defaults()
    layers = [
        _Layer("default", "", of_first | providers.defaults(ids, of_first)),
        _Layer("file", name, file.read(content, name, fields, report)),
        *(_Layer("variable", *layer) for layer in environment.read(fields, environ, report)),
        *(_Layer("variable", option, values) for option, values in given.items()),
    ]
    draft = _draft(layers, fields, {clients.SECTION: apps, PROVIDERS: ids}, report)
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
    """Variable, value and origin, without secrets. Of further providers only what is set."""
    further = providers.fields(each.id for each in loaded.settings.providers)
    fields = [*FIELDS, *(field for field in further if loaded.origins[field.path] != DEFAULT)]
    rows = [(field.variable.name, _format(loaded.settings, field), loaded.origins[field.path]) for field in fields]
    apps = [
        (f"[[{clients.SECTION}]] {app.name}", ", ".join(app.redirect_uris), loaded.origins[clients.SECTION])
        for app in loaded.settings.clients
    ]
    return [*rows, *apps]


def _format(settings: Settings, field: Field) -> str:
    value = settings.value(field)
    if field.path in ("database.url", "traces.endpoint"):
        return database.hidden(value)
    if field.variable.secret:
        return "(hidden)" if value else ""
    if isinstance(value, tuple):
        return role_values.format_values(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


class _Layer(NamedTuple):
    kind: Literal["default", "file", "variable"]
    source: str
    values: Mapping[str, Any]


def _tables(written: object) -> Iterable[tuple[str, Any]]:
    return written.items() if isinstance(written, dict) else ()


def _draft(
    layers: Sequence[_Layer], fields: Sequence[Field], listed: Mapping[str, Sequence[Any]], report: ConfigurationReport
) -> Draft:
    """`listed`: the apps, and the ids of the further providers."""
    values, sources = _merged(layers)
    autologin_named = providers.named_autologin(values, listed[PROVIDERS])
    tables: dict[str, dict[str, Any]] = {}
    names: dict[str, dict[str, str]] = {}
    origins: dict[str, str] = {}
    for field in fields:
        name, origins[field.path] = _name_and_origin(field, *sources[field.path])
        try:
            value = typed(field, values[field.path])
        except ValueError as error:
            if field.choices and field.is_of_provider:
                report.off.setdefault(field.section, []).append(f"{name} {error}")
            else:
                report.problems.append(f"{name} {error}{providers.also_an_id(field, listed[PROVIDERS])}.")
            # Go on with the default, so that all mistakes are reported together.
            value = typed(field, layers[0].values[field.path])
        tables.setdefault(field.section, {})[field.key] = value
        names.setdefault(field.section, {})[field.key] = name
    further = [{"id": each, "oidc": tables.pop(section_of(each)), "off": ""} for each in listed[PROVIDERS]]
    content = {**tables, "oidc_off": "", PROVIDERS: further, clients.SECTION: listed[clients.SECTION]}
    settings = msgspec.convert(content, Settings)
    return Draft(settings=settings, names=names, origins=origins, report=report, autologin_named=autologin_named)


def _name_and_origin(field: Field, kind: str, source: str) -> tuple[str, str]:
    """For messages, and for the list."""
    match kind:
        case "file":
            return f"{field.key} in [{field.section}] of {source}", f"settings file {source}"
        case "variable":
            return source, source
        case _:
            return field.variable.name, DEFAULT


def _merged(layers: Sequence[_Layer]) -> tuple[dict[str, Any], dict[str, tuple[str, str]]]:
    """Value and source by path; later layers win."""
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
    packaged = Path(__file__).parents[1] / "settings.toml"
    path = packaged if packaged.exists() else Path(__file__).parents[3] / "settings.toml"
    return file.flat(tomllib.loads(path.read_text(encoding="utf-8")))
