"""Plays the corpus and prints what everybody saw: `python -m tests.misconfigured.table`, or `nox -s misconfigured`.

With a word behind it, only the scenarios with that word in their name. Then one table for the shapes of real servers, a
column for each. The exit code is 1 when somebody was not told.
"""

import asyncio
import logging
import sys
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import wrap

from romm.domain.errors import Code
from tests.misconfigured.scenarios import SCENARIOS, Scenario
from tests.misconfigured.scripted import furnish, scripted
from tests.misconfigured.servers import AT_SERVERS, ROWS
from tests.misconfigured.stage import Observed, play
from tests.misconfigured.verdict import shortcomings
from tests.shapes.model import State
from tests.shapes.register import SERVERS

WIDTH = 120
ALL_SAY, LOG_SAYS, GAP, NOT_KNOWN = "ok", "log", "gap", "·"
PAGE_LENGTH = 160  # of a page that is no refusal


def main(arguments: Sequence[str]) -> int:
    """One block per scenario, then how many there are."""
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # it remarks on TLS where plain http is spoken, as intended
    chosen = [each for each in (*SCENARIOS, *AT_SERVERS) if all(word in each.id for word in arguments)]
    short: set[str] = set()
    for scenario in chosen:
        seen = _played(scenario)
        problems = shortcomings(scenario, seen)
        short |= {scenario.id} if problems else set()
        print("\n".join([*_block(scenario, seen), *problems]), end="\n\n")
    print("\n".join(_columns([each for each in chosen if each.server], short)), end="\n\n")
    print(f"{len(chosen)} scenarios; {len(chosen) - len(short)} of them name cause and fix.")
    return 1 if short else 0


def _columns(played: Sequence[Scenario], short: AbstractSet[str]) -> Iterator[str]:
    """A row for each state, a column for each server."""
    names = list(dict.fromkeys(each.server for each in played))
    yield from (f"{number:>3}  {SERVERS[name].shape.title}" for number, name in enumerate(names, start=1))
    yield ""
    yield f"{'':<66}{''.join(f'{number:>4}' for number in range(1, len(names) + 1))}"
    for state in (state for state in State if any(each.state == state for each in played)):
        cells = {each.server: _mark(each, short) for each in played if each.state == state}
        yield f"{ROWS[state].wrong:<66}{''.join(f'{cells.get(name, NOT_KNOWN):>4}' for name in names)}"
    yield ""
    yield f"{ALL_SAY}: log and doctor name it. {LOG_SAYS}: the log names it, the doctor cannot know. {GAP}: not named."


def _mark(scenario: Scenario, short: AbstractSet[str]) -> str:
    if scenario.id in short:
        return GAP
    return ALL_SAY if scenario.doctor or scenario.silent else LOG_SAYS


def _played(scenario: Scenario) -> Observed:
    with TemporaryDirectory() as name:
        folder = Path(name)
        furnish(folder)
        with scripted(scenario, folder) as stage:
            return asyncio.run(play(scenario, stage))


def _block(scenario: Scenario, seen: Observed) -> Iterator[str]:
    yield f"{scenario.id}: {scenario.wrong}"
    yield from _cell("person", f"{seen.person.code or 'no code'}: {_page(scenario, seen)}")
    for text in seen.operator:
        yield from _cell("operator", text)
    for finding in seen.findings:
        yield from _cell("doctor", f"{finding.title} {finding.outcome}: {' '.join(finding.fixes)}")
    if scenario.blind:
        yield from _cell("doctor", f"cannot know: {scenario.blind}")


def _page(scenario: Scenario, seen: Observed) -> str:
    text = seen.person.text
    if isinstance(scenario.sees, Code):
        return text.partition("You are not signed in ")[2].partition(" “Sign in with")[0] or text[:PAGE_LENGTH]
    start = max(text.find(scenario.sees), 0)
    return text[start : start + PAGE_LENGTH]


def _cell(who: str, text: str) -> list[str]:
    return wrap(text, WIDTH, initial_indent=f"  {who:<10}", subsequent_indent=" " * 12, break_long_words=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
