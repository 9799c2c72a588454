"""How commands start and fail."""

import asyncio
import enum
import os
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO, TypeVar

import click

from romm.cli.server import process
from romm.domain.catalogue import operator_text
from romm.domain.errors import Code, Refused
from romm.domain.printable import escaped
from romm.domain.urls import with_documentation
from romm.settings.load import Given, load
from romm.settings.model import Loaded, Settings, SettingsError

if TYPE_CHECKING:
    from romm.composition.use_cases import UseCases

T = TypeVar("T")


class ExitCode(enum.IntEnum):
    """0 is success; see docs/operating.md."""

    REFUSED = 1
    WRONG_INPUT = 2
    DATABASE = 3
    FAULT = 4


class Commands(click.Group):
    """Ends every command with a sentence, whatever happens."""

    def invoke(self, ctx: click.Context) -> Any:
        with last_resort():
            return super().invoke(ctx)


@contextmanager
def last_resort() -> Iterator[None]:
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
        raise  # click ends these itself
    except OSError as error:
        _end((f"{error.filename or 'The output'}: {error.strerror or error}",), ExitCode.REFUSED)
    except Exception as error:  # noqa: BLE001  (a program that people run)
        _end((_fault(error),), ExitCode.FAULT)


def print_all_characters() -> None:
    """A terminal or file without Unicode gets `\\u2713` instead of an exception."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def loaded(environ: Mapping[str, str], given: Given | None = None) -> Loaded:
    """Exits with all problems of the settings."""
    try:
        # Dynaconf imports it if installed, for settings that are templates.
        with process.left_out("jinja2"):
            return load(environ, given or {})
    except SettingsError as error:
        fail(error.problems)


@contextmanager
def explained(base_url: str = "") -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        is_database = refused.code in (Code.STORAGE_UNAVAILABLE, Code.IMPORT_UNREADABLE)
        fail(
            (with_documentation(operator_text(refused), base_url),),
            ExitCode.DATABASE if is_database else ExitCode.REFUSED,
        )


def fail(problems: tuple[str, ...], code: ExitCode = ExitCode.WRONG_INPUT) -> NoReturn:
    for problem in problems:
        say(f"error: {problem}", err=True, fg="red")
    sys.exit(code)


def say(text: str, *, err: bool = False, **style: Any) -> None:
    """With the escape sequences of strangers made visible."""
    click.secho(escaped(text, kept="\n"), err=err, **style)


def run(work: Callable[["UseCases"], Awaitable[T]], *, creates: bool = False) -> T:
    """On this version's database. `creates`: also without one yet; an older one is never migrated."""
    # advanced-alchemy imports it if installed.
    with process.left_out("litestar"), process.without_other_databases():
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
        if creates:
            create(settings)
        migrations.require_current(settings.database.url)
        return asyncio.run(working())


def create(settings: Settings) -> None:
    """Raises `Refused(STORAGE_UNAVAILABLE)`."""
    from romm.adapters.database import migrations
    from romm.adapters.database.causes import place_of

    if migrations.create(settings.database.url):
        say(f"Created a new database: {place_of(settings.database.url).name}", err=True)


def _fault(error: Exception) -> str:
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if f"{os.sep}romm{os.sep}" in frame.filename]
    place = f" at {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    return f"RomM has a fault here. Please report this line: {type(error).__name__}{place}: {error}"


def _end(problems: tuple[str, ...], code: ExitCode) -> NoReturn:
    try:
        fail(problems, code)
    except OSError:
        sys.exit(code)
    finally:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            _discard_unwritten(stream)


def _discard_unwritten(stream: TextIO) -> None:
    """Python would flush the stream at its end, and fail."""
    try:
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
