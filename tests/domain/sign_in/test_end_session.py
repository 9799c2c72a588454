"""Where a browser goes so that the provider's session ends, too, and what the sign-in page says afterwards."""

import base64
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from romm.domain.digests import digest
from romm.domain.model import Identity
from romm.domain.providers.register import PRESETS
from romm.domain.sign_in.discovery import Metadata
from romm.domain.sign_in.end_session import (
    MAX_URL_LENGTH,
    AtProvider,
    EndedSession,
    EndSession,
    HereOnly,
    SignOutNotice,
    claims_of,
    end_session,
    sign_out_notice,
)
from tests.domain.examples import ISSUER, metadata

BACK = "https://romm.example/login"
ON = EndSession(enabled=True, client_id="romm")
OVERRIDE = EndSession(enabled=True, client_id="romm", endpoint=f"{ISSUER}/goodbye")
RETURNING = EndSession(enabled=True, client_id="romm", post_logout_redirect_uri=BACK)
KNOWN = metadata(end_session_endpoint=f"{ISSUER}/logout")
WITHOUT = metadata()
PAGE = EndSession(enabled=True, client_id="romm", page=PRESETS["authelia"].sign_out_page, login_page=BACK)


def id_token(**claims: Any) -> str:
    payload = base64.urlsafe_b64encode(json.dumps({"aud": "romm", **claims}).encode()).rstrip(b"=").decode()
    return f"e30.{payload}.c2ln"


TOKEN = id_token(preferred_username="alice")
ALICE = Identity(ISSUER, "alice")
ENDED = EndedSession(issuer=ISSUER, id_token=TOKEN, is_verifiable=True)
LARGE = replace(ENDED, id_token=id_token(preferred_username="alice", groups=[f"group {n}" for n in range(300)]))


def decided(wishes: EndSession, provider: Metadata | None, ended: EndedSession = ENDED) -> AtProvider | HereOnly:
    return end_session(wishes, provider, ended, "state-1")


def sent(wishes: EndSession, provider: Metadata | None, ended: EndedSession = ENDED) -> dict[str, str]:
    """The parameters at the provider."""
    there = decided(wishes, provider, ended)
    assert isinstance(there, AtProvider)
    return dict(parse_qsl(urlsplit(there.url).query, strict_parsing=True))


@pytest.mark.parametrize(
    ("wishes", "provider", "expected"),
    [
        pytest.param(ON, KNOWN, f"{ISSUER}/logout?id_token_hint={TOKEN}&client_id=romm", id="discovered"),
        pytest.param(OVERRIDE, KNOWN, f"{ISSUER}/goodbye?id_token_hint={TOKEN}&client_id=romm", id="the operator's wins"),
        pytest.param(OVERRIDE, WITHOUT, f"{ISSUER}/goodbye?id_token_hint={TOKEN}&client_id=romm", id="the operator's alone"),
        pytest.param(OVERRIDE, None, f"{ISSUER}/goodbye?client_id=romm", id="the provider did not answer"),
        pytest.param(RETURNING, KNOWN,
                     f"{ISSUER}/logout?id_token_hint={TOKEN}&client_id=romm"
                     "&post_logout_redirect_uri=https%3A%2F%2Fromm.example%2Flogin&state=state-1",
                     id="an address to return to brings the state along"),
        pytest.param(replace(PAGE, endpoint=f"{ISSUER}/goodbye"), WITHOUT,
                     f"{ISSUER}/goodbye?id_token_hint={TOKEN}&client_id=romm", id="the operator's wins over the page"),
        pytest.param(PAGE, KNOWN, f"{ISSUER}/logout?id_token_hint={TOKEN}&client_id=romm", id="so does the discovered one"),
        pytest.param(PAGE, WITHOUT, f"{ISSUER}/logout?rd=https%3A%2F%2Fromm.example%2Flogin%3Fstate%3Dstate-1",
                     id="the page of a provider without an endpoint (Authelia), and nothing else of the session"),
        pytest.param(replace(PAGE, post_logout_redirect_uri="https://romm.example/bye?a=1"), WITHOUT,
                     f"{ISSUER}/logout?rd=https%3A%2F%2Fromm.example%2Fbye%3Fa%3D1%26state%3Dstate-1",
                     id="the page with the operator's address to return to"),
    ],
)  # fmt: skip
def test_the_endpoint_is_the_operators_or_the_discovered_one_or_the_page_that_is_known(
    wishes: EndSession, provider: Metadata | None, expected: str
) -> None:
    """R-41; OpenID Connect RP-Initiated Logout 1.0, 2."""
    there = decided(wishes, provider)
    assert isinstance(there, AtProvider)
    assert there.url == expected
    assert (there.state == "state-1") is ("state-1" in expected)


