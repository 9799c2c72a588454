"""What every command prints by."""

import click
import pytest
from click.testing import CliRunner

from romm.cli.report import Commands, ExitCode, explained, fail, say
from romm.domain.diagnosis.storage import Cause, unusable
from romm.domain.errors import Code, Refused

ODD = "\x1b]0;owned\x07\x9b31m\u202egnp\u2028"


def test_a_command_prints_no_escape_sequence_of_a_stranger(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"{ODD}\nnext")
    say(ODD, err=True, fg="yellow")
    with pytest.raises(SystemExit):
        fail((ODD,))
    printed = capsys.readouterr()
    assert len(printed.out.split("\n")) == 3
    assert all(line.isprintable() for line in (printed.out + printed.err).split("\n"))


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (KeyError("groups"), ExitCode.FAULT, "RomM has a fault here. Please report this line: KeyError at "),
        (OSError(28, "No space left on device"), ExitCode.REFUSED, "The output: No space left on device"),
        (OSError(13, "Permission denied", "a.db"), ExitCode.REFUSED, "a.db: Permission denied"),
        (Refused(Code.ACCOUNT_UNKNOWN, account="alice"), ExitCode.REFUSED, "No account has the id or name alice."),
        (
            unusable(Cause.FULL, "a.db"),
            ExitCode.DATABASE,
            "The database cannot be used: the disk of a.db is full. Free",
        ),
        (
            Refused(Code.IMPORT_UNREADABLE, problem="gone"),
            ExitCode.DATABASE,
            "The database of --from cannot be read: gone",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_whatever_a_command_meets_is_one_line(error: Exception, code: ExitCode, line: str) -> None:
    @click.group(cls=Commands)
    def group() -> None: ...

    @group.command()
    def broken() -> None:
        with explained():
            raise error

    result = CliRunner().invoke(group, ["broken"])
    assert result.exit_code == code
    assert result.stderr.startswith(f"error: {line}")
    assert len(result.stderr.splitlines()) == 1
