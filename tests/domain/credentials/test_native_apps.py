"""Apps that send a person's browser here: which addresses they may have, what they may ask, what a code is good for."""

from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from romm.domain.credentials.credential import Kind
from romm.domain.credentials.native_apps import (
    CODE_LIFETIME,
    CODE_REMEMBERED,
    App,
    AppError,
    AppRequest,
    answer,
    binding,
    fits,
    form_target,
    redeem,
    unfit,
    validate_request,
)
from romm.domain.digests import code_challenge
from romm.domain.errors import Code, Refuse
from romm.domain.urls import return_to
from tests.domain.examples import NOW, account, credential

PRIVATE, LOOPBACK, CLAIMED = (
    "org.example.shelf:/callback",
    "http://127.0.0.1/callback",
    "https://shelf.example/callback",
)
SHELF = App(name="Shelf", redirect_uris=(PRIVATE, LOOPBACK, "http://[::1]/callback", CLAIMED))
VERIFIER = "v" * 43
GOOD = {
    "response_type": "code",
    "client_id": "Shelf",
    "redirect_uri": PRIVATE,
    "scope": "me.read roms.read",
    "state": "a state",
    "code_challenge": code_challenge(VERIFIER),
    "code_challenge_method": "S256",
}


def judged(**changes: str) -> AppRequest | AppError | Refuse:
    return validate_request((GOOD | changes).items(), (SHELF,))


# Addresses


@pytest.mark.parametrize(
    "uri",
    [
        PRIVATE,
        LOOPBACK,
        CLAIMED,
        "http://127.0.0.1:8910/callback",
        "http://127.0.0.1:65535/",
        "http://[::1]/",
        "http://localhost:1234",
        "http://127.0.0.1?from=romm",
        "com.example-app.x2://callback",
        "https://shelf.example:8443/callback?from=romm",
    ],
)
def test_an_app_has_an_address_of_its_own(uri: str) -> None:
    assert unfit(uri) is None


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        pytest.param("https://*.example/callback", "wildcard", id="any host"),
        pytest.param("https://shelf.example/*", "wildcard", id="any path"),
        pytest.param("https://shelf.example/#x", "fragment", id="a fragment"),
        pytest.param("http://shelf.example/callback", "plain http", id="plain http elsewhere"),
        pytest.param("http://127.0.0.1.example/callback", "plain http", id="a host that begins like this machine"),
        pytest.param("http://127.0.0.1:80@evil.example/", "plain http", id="this machine as a user name"),
        pytest.param("http://127.0.0.1:123456/", "plain http", id="no port"),
        pytest.param("http://127.0.0.1:65536/", "plain http", id="a port above the largest"),
        pytest.param("HTTP://shelf.example/", "plain http", id="in capitals"),
        pytest.param("https://user@shelf.example/", "begin with", id="a user name"),
        pytest.param("https:///callback", "begin with", id="no host"),
        pytest.param("shelf:/callback", "a dot", id="a scheme that is nobody's"),
        pytest.param("javascript:alert(1)", "a dot", id="a script"),
        pytest.param("data:text/html,x", "a dot", id="a document"),
        pytest.param("org.example.shelf:", "begin with", id="a scheme alone"),
        pytest.param("Org.Example:/x", "small letters", id="a scheme in capitals"),
        pytest.param("/callback", "begin with", id="a path of ours"),
        pytest.param("org.example.shelf:/a b", "characters", id="a blank"),
        pytest.param("org.example.shelf:/é", "characters", id="not ASCII"),
        pytest.param("org.example.shelf:/\r\nx", "characters", id="a line break"),
        pytest.param("org.example.shelf:/\\x", "characters", id="a backslash"),
        pytest.param("", "characters", id="nothing"),
        pytest.param("org.example.shelf:/" + "x" * 1000, "longer", id="too long"),
    ],
)
def test_an_address_that_could_be_another_ones_is_not_taken(uri: str, reason: str) -> None:
    found = unfit(uri)
    assert found is not None
    assert reason in found


@pytest.mark.parametrize(
    ("uri", "registered"),
    [
        pytest.param(PRIVATE, PRIVATE, id="the app's own scheme"),
        pytest.param(CLAIMED, CLAIMED, id="the app's own host"),
        pytest.param("http://127.0.0.1:51004/callback", LOOPBACK, id="any port of this machine"),
        pytest.param(
            "http://127.0.0.1:51004/callback", "http://127.0.0.1:8910/callback", id="another than was registered"
        ),
        pytest.param("http://127.0.0.1/callback", "http://127.0.0.1:8910/callback", id="none at all"),
        pytest.param("http://[::1]:51004/callback", "http://[::1]/callback", id="IPv6"),
        pytest.param("http://localhost:51004", "http://localhost", id="by name"),
    ],
)
def test_the_answer_goes_to_the_registered_address(uri: str, registered: str) -> None:
    """R-81; RFC 8252, 7.3: on the loopback interface any port will do."""
    assert fits(uri, registered)


