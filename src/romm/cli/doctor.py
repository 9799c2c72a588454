"""`romm doctor`: examines the configuration and prints each finding at once."""

import asyncio
import json
import shutil
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from io import TextIOWrapper
from textwrap import wrap
from typing import TextIO

import click
import msgspec

from romm.adapters import log as logs
from romm.api.diagnosis.schemas import finding_schema
from romm.cli.report import say
from romm.composition import adapters, diagnosis
from romm.diagnosis.doctors import Doctors
from romm.diagnosis.reports import Reports
from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.diagnosis.checks import configuration
from romm.domain.diagnosis.findings import PLAN, Check, Finding, Outcome, blocked, has_failed, summary
from romm.settings.load import load
from romm.settings.model import Loaded, SettingsError

MAX_WIDTH = 100  # longer lines are hard to read, and terminals in containers often report no width

_ERASE = "\x1b[K"  # to the end of the line
_MARKS = {
    Outcome.OK: ("✓", "green"),
    Outcome.WARNING: ("!", "yellow"),
    Outcome.UNKNOWN: ("?", "yellow"),
    Outcome.FAILED: ("✗", "red"),
    Outcome.SKIPPED: ("-", "cyan"),
}
_OUTCOME_WIDTH = max(len(outcome) for outcome in Outcome)
_TITLE_WIDTH = max(len(plan.title) for plan in PLAN.values())
_BESIDE_TITLE = " " * (2 + _OUTCOME_WIDTH + 2 + _TITLE_WIDTH + 2)
_BELOW_TITLE = " " * (2 + _OUTCOME_WIDTH + 2)


def run(environ: Mapping[str, str], provider_id: str | None = None, *, as_json: bool) -> int:
    """Exit code 1 if a check failed. Without `provider_id`, examines all providers. Raises `Refused(OIDC_OFF)`."""
    findings = asyncio.run(_json(environ, provider_id) if as_json else _text(environ, provider_id))
    return 1 if has_failed(findings) else 0


async def examine(environ: Mapping[str, str], provider_id: str | None) -> AsyncIterator[Finding]:
    """Of invalid settings, only their problems."""
    try:
        loaded = load(environ)
    except SettingsError as error:
        yield configuration.mistakes(error.problems)
        for check in list(Check)[1:]:
            yield blocked(check, Check.SETTINGS)
        return
    async with _examiners(loaded) as (doctors, _):
        async for finding in doctors.findings(COMMAND_LINE, provider_id):
            yield finding


def write_report(loaded: Loaded, file: TextIO) -> None:
    file.write(asyncio.run(_report(loaded)))
    say(f"Wrote {file.name}. Read it before you share it: it should have no secrets, names, addresses and hosts.")


async def _report(loaded: Loaded) -> str:
    async with _examiners(loaded) as (_, reports):
        return await reports.report(COMMAND_LINE)


@asynccontextmanager
async def _examiners(loaded: Loaded) -> AsyncIterator[tuple[Doctors, Reports]]:
    log = logs.configure("ERROR", "console")  # the findings replace the instruments' own log lines
    instruments = diagnosis.all_instruments(loaded.settings, log, adapters.now)
    doctors = diagnosis.doctors(loaded.settings, loaded.warnings, instruments, adapters.now)
    try:
        yield doctors, diagnosis.reports(loaded.settings, doctors, instruments, adapters.now, loaded.origins)
    finally:
        await diagnosis.close(instruments)


def lines(finding: Finding, width: int = MAX_WIDTH) -> Iterator[str]:
    mark, colour = _MARKS[finding.outcome]
    head = click.style(f"{mark} {finding.outcome:<{_OUTCOME_WIDTH}}", fg=colour)
    first, *more = _wrapped(finding.found, width, _BESIDE_TITLE)
    yield f"{head}  {finding.title:<{_TITLE_WIDTH}}  {first.removeprefix(_BESIDE_TITLE)}"
    yield from more
    if finding.outcome in (Outcome.WARNING, Outcome.UNKNOWN, Outcome.FAILED):
        for label, text in _details(finding):
            first, *more = _wrapped(text, width, f"{_BELOW_TITLE}{'':8}  ")
            yield f"{_BELOW_TITLE}{label:<8}  {first.strip()}"
            yield from more


def heading(finding: Finding) -> str:
    """Before the findings of each of several providers."""
    return f"{finding.provider.label} ({finding.provider.id})" if finding.provider else "RomM"


def _details(finding: Finding) -> Iterator[tuple[str, str]]:
    yield "expected", finding.expected
    yield from (("fix", fix) for fix in finding.fixes)
    if finding.code is not None:
        yield "code", f"{finding.code}, the error of a sign-in (romm errors {finding.code})"


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    return wrap(
        text,
        max(width, len(indent) + 40),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def together(left_out: Sequence[Finding], width: int = MAX_WIDTH) -> Iterator[str]:
    if len(left_out) < 2:
        yield from (line for finding in left_out for line in lines(finding, width))
        return
    mark, colour = _MARKS[Outcome.SKIPPED]
    yield f"{click.style(f'{mark} {Outcome.SKIPPED:<{_OUTCOME_WIDTH}}', fg=colour)}  {left_out[0].found}:"
    yield from _wrapped(", ".join(finding.title for finding in left_out), width, _BELOW_TITLE)


async def _json(environ: Mapping[str, str], provider_id: str | None) -> list[Finding]:
    findings = [finding async for finding in examine(environ, provider_id)]
    listed = msgspec.to_builtins([finding_schema(finding) for finding in findings])
    say(json.dumps(listed, indent=2, ensure_ascii=False))
    return findings


async def _text(environ: Mapping[str, str], provider_id: str | None) -> list[Finding]:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a check mark must not raise UnicodeEncodeError
    started, width = time.monotonic(), min(shutil.get_terminal_size((MAX_WIDTH, 24)).columns, MAX_WIDTH)
    findings: list[Finding] = []
    left_out: list[Finding] = []
    _announce(findings)
    async for finding in examine(environ, provider_id):
        changes = bool(findings) and finding.provider != findings[-1].provider
        findings.append(finding)
        if left_out and (changes or finding.found != left_out[0].found):
            _print(together(left_out, width))
            left_out = []
        if changes:
            _print(("", click.style(heading(finding), bold=True)))
        if finding.outcome is Outcome.SKIPPED:
            left_out.append(finding)
        else:
            _print(lines(finding, width))
        _announce(findings)
    _print(together(left_out, width))
    click.echo(f"\n{summary(findings)} ({time.monotonic() - started:.1f} s)")
    return findings


def _print(printed: Iterable[str]) -> None:
    for line in printed:
        click.echo(f"{_ERASE}{line}" if _is_terminal() else line)


def _announce(findings: list[Finding]) -> None:
    """Shows the running check; its finding replaces the line."""
    coming = list(Check)[list(Check).index(findings[-1].check) + 1 :] if findings else list(Check)
    if _is_terminal() and coming:
        click.echo(f"\r{_ERASE}… {PLAN[coming[0]].title}\r", nl=False)


def _is_terminal() -> bool:
    """Without an output Python has None there."""
    return sys.stdout is not None and sys.stdout.isatty()
