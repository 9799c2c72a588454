"""Log lines: one per event, machine-readable where nobody reads along, and without secrets."""

import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import structlog

from romm.adapters import log
from romm.domain.catalogue import operator_text
from romm.domain.errors import MAX_FACT_LENGTH, Code, Refused


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Logging is set up once per process; a test gives it back as it found it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def only_line(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    [line] = capsys.readouterr().err.splitlines()
    found: dict[str, object] = json.loads(line)
    return found


def test_a_line_is_one_json_object_with_its_facts(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("INFO", "json").info("signin.done", account=7)
    line = only_line(capsys)
    assert (line["event"], line["account"], line["level"]) == ("signin.done", 7, "info")


@pytest.mark.parametrize("name", sorted(log.SECRET_NAMES))
def test_a_fact_with_the_name_of_a_secret_is_redacted(capsys: pytest.CaptureFixture[str], name: str) -> None:
    """R-59."""
    log.configure("INFO", "json").info("event", **{name: "canary"})
    assert only_line(capsys)[name] == log.REDACTED


def test_what_is_inside_of_a_fact_is_redacted_too(capsys: pytest.CaptureFixture[str]) -> None:
    facts = {"path": "/x", "password": "canary", "more": {"code": 1, "nonce": "canary"}}
    log.configure("INFO", "json").info("refused", facts=facts)
    redacted = {"path": "/x", "password": log.REDACTED, "more": {"code": 1, "nonce": log.REDACTED}}
    assert only_line(capsys)["facts"] == redacted


@pytest.mark.parametrize("style", ["json", "console"])
def test_no_fact_can_begin_a_line_of_its_own(capsys: pytest.CaptureFixture[str], style: str) -> None:
    """R-58."""
    refused = Refused(Code.NO_ROLE, values=("a\r\nlevel=info event=forged", "b"))
    log.configure("INFO", style).info("refused", facts=refused.facts, hint=operator_text(refused))
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_fact_of_a_megabyte_becomes_a_short_one(capsys: pytest.CaptureFixture[str]) -> None:
    """R-58."""
    log.configure("INFO", "json").info("refused", facts=Refused(Code.EMAIL_INVALID, found="x" * 1_000_000).facts)
    assert len(capsys.readouterr().err) < MAX_FACT_LENGTH + 300


def test_facts_that_are_bound_stand_in_every_line_inside(capsys: pytest.CaptureFixture[str]) -> None:
    written = log.configure("INFO", "json")
    with log.bound(correlation_id="abc"):
        written.info("inside")
    assert only_line(capsys)["correlation_id"] == "abc"


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("WARNING", "json").info("unwanted")
    assert capsys.readouterr().err == ""


def test_an_exception_comes_with_its_traceback_in_the_same_line(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("INFO", "json").error("unexpected", exc_info=ValueError("broken"))
    assert "broken" in json.dumps(only_line(capsys)["exception"])


def test_a_library_s_own_line_has_the_same_form_and_none_below_warning(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("INFO", "json")
    logging.getLogger("httpx").info("GET https://idp.test/callback?code=canary")
    logging.getLogger("somebody").warning("careful")
    assert only_line(capsys)["event"] == "careful"


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_traceback_does_not_show_what_was_in_the_variables(capsys: pytest.CaptureFixture[str], style: str) -> None:
    """R-59: a password is a local variable somewhere on the way."""
    written = log.configure("INFO", style)

    def fail(password: str) -> None:
        raise ValueError("broken")

    try:
        fail(f"canary-{4711}")
    except ValueError as error:
        written.error("unexpected", exc_info=error)
    line = capsys.readouterr().err
    assert "broken" in line
    assert "canary-4711" not in line


ODD = "\x1b]0;owned\x07\x1b[2J\x9b31m\x7f\r\n\u202egnp\u2028\u2066\ud800"
"""C0, C1, DEL, line breaks, changes of direction, a line separator, half a character."""


@pytest.mark.parametrize(
    "fact",
    [
        ODD,
        f"{ODD} and a space",
        Code(Code.NO_ROLE),
        (ODD,),
        {ODD: ODD},
        ODD.encode("utf-8", "replace"),
        ValueError(ODD),
    ],
    ids=lambda fact: type(fact).__name__,
)
def test_a_terminal_is_sent_no_escape_sequence_of_a_stranger(capsys: pytest.CaptureFixture[str], fact: object) -> None:
    log.configure("INFO", "console").info("refused", path=fact)
    [line] = capsys.readouterr().err.splitlines()
    assert line.isprintable()


class Rude:
    """A library's object, whose `repr` is a stranger's text."""

    def __repr__(self) -> str:
        return ODD


def test_nor_by_an_object_or_by_the_log_of_a_library(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("INFO", "console").info("refused", found=Rude())
    logging.getLogger("elsewhere").warning("a message %s", ODD)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)


def test_nor_by_an_exception_and_its_lines_look_like_none_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    forged = f"{ODD}\n2026-01-01T00:00:00Z [info] signin.done"
    log.configure("INFO", "console").error("unexpected", exc_info=ValueError(forged))
    first, *traceback = capsys.readouterr().err.splitlines()
    assert "unexpected" in first
    assert any("signin.done" in line for line in traceback)
    assert all(line.isprintable() and line.startswith("  ") for line in traceback)


def test_a_line_has_its_time_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("INFO", "json").info("event")
    written = datetime.fromisoformat(str(only_line(capsys)["timestamp"]))
    assert written.utcoffset() == timedelta(0)
