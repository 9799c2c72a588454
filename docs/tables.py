"""Prints the tables in docs/ from the code, settings.toml, the tests' corpus of misconfigurations and measured figures.

`python docs/tables.py` writes them between `<!-- table:name -->` and `<!-- /table -->`; `--check` only compares.
"""

import ast
import re
import runpy
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import Any

from romm.adapters.accounts import passwords
from romm.adapters.database import engines
from romm.adapters.database.transactions import HEAD
from romm.adapters.provider import transport
from romm.adapters.sign_in.sealing import LOOK_AGAIN
from romm.api import routes
from romm.api.http import request_limits
from romm.cli.server import connections as connection_limits
from romm.domain import limits, scopes
from romm.domain.accounts import changes
from romm.domain.catalogue import CATALOGUE
from romm.domain.credentials import step_up
from romm.domain.credentials.permissions import PERMISSIONS, Action
from romm.domain.credentials.rate_limits import Limit
from romm.domain.diagnosis.findings import PLAN
from romm.domain.diagnosis.storage import SENTENCES
from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from romm.domain.providers.register import PRESETS
from romm.domain.sign_in.linking import table as linking_table
from romm.settings.model import FIELDS

DOCS = Path(__file__).parent
DEFAULTS = DOCS.parent / "settings.toml"
# By its path: the tests are not an installed package, and the file needs only romm.
PROMISES = DOCS.parent / "tests" / "promises.toml"
CORPUS = DOCS.parent / "tests" / "misconfigured" / "scenarios.py"
AT_SERVERS = DOCS.parent / "tests" / "misconfigured" / "servers.py"
MEASURED = DOCS / "performance.json"
MEASURED_GROUPS = ("checks", "sign-ins", "passwords", "waiting", "process", "imports", "sizes", "soak")
OTHER_SERVERS = "other-servers"
LIBRARIES = {"oidc-provider"}
"""Without a page: what it does depends on the program that it is built into."""
VERSIONS = {HEAD: "0.1.0"}
"""By each version's last revision, oldest first."""
DOCUMENTED = {
    "cloudflare": "Cloudflare Access for SaaS, as documented in November 2026",
    "entra": "Microsoft identity platform v2.0, as documented in November 2026",
    "google": "Google Identity, as documented in November 2026",
    "okta": "Okta Classic Engine and Identity Engine, as documented in November 2026",
    "zitadel": "Zitadel 2.65 to 4, as documented in November 2026",
}
"""Services, and servers without a shape, by their page."""
COMMAND = "python docs/tables.py"
# A variable, a member, a path or a command.
_NAME = re.compile(r"[A-Z]+_[A-Z_]+(=\w+)?|LOGLEVEL|[a-z]+_[a-z_]+|/[\w/]+|romm [a-z ]+")
_CODE = re.compile(rf"`({'|'.join(CATALOGUE)})`")

_TABLE = re.compile(r"(?P<begin><!-- table:(?P<name>[\w-]+) -->\n)(?P<body>.*?)(?P<end><!-- /table -->)", re.DOTALL)


def settings() -> Iterator[Sequence[str]]:
    """The meaning is the comment above the key in settings.toml."""
    yield "Variable", "Default", "Meaning"
    variables = {field.path: field.variable.name for field in FIELDS}
    defaults = tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))
    for path, meaning in comments(DEFAULTS.read_text(encoding="utf-8").splitlines()):
        section, _, key = path.partition(".")
        yield f"`{variables[path]}`<br>`[{section}] {key}`", _default(defaults[section][key]), meaning


def errors() -> Iterator[Sequence[str]]:
    """The code is the anchor that pages and log lines link to."""
    yield "Code", "HTTP status", "What the person reads", "What to do"
    for code, refusal in CATALOGUE.items():
        status = f"{refusal.status} {HTTPStatus(refusal.status).phrase}"
        yield f'<a id="{code}"></a>`{code}`', status, refusal.person, refusal.operator


def access_levels() -> Iterator[Sequence[str]]:
    """With what each adds to the one before."""
    yield "Access level", "Adds"
    before: tuple[str, ...] = ()
    for level in AccessLevel:
        granted = scopes.granted(level)
        yield level.label, " ".join(f"`{scope}`" for scope in granted if scope not in before)
        before = granted


def permissions() -> Iterator[Sequence[str]]:
    """In the order of `Action`."""
    yield "Action", "What is your own", "Everything else", "Every scope of"
    for action in Action:
        permission = PERMISSIONS[action]
        yield action.value, _scope(permission.own), _scope(permission.scope), permission.rights.value


def lasting() -> Iterator[Sequence[str]]:
    """In the order of `Lasting`."""
    yield "To", "A token may"
    for step, tokens in step_up.TABLE.items():
        yield step.value, tokens.value