def test_a_login_hint_of_the_id_token_comes_back_beside_it() -> None:
    """Entra ID's own claim, which it reads there as `logout_hint`; another name says nothing that the token does not."""
    hinted = replace(ENDED, id_token=id_token(login_hint="O.CiQ", preferred_username="alice"))
    assert sent(ON, KNOWN, hinted) == {"id_token_hint": hinted.id_token, "logout_hint": "O.CiQ", "client_id": "romm"}
    assert sent(ON, KNOWN) == {"id_token_hint": TOKEN, "client_id": "romm"}


@pytest.mark.parametrize(("wishes", "provider"), [(ON, WITHOUT), (ON, None), (PAGE, None)])
def test_without_an_address_it_stays_at_signing_out_here(wishes: EndSession, provider: Metadata | None) -> None:
    """R-41: the provider has none (Google), or nothing is known of it."""
    assert isinstance(decided(wishes, provider), HereOnly)


@pytest.mark.parametrize(
    ("wishes", "identity", "expected"),
    [
        pytest.param(ON, ALICE, True, id="switched on"),
        pytest.param(replace(OVERRIDE, enabled=False), ALICE, False, id="switched off, whatever is set beside"),
        pytest.param(OVERRIDE, None, False, id="this session came by password, whatever is set"),
    ],
)
def test_the_provider_is_concerned_where_it_opened_the_session(
    wishes: EndSession, identity: Identity | None, expected: bool
) -> None:
    """R-41."""
    assert wishes.concern(identity) is expected


ELSEWHERE = "https://other.example.com"


@pytest.mark.parametrize(
    ("ended", "provider", "says", "hint"),
    [
        pytest.param(LARGE, KNOWN, "characters", {"logout_hint": "alice"}, id="too long for a proxy or a provider"),
        pytest.param(replace(ENDED, is_verifiable=False), KNOWN, "not published", {"logout_hint": "alice"},
                     id="signed by a key that is gone"),
        pytest.param(replace(ENDED, issuer=ELSEWHERE), KNOWN, ELSEWHERE, {}, id="of another provider"),
        pytest.param(replace(ENDED, issuer=f"{ISSUER}/"), KNOWN, "another issuer", {}, id="of the issuer with a slash"),
        pytest.param(replace(ENDED, id_token=id_token(aud="another", email="a@b.example")), KNOWN, "client id",
                     {"logout_hint": "a@b.example"}, id="of another client"),
        pytest.param(replace(ENDED, id_token=id_token(aud=["another"])), KNOWN, "client id", {}, id="of other clients"),
        pytest.param(replace(ENDED, id_token=""), KNOWN, "has no ID token", {}, id="that was not kept"),
        pytest.param(replace(ENDED, id_token="e30.e30.e30"), KNOWN, "client id", {}, id="of no client"),
        pytest.param(ENDED, None, "did not answer", {}, id="nothing is known of the provider"),
    ],
)  # fmt: skip
def test_a_hint_that_would_harm_is_left_out(
    ended: EndedSession, provider: Metadata | None, says: str, hint: dict[str, str]
) -> None:
    """R-41: the hint is only RECOMMENDED (2); a wrong one strands the person on an error page."""
    wishes = replace(RETURNING, endpoint=f"{ISSUER}/logout")
    there = decided(wishes, provider, ended)
    assert isinstance(there, AtProvider)
    assert says in there.omitted
    always = {"client_id": "romm", "post_logout_redirect_uri": BACK, "state": "state-1"}
    assert sent(wishes, provider, ended) == hint | always


def test_an_id_token_for_us_among_others_is_a_hint() -> None:
    token = id_token(aud=["account", "romm"])
    assert sent(ON, KNOWN, replace(ENDED, id_token=token))["id_token_hint"] == token


@pytest.mark.parametrize(
    ("claims", "hint"),
    [
        ({"login_hint": "O.CiQ", "preferred_username": "alice", "email": "a@b.example"}, "O.CiQ"),
        ({"preferred_username": "alice", "email": "a@b.example"}, "alice"),
        ({"email": "a@b.example"}, "a@b.example"),
        ({"preferred_username": "", "email": "a@b.example"}, "a@b.example"),
        ({"preferred_username": ["alice"]}, None),
        ({}, None),
    ],
)
def test_the_person_is_named_as_the_provider_knows_them(claims: dict[str, Any], hint: str | None) -> None:
    ended = EndedSession(issuer=ISSUER, id_token=id_token(**claims), is_verifiable=False)
    assert sent(ON, KNOWN, ended).get("logout_hint") == hint


def test_the_longest_url_is_sent_and_one_character_more_is_not() -> None:
    """R-41."""
    shorter = decided(ON, KNOWN, replace(ENDED, id_token=id_token(fill="")))
    assert isinstance(shorter, AtProvider)
    room = (MAX_URL_LENGTH - len(shorter.url)) // 4 * 3
    lengths = []
    for fill in range(room - 4, room + 8):
        there = decided(ON, KNOWN, replace(ENDED, id_token=id_token(fill="x" * fill)))
        assert isinstance(there, AtProvider)
        lengths.append(len(there.url))
        assert bool(there.omitted) is ("id_token_hint" not in there.url)
    assert max(lengths) in range(MAX_URL_LENGTH - 1, MAX_URL_LENGTH + 1)
    assert min(lengths) < 100


