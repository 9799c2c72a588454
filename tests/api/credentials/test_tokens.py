"""`POST /api/token` and its neighbours, as apps see them."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from romm.credentials.devices import DEVICE_CODE
from romm.domain import scopes
from romm.domain.catalogue import CATALOGUE
from romm.domain.credentials.credential import NEVER, Credential, Kind, issued
from romm.domain.credentials.tokens import GRACE, TOKEN_KINDS
from romm.domain.digests import digest
from romm.domain.errors import Code
from romm.domain.model import AccessLevel, Account
from tests.fakes import FakeCredentials
from tests.world import PASSWORD, World

MOMENT = timedelta(microseconds=1)
ACCESS, REFRESH = timedelta(minutes=30), timedelta(days=7)
FORM = "application/x-www-form-urlencoded"
NAMES = {"username": "vera", "password": PASSWORD}


@pytest.fixture
async def vera(world: World) -> Account:
    return await world.add("vera")


async def ask(world: World, /, **parameters: str) -> httpx.Response:
    return await world.program().post("/api/token", data=parameters)


async def sign_in(world: World, scope: str = "me.read roms.read", **more: str) -> dict[str, Any]:
    response = await ask(world, **NAMES, scope=scope, **more)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def refresh(world: World, token: str, **more: str) -> httpx.Response:
    return await ask(world, grant_type="refresh_token", refresh_token=token, **more)


async def opens(world: World, token: str, path: str = "/api/users/me") -> int:
    return (await world.program().get(path, headers=bearer(token))).status_code


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def error(response: httpx.Response) -> tuple[int, str, str]:
    found = response.json()
    assert found["error_description"] == found["detail"] == CATALOGUE[found["code"]].person
    assert found["reference"] == response.headers["x-correlation-id"]
    assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")
    return response.status_code, found["error"], found["code"]


ENDED = (400, "invalid_grant", Code.REFRESH_TOKEN_INVALID)
REUSED = (400, "invalid_grant", Code.REFRESH_TOKEN_REUSED)


async def test_name_and_password_give_a_pair(world: World, vera: Account) -> None:
    """The older names stand beside those of RFC 6749; all are seconds."""
    response = await ask(world, **NAMES, grant_type="password", scope="roms.read me.read")
    found = response.json()
    assert await opens(world, found.pop("access_token")) == 200
    assert len(found.pop("refresh_token")) == 64
    assert found == {
        "token_type": "bearer",
        "expires_in": 1800,
        "expires": 1800,
        "refresh_expires": 604_800,
        "scope": "me.read roms.read",
    }
    assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")
    assert response.headers["content-type"] == "application/json"


async def test_the_password_is_the_grant_of_who_names_none(world: World, vera: Account) -> None:
    assert (await ask(world, **NAMES)).status_code == 200
    assert (await ask(world, **NAMES, grant_type="")).status_code == 200


async def test_an_app_that_asks_for_nothing_may_do_nothing(world: World, vera: Account) -> None:
    tokens = await sign_in(world, scope="")
    assert tokens["scope"] == ""
    assert await opens(world, tokens["access_token"]) == 403


async def test_an_app_is_told_which_scopes_it_did_not_get(world: World, vera: Account) -> None:
    """R-71: those that the person has."""
    assert (await sign_in(world, scope=" ".join(scopes.ALL)))["scope"].split() == list(
        scopes.granted(AccessLevel.VIEWER)
    )


async def test_a_form_in_parts_is_a_form(world: World, vera: Account) -> None:
    parts = {name: (None, value) for name, value in NAMES.items()}
    assert (await world.program().post("/api/token", files=parts)).status_code == 200


async def test_no_page_and_no_cookie_comes_of_it(world: World, vera: Account) -> None:
    browser = world.browser(origin="capacitor://localhost", cookie="__Host-romm_session=stale")
    response = await browser.client.post("/api/token", data=NAMES)
    assert (response.status_code, response.headers.get("set-cookie")) == (200, None)
    wrong = await browser.client.post("/api/token", data=NAMES | {"password": "wrong"})
    assert error(wrong) == (400, "invalid_grant", Code.CREDENTIALS_WRONG)


def row(reason: str, status: int, name: str, code: Code, body: Any, **headers: str) -> Any:
    content = {"data": body} if isinstance(body, dict) else {"content": body}
    return pytest.param(
        content, {key.replace("_", "-"): value for key, value in headers.items()}, (status, name, code), id=reason
    )


BAD = "invalid_request"


@pytest.mark.parametrize(
    ("content", "headers", "answer"),
    [
        row("no body", 400, BAD, Code.TOKEN_REQUEST_INVALID, b""),
        row("an empty form", 400, BAD, Code.TOKEN_REQUEST_INVALID, b"", content_type=FORM),
        row(
            "JSON",
            400,
            BAD,
            Code.TOKEN_REQUEST_INVALID,
            b'{"username": "vera", "password": "x"}',
            content_type="application/json",
        ),
        row(
            "a cut part",
            400,
            BAD,
            Code.TOKEN_REQUEST_INVALID,
            b"--x\r\n",
            content_type="multipart/form-data; boundary=x",
        ),
        row("no password", 400, BAD, Code.TOKEN_REQUEST_INVALID, {"username": "vera"}),
        row("an empty password", 400, BAD, Code.TOKEN_REQUEST_INVALID, NAMES | {"password": ""}),
        row("no refresh token", 400, BAD, Code.TOKEN_REQUEST_INVALID, {"grant_type": "refresh_token"}),
        row(
            "a name twice", 400, BAD, Code.TOKEN_REQUEST_INVALID, b"username=a&username=b&password=c", content_type=FORM
        ),
        row(
            "a name twice, once empty", 400, BAD, Code.TOKEN_REQUEST_INVALID, b"username=a&username=", content_type=FORM
        ),
        row("an endless name of an app", 400, BAD, Code.TOKEN_REQUEST_INVALID, NAMES | {"client_id": "x" * 256}),
        row(
            "another grant",
            400,
            "unsupported_grant_type",
            Code.GRANT_TYPE_UNSUPPORTED,
            NAMES | {"grant_type": "client_credentials"},
        ),
        row(
            "a grant in capitals",
            400,
            "unsupported_grant_type",
            Code.GRANT_TYPE_UNSUPPORTED,
            {"grant_type": "PASSWORD"},
        ),
        row("a wrong password", 400, "invalid_grant", Code.CREDENTIALS_WRONG, NAMES | {"password": "wrong"}),
        row("nobody", 400, "invalid_grant", Code.CREDENTIALS_WRONG, NAMES | {"username": "nobody"}),
        row(
            "an unknown refresh token",
            400,
            "invalid_grant",
            Code.REFRESH_TOKEN_INVALID,
            {"grant_type": "refresh_token", "refresh_token": "é"},
        ),
        row("an unknown scope", 400, "invalid_scope", Code.SCOPE_UNKNOWN, NAMES | {"scope": "me.read openid"}),
        row("only what others have", 400, "invalid_scope", Code.SCOPE_EXCEEDED, NAMES | {"scope": "users.read"}),
        row("a secret, which no app has", 401, "invalid_client", Code.CLIENT_UNKNOWN, NAMES | {"client_secret": "x"}),
        row(
            "a secret in the header",
            401,
            "invalid_client",
            Code.CLIENT_UNKNOWN,
            NAMES,
            authorization="Basic YW4tYXBwOng=",
        ),
        row(
            "two names of an app",
            401,
            "invalid_client",
            Code.CLIENT_UNKNOWN,
            NAMES | {"client_id": "b"},
            authorization="Basic YTo=",
        ),
        row("a name without its colon", 401, "invalid_client", Code.CLIENT_UNKNOWN, NAMES, authorization="Basic YQ=="),
        row("a header that cannot be read", 401, "invalid_client", Code.CLIENT_UNKNOWN, NAMES, authorization="Basic !"),
    ],
)
async def test_a_request_that_does_not_hold_is_refused_in_the_words_of_oauth(
    world: World, vera: Account, content: dict[str, Any], headers: dict[str, str], answer: tuple[int, str, str]
) -> None:
    """R-69; RFC 6749, 5.2."""
    response = await world.program().post("/api/token", headers=headers, **content)
    assert error(response) == answer
    assert response.headers["cache-control"] == "no-store"
    assert response.headers.get("www-authenticate", "").startswith("Basic") == (answer[0] == 401)
    assert world.credentials.stored == {}


async def test_a_file_is_no_parameter(world: World, vera: Account) -> None:
    parts = {"username": (None, "vera"), "password": ("password.txt", NAMES["password"])}
    assert error(await world.program().post("/api/token", files=parts)) == (400, BAD, Code.TOKEN_REQUEST_INVALID)


async def test_an_empty_parameter_counts_as_left_out(world: World, vera: Account) -> None:
    """RFC 6749, 3.1."""
    assert (await ask(world, **NAMES, grant_type="", scope="", client_secret="")).status_code == 200


@pytest.mark.parametrize("header", ["Bearer expired", "Token abc"])
async def test_an_expired_token_beside_the_request_for_a_new_one_is_not_looked_at(
    world: World, vera: Account, header: str
) -> None:
    response = await world.program().post("/api/token", data=NAMES, headers={"authorization": header})
    assert response.status_code == 200


async def test_the_operator_reads_that_the_app_sent_no_form(world: World) -> None:
    await world.program().post("/api/token", json=NAMES)
    [line] = world.lines("refused")
    assert "application/json" in line["hint"]


async def test_an_app_may_say_its_name_in_a_header(world: World, vera: Account) -> None:
    """RFC 6749, 2.3.1: form-encoded, and with an empty secret."""
    response = await world.program().post("/api/token", data=NAMES, auth=("Shelf%20%26+Co", ""))
    assert response.status_code == 200
    assert {each.client for each in world.credentials.stored.values()} == {"Shelf & Co"}


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
async def test_without_passwords_there_is_no_such_grant(password: str) -> None:
    """R-30, R-70: for right and wrong ones alike."""
    world = World({"DISABLE_USERPASS_LOGIN": "true"})
    await world.add("vera")
    for named in ({}, {"grant_type": "password"}):
        response = await ask(world, **NAMES | {"password": password}, **named)
        assert error(response) == (400, "unsupported_grant_type", Code.PASSWORD_GRANT_OFF)
        assert "client token" in response.json()["error_description"]
    assert "DISABLE_USERPASS_LOGIN is true" in world.lines("refused")[0]["hint"]
    assert (await refresh(world, "x")).json()["error"] == "invalid_grant", "what was issued before can be refreshed"


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
async def test_the_password_grant_has_a_switch_of_its_own(password: str) -> None:
    """R-70: ASVS 10.4.4; RFC 9700, 2.4. The other doors stay open, and the app hears what to do."""
    world = World({"ROMM_PASSWORD_GRANT": "false"})
    await world.add("vera")
    for named in ({}, {"grant_type": "password"}):
        response = await ask(world, **NAMES | {"password": password}, **named)
        assert error(response) == (400, "unsupported_grant_type", Code.PASSWORD_GRANT_OFF)
        assert "client token" in response.json()["error_description"]
    assert "ROMM_PASSWORD_GRANT is false" in world.lines("refused")[0]["hint"]
    metadata = (await world.program().get("/.well-known/oauth-authorization-server")).json()
    assert "password" not in metadata["grant_types_supported"]
    assert (await ask(world, grant_type="saml")).json()["code"] == Code.GRANT_TYPE_UNSUPPORTED
    assert (await world.program().post("/api/login", json=NAMES)).status_code == 200
    assert (await world.program().get("/api/users/me", auth=(NAMES["username"], PASSWORD))).status_code == 200


async def test_who_guesses_here_has_to_wait_at_every_door(world: World, vera: Account) -> None:
    """R-31."""
    for number in range(5):
        assert (await ask(world, **NAMES | {"password": f"guess {number}"})).status_code == 400
    response = await ask(world, **NAMES)
    assert error(response) == (429, "temporarily_unavailable", Code.TOO_MANY_ATTEMPTS)
    assert int(response.headers["retry-after"]) == 30
    assert (await world.program().post("/api/login", json=NAMES)).status_code == 429


async def test_a_sign_in_of_an_app_is_in_the_log_of_sign_ins(world: World, vera: Account) -> None:
    await sign_in(world)
    await ask(world, **NAMES | {"password": "wrong"})
    assert [(each.method, each.outcome) for each in world.sign_ins.entries] == [
        ("password", "signed_in"),
        ("password", "refused"),
    ]
    assert world.accounts.by_id[vera.id].last_login == world.clock()


async def test_a_disabled_person_gets_no_tokens(world: World, vera: Account) -> None:
    world.disable(vera)
    assert error(await ask(world, **NAMES)) == (400, "invalid_grant", Code.CREDENTIALS_WRONG)


async def test_an_access_token_lives_for_its_time(world: World, vera: Account) -> None:
    tokens = await sign_in(world)
    world.clock.advance(ACCESS - MOMENT)
    assert await opens(world, tokens["access_token"]) == 200
    world.clock.advance(MOMENT)
    assert await opens(world, tokens["access_token"]) == 401


async def test_the_operator_says_how_long_tokens_live() -> None:
    world = World({"OAUTH_ACCESS_TOKEN_EXPIRE_SECONDS": "60", "OAUTH_REFRESH_TOKEN_EXPIRE_SECONDS": "120"})
    await world.add("vera")
    tokens = await sign_in(world)
    assert (tokens["expires_in"], tokens["expires"], tokens["refresh_expires"]) == (60, 60, 120)


async def test_a_refresh_token_gives_the_next_pair(world: World, vera: Account) -> None:
    """R-72: the access token from before lives on until its time is over."""
    first = await sign_in(world)
    response = await refresh(world, first["refresh_token"])
    second = response.json()
    assert second.keys() == first.keys()
    assert len({*first.values()} & {*second.values()} & {first["access_token"], first["refresh_token"]}) == 0
    assert second["scope"] == first["scope"]
    assert await opens(world, first["access_token"]) == await opens(world, second["access_token"]) == 200
    assert (await refresh(world, second["refresh_token"])).status_code == 200


@pytest.mark.parametrize("after", [timedelta(), GRACE - MOMENT], ids=["at once", "a moment before the grace ends"])
async def test_a_retry_is_answered_the_same(world: World, vera: Account, after: timedelta) -> None:
    first = await sign_in(world)
    answered = (await refresh(world, first["refresh_token"])).json()
    world.clock.advance(after)
    assert (await refresh(world, first["refresh_token"])).json() == answered
    assert await opens(world, answered["access_token"]) == 200
    assert (await refresh(world, answered["refresh_token"])).status_code == 200


async def test_a_retry_for_more_is_no_retry(world: World, vera: Account) -> None:
    first = await sign_in(world, scope="me.read")
    await refresh(world, first["refresh_token"])
    response = await refresh(world, first["refresh_token"], scope="me.read roms.read")
    assert error(response) == (400, "invalid_scope", Code.SCOPE_EXCEEDED)


@pytest.mark.parametrize("after", [GRACE, REFRESH - MOMENT], ids=["when the grace ends", "on the last day"])
async def test_a_used_token_that_comes_back_ends_the_family(world: World, vera: Account, after: timedelta) -> None:
    """R-72: also what is newer than it, and nothing of another sign-in."""
    first, other = await sign_in(world, client_id="an app"), await sign_in(world)
    second = (await refresh(world, first["refresh_token"])).json()
    world.clock.advance(after)
    assert error(await refresh(world, first["refresh_token"])) == REUSED
    assert await opens(world, second["access_token"]) == 401
    assert error(await refresh(world, second["refresh_token"])) == ENDED
    assert error(await refresh(world, first["refresh_token"])) == ENDED
    assert (await refresh(world, other["refresh_token"])).status_code == 200
    [(level, _, facts)] = [line for line in world.log.lines if line[1] == "token.reused"]
    assert (level, facts["account"], facts["client"]) == ("warning", vera.id, "an app")
    assert facts["seconds"] == int(after.total_seconds())


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
async def test_a_retry_of_what_was_given_back_meanwhile_brings_nothing_back(
    world: World, vera: Account, kind: str
) -> None:
    first = await sign_in(world)
    second = (await refresh(world, first["refresh_token"])).json()
    await world.program().post("/api/token/revoke", data={"token": second[kind]})
    assert error(await refresh(world, first["refresh_token"])) == ENDED


async def test_refreshes_side_by_side_get_the_same_pair(world: World, vera: Account) -> None:
    """R-72: whoever comes second, at whichever worker."""
    first = await sign_in(world)
    answers = await asyncio.gather(*(refresh(world, first["refresh_token"]) for _ in range(20)))
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].status_code == 200


@pytest.mark.parametrize("after", [REFRESH, REFRESH - MOMENT], ids=["at its end", "a moment before"])
async def test_a_refresh_token_lives_for_its_time(world: World, vera: Account, after: timedelta) -> None:
    first = await sign_in(world)
    world.clock.advance(after)
    assert ((await refresh(world, first["refresh_token"])).status_code == 200) is (after < REFRESH)


class Vanishing(FakeCredentials):
    """Each sign-in ends while it is refreshed."""

    async def rotate(self, used: Credential, *successors: Credential) -> Credential | None:
        await self.end_family(used)
        return await super().rotate(used, *successors)


async def test_a_sign_in_that_ends_during_a_refresh_stays_ended(world: World, vera: Account) -> None:
    first = await sign_in(world)
    world.serve(credentials=Vanishing(world.accounts, world.clock))
    refused = await refresh(world, first["refresh_token"])
    assert error(refused) == (400, "invalid_grant", Code.REFRESH_TOKEN_INVALID)


async def test_a_sign_in_cannot_be_refreshed_for_ever(world: World, vera: Account) -> None:
    """R-72: SESSION_ABSOLUTE_AGE_SECONDS after it, it is over."""
    end = world.clock() + timedelta(days=90)
    tokens = await sign_in(world)
    while world.clock() < end - REFRESH:
        world.clock.advance(timedelta(days=6))
        tokens = (await refresh(world, tokens["refresh_token"])).json()
    left = int((end - world.clock()).total_seconds())
    assert tokens["refresh_expires"] == left < REFRESH.total_seconds()
    world.clock.now = end
    assert error(await refresh(world, tokens["refresh_token"])) == ENDED


async def test_a_refresh_may_ask_for_less_and_get_it_back_later(world: World, vera: Account) -> None:
    """RFC 6749, 6: the refresh token keeps its scopes."""
    first = await sign_in(world, scope="me.read roms.read")
    less = (await refresh(world, first["refresh_token"], scope="roms.read")).json()
    assert less["scope"] == "roms.read"
    assert await opens(world, less["access_token"]) == 403
    assert (await refresh(world, less["refresh_token"])).json()["scope"] == "me.read roms.read"


async def test_a_refresh_for_more_is_refused_and_spends_nothing(world: World) -> None:
    """R-71: also when the person has it."""
    await world.add("vera", level=AccessLevel.ADMIN)
    first = await sign_in(world, scope="me.read")
    response = await refresh(world, first["refresh_token"], scope="me.read users.read")
    assert error(response) == (400, "invalid_scope", Code.SCOPE_EXCEEDED)
    world.clock.advance(GRACE)
    assert (await refresh(world, first["refresh_token"])).status_code == 200


async def test_a_refresh_token_is_of_the_app_that_got_it(world: World, vera: Account) -> None:
    """RFC 6749, 10.4."""
    first = await sign_in(world, client_id="an app")
    assert error(await refresh(world, first["refresh_token"], client_id="another app")) == ENDED
    assert (await refresh(world, first["refresh_token"], client_id="an app")).status_code == 200


async def test_a_disabled_owner_refreshes_nothing_until_enabled_again(world: World, vera: Account) -> None:
    """R-73, R-29."""
    first = await sign_in(world)
    world.disable(vera)
    assert error(await refresh(world, first["refresh_token"])) == ENDED
    world.accounts.by_id[vera.id] = replace(vera, enabled=True)
    assert (await refresh(world, first["refresh_token"])).status_code == 200


async def test_a_demoted_owner_refreshes_what_is_left(world: World) -> None:
    """R-73."""
    owner = await world.add("vera", level=AccessLevel.ADMIN)
    first = await sign_in(world, scope="me.read users.read")
    world.accounts.by_id[owner.id] = replace(owner, level=AccessLevel.VIEWER)
    assert (await refresh(world, first["refresh_token"])).json()["scope"] == "me.read"


async def test_a_changed_password_ends_the_tokens(world: World, vera: Account) -> None:
    """R-73, R-38."""
    first = await sign_in(world)
    await world.change_password(vera)
    assert error(await refresh(world, first["refresh_token"])) == ENDED
    assert await opens(world, first["access_token"]) == 401


async def test_no_other_kind_refreshes(world: World, vera: Account) -> None:
    """R-75, R-43."""
    first = await sign_in(world)
    assert error(await refresh(world, first["access_token"])) == ENDED
    for kind in set(Kind) - {Kind.REFRESH_TOKEN}:
        await world.credentials.add(vera, stored(vera, "s3cret", kind, world.clock()))
    assert error(await refresh(world, "s3cret")) == ENDED
    assert await opens(world, first["refresh_token"]) == 401


def stored(owner: Account, secret: str, kind: Kind, now: datetime, **more: Any) -> Credential:
    return issued(kind, owner.id, digest(secret), now, now + timedelta(days=1), scopes=("me.read",), **more)


@pytest.mark.parametrize("client", ["a\nb", "a\0b", "\u202eppa", "x" * 256])
async def test_an_app_has_a_name_that_can_be_shown(world: World, vera: Account, client: str) -> None:
    """It stands in lists and in the log; and PostgreSQL keeps no NUL."""
    form = {"username": "vera", "password": PASSWORD, "scope": "me.read", "client_id": client}
    answer = await world.program().post("/api/token", data=form)
    assert error(answer) == (400, "invalid_request", Code.TOKEN_REQUEST_INVALID)
    assert world.credentials.stored == {}


# Revocation (RFC 7009)


async def revoke(world: World, token: str, **more: str) -> httpx.Response:
    return await world.program().post("/api/token/revoke", data={"token": token, **more})


async def test_an_access_token_ends_alone(world: World, vera: Account) -> None:
    """R-76."""
    tokens = await sign_in(world)
    assert (await revoke(world, tokens["access_token"])).status_code == 200
    assert await opens(world, tokens["access_token"]) == 401
    assert (await refresh(world, tokens["refresh_token"])).status_code == 200


async def test_a_refresh_token_ends_with_its_family(world: World, vera: Account) -> None:
    """R-76: also by a hint that is wrong, or by the one that was used before; others' stay."""
    first, other = await sign_in(world), await sign_in(world)
    second = (await refresh(world, first["refresh_token"])).json()
    assert (await revoke(world, first["refresh_token"], token_type_hint="access_token")).status_code == 200
    for tokens in (first, second):
        assert await opens(world, tokens["access_token"]) == 401
        assert error(await refresh(world, tokens["refresh_token"])) == ENDED
    assert await opens(world, other["access_token"]) == 200


