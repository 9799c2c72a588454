"""A report that can be shared: secrets, names, addresses and hosts are planted everywhere, and none comes out."""

import asyncio
import re

import pytest

from romm.composition import diagnosis
from romm.domain.credentials.permissions import COMMAND_LINE, Actor
from romm.domain.diagnosis.evidence import Certificate, Endpoint, Handshake
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel, Identity
from tests.api.accounts.test_own_page import local
from tests.domain.examples import NOW
from tests.fake_provider import FakeProvider
from tests.fakes import FakeNetwork, FakeStorage
from tests.world import VISITOR, World

PLANTED = "canary"
"""In every secret, name, address and host."""


def planted() -> World:
    idp = FakeProvider(
        issuer="https://canary-auth.canary.example/application/o/canary",
        client_id="canary-client",
        client_secret="canary-secret",
    )
    friends = FakeProvider(issuer="https://friends.canary.example", client_id="canary-two", client_secret="canary-2")
    return World(
        idp=idp,
        further={"canaryfriends": friends},
        environ={
            "ROMM_BASE_URL": "https://romm.canary.example",
            "OIDC_CLIENT_ID": "canary-client",
            "OIDC_CLIENT_SECRET": "canary-secret",
            "OIDC_NAME": "Canary House",
            "OIDC_SCOPES": "openid canary_scope",
            "OIDC_CLAIM_ROLES": "canary_groups",
            "OIDC_ROLE_ADMIN": "canary-admins",
            "OIDC_ROLE_VIEWER": "canary-family,canary guests",
            "OIDC_POST_LOGOUT_REDIRECT_URI": "https://bye.canary.example/out",
            "OIDC_FORMER_ISSUERS": "https://old.canary.example",
            "ROMM_TRUSTED_PROXIES": "198.51.100.23",
            "ROMM_BASE_PATH": "/home/canary/data",
            "OIDC_ROEL_ADMIN": "canary-mistyped",
        },
    )


async def furnished() -> World:
    world = planted()
    account = await world.add("canary-ada", "ada@canary.example", AccessLevel.ADMIN)
    world.link(account, Identity("https://elsewhere.canary.example", "canary-subject"))
    refused = Refused(Code.EMAIL_NOT_VERIFIED, found="canary", issuer="https://canary.example")
    refused.received = {"email": "bob@canary.example"}
    await world.use_cases.journal.refused("openid", refused, VISITOR)
    return world


async def report(world: World, actor: Actor = COMMAND_LINE) -> str:
    instruments = world.ports.instruments
    remarks = (
        "OIDC_ROEL_ADMIN=canary-mistyped is unknown; did you mean OIDC_ROLE_ADMIN?",
        "ROMM_PROVIDERS__CANARYFRIENDS__CLIENT_SECRET has spaces around canary-2.",
    )
    doctors = diagnosis.doctors(world.settings, remarks, instruments, world.clock)
    return await diagnosis.reports(world.settings, doctors, instruments, world.clock, {}).report(actor)


@pytest.mark.parametrize(
    "breaks",
    [
        pytest.param({}, id="healthy"),
        pytest.param({"client_secret": "another canary"}, id="a wrong secret"),
        pytest.param({"client_id": "another-canary"}, id="a wrong client"),
    ],
)
async def test_nothing_private_is_in_a_report(breaks: dict[str, str]) -> None:
    world = await furnished()
    for name, value in breaks.items():
        setattr(world.idp, name, value)

    text = await report(world)

    assert PLANTED not in text.lower()
    assert "198.51.100.23" not in text
    assert not re.search(r"\w@\w", text)


async def test_a_certificate_s_organisations_stay_out() -> None:
    own = Certificate(subject="Canary Family", issuer="Canary Family CA", names=(), not_before=NOW, not_after=NOW)
    network = FakeNetwork()
    network.tls = Handshake(chain=(own,))
    text = await report(World(network=network))
    assert "- ok: Certificate (TLS): left out" in text
    assert PLANTED not in text.lower()


async def test_the_provider_s_own_words_have_nothing_private_of_ours() -> None:
    world = await furnished()
    world.idp.client_id = "another"
    text = await report(world)
    assert "invalid_client" in text
    assert PLANTED not in text.lower()


async def test_a_report_has_what_an_issue_needs() -> None:
    text = await report(await furnished())
    for part in (
        "- romm-sign-in: 0.1.0",
        "- Python: 3.",
        "- database: SQLite",
        "- OIDC_ENABLED = true (unknown)",
        "- OIDC_PROVIDER = authelia (unknown)",
        "- OIDC_CLIENT_SECRET = set (unknown)",
        "- OIDC_ROLE_VIEWER = 2 values (unknown)",
        "- [provider 2] client_id = set (unknown)",
        "OIDC_ROEL_ADMIN",
        "openid, email_not_verified",
        "https://host-",
    ):
        assert part in text


class Slow(FakeNetwork):
    """Never says where a host is."""

    async def resolve(self, place: Endpoint) -> tuple[str, ...]:
        await asyncio.sleep(60)
        return ()


async def test_checks_that_took_too_long_are_not_called_ok() -> None:
    world = World(network=Slow())
    instruments = world.ports.instruments
    doctors = diagnosis.doctors(world.settings, (), instruments, world.clock)
    reports = diagnosis.reports(world.settings, doctors, instruments, world.clock, {})
    text = await reports.report(COMMAND_LINE, seconds=0.05)
    assert "- ok: Single sign-on" in text
    assert "The checks took too long" in text
    assert "checks are ok" not in text


async def test_a_database_that_cannot_be_read_still_gives_a_report() -> None:
    for revision in ("0001", Refused(Code.STORAGE_UNAVAILABLE, problem="disk")):
        world = World(storage=FakeStorage(revision))
        assert "The database cannot be read." in await report(world)


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        pytest.param(
            {"ROMM_DATABASE_URL": "postgresql://canary-user:canary%20pw@canary-db/canary_base"},
            "no PostgreSQL answers at canary-db:5432/canary_base (OSError: canary-user, canary pw)",
            id="a server",
        ),
        pytest.param(
            {"ROMM_BASE_PATH": "/home/canary/data"},
            "user 1000 (user 0 owns /home/canary) may not read and write /home/canary/data/romm.db",
            id="a file",
        ),
    ],
)
async def test_the_database_s_error_does_not_name_it(environ: dict[str, str], problem: str) -> None:
    world = World(environ=environ, storage=FakeStorage(Refused(Code.STORAGE_UNAVAILABLE, problem=problem)))
    text = await report(world)
    assert "failed: Database" in text
    assert PLANTED not in text.lower()


async def test_a_report_is_for_those_who_read_both() -> None:
    world = World()
    for scopes in ({"users.read"}, {"logs.read"}):
        with pytest.raises(Refused) as refused:
            await report(world, Actor(account_id=1, scopes=frozenset(scopes)))
        assert refused.value.code is Code.FORBIDDEN


async def test_an_administrator_saves_it_from_the_page() -> None:
    world = await furnished()
    browser = await local(world, "canary-ada")
    answer = await browser.get("/admin/oidc/report")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == "attachment; filename=romm-report.md"
    assert answer.headers["content-type"].startswith("text/markdown")
    assert PLANTED not in answer.text.lower()
    assert 'href="/admin/oidc/report"' in (await browser.get("/admin/oidc")).text
