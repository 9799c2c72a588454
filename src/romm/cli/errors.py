"""`romm errors`: the catalogue of refusals."""

import difflib
from collections.abc import Iterator

import click

from romm.cli.report import fail, say
from romm.domain.catalogue import CATALOGUE, pieces
from romm.domain.errors import Code
from romm.domain.providers.register import PRESETS


@click.command()
@click.argument("code", default="")
def errors(code: str) -> None:
    """Explain an error's CODE, or list all codes.

    Words in <angle brackets> stand for values; `romm sign-ins` and the log have them.
    """
    if not code:
        width = max(map(len, CATALOGUE))
        say("\n".join(f"{each:<{width}}  {row.person}" for each, row in CATALOGUE.items()))
    elif code in set(Code):
        say("\n".join(_explained(Code(code))))
    else:
        similar = difflib.get_close_matches(code, list(CATALOGUE))
        fail((f"no error has the code {code}; {_advice(similar)}",))


def _explained(code: Code) -> Iterator[str]:
    row = CATALOGUE[code]
    yield f"{code} (HTTP status {row.status})"
    yield f"  The person reads:  {row.person}"
    yield f"  What to do:        {''.join(f'<{each.text}>' if each.is_fact else each.text for each in pieces(row.operator))}"
    for each in PRESETS.values():
        if hint := each.hints.get(code):
            yield f"  At {each.label + ':':<16}{hint}"


def _advice(similar: list[str]) -> str:
    return f"did you mean {' or '.join(similar)}?" if similar else "`romm errors` lists all codes"