async def test_a_client_token_is_given_back_as_well(world: World, vera: Account) -> None:
    await world.credentials.add(vera, stored(vera, "rmm_0", Kind.CLIENT_TOKEN, world.clock()))
    assert await opens(world, "rmm_0") == 200
    assert (await revoke(world, "rmm_0")).status_code == 200
    assert await opens(world, "rmm_0") == 401


async def test_what_is_unknown_is_over_already(world: World, vera: Account) -> None:
    """R-76: known and unknown are answered alike."""
    tokens = await sign_in(world)
    known, unknown = await revoke(world, tokens["access_token"]), await revoke(world, "invented", token_type_hint="x")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (200, b"null")


@pytest.mark.parametrize("kind", sorted(set(Kind) - set(TOKEN_KINDS)))
async def test_nobody_learns_here_which_codes_there_are(world: World, vera: Account, kind: Kind) -> None:
    """R-76, R-79: a pairing code has eight letters, and nothing limits how often one may ask."""
    await world.credentials.add(vera, stored(vera, "s3cret", kind, world.clock()))
    known, unknown = await revoke(world, "s3cret"), await revoke(world, "invented")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (200, b"null")
    assert len(world.credentials.stored) == 1


async def test_to_revoke_nothing_is_a_mistake(world: World) -> None:
    assert error(await revoke(world, "")) == (400, "invalid_request", Code.TOKEN_REQUEST_INVALID)