@pytest.mark.parametrize(
    ("uri", "registered"),
    [
        pytest.param(PRIVATE + "/", PRIVATE, id="a slash more"),
        pytest.param(PRIVATE + "?x=1", PRIVATE, id="a query more"),
        pytest.param("org.example.shelf://callback", PRIVATE, id="two slashes"),
        pytest.param("ORG.example.shelf:/callback", PRIVATE, id="another spelling"),
        pytest.param("https://shelf.example:443/callback", CLAIMED, id="a port, though the same"),
        pytest.param("https://shelf.example.evil/callback", CLAIMED, id="a longer host"),
        pytest.param("https://shelf.example/callback/../x", CLAIMED, id="a way out"),
        pytest.param("http://127.0.0.1:51004/other", LOOPBACK, id="another path of this machine"),
        pytest.param("http://127.0.0.1:51004/callback?x", LOOPBACK, id="a query"),
        pytest.param("http://127.0.0.1:51004@evil.example/callback", LOOPBACK, id="a user name"),
        pytest.param("http://127.0.0.1:51004.evil.example/callback", LOOPBACK, id="a longer port"),
        pytest.param("http://127.0.0.1:/callback", LOOPBACK, id="an empty port"),
        pytest.param("http://127.0.0.1:65536/callback", LOOPBACK, id="a port above the largest"),
        pytest.param("http://localhost:51004/callback", LOOPBACK, id="this machine by another name"),
        pytest.param("http://127.0.0.2:51004/callback", LOOPBACK, id="another address"),
        pytest.param("https://127.0.0.1/callback", LOOPBACK, id="another scheme"),
        pytest.param("http://127.0.0.1:1/callback\n", LOOPBACK, id="a line break"),
        pytest.param("", LOOPBACK, id="nothing"),
    ],
)
def test_the_answer_goes_nowhere_else(uri: str, registered: str) -> None:
    """R-81."""
    assert not fits(uri, registered)


@given(st.text(alphabet="htp:/127.0@[]evil?#\\ \n", max_size=40), st.sampled_from(SHELF.redirect_uris))
def test_nothing_near_an_address_is_that_address(uri: str, registered: str) -> None:
    if fits(uri, registered) and uri != registered:
        assert urlsplit(uri).hostname == urlsplit(registered).hostname
        assert urlsplit(uri).path == urlsplit(registered).path


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        (PRIVATE, "org.example.shelf:"),
        (CLAIMED, "https://shelf.example"),
        ("https://shelf.example:8443?x", "https://shelf.example:8443"),
        ("http://127.0.0.1:51004/callback", "http://127.0.0.1:51004"),
        ("http://localhost/callback", "http://localhost"),
        ("http://[::1]:51004/callback", "http:"),
    ],
)
def test_a_form_may_lead_to_the_app_and_no_further(uri: str, source: str) -> None:
    assert form_target(uri) == source


@pytest.mark.parametrize(
    ("uri", "there"),
    [
        (PRIVATE, "org.example.shelf:/callback?code=a+b&state=%26"),
        ("com.example.app://callback", "com.example.app://callback?code=a+b&state=%26"),
        ("https://shelf.example/?from=romm", "https://shelf.example/?from=romm&code=a+b&state=%26"),
    ],
)
def test_an_answer_keeps_the_address_as_it_is(uri: str, there: str) -> None:
    assert answer(uri, {"code": "a b", "state": "&", "iss": ""}) == there


# Requests


def test_a_good_request_is_what_a_person_decides_about() -> None:
    assert judged(nonce="ignored") == AppRequest(
        app="Shelf",
        redirect_uri=PRIVATE,
        scopes=("me.read", "roms.read"),
        state="a state",
        code_challenge=GOOD["code_challenge"],
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"client_id": ""}, Code.APP_UNKNOWN, id="no app"),
        pytest.param({"client_id": "shelf"}, Code.APP_UNKNOWN, id="another app"),
        pytest.param({"redirect_uri": ""}, Code.APP_ADDRESS_UNKNOWN, id="no address"),
        pytest.param({"redirect_uri": "https://evil.example/"}, Code.APP_ADDRESS_UNKNOWN, id="another address"),
        pytest.param(
            {"redirect_uri": "https://evil.example/", "response_type": "token"}, Code.APP_ADDRESS_UNKNOWN,
            id="an address that is wrong comes before all else",
        ),
    ],
)  # fmt: skip
def test_nothing_is_sent_to_an_address_that_is_nobodys(changes: dict[str, str], code: Code) -> None:
    refuse = judged(**changes)
    assert isinstance(refuse, Refuse)
    assert refuse.code is code


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"response_type": ""}, "invalid_request", id="no response type"),
        pytest.param({"response_type": "token"}, "unsupported_response_type", id="the implicit grant"),
        pytest.param({"response_type": "code id_token"}, "unsupported_response_type", id="a hybrid one"),
        pytest.param({"code_challenge": ""}, "invalid_request", id="no PKCE"),
        pytest.param({"code_challenge_method": ""}, "invalid_request", id="plain by default"),
        pytest.param({"code_challenge_method": "plain"}, "invalid_request", id="plain"),
        pytest.param({"code_challenge": "x" * 42}, "invalid_request", id="a challenge too short"),
        pytest.param({"code_challenge": "x" * 42 + "="}, "invalid_request", id="a challenge with padding"),
        pytest.param({"scope": ""}, "invalid_scope", id="no scope"),
        pytest.param({"scope": "me.read openid"}, "invalid_scope", id="a scope that is not here"),
        pytest.param({"state": "x" * 2000}, "invalid_request", id="too long to come back from signing in"),
        pytest.param({"state": "a\\b"}, "invalid_request", id="a sign that is lost when signing in"),
    ],
)
def test_an_app_is_told_what_is_wrong(changes: dict[str, str], error: str) -> None:
    told = judged(**changes)
    assert isinstance(told, AppError)
    assert (told.error, told.redirect_uri, told.state) == (error, PRIVATE, (GOOD | changes)["state"])
    assert not set(told.description) & set('"\\')


