"""`romm doctor`: examines what the environment describes, and prints each finding as soon as it is there."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from textwrap import wrap
from typing import TextIO

import click
import msgspec

from romm import app, examination
from romm.adapters import log as logs
from romm.api.schemas import finding_schema
from romm.domain.checks import configuration
from romm.domain.diagnosis import PLAN, Check, Finding, Outcome, has_failed, skipped, summary
from romm.settings import SettingsError, load

MAX_WIDTH = 100  # longer lines are hard to read, and a terminal in a container often does not say how wide it is

_MARKS = {
    Outcome.OK: ("✓", "green"),
    Outcome.WARNING: ("!", "yellow"),
    Outcome.FAILED: ("✗", "red"),
    Outcome.SKIPPED: ("-", "cyan"),
}
_OUTCOME_WIDTH = max(len(outcome) for outcome in Outcome)
_TITLE_WIDTH = max(len(plan.title) for plan in PLAN.values())
_INDENT = 2 + _OUTCOME_WIDTH + 2 + _TITLE_WIDTH + 2


def run(environ: Mapping[str, str], *, as_json: bool) -> int:
    """Gives the exit code: 1 when a check failed."""
    findings = asyncio.run(_json(environ) if as_json else _text(environ))
    return 1 if has_failed(findings) else 0


async def examine(environ: Mapping[str, str]) -> AsyncIterator[Finding]:
    """Every finding; of settings that cannot be understood only what is wrong with them."""
    try:
        loaded = load(environ)
    except SettingsError as error:
        yield configuration.mistakes(error.problems)
        for check in list(Check)[1:]:
            yield skipped(check, f"not possible before {PLAN[Check.SETTINGS].title} is mended")
        return
    settings, client = loaded.settings, app.client(loaded.settings)
    log = logs.configure("ERROR", "console")  # what the instruments remark in passing, the findings say better
    instruments = examination.instruments(settings, app.provider_settings(settings), client, log, app.now)
    try:
        async for finding in examination.doctor(settings, loaded.warnings, client, instruments, app.now).findings():
            yield finding
    finally:
        if instruments.probe is not None:
            await instruments.probe.aclose()


def lines(finding: Finding, width: int = MAX_WIDTH) -> Iterator[str]:
    """A finding for people: what was found, and unless all is well what was expected and what to do."""
    mark, colour = _MARKS[finding.outcome]
    head = click.style(f"{mark} {finding.outcome:<{_OUTCOME_WIDTH}}", fg=colour)
    first, *more = wrap(finding.found, max(width - _INDENT, 40), break_long_words=False, break_on_hyphens=False)
    yield f"{head}  {finding.title:<{_TITLE_WIDTH}}  {first}"
    yield from (" " * _INDENT + line for line in more)
    if finding.outcome in (Outcome.WARNING, Outcome.FAILED):
        yield from _labelled("expected", finding.expected, width)
        for fix in finding.fixes:
            yield from _labelled("fix", fix, width)
        if finding.code is not None:
            yield from _labelled("code", f"{finding.code} (docs/errors.md#{finding.code})", width)


async def _json(environ: Mapping[str, str]) -> list[Finding]:
    findings = [finding async for finding in examine(environ)]
    told = msgspec.json.encode([finding_schema(finding) for finding in findings])
    click.echo(msgspec.json.format(told, indent=2))
    return findings


async def _text(environ: Mapping[str, str]) -> list[Finding]:
    stream, started = click.get_text_stream("stdout", errors="replace"), time.monotonic()
    width = min(shutil.get_terminal_size((MAX_WIDTH, 24)).columns, MAX_WIDTH)
    findings: list[Finding] = []
    _announce(stream, findings)
    async for finding in examine(environ):
        findings.append(finding)
        for line in lines(finding, width):
            click.echo(line, file=stream)
        _announce(stream, findings)
    click.echo(f"\n{summary(findings)} ({time.monotonic() - started:.1f} s)", file=stream)
    return findings


def _announce(stream: TextIO, findings: list[Finding]) -> None:
    """On a terminal, the check that is being made; its finding takes the line over."""
    coming = list(Check)[len(findings) :]
    if stream.isatty() and coming:
        click.echo(f"… {PLAN[coming[0]].title}\r", nl=False, file=stream)


def _labelled(label: str, text: str, width: int) -> Iterator[str]:
    indent = " " * _INDENT
    begin = f"{indent}{label:<8}  "
    yield from wrap(
        text,
        max(width, _INDENT + 40),
        initial_indent=begin,
        subsequent_indent=" " * len(begin),
        break_long_words=False,
        break_on_hyphens=False,
    )
