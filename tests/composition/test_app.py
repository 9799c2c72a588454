"""The composition root: what settings become, and the whole service on its real storage with two workers."""

import asyncio
import dataclasses
import shutil
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from traceback import walk_tb
from typing import Any

import httpx
import pytest

from romm.adapters.provider.openid import ProviderSettings
from romm.api.http.cookies import MAX_ATTEMPTS_BYTES
from romm.composition import adapters, app, provider
from romm.composition import sign_in as composition
from romm.composition.ports import Ports
from romm.domain.credentials.credential import Kind, issued
from romm.domain.errors import Code
from romm.domain.providers.register import PRESETS
from romm.domain.sign_in.authorization import Client
from romm.domain.sign_in.claims.rules import ClaimMapping
from romm.domain.sign_in.discovery import Location
from romm.domain.sign_in.linking.rules import Policy, TrustEmail
from romm.domain.sign_in.roles.rules import RoleMapping
from romm.domain.urls import MAX_RETURN_TO_LENGTH
from romm.ports.conflicts import Conflict
from romm.settings.load import load
from romm.sign_in.openid.admission import Admission
from romm.sign_in.openid.identification import Identification
from tests.api.sign_in.test_openid import error_of
from tests.factories import new_account
from tests.fake_provider import BROKEN, CLIENT_ID, CLIENT_SECRET, FakeProvider, served
from tests.fakes import FakeLog
from tests.world import HTML, ORIGIN, PASSWORD, World, environment

ISSUER = "https://idp.test"
BARE = {
    "ROMM_BASE_URL": ORIGIN,
    "OIDC_ENABLED": "true",
    "OIDC_CLIENT_ID": CLIENT_ID,
    "OIDC_CLIENT_SECRET": CLIENT_SECRET,
    "OIDC_SERVER_APPLICATION_URL": ISSUER,
}


def client(**more: str) -> Client:
    return provider.client(load(BARE | more).settings.oidc)


def provider_settings(**more: str) -> ProviderSettings:
    return provider.provider_settings(load(BARE | more).settings.oidc)


@pytest.fixture(scope="module")
def ports() -> Ports:
    """The real adapters, none of which has been used."""
    return adapters.ports(load(BARE).settings, FakeLog())


def identification(ports: Ports, **more: str) -> Identification:
    found = composition.identification(load(BARE | more).settings.default_provider, ports)
    assert found is not None
    return found


def admission(ports: Ports, **more: str) -> Admission:
    settings = load(BARE | more).settings
    return composition.admission(settings.default_provider, settings, ports)


@pytest.mark.parametrize(
    ("provider", "more", "scope"),
    [
        pytest.param("", {}, "openid profile email", id="by default"),
        pytest.param("authelia", {}, "openid profile email", id="no groups without a roles claim"),
        pytest.param("authelia", {"OIDC_CLAIM_ROLES": "groups"}, "openid profile email groups", id="groups with one"),
        pytest.param("pocket-id", {"OIDC_CLAIM_ROLES": "groups"}, "openid profile email groups", id="another preset"),
        pytest.param(
            "authentik", {"OIDC_CLAIM_ROLES": "groups"}, "openid profile email", id="groups come with profile"
        ),
        pytest.param(
            "My Provider", {"OIDC_CLAIM_ROLES": "groups"}, "openid profile email", id="a provider of no preset"
        ),
        pytest.param(
            "authelia", {"OIDC_CLAIM_ROLES": "g", "OIDC_SCOPES": "openid x"}, "openid x", id="the operator's wins"
        ),
        pytest.param("authelia", {"OIDC_SCOPES": "openid,email"}, "openid email", id="written with commas"),
    ],
)
def test_the_preset_adds_only_what_the_operator_left_open(provider: str, more: dict[str, str], scope: str) -> None:
    assert client(OIDC_PROVIDER=provider, **more).scope == scope


