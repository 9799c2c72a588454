"""What a complete sign-in through a provider costs."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

from bench import apache, load, rounds, servers
from bench.figures import Absent, Figure, Pair, compared
from bench.load import Party
from bench.primitives import Primitives
from bench.rounds import Subject
from bench.servers import Server
from bench.stage import Stage

GROUP = "sign-ins"
HELLO, CRYPTOGRAPHY = "hello (Litestar)", "its own cryptography"
ROMM, SHORTEST, APACHE = "a sign-in", "Starlette + Authlib", "mod_auth_openidc"
HTTP, HTTPS = ", provider over http", ", provider over https"
PAIRS = (
    Pair(of=ROMM + HTTP, to=HELLO),
    Pair(of=ROMM + HTTPS, to=HELLO, target=28),
    *(Pair(of=ROMM + each, to=other + each) for each in (HTTP, HTTPS) for other in (SHORTEST, APACHE)),
    Pair(of=ROMM + HTTPS, to=CRYPTOGRAPHY),
)
TARGETS = {ROMM + HTTPS: 3.8}  # milliseconds


def measure(stage: Stage) -> Iterator[Figure | Absent]:
    with ExitStack() as stack:
        hello = stack.enter_context(servers.app(stage.path, "hello"))
        count = stage.effort.requests
        once = rounds.processor_ms(hello, stage.client, load.get, hello.origin, "/", "", count=count)
        primitives = stack.enter_context(Primitives.started(stage.folder()))
        bare = partial(primitives.milliseconds, "sign-in", stage.effort.sign_ins * 10)
        subjects = [Subject(HELLO, once), Subject(CRYPTOGRAPHY, bare)]
        for encrypted, how in ((False, HTTP), (True, HTTPS)):
            subjects += [
                _subject(stage, ROMM + how, stack.enter_context(stage.romm(encrypted=encrypted))),
                _subject(stage, SHORTEST + how, stack.enter_context(stage.shortest(encrypted=encrypted))),
            ]
            if apache.is_installed():
                own = stack.enter_context(apache.apache(stage, encrypted=encrypted))
                subjects.append(_subject(stage, APACHE + how, own))
        if not apache.is_installed():
            yield Absent(group=GROUP, name=APACHE, reason=apache.ABSENT)
        yield from compared(GROUP, "ms", rounds.taken(subjects, stage.effort.rounds, stage.random), PAIRS, TARGETS)


def _subject(stage: Stage, name: str, running: tuple[Server, Party]) -> Subject:
    server, party = running
    return Subject(name, rounds.processor_ms(server, stage.client, load.sign_in, party, count=stage.effort.sign_ins))
