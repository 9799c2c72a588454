"""What a proxy asks in somebody's name, and what it hears."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from romm.domain import scopes
from romm.domain.errors import Code, Refuse
from romm.domain.model import AccessLevel
from romm.domain.sign_in.forward_auth import LEAST, Forwarded, allow, header_text, headers, required, sign_in_url
from tests.domain.examples import account

BASE = "https://romm.example"


@pytest.mark.parametrize(
    ("level", "scope", "needed"),
    [
        pytest.param("", "", {LEAST}, id="anybody, but not a token without rights"),
        pytest.param("viewer", "", set(scopes.granted(AccessLevel.VIEWER)), id="a viewer"),
        pytest.param("user", "", set(scopes.granted(AccessLevel.VIEWER)), id="a user is a viewer"),
        pytest.param("editor", "", set(scopes.granted(AccessLevel.EDITOR)), id="an editor"),
        pytest.param("admin", "", set(scopes.ALL), id="an admin"),
        pytest.param("", "roms.write", {LEAST, "roms.write"}, id="a scope"),
        pytest.param("Editor", "", set(scopes.granted(AccessLevel.EDITOR)), id="a level as elsewhere in any case"),
        pytest.param(
            "viewer", "roms.write", {*scopes.granted(AccessLevel.VIEWER), "roms.write"}, id="a level and a scope"
        ),
    ],
)
def test_the_operator_says_what_is_needed(level: str, scope: str, needed: set[str]) -> None:
    assert required(level, scope, ["scope", "level"]) == frozenset(needed)


@pytest.mark.parametrize(("level", "scope"), [("editr", ""), ("edi tor", ""), ("", "roms.wirte"), ("", "roms.read x")])
def test_a_slip_of_the_operator_lets_nobody_in_by_mistake(level: str, scope: str) -> None:
    refuse = required(level, scope, [])
    assert isinstance(refuse, Refuse)
    assert refuse.code is Code.REQUEST_INVALID


@pytest.mark.parametrize("needs", AccessLevel)
@pytest.mark.parametrize("has", AccessLevel)
def test_a_level_is_enough_for_itself_and_all_below(needs: AccessLevel, has: AccessLevel) -> None:
    needed = required(needs.label, "", ["level"])
    assert not isinstance(needed, Refuse)
    assert (allow(needed, scopes.granted(has)) is None) == (has >= needs)


def test_what_is_missing_is_named() -> None:
    assert allow(frozenset({LEAST, "roms.write"}), {LEAST}) == Refuse(Code.FORBIDDEN, {"scope": "roms.write"})


@pytest.mark.parametrize(
    ("has", "groups"),
    [
        pytest.param(scopes.granted(AccessLevel.VIEWER), "viewer", id="a viewer"),
        pytest.param(scopes.granted(AccessLevel.EDITOR), "viewer,editor", id="an editor is a viewer too"),
        pytest.param(scopes.ALL, "viewer,editor,admin", id="an admin is everything"),
        pytest.param(("me.read", "users.write"), "", id="an admin's narrow token is no admin"),
    ],
)
def test_groups_are_the_levels_that_the_credential_has(has: tuple[str, ...], groups: str) -> None:
    assert headers(account(level=AccessLevel.ADMIN), frozenset(has))["remote-groups"] == groups


def test_every_header_is_always_there_so_that_a_forged_one_never_stays() -> None:
    found = headers(replace(account(), username="vera", email=None), frozenset())
    assert found == {"remote-user": "vera", "remote-name": "vera", "remote-email": "", "remote-groups": ""}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("vera@example.org", "vera@example.org", id="as it is"),
        pytest.param("o'neil+roms@example.org", "o'neil+roms@example.org", id="signs of an address"),
        pytest.param("véra@example.org", "v%C3%A9ra@example.org", id="not ASCII"),
        pytest.param("v%C3%A9ra@example.org", "v%25C3%25A9ra@example.org", id="the same written out is another person"),
        pytest.param("a\r\nRemote-Groups: admin", "a%0D%0ARemote-Groups:%20admin", id="a line break"),
        pytest.param(" a", "%20a", id="a blank that would be trimmed"),
        pytest.param("\ud800", "?", id="no character at all"),
    ],
)
def test_a_header_carries_any_name(value: str, text: str) -> None:
    assert header_text(value) == text


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_two_people_never_have_one_header(one: str, other: str) -> None:
    assert all("!" <= character <= "~" for character in header_text(one))
    assert (header_text(one) == header_text(other)) == (one == other)


@pytest.mark.parametrize(
    ("uri", "host", "target"),
    [
        pytest.param("/files/a.zip", "romm.example", "/files/a.zip", id="a file"),
        pytest.param("/files/a?b=1&c=%20", "romm.example", "/files/a?b=1&c=%20", id="with its query"),
        pytest.param("/files/a", "", "/files/a", id="a proxy that names no host"),
        pytest.param("/files/a", "ROMM.example:443", "/files/a", id="the same host in other words"),
        pytest.param("//evil.example/", "romm.example", "/", id="another host in the path"),
        pytest.param("/login", "romm.example", "/", id="the sign-in page itself"),
        pytest.param("", "romm.example", None, id="nothing is said"),
    ],
)
def test_a_browser_comes_back_to_what_it_asked_for(uri: str, host: str, target: str | None) -> None:
    url = None if target is None else f"{BASE}/login?{urlencode({'next': target})}"
    assert sign_in_url(Forwarded(uri=uri, host=host, opens_page=True), BASE, None) == url


@pytest.mark.parametrize("host", ["files.example", "romm.example.evil", "romm.example:8443", "evil, romm.example"])
def test_another_host_is_told_that_signing_in_would_not_help(host: str) -> None:
    refuse = sign_in_url(Forwarded(uri="/a", host=host, opens_page=True), BASE, None)
    assert refuse == Refuse(Code.FORWARDED_ELSEWHERE, {"host": host, "base_url": BASE})


@pytest.mark.parametrize("other", [None, "https://files.example"])
def test_an_image_or_a_program_is_not_sent_to_sign_in(other: str | None) -> None:
    assert sign_in_url(Forwarded(uri="/a", host="romm.example", opens_page=False), BASE, other) is None


def test_an_international_host_is_our_own_in_either_form() -> None:
    for host in ("xn--spiele-mller-klb.example", "spiele-müller.example", "xn--spiele-mller-klb.example:443"):
        asked = Forwarded(uri="/files/a", host=host, opens_page=True)
        found = sign_in_url(asked, "https://xn--spiele-mller-klb.example", None)
        assert found == "https://xn--spiele-mller-klb.example/login?next=%2Ffiles%2Fa"


def test_at_a_host_that_is_named_the_way_begins_there() -> None:
    found = sign_in_url(Forwarded(uri="/a?b=1", host="files.example", opens_page=True), BASE, "https://files.example")
    assert found == "https://files.example/romm-forward/begin?next=%2Fa%3Fb%3D1"