# Introspection (RFC 7662)


async def look(world: World, token: str, credential: str) -> dict[str, Any]:
    response = await world.program().post("/api/token/introspect", data={"token": token}, headers=bearer(credential))
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


async def test_a_token_is_told_about(world: World, vera: Account) -> None:
    tokens = await sign_in(world, client_id="an app")
    now = int(world.clock().timestamp())
    everything = {
        "active": True,
        "scope": "me.read roms.read",
        "client_id": "an app",
        "username": "vera",
        "sub": str(vera.id),
        "iss": "https://romm.test",
        "iat": now,
    }
    access = await look(world, tokens["access_token"], tokens["access_token"])
    assert access == everything | {"token_type": "bearer", "exp": access["exp"]}
    assert access["exp"] - access["iat"] == 1800
    of_refresh = await look(world, tokens["refresh_token"], tokens["access_token"])
    assert of_refresh == everything | {"exp": of_refresh["exp"]}


async def test_a_token_without_an_end_has_none(world: World, vera: Account) -> None:
    never = replace(stored(vera, "rmm_0", Kind.CLIENT_TOKEN, world.clock()), expires_at=NEVER)
    await world.credentials.add(vera, never)
    found = await look(world, "rmm_0", "rmm_0")
    assert found["active"]
    assert "exp" not in found