@pytest.mark.parametrize(
    ("more", "redirect_uri"),
    [
        pytest.param({}, f"{ORIGIN}/api/oauth/openid", id="from the base URL"),
        pytest.param(
            {"OIDC_REDIRECT_URI": "https://romm.test/api/oauth/openid/"},
            "https://romm.test/api/oauth/openid/",
            id="R-21: verbatim, with its slash",
        ),
    ],
)
def test_we_are_the_client_that_the_operator_registered(more: dict[str, str], redirect_uri: str) -> None:
    assert (client(**more).client_id, client(**more).redirect_uri) == (CLIENT_ID, redirect_uri)


@pytest.mark.parametrize(
    ("more", "location"),
    [
        pytest.param({}, Location(f"{ISSUER}/.well-known/openid-configuration", (ISSUER,)), id="the issuer"),
        pytest.param(
            {"OIDC_SERVER_METADATA_URL": f"{ISSUER}/x/.well-known/openid-configuration"},
            Location(f"{ISSUER}/x/.well-known/openid-configuration", (f"{ISSUER}/x", ISSUER)),
            id="the full URL wins",
        ),
    ],
)
def test_the_provider_is_where_the_operator_says(more: dict[str, str], location: Location) -> None:
    assert provider_settings(**more).location == location


def test_the_provider_is_spoken_to_as_the_operator_says(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("-----BEGIN CERTIFICATE-----\n")
    found = provider_settings(
        OIDC_TOKEN_ENDPOINT_AUTH_METHOD="client_secret_post",
        OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS="ES256",
        OIDC_TLS_CACERTFILE=str(authority),
    )
    assert found.client_secret == CLIENT_SECRET
    assert found.token_endpoint_auth_method == "client_secret_post"
    assert found.signing_algorithms == ("ES256",)
    assert found.tls_cacertfile == str(authority)


def test_no_symmetric_or_absent_signature_is_accepted_by_default() -> None:
    """R-03."""
    assert not [name for name in provider_settings().signing_algorithms if name.startswith("HS") or name == "none"]


def test_a_client_without_a_secret_is_a_public_client() -> None:
    assert provider_settings(OIDC_CLIENT_SECRET="").token_endpoint_auth_method == "none"


@pytest.mark.parametrize(
    ("provider", "more", "audiences"),
    [
        pytest.param("", {}, (), id="nobody else by default"),
        pytest.param("keycloak", {}, ("account",), id="what Keycloak always adds"),
        pytest.param("Keycloak", {}, ("account",), id="however it is written"),
        pytest.param("keycloak", {"OIDC_EXTRA_AUDIENCES": "api"}, ("api",), id="the operator's wins"),
        pytest.param("authentik", {}, (), id="another preset"),
    ],
)
def test_extra_audiences_are_known_ones(
    ports: Ports, provider: str, more: dict[str, str], audiences: tuple[str, ...]
) -> None:
    """R-04."""
    assert identification(ports, OIDC_PROVIDER=provider, **more).extra_audiences == audiences


@pytest.mark.parametrize(
    ("provider", "more", "reading"),
    [
        pytest.param("", {}, ClaimMapping(), id="nothing by default: roles are managed here"),
        pytest.param("authelia", {"OIDC_CLAIM_ROLES": "groups"}, ClaimMapping(roles_claim="groups"), id="a list of groups"),
        pytest.param(
            "zitadel", {"OIDC_CLAIM_ROLES": "urn:zitadel:iam:org:project:roles"},
            ClaimMapping(roles_claim="urn:zitadel:iam:org:project:roles", roles_keys=True), id="Zitadel's roles are keys",
        ),
        pytest.param(
            "zitadel", {"OIDC_CLAIM_ROLES": "r", "OIDC_CLAIM_ROLES_SHAPE": "csv"},
            ClaimMapping(roles_claim="r", roles_separator=","), id="the operator's shape wins",
        ),
        pytest.param("google", {}, ClaimMapping(booleans_as_text=True, own_email_domains=("gmail.com",)), id="Google"),
    ],
)  # fmt: skip
def test_claims_are_read_as_the_provider_writes_them(
    ports: Ports, provider: str, more: dict[str, str], reading: ClaimMapping
) -> None:
    assert identification(ports, OIDC_PROVIDER=provider, **more).reading == reading


def test_the_operators_switches_become_rules(ports: Ports) -> None:
    assert admission(ports).policy == Policy()
    assert admission(ports).mapping == RoleMapping()
    found = admission(
        ports,
        OIDC_TRUST_EMAIL="absent",
        OIDC_LINK_BY_EMAIL="false",
        OIDC_ALLOW_REGISTRATION="off",
        OIDC_ROLE_ADMIN="admins, owners",
        OIDC_ROLE_EDITOR="editors",
        OIDC_ROLE_VIEWER="*",
        OIDC_USERNAME_ATTRIBUTE="nickname",
    )
    assert found.policy == Policy(trust_email=TrustEmail.ABSENT, link_by_email=False, allow_registration=False)
    assert found.mapping == RoleMapping(admin=("admins", "owners"), editor=("editors",), viewer=("*",))
    assert found.username_attribute == "nickname"


@asynccontextmanager
async def running(service: Any) -> AsyncIterator[None]:
    """What a server does around its requests (ASGI lifespan)."""
    told: asyncio.Queue[Any] = asyncio.Queue()
    answers: asyncio.Queue[Any] = asyncio.Queue()
    scope: Any = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    server = asyncio.create_task(service(scope, told.get, answers.put))
    for phase in ("startup", "shutdown"):
        await told.put({"type": f"lifespan.{phase}"})
        assert (await answers.get())["type"] == f"lifespan.{phase}.complete"
        if phase == "startup":
            yield
    await server


def alone(environ: dict[str, str] | None = None) -> World:
    """A world that shares no routes with others: everything as `create_app` makes it."""
    world = World(environ or {})
    world.app = app.create_app(world.settings, world.ports)
    return world


async def until_heard(log: FakeLog, event: str) -> dict[str, Any]:
    for _ in range(1_000):
        if event in log.events():
            break
        await asyncio.sleep(0)
    [facts] = [facts for _, name, facts in log.lines if name == event]
    return facts


async def test_a_wrong_provider_is_in_the_log_at_start_and_stops_nobody() -> None:
    """R-66: with the variable to correct."""
    world = alone()
    world.idp.instead["discovery"] = BROKEN
    async with running(world.app):
        facts = await until_heard(world.log, "provider.not_ready")
        assert facts["code"] == Code.PROVIDER_UNAVAILABLE
        assert "OIDC_SERVER_APPLICATION_URL" in facts["hint"]
        assert "provider_hint" not in facts
        assert (await world.program().get("/api/health/live")).status_code == 200


async def test_a_wrong_address_is_explained_at_start_in_the_words_of_the_provider() -> None:
    world = alone({"OIDC_PROVIDER": "authentik"})
    world.idp.alter_metadata = lambda metadata: metadata.update(issuer="https://idp.test/application/o/romm/")
    async with running(world.app):
        facts = await until_heard(world.log, "provider.not_ready")
        assert facts["code"] == Code.ISSUER_MISMATCH
        assert facts["provider_hint"] == PRESETS["authentik"].hints[Code.ISSUER_MISMATCH]


async def test_a_good_provider_is_known_before_the_first_person_comes() -> None:
    world = alone()
    async with running(world.app):
        for _ in range(1_000):
            if world.idp.received("/.well-known/openid-configuration"):
                break
            await asyncio.sleep(0)
        await world.browser().begin()
    assert len(world.idp.received("/.well-known/openid-configuration")) == 1
    assert not {"provider.not_ready", "database.not_ready"} & set(world.log.events())


async def test_a_database_that_waits_for_its_migration_is_in_the_log_at_start_and_stops_nobody() -> None:
    async def not_migrated() -> bool:
        return False

    world = World({"ROMM_DATABASE_URL": "postgresql://db.test/romm"})
    async with running(app.create_app(world.settings, dataclasses.replace(world.ports, is_ready=not_migrated))):
        facts = await until_heard(world.log, "database.not_ready")
    assert facts["code"] == Code.STORAGE_UNAVAILABLE
    assert "romm db upgrade" in facts["hint"]


def test_dependencies_that_are_made_once_are_compared_by_identity(ports: Ports) -> None:
    """Guards a fiftieth of a start's time: Litestar compares each with all others, for every route."""
    dependencies = app.app_dependencies(load(BARE).settings, ports).dependencies
    assert [name for name, each in dependencies.items() if type(each).__eq__ is not object.__eq__] == ["principal"]


async def test_looking_up_what_a_handler_needs_starts_no_task() -> None:
    """Litestar's tasks for that took longer than the rest of a small handler."""
    client, started, loop = alone().program(), [], asyncio.get_running_loop()

    def start(_: object, work: Any, **options: Any) -> asyncio.Task[Any]:
        started.append(work)
        return asyncio.Task(work, loop=loop, **options)

    loop.set_task_factory(start)
    assert (await client.get("/api/heartbeat")).status_code == 200
    assert started == []


async def test_stopping_closes_what_was_opened() -> None:
    closed = []

    async def close() -> None:
        closed.append(True)

    world = World({"OIDC_ENABLED": "false"})
    service = app.create_app(world.settings, dataclasses.replace(world.ports, close=close))
    async with running(service):
        assert closed == []
    assert closed == [True]


@pytest.fixture(scope="module")
def idp() -> Iterator[FakeProvider]:
    """The scripted provider behind a real socket, so that nothing of the real adapters is replaced."""
    provider = FakeProvider()
    with served(provider) as port:
        provider.issuer = f"http://127.0.0.1:{port}"
        yield provider


@pytest.fixture
def database(migrated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(migrated, tmp_path / "romm.db"))


class Worker:
    """One process of the service, on its real adapters."""

    def __init__(self, issuer: str, database: Path, **more: str) -> None:
        self.log = FakeLog()
        settings = load(environment(issuer, ROMM_DATABASE_URL=f"sqlite:///{database}", **more)).settings
        self.ports = adapters.ports(settings, self.log)
        self.app: Any = app.create_app(settings, self.ports)  # Litestar and httpx type ASGI differently

    def client(self, cookies: httpx.Cookies | None = None, address: str = "127.0.0.1") -> httpx.AsyncClient:
        """A browser, with the cookies of one that was elsewhere before."""
        transport = httpx.ASGITransport(self.app, client=(address, 50_000))
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=HTML, cookies=cookies)


