"""Whether response times reveal existing accounts: failing sign-ins for four kinds of names in turn."""

import base64
import http.client
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from statistics import median
from urllib.parse import urlsplit

from bench.figures import Figure, one
from bench.load import CAPTAIN
from bench.stage import Stage

FREE = 4  # failures per account and per address before throttling (domain.throttle.FREE_FAILURES)
KINDS = ("wrong", "unknown", "disabled", "without a password")
MOST = 1.1


def figures(group: str, stage: Stage) -> Iterator[Figure]:
    """Each beside a wrong password; the longer by the shorter."""
    proxied = {"ROMM_TRUSTED_PROXIES": "127.0.0.1"}  # the address changes every few tries, against throttling
    with stage.romm(proxied) as (server, _):
        names = stage.client(people, server.origin, stage.effort.tries)
        taken = stage.client(tries, server.origin, names, stage.effort.tries)
    yardstick = median(taken["wrong"])
    for kind in KINDS[1:]:
        ratio = median(taken[kind]) / yardstick
        yield one(group, f"a name {kind}, its time beside a wrong password's", "×", max(ratio, 1 / ratio), MOST)


def people(origin: str, count: int) -> dict[str, list[str]]:
    """Enough of each kind for `count` tries, FREE with each name."""
    admin = base64.b64encode(":".join(map(str, CAPTAIN.values())).encode()).decode()
    headers = {"authorization": f"Basic {admin}", "content-type": "application/json"}
    names = {kind: [f"{kind.split()[0]}-{n}" for n in range(count // FREE)] for kind in KINDS}
    with closing(_connection(origin)) as connection:
        for kind in ("wrong", "disabled", "without a password"):
            for name in names[kind]:
                new = {"username": name} if "without" in kind else CAPTAIN | {"username": name}
                made = _ask(connection, "POST", "/api/users", new, headers, 201)
                if kind == "disabled":
                    _ask(connection, "PUT", f"/api/users/{made['id']}", {"enabled": False}, headers, 200)
    return names


def tries(origin: str, names: dict[str, list[str]], count: int) -> dict[str, list[float]]:
    """Seconds. The kinds take turns, so that other load affects all alike."""
    taken: dict[str, list[float]] = {kind: [] for kind in names}
    with closing(_connection(origin)) as connection:
        for turn in range(count):
            headers = {"content-type": "application/json", "x-forwarded-for": f"192.0.2.{turn}"}
            for kind, people in names.items():
                form = {"username": people[turn // FREE], "password": os.urandom(8).hex()}
                started = time.perf_counter()
                _ask(connection, "POST", "/api/login", form, headers, 401)
                taken[kind].append(time.perf_counter() - started)
    return taken


def _connection(origin: str) -> http.client.HTTPConnection:
    parts = urlsplit(origin)
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)


def _ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: Mapping[str, object],
    headers: dict[str, str],
    status: int,
) -> dict[str, int]:
    connection.request(method, path, json.dumps(body), headers)
    response = connection.getresponse()
    answer = response.read()
    if response.status != status:
        raise RuntimeError(f"not {status} but {response.status}: {answer.decode(errors='replace')}")
    found: dict[str, int] = json.loads(answer)
    return found