async def test_scopes_are_told_as_they_are_now(world: World) -> None:
    owner = await world.add("vera", level=AccessLevel.ADMIN)
    tokens = await sign_in(world, scope="me.read users.read")
    world.accounts.by_id[owner.id] = replace(owner, level=AccessLevel.VIEWER)
    assert (await look(world, tokens["access_token"], tokens["access_token"]))["scope"] == "me.read"


async def test_nothing_is_told_of_what_is_over(world: World, vera: Account) -> None:
    """R-77: unknown, revoked, spent, expired, no token at all."""
    tokens, mine = await sign_in(world), (await sign_in(world))["access_token"]
    await refresh(world, tokens["refresh_token"])
    await revoke(world, tokens["access_token"])
    await world.credentials.add(vera, stored(vera, "s3cret", Kind.SESSION, world.clock()))
    over = replace(stored(vera, "rmm_0", Kind.CLIENT_TOKEN, world.clock()), expires_at=world.clock())
    await world.credentials.add(vera, over)
    for token in (tokens["access_token"], tokens["refresh_token"], "invented", "s3cret", "rmm_0"):
        assert await look(world, token, mine) == {"active": False}


async def test_nothing_is_told_of_others_tokens_but_to_admins(world: World, vera: Account) -> None:
    """R-77."""
    await world.add("victor")
    other = (await ask(world, **NAMES | {"username": "victor"}, scope="me.read")).json()["access_token"]
    admin = {"username": "keeper"}
    keeper = (await ask(world, **NAMES | admin, scope="me.read users.read")).json()["access_token"]
    narrow = (await ask(world, **NAMES | admin, scope="me.read")).json()["access_token"]
    token = (await sign_in(world))["access_token"]
    assert await look(world, token, other) == {"active": False}
    assert await look(world, token, narrow) == {"active": False}
    assert (await look(world, token, keeper))["username"] == "vera"
    world.disable(vera)
    assert await look(world, token, keeper) == {"active": False}