@pytest.fixture
async def workers(idp: FakeProvider, database: Path) -> AsyncIterator[list[Worker]]:
    two = [Worker(idp.issuer, database), Worker(idp.issuer, database)]
    yield two
    for worker in two:
        await worker.ports.close()


async def sign_in(browser: httpx.AsyncClient, idp: FakeProvider) -> httpx.Response:
    begun = await browser.get("/api/login/openid")
    return await browser.get(f"/api/oauth/openid?{await idp.approve(begun.headers['location'])}")


async def me(browser: httpx.AsyncClient) -> httpx.Response:
    return await browser.get("/api/users/me")


async def sign_out(browser: httpx.AsyncClient) -> httpx.Response:
    return await browser.post("/api/logout", headers={"origin": ORIGIN})


def count(database: Path, table: str) -> int:
    with sqlite3.connect(database) as connection:
        found: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608  our own names
    connection.close()
    return found


async def test_a_person_signs_in_through_everything_that_is_real(
    workers: list[Worker], idp: FakeProvider, database: Path
) -> None:
    browser = workers[0].client()
    assert (await sign_in(browser, idp)).headers["location"] == "/"
    found = (await me(browser)).json()
    assert (found["username"], found["email"], found["role"]) == ("alice", "alice@example.org", "admin")
    assert [identity["issuer"] for identity in found["identities"]] == [idp.issuer]
    assert (await sign_out(browser)).headers["location"] == "/login?notice=signed_out"
    assert (await me(browser)).status_code == 401
    assert count(database, "credentials") == 0


