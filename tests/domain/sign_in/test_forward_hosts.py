"""When a sign-in is carried over to another host, and what an application there is given of a request."""

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from romm.domain import urls
from romm.domain.credentials.credential import Credential, Kind, issued
from romm.domain.digests import code_challenge, digest
from romm.domain.errors import Code, Refuse
from romm.domain.sign_in.forward_hosts import (
    CODE_LIFETIME,
    FOLDER,
    Opened,
    binding,
    finish_url,
    for_application,
    hand_over_path,
    is_key,
    is_open,
    origin_of,
    path_there,
    redeem,
)
from tests.domain.examples import NOW, account

FILES, STATS = "https://files.example", "https://stats.example:8443"
KEY, OTHER_KEY = "k" * 43, "l" * 43
OWNER = account()
SESSION = issued(Kind.SESSION, OWNER.id, digest("session"), NOW, NOW + timedelta(days=1))
CODE = issued(
    Kind.FORWARD_CODE,
    OWNER.id,
    digest("code"),
    NOW,
    NOW + CODE_LIFETIME,
    family=SESSION.digest,
    binding=f"{FILES} {code_challenge(KEY)}",
)


def test_a_fresh_code_opens_its_host_for_the_browser_that_began() -> None:
    assert redeem(CODE, (SESSION, OWNER), FILES, KEY, NOW) == Opened(SESSION, OWNER)


@pytest.mark.parametrize(
    ("code", "session", "origin", "key", "seconds", "reason"),
    [
        pytest.param(None, SESSION, FILES, KEY, 0, "unknown, spent", id="unknown or used before"),
        pytest.param(CODE, SESSION, FILES, KEY, 60, "older than a minute", id="expired"),
        pytest.param(CODE, SESSION, STATS, KEY, 0, f"the code is for {FILES}", id="another host"),
        pytest.param(CODE, SESSION, FILES, OTHER_KEY, 0, "not the one that began", id="another browser"),
        pytest.param(CODE, SESSION, FILES, None, 0, "refuses cookies", id="no cookie"),
        pytest.param(CODE, SESSION, FILES, "", 0, "refuses cookies", id="an empty cookie"),
        pytest.param(CODE, None, FILES, KEY, 0, "session has ended", id="signed out meanwhile"),
        pytest.param(replace(CODE, binding=""), SESSION, FILES, KEY, 0, "the code is for", id="bound to nothing"),
    ],
)
def test_any_other_code_opens_nothing(
    code: Credential | None, session: Credential | None, origin: str, key: str | None, seconds: int, reason: str
) -> None:
    live = None if session is None else (session, OWNER)
    refuse = redeem(code, live, origin, key, NOW + timedelta(seconds=seconds))
    assert isinstance(refuse, Refuse)
    assert refuse.code is Code.HAND_OVER_FAILED
    assert reason in refuse.facts["reason"]


@pytest.mark.parametrize(
    ("origin", "seconds", "expected"), [(FILES, 0, True), (STATS, 0, False), (FILES, 60, False), ("", 0, False)]
)
def test_a_cookie_is_for_its_host_and_its_time(origin: str, seconds: int, expected: bool) -> None:
    cookie = replace(CODE, kind=Kind.FORWARD_SESSION, binding=FILES)
    assert is_open(cookie, origin, NOW + timedelta(seconds=seconds)) is expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("files.example", FILES),
        ("FILES.example:443", FILES),
        ("stats.example:8443", STATS),
        ("stats.example", None),
        ("evil.example", None),
        ("files.example.evil", None),
        ("user@files.example", None),
        ("files.example/evil", None),
        ("files.example, evil.example", None),
        ("", None),
    ],
)
def test_a_host_is_one_that_is_named(host: str, expected: str | None) -> None:
    assert origin_of(host, (FILES, STATS)) == expected


@pytest.mark.parametrize("challenge", ["", "x" * 42, "x" * 44, "x" * 42 + " ", "x" * 42 + "/"])
def test_a_challenge_is_a_digest(challenge: str) -> None:
    assert isinstance(binding(FILES, challenge), Refuse)


def test_a_code_is_bound_to_host_and_browser() -> None:
    assert binding(FILES, code_challenge(KEY)) == CODE.binding


def test_a_key_is_a_secret_of_ours() -> None:
    assert is_key(KEY)
    assert not any(map(is_key, (None, "", "k" * 42, "k" * 42 + ";", "ä" * 43)))


@given(st.text(max_size=1500))
@example("/romm-forward/begin?next=/")
@example("//evil.example/")
@example("https://evil.example/")
@example("/\\evil.example/")
@example("/a\r\nset-cookie: a=b")
def test_whatever_page_is_wanted_the_way_leads_to_the_host_and_not_back_to_us(uri: str) -> None:
    path = path_there(uri)
    assert path.startswith("/")
    assert path.isascii()
    assert path.isprintable()
    assert not path.startswith(("//", f"{FOLDER}/"))
    assert finish_url(FILES, "code", uri).startswith(f"{FILES}{FOLDER}/finish?code=code&next=%2F")


@given(st.text(max_size=1500))
def test_the_sign_in_page_always_leads_to_the_hand_over(uri: str) -> None:
    path = hand_over_path(FILES, KEY, uri)
    assert urls.return_to(path) == path
    assert path.startswith(f"{FOLDER}/hand-over?host=files.example&challenge={code_challenge(KEY)}")


@pytest.mark.parametrize(
    ("cookies", "kept"),
    [
        ("__Host-romm_forward=a", ""),
        ("__Host-romm_8443_forward=a; __Host-romm_forward_key=b", ""),
        ("a=1; __Host-romm_forward=x; b=2", "a=1; b=2"),
        ("romm_session=x;a=1", "a=1"),
        ("my_romm_theme=dark; ; =x", "my_romm_theme=dark; =x"),
        ("cart=\xc2\xa0;\ta=1", "cart=\xc2\xa0; a=1"),
        ("", ""),
    ],
)
def test_an_application_gets_its_own_cookies_and_none_of_ours(cookies: str, kept: str) -> None:
    assert for_application(cookies, "", by_header=False)["cookie"] == kept


@pytest.mark.parametrize(
    ("authorization", "by_cookie"),
    [
        ("Bearer the-apps-own", "Bearer the-apps-own"),
        ("Token abc", "Token abc"),
        ("Basic dmVyYTpwYXNz", ""),
        ("bAsIc dmVyYTpwYXNz", ""),
        (" Basic dmVyYTpwYXNz", ""),
        ("Basic", ""),
        ("Bearer rmm_0123", ""),
        ("bearer  RMM_0123", ""),
        ("", ""),
    ],
)
def test_an_application_gets_its_own_credential_and_no_password(authorization: str, by_cookie: str) -> None:
    assert for_application("", authorization, by_header=False)["authorization"] == by_cookie
    assert for_application("", authorization, by_header=True)["authorization"] == ""
