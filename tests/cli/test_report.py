"""What every command prints by."""

import pytest

from romm.cli.report import fail, say

ODD = "\x1b]0;owned\x07\x9b31m\u202egnp\u2028"


def test_a_command_prints_no_escape_sequence_of_a_stranger(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"{ODD}\nnext")
    say(ODD, err=True, fg="yellow")
    with pytest.raises(SystemExit):
        fail((ODD,))
    printed = capsys.readouterr()
    assert len(printed.out.split("\n")) == 3
    assert all(line.isprintable() for line in (printed.out + printed.err).split("\n"))
