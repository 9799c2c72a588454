"""The curl lines of docs/client-tokens.md, run against a RomM on a real socket, in the order of the page."""

import json
import re
from pathlib import Path

import httpx

from tests.docs.test_token_clients import EXAMPLE, run, url
from tests.world import PASSWORD

PAGE = Path(__file__).parents[2] / "docs" / "client-tokens.md"

__all__ = ["url"]  # the fixture


def test_the_commands_of_the_documentation_do_what_it_says(url: str) -> None:
    make, use, trade = re.findall(r"^curl .+$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    person = f'"vera:{PASSWORD}"'

    def told(command: str) -> dict[str, object]:
        answer: dict[str, object] = json.loads(run(command.replace(EXAMPLE, url), {}))
        return answer

    made = told(make.replace("--user alice", f"--user {person}"))
    assert (made["name"], made["scopes"]) == ("Script", ["me.read", "roms.read"])
    assert told(use.replace("rmm_…", str(made["raw_token"])))["username"] == "vera"
    offered = httpx.post(f"{url}/api/client-tokens/{made['id']}/pair", auth=("vera", PASSWORD)).json()
    traded = told(trade.replace("BCDF-GHJK", offered["code"]))
    assert traded["raw_token"] != made["raw_token"]
    assert told(use.replace("rmm_…", str(traded["raw_token"])))["username"] == "vera"