async def test_a_stranger_is_told_nothing(world: World, vera: Account) -> None:
    """R-77."""
    token = (await sign_in(world))["access_token"]
    response = await world.program().post("/api/token/introspect", data={"token": token})
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")


async def test_who_may_do_nothing_may_not_look_either(world: World, vera: Account) -> None:
    token = (await sign_in(world, scope=""))["access_token"]
    response = await world.program().post("/api/token/introspect", data={"token": token}, headers=bearer(token))
    assert (response.status_code, response.json()["code"]) == (403, Code.FORBIDDEN)


async def test_to_look_at_nothing_is_a_mistake(world: World, vera: Account) -> None:
    token = (await sign_in(world))["access_token"]
    response = await world.program().post("/api/token/introspect", data={}, headers=bearer(token))
    assert (response.status_code, response.json()["code"]) == (400, Code.TOKEN_REQUEST_INVALID)


# What apps read first (RFC 8414)


async def test_the_metadata_names_what_is_there(world: World) -> None:
    found = (await world.program().get("/.well-known/oauth-authorization-server")).json()
    assert found["issuer"] == "https://romm.test"
    assert found["grant_types_supported"] == ["password", "refresh_token", DEVICE_CODE]
    assert found["scopes_supported"] == list(scopes.ALL)
    for endpoint in ("token_endpoint", "revocation_endpoint", "introspection_endpoint"):
        assert (await world.program().post(found[endpoint])).status_code in (400, 401)


