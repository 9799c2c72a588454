"""`romm settings` and `romm config check`: what is set, and whether it can work."""

import json
import os

import click

from romm.cli.report import ExitCode, fail, loaded, say
from romm.settings.load import describe, load
from romm.settings.model import DeclaredProvider, Loaded, SettingsError


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")
def settings(as_json: bool) -> None:
    """Print the settings in effect and where each came from. Secrets are hidden."""
    found = loaded(os.environ)
    if as_json:
        rows = [{"variable": name, "value": value, "origin": origin} for name, value, origin in describe(found)]
        say(json.dumps({"settings": rows, **_remarks(found)}, indent=2, ensure_ascii=False))
        return
    rows_of_text = describe(found)
    width = max(len(variable) for variable, _, _ in rows_of_text)
    for variable, value, origin in rows_of_text:
        say(f"{variable:<{width}}  {value}  ({origin})")
    _say_remarks(found)


@click.group()
def config() -> None:
    """The settings."""


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")
def check(as_json: bool) -> None:
    """Check the settings without the database and the provider.

    The exit code is 2 if RomM would not start with them, and 1 if it would start without a provider that is enabled.
    """
    try:
        found = load(os.environ)
    except SettingsError as error:
        if as_json:
            say(json.dumps({"problems": error.problems}, indent=2, ensure_ascii=False))
            raise SystemExit(ExitCode.WRONG_INPUT) from None
        fail(error.problems)
    if as_json:
        say(json.dumps({"problems": [], **_remarks(found)}, indent=2, ensure_ascii=False))
    else:
        _say_remarks(found)
    raise SystemExit(ExitCode.REFUSED if any(map(_is_broken, found.settings.all_providers)) else 0)


def _is_broken(provider: DeclaredProvider) -> bool:
    return provider.oidc.enabled and bool(provider.off)


def _remarks(found: Loaded) -> dict[str, object]:
    providers = [
        {"id": each.id, "name": each.label, "enabled": each.oidc.enabled, "off": each.off or None}
        for each in found.settings.all_providers
    ]
    return {"warnings": found.warnings, "notes": found.notes, "providers": providers}


def _say_remarks(found: Loaded) -> None:
    for line in found.notes:
        say(f"note: {line}", err=True)
    for line in found.warnings:
        say(f"warning: {line}", err=True, fg="yellow")
    first, *others = found.settings.all_providers
    say(f"Single sign-on is {f'off: {first.off}' if first.off else 'on'}")
    for each in others:
        say(f"Provider {each.id} ({each.label}) is {f'off: {each.off}' if each.off else 'on'}")