async def test_a_password_signs_in_through_everything_that_is_real(workers: list[Worker]) -> None:
    """R-34, R-35, R-37: what a person typed, on real storage and real hashes."""
    here, there = workers[0].client(), workers[1].client()
    password = "🗝️" + "é" * 190
    form = {"username": "keeper", "password": password}
    own = {"origin": ORIGIN}
    assert (await here.post("/api/users", data=form, headers=own)).headers["location"] == "/login?notice=set_up"
    wrong = await there.post("/api/login", data=form | {"password": password[:-1] + "e"}, headers=own)
    assert error_of(wrong) == Code.CREDENTIALS_WRONG
    assert (await there.post("/api/login", data=form, headers=own)).headers["location"] == "/"
    assert (await me(there)).json()["username"] == "keeper"


async def test_no_name_breaks_the_storage(workers: list[Worker]) -> None:
    for number, name in enumerate(("a\x00b", "é" * 64, "🗝️", "' OR 1=1 --", "a" * 10_000, "%", "\ufffd")):
        program = workers[0].client(address=f"192.0.2.{number}")  # at the fifth failure an address has to wait
        program.headers["accept"] = "*/*"
        answer = await program.post("/api/login", json={"username": name, "password": PASSWORD})
        assert (answer.status_code, answer.json()["code"]) == (401, Code.CREDENTIALS_WRONG), name