@pytest.mark.parametrize("name", GOOD)
def test_no_parameter_comes_twice(name: str) -> None:
    found = validate_request([*GOOD.items(), (name, GOOD[name])], (SHELF,))
    match name:
        case "client_id" | "redirect_uri":
            assert isinstance(found, Refuse)
        case _:
            assert isinstance(found, AppError)
            assert found.error == "invalid_request"
            assert found.state == ("" if name == "state" else GOOD["state"])


@given(st.text(max_size=30))
def test_whoever_signs_in_first_comes_back_to_the_same_request(state: str) -> None:
    request = judged(state=state)
    if isinstance(request, AppRequest):
        query = urlsplit(return_to(request.address)).query
        assert validate_request(parse_qsl(query), (SHELF,)) == request


def test_an_error_is_sent_with_its_state() -> None:
    told = judged(response_type="token")
    assert isinstance(told, AppError)
    found = parse_qs(urlsplit(answer(told.redirect_uri, {"error": told.error, "state": told.state})).query)
    assert found == {"error": ["unsupported_response_type"], "state": ["a state"]}


# Codes

STORED = credential(
    kind=Kind.AUTHORIZATION_CODE,
    scopes=("me.read",),
    expires_at=NOW + CODE_REMEMBERED,
    client="Shelf",
    family="f",
    binding=binding("Shelf", PRIVATE, code_challenge(VERIFIER)),
)
PROOF = ("Shelf", PRIVATE, VERIFIER)


def reason(refuse: Refuse | None) -> str | None:
    return None if refuse is None else str(refuse.facts.get("reason", refuse.code))


@pytest.mark.parametrize(
    ("proof", "part"),
    [
        pytest.param(PROOF, None, id="who asked"),
        pytest.param(("Other", PRIVATE, VERIFIER), "another", id="another app"),
        pytest.param(("", PRIVATE, VERIFIER), "another", id="an app without a name"),
        pytest.param(("Shelf", CLAIMED, VERIFIER), "another", id="another address"),
        pytest.param(("Shelf", PRIVATE, "w" * 43), "another", id="another verifier"),
        pytest.param(("Shelf", PRIVATE, ""), "another", id="no verifier"),
        pytest.param(("Shelf", PRIVATE, GOOD["code_challenge"]), "another", id="the challenge instead"),
    ],
)
def test_a_code_is_for_who_asked_for_it(proof: Iterable[str], part: str | None) -> None:
    client, redirect_uri, verifier = proof
    found = reason(redeem(STORED, account(), client, redirect_uri, verifier, NOW))
    assert (found is None) if part is None else (part in str(found))


def test_a_verifier_shorter_than_allowed_is_none() -> None:
    short = replace(STORED, binding=binding("Shelf", PRIVATE, code_challenge("short")))
    assert reason(redeem(short, account(), "Shelf", PRIVATE, "short", NOW)) is not None


def test_a_code_is_good_for_a_minute() -> None:
    just = NOW + CODE_LIFETIME - timedelta(microseconds=1)
    assert redeem(STORED, account(), *PROOF, just) is None
    assert "minute" in str(reason(redeem(STORED, account(), *PROOF, NOW + CODE_LIFETIME)))


def test_a_used_code_is_told_from_a_wrong_one_whoever_brings_it() -> None:
    used = replace(STORED, spent_at=NOW)
    for client in ("Shelf", "Other"):
        refuse = redeem(used, account(), client, PRIVATE, VERIFIER, NOW + CODE_LIFETIME * 2)
        assert refuse == Refuse(Code.APP_CODE_REUSED, {"account": 7, "client": "Shelf"})


def test_a_disabled_persons_code_gives_nothing() -> None:
    assert redeem(STORED, account(enabled=False), *PROOF, NOW) == Refuse(
        Code.APP_CODE_INVALID, {"reason": "that of a disabled account"}
    )
