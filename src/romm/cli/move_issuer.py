"""`romm users move-issuer`: a line for each account."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from romm.cli.report import run, say
from romm.domain import hosts
from romm.domain.accounts.issuer_moves import IssuerMove, IssuerMoveDecision, Stay, Way, describe
from romm.domain.credentials.permissions import COMMAND_LINE

if TYPE_CHECKING:
    from romm.composition.use_cases import UseCases


def move(old: str, new: str, way: str | None, *, apply: bool) -> None:
    wanted = _understood(old, new, way)

    async def work(does: "UseCases") -> tuple[list[str], Sequence[IssuerMoveDecision]]:
        moves = does.issuer_moves
        decided = await (moves.carry_out if apply else moves.preview)(COMMAND_LINE, wanted)
        return moves.notes(wanted), decided

    notes, decided = run(work)
    for note in notes:
        say(f"note: {note}", err=True, fg="yellow")
    for decision in decided:
        say(f"{decision.account.username:<24} {describe(decision, wanted)}")
    say(_summary(decided, apply=apply))


def _understood(old: str, new: str, way: str | None) -> IssuerMove:
    """Raises `UsageError`."""
    if way is None:
        raise click.UsageError("Say how people are recognized at NEW: --same-subjects or --by-email.")
    if hosts.origin(new) is None:
        raise click.UsageError(f"NEW is an issuer, such as https://auth.example.com, and not {new}.")
    move = IssuerMove(old=old, new=new, way=Way(way))
    if move.old == move.new and move.way is Way.SAME_SUBJECTS:
        raise click.UsageError("OLD and NEW are the same, so there is nothing to move.")
    return move


def _summary(decided: Sequence[IssuerMoveDecision], *, apply: bool) -> str:
    moved = sum(not isinstance(decision, Stay) for decision in decided)
    total = f"{moved} of {len(decided)} {'account' if len(decided) == 1 else 'accounts'}"
    return f"Moved {total}." if apply else f"Would move {total}. Nothing was written; --apply carries it out."