def _scope(name: str | None) -> str:
    return f"`{name}`" if name else ""


def rules(rows: Mapping[str, tuple[str, str]]) -> Iterator[Sequence[str]]:
    """In the order of evaluation."""
    yield "Rule", "When", "Then"
    for rule, (when, then) in rows.items():
        yield rule, when, _CODE.sub(r"[`\1`](errors.md#\1)", then)


def checks() -> Iterator[Sequence[str]]:
    """In order."""
    yield "Check", "In JSON", "What it expects"
    for check, plan in PLAN.items():
        yield plan.title, f"`{check}`", plan.expected


def misconfigured() -> Iterator[Sequence[str]]:
    """One row per scenario of the corpus; the log names what it names, and so does the doctor's fix if it can."""
    yield "What is wrong", "The person sees", "What to look at", "Reported by"
    corpus = runpy.run_path(str(CORPUS))
    for scenario in corpus["SCENARIOS"]:
        named = ", ".join(f"`{name}`" if _NAME.fullmatch(name) else name for name in scenario.names)
        yield scenario.wrong, _seen(scenario.sees, corpus["IN_WORDS"]), named, _told_by(scenario)


def servers() -> Iterator[Sequence[str]]:
    """One row per shape of a real server."""
    yield "Server", "Its answers are known from", "Cases", "What the doctor cannot tell"
    sys.path.insert(0, str(DOCS.parent))  # the shapes import each other
    corpus = runpy.run_path(str(AT_SERVERS))
    for server in corpus["SERVERS"].values():
        rows = [row for row in corpus["AT_SERVERS"] if row.server == server.shape.name]
        blind = [corpus["ROWS"][row.state].wrong for row in rows if row.blind == corpus["BEFORE_LOG_IN"]]
        yield server.shape.title, str(server.shape.seen), str(len(rows)), "; ".join(blind)


def checked(page: str) -> Iterator[Sequence[str]]:
    """The shapes of a provider, or, on the page of the other servers, those without a preset."""
    yield "Checked against", "Known from"
    sys.path.insert(0, str(DOCS.parent))
    shapes = [server.shape for server in runpy.run_path(str(AT_SERVERS))["SERVERS"].values()]
    found = [shape for shape in shapes if (shape.provider.replace("_", "-") or OTHER_SERVERS) == page]
    yield from ((shape.title, str(shape.seen)) for shape in found if shape.product not in LIBRARIES)
    if not found:
        yield DOCUMENTED[page], "its documentation; not run here"


def strangers() -> Iterator[Sequence[str]]:
    """What needs no account."""
    yield "What happens", "From one address", "All together", "What is more"
    for bound in limits.STRANGERS:
        yield bound.causes, _often(bound.each), _often(bound.together), bound.afterwards


def connections() -> Iterator[Sequence[str]]:
    """Limits of the server itself."""
    yield "What", "Limit"
    idle, unread = connection_limits.IDLE_SECONDS, connection_limits.UNREAD_SECONDS
    yield "Connections of all workers together", f"{connection_limits.CONNECTIONS:,}"
    yield "A connection that is silent, stays open unused, or is in the middle of a request's head", f"{idle} seconds"
    yield "The head of a request", f"{connection_limits.HEAD_BYTES // 1024} KiB; twice as much if it comes in one go"
    yield (
        "The body of a request",
        f"{routes.MAX_BODY_BYTES // 1024} KiB, within {request_limits.BODY_SECONDS:.0f} seconds",
    )
    yield "A request as a whole", f"{request_limits.REQUEST_SECONDS:.0f} seconds"
    yield "An answer of which nothing is taken (Linux)", f"{unread} seconds"
    yield "Passwords that wait to be checked", f"{passwords.WAITING}"
    to_provider, busy = transport.POOL.max_connections, engines.BUSY_SECONDS
    yield "Connections of a worker to the provider", f"{to_provider}; a request that waits for one keeps its own limit"
    yield (
        "Connections of a worker to PostgreSQL",
        f"{2 * engines.POSTGRESQL_CONNECTIONS}; after {busy} seconds of waiting `storage_unavailable`",
    )
    yield (
        "Reads of the sealing keys for cookies with an unknown key",
        f"{timedelta(seconds=1) // LOOK_AGAIN} per second",
    )


_STATES = {"held": "yes", "partly": "partly", "gap": "**no**", "none": "nothing of the kind", "outside": "yours"}


def storage() -> Iterator[Sequence[str]]:
    yield "The line says", "What to do"
    for sentence in SENTENCES.values():
        yield sentence.problem.format(place="the database", detail="…"), f"{sentence.fix}."