async def test_the_metadata_names_nothing_that_is_off() -> None:
    world = World({"DISABLE_USERPASS_LOGIN": "true"})
    found = (await world.program().get("/.well-known/oauth-authorization-server")).json()
    assert found["grant_types_supported"] == ["refresh_token", DEVICE_CODE]


KEPT = {"name": "Handheld", "scopes": ["me.read"], "expires_in": "never"}


async def keeps(world: World, token: str) -> tuple[int, str]:
    """Make the client token that an app keeps."""
    made = await world.program().post("/api/client-tokens", json=KEPT, headers=bearer(token))
    return made.status_code, made.json().get("code", "")


async def test_an_app_that_just_signed_in_makes_the_token_that_it_keeps(world: World, vera: Account) -> None:
    assert await keeps(world, (await sign_in(world, "me.read me.write"))["access_token"]) == (201, "")


async def test_after_five_minutes_it_makes_none_and_a_refresh_is_no_proof(world: World, vera: Account) -> None:
    pair = await sign_in(world, "me.read me.write")
    world.clock.advance(timedelta(minutes=5) + MOMENT)
    assert await keeps(world, pair["access_token"]) == (403, Code.CONFIRMATION_REQUIRED)
    renewed = (await refresh(world, pair["refresh_token"])).json()
    assert await keeps(world, renewed["access_token"]) == (403, Code.CONFIRMATION_REQUIRED)


async def test_the_right_to_create_what_lasts_is_of_no_grant(world: World, vera: Account) -> None:
    asked = await ask(world, **NAMES, scope="me.read access.grant")
    assert error(asked) == (400, "invalid_scope", Code.SCOPE_UNKNOWN)
