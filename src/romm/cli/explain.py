"""`romm explain`: what these claims would lead to, by the real rules and database."""

import json
from typing import TextIO

import click
import msgspec

from romm.cli.report import fail, run, say
from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.diagnosis.explanation import Explanation


@click.command()
@click.argument("claims", type=click.File(encoding="utf-8"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")
@click.option("--provider", help="The id of one of several providers. Without it the claim `iss` decides.")
def explain(claims: TextIO, as_json: bool, provider: str | None) -> None:
    """Explain which account CLAIMS would sign in.

    CLAIMS is a JSON file (`-` reads standard input), flat or with `id_token` and `userinfo`. Nothing is written. The
    exit code is 1 if they would be refused.
    """
    received = _read(claims)
    explained = run(lambda does: does.explainers.explain(COMMAND_LINE, received, provider))
    say(_as_json(explained) if as_json else _as_text(explained))
    raise SystemExit(1 if explained.code else 0)


def _read(claims: TextIO) -> object:
    try:
        return msgspec.json.decode(claims.read())  # as strict as with an ID token: no half of a character
    except (ValueError, msgspec.DecodeError, RecursionError) as error:
        fail((f"{claims.name} is not JSON: {error}",))


def _as_text(explained: Explanation) -> str:
    width = max(len(line.about) for line in explained.lines)
    lines = [f"  {line.about + ':':<{width + 1}} {line.found}" for line in explained.lines]
    return "\n".join([explained.sentence, *lines])


def _as_json(explained: Explanation) -> str:
    lines = [{"about": line.about, "found": line.found} for line in explained.lines]
    found = {"outcome": explained.outcome, "rule": explained.rule, "code": explained.code, "lines": lines}
    return json.dumps(found, indent=2, ensure_ascii=False)
