"""Each refusal is brought about, and everything that is printed for it is carried out: then the same is not refused again."""

import pytest

from romm.domain.catalogue import CATALOGUE
from romm.domain.errors import Code, Refused
from tests.fixes.instructions import instructions
from tests.fixes.refusals.register import BY_COMMANDS, NOTHING_TO_FIX, ROWS
from tests.fixes.refusals.scene import Executor, Row, Scene, code_of
from tests.fixes.texts import CODES, of_text

EACH = [
    pytest.param(row, words, executor, id=f"{row.code}-{words[:40]}")
    for row in ROWS
    for words, executor in row.fixes.items()
]


@pytest.mark.parametrize(("row", "words", "executor"), EACH)
async def test_what_is_printed_is_carried_out_and_the_refusal_is_gone(row: Row, words: str, executor: Executor) -> None:
    scene = await row.stage()
    assert code_of(refused := await scene.attempt()) == row.code, getattr(refused, "text", refused)
    assert words in told(row.code)
    assert isinstance(refused, Refused) or row.code in {line["code"] for line in logged(scene)}, "the log has it, too"
    await executor(scene)
    after = await scene.attempt()
    then = row.leads_to.get(words, "")
    assert code_of(after) == then, getattr(after, "text", after)
    assert then or getattr(after, "status_code", 200) < 400


def told(code: Code) -> str:
    """On the page of the code, which both the person's page and the log name."""
    return f"{CATALOGUE[code].person} {CATALOGUE[code].operator}"


def logged(scene: Scene) -> list[dict[str, object]]:
    return [facts for _, event, facts in scene.world.log.lines if "code" in facts]


def test_each_refusal_has_its_fixes_carried_out_or_a_reason_why_there_are_none() -> None:
    """A new one is carried out from its first day."""
    carried_out = {row.code for row in ROWS} | set(CODES) | BY_COMMANDS
    assert carried_out | set(NOTHING_TO_FIX) == set(Code)
    assert not carried_out & set(NOTHING_TO_FIX)


@pytest.mark.parametrize("code", sorted({row.code for row in ROWS} | set(CODES)))
def test_everything_that_a_text_tells_people_to_do_is_carried_out(code: Code) -> None:
    """The corpus carries out what it names in the administrators' text."""
    words = [each for row in ROWS if row.code is code for each in row.fixes]
    texts = [CATALOGUE[code].operator] if code in CODES else [CATALOGUE[code].operator, CATALOGUE[code].person]
    told = [each for text in texts for each in instructions(text)]
    assert [each for each in told if not (_is_in(each, words) or of_text(code, each))] == []


def _is_in(instruction: str, words: list[str]) -> bool:
    return any(each in instruction or instruction.rstrip(".;:") in each for each in words)


@pytest.mark.parametrize("code", NOTHING_TO_FIX)
def test_what_needs_no_fix_tells_people_to_do_nothing(code: Code) -> None:
    assert [each for each in instructions(told(code)) if each != "Please report it."] == []