def test_a_name_that_is_too_long_is_left_out_as_well() -> None:
    ended = EndedSession(issuer=ISSUER, id_token=id_token(preferred_username="a" * 3000), is_verifiable=True)
    assert sent(ON, KNOWN, ended) == {"client_id": "romm"}


@pytest.mark.parametrize(
    "wishes", [replace(ON, endpoint=f"{ISSUER}/{'a' * 2000}"), replace(PAGE, login_page=BACK + "a" * 2000)]
)
def test_an_address_that_is_too_long_by_itself_is_not_visited(wishes: EndSession) -> None:
    """The answer that clears the cookies would be lost."""
    there = decided(wishes, WITHOUT)
    assert isinstance(there, HereOnly)
    assert "too long" in there.problem


@given(st.builds(id_token, groups=st.lists(st.text(max_size=40), max_size=90),
                 preferred_username=st.text(max_size=3000)), st.booleans())  # fmt: skip
def test_no_url_is_longer_than_the_limit(token: str, is_verifiable: bool) -> None:
    """R-41."""
    there = decided(RETURNING, KNOWN, EndedSession(issuer=ISSUER, id_token=token, is_verifiable=is_verifiable))
    assert isinstance(there, AtProvider)
    assert len(there.url) <= MAX_URL_LENGTH


@given(st.text())
def test_no_text_makes_the_reading_of_an_id_token_fail(text: str) -> None:
    assert claims_of(text) == {}
    assert isinstance(claims_of(f"e30.{text}.c2ln"), dict)


def test_a_query_that_the_endpoint_has_is_kept() -> None:
    """R-41; Azure AD B2C names its policy there."""
    there = decided(ON, metadata(end_session_endpoint=f"{ISSUER}/logout?p=b2c_1&x=%20#top"))
    assert isinstance(there, AtProvider)
    assert there.url == f"{ISSUER}/logout?p=b2c_1&x=%20&id_token_hint={TOKEN}&client_id=romm"


def test_every_value_arrives_as_it_was_sent() -> None:
    """R-41."""
    wishes = replace(RETURNING, client_id="r&m=1", post_logout_redirect_uri="https://romm.example/login?a=1&b=ü #x")
    ended = replace(ENDED, id_token=id_token(aud="r&m=1"))
    there = end_session(wishes, KNOWN, ended, "s&t")
    assert isinstance(there, AtProvider)
    assert dict(parse_qsl(urlsplit(there.url).query, strict_parsing=True)) == {
        "id_token_hint": ended.id_token,
        "client_id": "r&m=1",
        "post_logout_redirect_uri": "https://romm.example/login?a=1&b=ü #x",
        "state": "s&t",
    }


MARK = digest("state-1")


@pytest.mark.parametrize(
    ("is_signed_in", "mark", "state", "is_announced", "expected"),
    [
        pytest.param(False, None, None, False, SignOutNotice.NOTHING, id="a person comes to sign in"),
        pytest.param(False, None, None, True, SignOutNotice.NOTHING, id="a link that says so"),
        pytest.param(False, None, "state-1", False, SignOutNotice.NOTHING, id="a state that was typed in"),
        pytest.param(False, "1", None, True, SignOutNotice.SIGNED_OUT_HERE, id="signed out here"),
        pytest.param(False, "1", None, False, SignOutNotice.NOTHING, id="signed out a while ago"),
        pytest.param(False, MARK, None, False, SignOutNotice.NOTHING, id="did not come back"),
        pytest.param(
            False, MARK, "state-1", False, SignOutNotice.SIGNED_OUT_THERE_TOO, id="came back from the provider"
        ),
        pytest.param(False, MARK, "state-2", False, SignOutNotice.SIGNED_OUT_HERE, id="came back with another state"),
        pytest.param(False, MARK, "", False, SignOutNotice.SIGNED_OUT_HERE, id="came back with an empty state"),
        pytest.param(False, "1", "1", False, SignOutNotice.SIGNED_OUT_HERE, id="the mark itself is no state"),
        pytest.param(False, MARK, MARK, False, SignOutNotice.SIGNED_OUT_HERE, id="the digest is no state"),
        pytest.param(True, None, None, False, SignOutNotice.SIGNED_IN, id="signed in"),
        pytest.param(True, None, None, True, SignOutNotice.STILL_SIGNED_IN, id="signed in, and a link says otherwise"),
        pytest.param(True, MARK, "state-1", False, SignOutNotice.STILL_SIGNED_IN, id="signed in again meanwhile"),
    ],
)
def test_the_page_says_what_happened(
    is_signed_in: bool, mark: str | None, state: str | None, is_announced: bool, expected: SignOutNotice
) -> None:
    assert sign_out_notice(is_signed_in=is_signed_in, mark=mark, state=state, is_announced=is_announced) is expected