def guess(number: int, workers: list[Worker], address: str) -> Awaitable[httpx.Response]:
    """One of many guesses, at both workers in turn and at every door."""
    program = workers[number % 2].client(address=address)
    program.headers["accept"] = "*/*"
    form = {"username": "keeper", "password": f"guess {number}"}
    basic = (form["username"], form["password"])
    doors = [
        partial(program.post, "/api/login", data=form),
        partial(program.post, "/api/login", json=form),
        partial(program.post, "/api/login", auth=basic),
        partial(program.get, "/api/users/me", auth=basic),
    ]
    return doors[number // 2 % len(doors)]()


@pytest.mark.parametrize("addresses", [1, 250], ids=["one address", "many addresses"])
async def test_a_thousand_guesses_at_two_workers_and_all_doors_are_not_a_hundred(
    workers: list[Worker], idp: FakeProvider, database: Path, addresses: int
) -> None:
    """R-31: and the owner comes in all the same, from the known browser and by single sign-on."""
    idp.sub = "keeper"
    idp.claims |= {"email": "keeper@example.org"}
    form = {"username": "keeper", "password": PASSWORD, "email": "keeper@example.org"}
    own = {"origin": ORIGIN}
    mine = workers[0].client()
    await mine.post("/api/users", data=form, headers=own)
    assert (await mine.post("/api/login", data=form, headers=own)).headers["location"] == "/"

    statuses = Counter[int]()
    for first in range(0, 1_000, 20):
        some = (guess(n, workers, f"203.0.113.{n % addresses}") for n in range(first, first + 20))
        statuses.update(answer.status_code for answer in await asyncio.gather(*some))
    assert statuses.keys() == {401, 429}
    assert statuses[401] < 30
    assert count(database, "password_failures") < 40

    stranger = workers[0].client(address="192.0.2.1")
    if addresses == 1:  # which shuts out no other
        assert (await stranger.post("/api/login", data=form, headers=own)).headers["location"] == "/"
        return
    assert error_of(await stranger.post("/api/login", data=form, headers=own)) == Code.TOO_MANY_ATTEMPTS
    known = workers[1].client(mine.cookies)
    assert (await known.post("/api/login", data=form, headers=own)).headers["location"] == "/"
    assert error_of(await stranger.post("/api/login", data=form, headers=own)) == Code.TOO_MANY_ATTEMPTS
    assert (await sign_in(stranger, idp)).status_code == 303
    assert (await me(stranger)).json()["username"] == "keeper"


async def test_a_sign_in_begins_at_one_worker_and_ends_at_the_other(workers: list[Worker], idp: FakeProvider) -> None:
    begun_at = workers[0].client()
    begun = await begun_at.get("/api/login/openid")
    finished_at = workers[1].client(begun_at.cookies)
    response = await finished_at.get(f"/api/oauth/openid?{await idp.approve(begun.headers['location'])}")
    assert response.headers["location"] == "/"
    assert (await me(workers[0].client(finished_at.cookies))).status_code == 200


LONGEST = "/collection?q=" + "x" * (MAX_RETURN_TO_LENGTH - 14)


async def test_the_longest_target_leaves_room_in_every_header(workers: list[Worker], idp: FakeProvider) -> None:
    """R-19: a browser keeps 4 kB of one cookie; a stock nginx takes 4 kB of our headers and 8 kB of the browser's cookies."""
    browser = workers[0].client()
    for _ in range(6):
        begun = await browser.get("/api/login/openid", params={"next": LONGEST})
        assert sum(len(name) + len(value) + 4 for name, value in begun.headers.multi_items()) < 3_900
    brought = [name + value for name, value in browser.cookies.items()]
    assert 1 < len(brought) < 5
    assert sum(map(len, brought)) <= MAX_ATTEMPTS_BYTES
    back = await browser.get(f"/api/oauth/openid?{await idp.approve(begun.headers['location'])}")
    assert back.headers["location"] == LONGEST


async def test_signing_out_at_one_worker_is_signing_out_at_the_other(workers: list[Worker], idp: FakeProvider) -> None:
    """R-17, R-40."""
    here = workers[0].client()
    await sign_in(here, idp)
    there = workers[1].client(here.cookies)
    assert (await me(there)).status_code == 200
    await sign_out(here)
    assert (await me(there)).status_code == 401


async def test_a_level_taken_away_at_one_worker_is_gone_at_the_other(workers: list[Worker], idp: FakeProvider) -> None:
    """R-15."""
    idp.sub = "keeper"
    idp.claims |= {"email": "keeper@example.org"}
    await sign_in(workers[0].client(), idp)
    idp.sub = "alice"
    idp.claims |= {"email": "alice@example.org"}
    early = workers[0].client()
    await sign_in(early, idp)
    idp.claims |= {"groups": ["users"]}
    later = workers[1].client()
    await sign_in(later, idp)
    idp.claims |= {"groups": ["romm-admins", "users"]}
    assert (await me(later)).json()["access_level"] == "viewer"
    assert (await me(early)).status_code == 401


@pytest.mark.parametrize("change", [{"enabled": "false"}, {"role": "viewer"}, {"password": "a ladder to the loft"}])
async def test_what_an_admin_changes_at_one_worker_holds_at_the_others_next_request(
    workers: list[Worker], change: dict[str, str]
) -> None:
    """R-29, R-38."""
    own, vera = {"origin": ORIGIN}, {"username": "vera", "password": PASSWORD}
    here, there = workers[0].client(), workers[1].client()
    await here.post("/api/users", data={"username": "keeper", "password": PASSWORD}, headers=own)
    await here.post("/api/login", data={"username": "keeper", "password": PASSWORD}, headers=own)
    made = await here.post("/api/users", data=vera | {"role": "editor"}, headers=own)
    await there.post("/api/login", data=vera, headers=own)
    assert (await me(there)).status_code == 200
    assert (await here.put(f"/api/users/{made.json()['id']}", data=change, headers=own)).status_code == 200
    assert (await me(there)).status_code == 401


async def test_a_used_response_is_refused_at_the_other_worker_too(workers: list[Worker], idp: FakeProvider) -> None:
    """R-11."""
    browser = workers[0].client()
    query = await idp.approve((await browser.get("/api/login/openid")).headers["location"])
    assert (await browser.get(f"/api/oauth/openid?{query}")).headers["location"] == "/"
    replay = await workers[1].client().get(f"/api/oauth/openid?{query}")
    assert error_of(replay) == Code.ATTEMPT_USED


async def test_a_browser_that_loads_a_used_response_again_at_the_other_worker_is_signed_in(
    workers: list[Worker], idp: FakeProvider
) -> None:
    """The first answer was lost, with the cookie of its session."""
    browser = workers[0].client()
    query = await idp.approve((await browser.get("/api/login/openid?next=/collection")).headers["location"])
    again = workers[1].client(httpx.Cookies(browser.cookies))
    for each in (browser, again):
        assert (await each.get(f"/api/oauth/openid?{query}")).headers["location"] == "/collection"
        assert (await me(each)).json()["username"] == "alice"


async def test_a_response_is_used_once_however_many_workers_get_it_at_once(
    workers: list[Worker], idp: FakeProvider
) -> None:
    """R-11."""
    browser = workers[0].client()
    query = await idp.approve((await browser.get("/api/login/openid")).headers["location"])
    before = len(idp.received("/token"))
    twenty = [workers[number % 2].client(browser.cookies) for number in range(20)]
    answers = await asyncio.gather(*(each.get(f"/api/oauth/openid?{query}") for each in twenty))
    assert {answer.headers["location"] for answer in answers} == {"/"}, "they are one browser"
    assert len(idp.received("/token")) == before + 1


async def test_twenty_first_sign_ins_at_two_workers_make_one_account(
    workers: list[Worker], idp: FakeProvider, database: Path
) -> None:
    """R-45."""
    twenty = [workers[number % 2].client() for number in range(20)]
    answers = await asyncio.gather(*(sign_in(each, idp) for each in twenty))
    assert {answer.headers["location"] for answer in answers} == {"/"}
    assert count(database, "accounts") == count(database, "identities") == 1
    assert {(await me(each)).json()["id"] for each in twenty} == {1}


async def test_a_write_that_was_refused_holds_on_to_nothing_of_its_connection(workers: list[Worker]) -> None:
    """Else the event loop waits for that connection when the rest is collected, and nobody is served meanwhile."""
    accounts, now = workers[0].ports.accounts, adapters.now()
    await accounts.create(new_account("alice"), now)
    with pytest.raises(Conflict) as caught:
        await accounts.create(new_account("alice"), now)
    cause: Any = caught.value.__cause__
    left = [local for frame, _ in walk_tb(cause.orig.__traceback__) for local in frame.f_locals.values()]
    assert [local for local in left if "ursor" in type(local).__name__] == []


async def test_twenty_setups_at_two_workers_make_one_admin(workers: list[Worker], database: Path) -> None:
    """R-67."""
    forms = [{"username": f"keeper-{number}", "password": PASSWORD} for number in range(20)]
    clients = [workers[number % 2].client() for number in range(20)]
    program = {"accept": "application/json"}
    posts = (each.post("/api/users", json=form, headers=program) for each, form in zip(clients, forms, strict=True))
    answers = await asyncio.gather(*posts)
    assert sorted(answer.status_code for answer in answers) == [201, *[403] * 19]
    assert count(database, "accounts") == 1


async def test_a_database_without_its_tables_is_not_ready_and_says_what_to_run(
    idp: FakeProvider, tmp_path: Path
) -> None:
    worker = Worker(idp.issuer, tmp_path / "empty.db")
    program = worker.client()
    ready = await program.get("/api/health/ready", headers={"accept": "*/*"})
    assert (ready.status_code, ready.json()["code"]) == (503, Code.STORAGE_UNAVAILABLE)
    assert (await program.get("/api/health/live")).status_code == 200
    assert error_of(await program.get("/api/login/openid")) == Code.STORAGE_UNAVAILABLE
    hints = [facts["hint"] for _, event, facts in worker.log.lines if event == "refused"]
    assert all("romm db upgrade" in hint for hint in hints)
    await worker.ports.close()


async def test_a_worker_that_ends_stores_the_last_uses_that_it_knows(database: Path) -> None:
    ending, next_one = (Worker("https://idp.test", database, OIDC_ENABLED="false").ports for _ in range(2))
    now = adapters.now()
    owner = await ending.accounts.create(new_account("alice"), now)
    used = issued(Kind.SESSION, owner.id, "digest", now, now + timedelta(hours=1))
    await ending.credentials.add(owner, used)
    await ending.credentials.touch(used, now + timedelta(minutes=2))

    await ending.close()

    found = await next_one.credentials.find(Kind.SESSION, "digest")
    await next_one.close()
    assert found is not None
    assert found[0].last_used_at == found[1].last_active == now + timedelta(minutes=2)


async def test_without_single_sign_on_there_is_no_provider(database: Path) -> None:
    worker = Worker("https://idp.test", database, OIDC_ENABLED="false")
    assert worker.ports.providers == {}
    assert await worker.ports.is_ready()
    await worker.ports.close()
