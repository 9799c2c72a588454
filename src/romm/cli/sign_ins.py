"""`romm sign-ins`: the log of sign-ins, with the filter of its page."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from romm.cli.report import run, say
from romm.domain.catalogue import operator_text
from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.errors import Refused
from romm.domain.sign_in.log_search import term
from romm.domain.sign_in.providers import in_words_of
from romm.ports.sign_in import SignInEntry, SignInFilter

if TYPE_CHECKING:
    from romm.composition.use_cases import UseCases

MOST_LINES = 200
OUTCOMES = ("refused", "signed_in", "signed_out")


@click.command("sign-ins")
@click.argument("search", default="")
@click.option("--outcome", type=click.Choice(OUTCOMES), help="Only lines with this outcome.")
@click.option("--refused", "outcome", flag_value="refused", help="The same as --outcome refused.")
@click.option("--limit", type=click.IntRange(1, MOST_LINES), default=20, show_default=True, help="The newest so many.")
@click.option("--json", "as_json", is_flag=True, help="Print the lines as a JSON list.")
def sign_ins(search: str, outcome: str | None, limit: int, as_json: bool) -> None:
    """Print the log of sign-ins, the newest first.

    SEARCH is a reference, the beginning of a user name or of an e-mail address, part of a code, or a visitor's address.
    """
    criteria = SignInFilter(term=term(search), outcome=outcome)

    async def work(does: "UseCases") -> list[str]:
        found = await does.journal.search(COMMAND_LINE, criteria, limit)
        owners = {entry.account_id for entry in found if entry.account_id is not None}
        names = await does.administration.names(COMMAND_LINE, owners)
        provider_ids = {entry.issuer: does.sign_ins.providers.id_of_issuer(entry.issuer) for entry in found}
        if as_json:
            return [_as_json(found, provider_ids)]
        return [line for entry in found for line in _as_text(entry, names, provider_ids[entry.issuer])]

    say("\n".join(run(work)) or "No sign-ins found.")


def _as_text(entry: SignInEntry, names: Mapping[int, str], provider_id: str | None) -> Iterator[str]:
    number = entry.account_id
    who = names.get(number, f"account {number}") if number is not None else entry.email or "-"
    result = f"{entry.outcome.replace('_', ' ')}{f' ({entry.code})' if entry.code else ''}"
    yield f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.correlation_id}  {entry.address:<15}  {entry.method:<11}  {who}  {result}"
    if entry.code and entry.facts:
        yield f"    {in_words_of(provider_id, operator_text(Refused(entry.code, **entry.known_facts)))}"


def _as_json(found: Sequence[SignInEntry], provider_ids: Mapping[str | None, str | None]) -> str:
    import msgspec

    from romm.api.diagnosis.explanation_schemas import sign_in_schema

    listed = [sign_in_schema(entry, provider_ids[entry.issuer]) for entry in found]
    return json.dumps(msgspec.to_builtins(listed), indent=2, ensure_ascii=False)
