"""How every command starts and fails: the settings or all mistakes in them, and a refusal as one sentence."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn

import click

from romm.domain.errors import Refused
from romm.settings import Loaded, SettingsError, load


def loaded(environ: Mapping[str, str]) -> Loaded:
    """The settings; with a mistake in them the command ends here."""
    try:
        return load(environ)
    except SettingsError as error:
        fail(error.problems)


@contextmanager
def explained() -> Iterator[None]:
    """A refusal, such as a database that cannot be used, as one sentence instead of a traceback."""
    try:
        yield
    except Refused as refused:
        fail((refused.operator_text,))


def fail(problems: tuple[str, ...]) -> NoReturn:
    """Print what is wrong and end with 2."""
    for problem in problems:
        click.secho(f"error: {problem}", err=True, fg="red")
    sys.exit(2)
