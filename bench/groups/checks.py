"""What the check of a credential costs."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

from bench import apache, load, rounds, servers
from bench.apps.lookup import COOKIE
from bench.figures import Absent, Figure, Pair, compared
from bench.postgres import ABSENT as NO_POSTGRESQL
from bench.postgres import database
from bench.rounds import Sample, Subject
from bench.servers import Server
from bench.stage import Stage

GROUP = "checks"
FLOOR, LOOKUP, HELLO = "ASGI alone", "ASGI with SHA-256 and a look-up", "hello (Litestar)"
ASKED = "the same with SQLite's question and RomM's headers"
FORWARD, ME = "`GET /api/auth/forward` by cookie", "`GET /api/users/me` by cookie"
APACHE = "mod_auth_openidc by cookie"
POSTGRESQL = ", PostgreSQL"
PAIRS = (
    Pair(of=LOOKUP, to=FLOOR),
    Pair(of=ASKED, to=LOOKUP),
    Pair(of=HELLO, to=FLOOR),
    Pair(of=FORWARD, to=HELLO, target=1.0),
    Pair(of=FORWARD, to=LOOKUP, target=1.3),
    Pair(of=FORWARD, to=ASKED),
    Pair(of=FORWARD, to=APACHE),
    Pair(of=FORWARD.replace("cookie", "bearer"), to=HELLO),
    Pair(of=ME, to=HELLO, target=1.6),
    Pair(of=ME.replace("cookie", "bearer"), to=HELLO),
    Pair(of="`GET /api/heartbeat`", to=HELLO),
    Pair(of=FORWARD + POSTGRESQL, to=FORWARD),
    Pair(of=ME + POSTGRESQL, to=ME),
)
TARGETS = {ME + POSTGRESQL: 0.5}  # milliseconds


def measure(stage: Stage) -> Iterator[Figure | Absent]:
    with ExitStack() as stack:
        subjects = [*_yardsticks(stage, stack), *_romm(stage, *stack.enter_context(stage.romm()), "")]
        if stage.postgres_url:
            url = stack.enter_context(database(stage.postgres_url))
            subjects += _romm(stage, *stack.enter_context(stage.romm({"ROMM_DATABASE_URL": url})), POSTGRESQL)
        else:
            yield Absent(group=GROUP, name="the same on PostgreSQL", reason=NO_POSTGRESQL)
        if apache.is_installed():
            server, party = stack.enter_context(apache.apache(stage))
            cookies = stage.client(load.cookies, party)
            subjects.append(Subject(APACHE, _sample(stage, server, party.begin, cookies)))
        else:
            yield Absent(group=GROUP, name=APACHE, reason=apache.ABSENT)
        yield from compared(GROUP, "ms", rounds.taken(subjects, stage.effort.rounds, stage.random), PAIRS, TARGETS)


def _yardsticks(stage: Stage, stack: ExitStack) -> Iterator[Subject]:
    cookie = f"cookie: {COOKIE.decode()}"
    for name, app in ((FLOOR, "floor"), (LOOKUP, "lookup"), (ASKED, "asked"), (HELLO, "hello")):
        server = stack.enter_context(servers.app(stage.path, app))
        yield Subject(name, _sample(stage, server, "/", cookie))


def _romm(stage: Stage, server: Server, _: object, where: str) -> Iterator[Subject]:
    sample = partial(_sample, stage, server)
    session, token = (stage.client(work, server.origin) for work in (load.session, load.token))
    for name, target in ((FORWARD, "/api/auth/forward"), (ME, "/api/users/me")):
        yield Subject(name + where, sample(target, session))
        yield Subject(name.replace("cookie", "bearer") + where, sample(target, token))
    yield Subject("`GET /api/heartbeat`" + where, sample("/api/heartbeat", ""))


def _sample(stage: Stage, server: Server, target: str, credential: str) -> Sample:
    arguments = (load.get, server.origin, target, credential)
    return rounds.processor_ms(server, stage.client, *arguments, count=stage.effort.requests)
