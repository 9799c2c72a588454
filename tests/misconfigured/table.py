"""Plays the corpus and prints what everybody saw: `python -m tests.misconfigured.table`, or `nox -s misconfigured`.

With a word behind it, only the scenarios with that word in their name. The exit code is 1 when somebody was not told.
"""

import asyncio
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import wrap

from romm.domain.errors import Code
from tests.misconfigured.scenarios import SCENARIOS, Scenario
from tests.misconfigured.stage import Observed, furnish, play, scripted
from tests.misconfigured.verdict import shortcomings

WIDTH = 120
PAGE_LENGTH = 160  # of a page that is no refusal


def main(arguments: Sequence[str]) -> int:
    """One block per scenario, then how many there are."""
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # it remarks on TLS where plain http is spoken, as intended
    chosen = [scenario for scenario in SCENARIOS if all(word in scenario.id for word in arguments)]
    short = 0
    for scenario in chosen:
        seen = _played(scenario)
        problems = shortcomings(scenario, seen)
        short += bool(problems)
        print("\n".join([*_block(scenario, seen), *problems]), end="\n\n")
    print(f"{len(chosen)} scenarios; {len(chosen) - short} of them name cause and fix.")
    return 1 if short else 0


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