def revisions() -> Iterator[Sequence[str]]:
    """Newest first, with the first line of each migration."""
    yield "Revision", "Version", "What changed"
    for migration in sorted((DOCS.parent / "alembic" / "versions").glob("*.py"), reverse=True):
        changed = (ast.get_docstring(ast.parse(migration.read_text(encoding="utf-8"))) or "").partition("\n")[0]
        revision = migration.name.partition("_")[0]
        yield revision, next(version for last, version in VERSIONS.items() if revision <= last), changed


def promises(kind: str, head: str) -> Iterator[Sequence[str]]:
    """Each with the tests that hold it."""
    yield head, "Promise", "Kept", "Where it ends", "Held by"
    for each in tomllib.loads(PROMISES.read_text(encoding="utf-8"))[kind]:
        name, level = each.get("number") or each["about"], each.get("level")
        shown = f"{name} (L{level})" if level else name
        yield shown, each["wanted"], _STATES[each["state"]], each.get("ends", ""), _tests(each.get("tests", []))


def _tests(named: Iterable[str]) -> str:
    parts = (each.partition("::") for each in named)
    return "<br>".join(f"[`{test}`](../tests/{file})" for file, _, test in parts)


def performance(of: str, *group: str) -> Iterator[Sequence[str]]:
    """From what `nox -s bench -- --write` measured."""
    sys.path.insert(0, str(DOCS.parent))  # bench is no installed package
    report = import_module("bench.figures").read(_read(MEASURED))
    yield from getattr(import_module("bench.table"), of)(report, *group)


def fixes(provider: str) -> Iterator[Sequence[str]]:
    """Codes with a fix for this provider."""
    yield "You see", "Do"
    for code, hint in PRESETS[provider].hints.items():
        yield f"[`{code}`](../errors.md#{code})<br>{CATALOGUE[code].person}", hint


TABLES: dict[str, Callable[[], Iterable[Sequence[str]]]] = {
    "settings": settings,
    "errors": errors,
    "linking": partial(rules, linking_table.ROWS),
    "administration": partial(rules, changes.ROWS),
    "scopes": access_levels,
    "permissions": permissions,
    "lasting": lasting,
    "checks": checks,
    "guarantees": partial(promises, "guarantees", "About"),
    "hosts": partial(promises, "hosts", "About"),
    "asvs": partial(promises, "asvs", "ASVS"),
    "rfc9700": partial(promises, "rfc9700", "RFC 9700"),
    "misconfigured": misconfigured,
    "servers": servers,
    "strangers": strangers,
    "connections": connections,
    "storage": storage,
    "revisions": revisions,
    "measured-on": partial(performance, "machine"),
    "targets": partial(performance, "targets"),
    "a-second": partial(performance, "a_second"),
    **{f"measured-{group}": partial(performance, "rows", group) for group in MEASURED_GROUPS},
    **{f"checked-{page.stem}": partial(checked, page.stem) for page in sorted((DOCS / "providers").glob("*.md"))},
    **{f"fixes-{provider}": partial(fixes, provider) for provider in PRESETS},
}


def comments(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Keys with the comment lines directly above them, joined."""
    section, comment = "", list[str]()
    for line in lines:
        if line.startswith("#"):
            comment.append(line.removeprefix("#").strip())
            continue
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line:
            yield f"{section}.{line.partition('=')[0].strip()}", " ".join(comment)
        comment.clear()


def markdown(rows: Iterable[Sequence[str]]) -> str:
    """The first row is the head."""
    head, *body = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, ["---"] * len(head), *body))


def printed(text: str) -> str:
    return _TABLE.sub(lambda found: found["begin"] + markdown(TABLES[found["name"]]()) + found["end"], text)


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code."""
    outdated = {page: new for page in sorted(DOCS.rglob("*.md")) if (new := printed(old := _read(page))) != old}
    for page, new in outdated.items():
        name = page.relative_to(DOCS.parent)
        if "--check" in arguments:
            print(f"{name} is out of date. Run: {COMMAND}")
        else:
            page.write_text(new, encoding="utf-8")
            print(f"{name} written")
    return 1 if outdated and "--check" in arguments else 0


def _read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _seen(sees: Code | str, in_words: Mapping[str, str]) -> str:
    return f"[`{sees}`](errors.md#{sees})" if isinstance(sees, Code) else in_words.get(sees, f"“{sees}”")


def _told_by(scenario: Any) -> str:
    return f"`romm doctor`: {PLAN[scenario.doctor].title}" if scenario.doctor else f"the log: {scenario.blind}"


def _often(limit: Limit) -> str:
    return f"{limit.tries} per {'hour' if limit.window == timedelta(hours=1) else 'minute'}"


def _default(value: object) -> str:
    if value == "":
        return "empty"
    if isinstance(value, list):
        return f"`{' '.join(value)}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
