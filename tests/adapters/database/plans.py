"""What a database does for a statement, and whether that grows with its tables."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

GROWING = frozenset(
    {
        "accounts",
        "credentials",
        "device_authorizations",
        "devices",
        "identities",
        "known_addresses",
        "login_attempts",
        "logout_tokens",
        "password_failures",
        "pending_sign_ins",
        "sign_ins",
    }
)
"""Of the others a RomM has some rows."""

FEW = "ix_accounts_admins"
"""An index with some rows."""

_SCAN = re.compile(r"SCAN (\w+?)(?:_\d+)?(?: .*)?$")
_LIMIT = re.compile(r"\bLIMIT\b")


def whole_tables_of_sqlite(statement: str, plan: Sequence[str]) -> list[str]:
    """`plan` are the details of EXPLAIN QUERY PLAN."""
    scanned = [
        found[1] for detail in plan if (found := _SCAN.match(detail)) and found[1] in GROWING and FEW not in detail
    ]
    stops = _LIMIT.search(statement) and not any(detail.endswith("FOR ORDER BY") for detail in plan)
    return [] if stops else scanned


def whole_tables_of_postgresql(plan: Mapping[str, Any], *, stops: bool = False) -> Iterator[str]:
    """`plan` is a node of EXPLAIN (FORMAT JSON). What is sorted, hashed or counted reads all of what is below."""
    kind, table = plan["Node Type"], plan.get("Relation Name")
    stops = kind == "Limit" or (stops and kind not in ("Sort", "Aggregate", "Hash", "Bitmap Heap Scan"))
    is_whole = kind == "Seq Scan" or ("Index" in kind and "Index Cond" not in plan and kind != "Bitmap Index Scan")
    if table in GROWING and is_whole and not stops:
        yield table
    for part in plan.get("Plans", ()):
        yield from whole_tables_of_postgresql(part, stops=stops)
