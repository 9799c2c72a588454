"""How commands start and fail."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from romm.domain.catalogue import operator_text
from romm.domain.errors import Refused
from romm.domain.printable import escaped
from romm.settings.load import load
from romm.settings.model import Loaded, SettingsError

if TYPE_CHECKING:
    from romm.composition.use_cases import UseCases

T = TypeVar("T")


def loaded(environ: Mapping[str, str]) -> Loaded:
    """Exits with all problems of the settings."""
    try:
        return load(environ)
    except SettingsError as error:
        fail(error.problems)


@contextmanager
def explained() -> Iterator[None]:
    """One sentence instead of a traceback."""
    try:
        yield
    except Refused as refused:
        fail((operator_text(refused),))


def fail(problems: tuple[str, ...]) -> NoReturn:
    """Exits with 2."""
    for problem in problems:
        say(f"error: {problem}", err=True, fg="red")
    sys.exit(2)


def say(text: str, *, err: bool = False, **style: Any) -> None:
    """Lines of text, with the escape sequences of strangers made visible."""
    click.secho(escaped(text, kept="\n"), err=err, **style)


def run(work: Callable[["UseCases"], Awaitable[T]]) -> T:
    """RomM's own file is migrated first."""
    from romm.adapters import log
    from romm.adapters.database import migrations
    from romm.composition import adapters
    from romm.composition.use_cases import use_cases

    settings = loaded(os.environ).settings

    async def working() -> T:
        ports = adapters.ports(settings, log.configure("ERROR", settings.log.format))
        try:
            return await work(use_cases(settings, ports))
        finally:
            await ports.close()

    with explained():
        if settings.database.is_embedded:
            migrations.upgrade(settings.database.url)
        return asyncio.run(working())
