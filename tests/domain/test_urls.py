"""Where a sign-in may lead: a path of our own, whatever somebody has put into `next`."""

import posixpath
import re
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from romm.domain.urls import MAX_RETURN_TO_LENGTH, return_to, with_documentation

OWN = "https://romm.example"
SIGN_IN = ("/login", "/api/login", "/api/oauth", "/api/logout")

HOSTILE = {
    "another host": [
        "https://evil.example",
        "http://evil.example/",
        "HTTPS://evil.example",
        "https:evil.example",
        "https:/evil.example",
        "https:///evil.example",
        "ftp://evil.example",
        "evil.example",
        "evil.example/path",
        "romm.example.evil.example",
        "https://romm.example.evil.example/",
        "https://romm.example",
    ],
    "two slashes": [
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "//evil.example/..",
        "//evil.example:443/",
        "//[::1]/",
        "//evil%2eexample",
        "//",
        "/%2fevil.example",
        "/%2Fevil.example",
        "/%2f/evil.example",
        "/%2f%2fevil.example",
        "%2f%2fevil.example",
        "%2f/evil.example",
    ],
    "backslashes": [
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/\\/evil.example",
        "//\\evil.example",
        "\\evil.example",
        "/\\\\evil.example",
        "/x\\..\\..\\evil.example",
        "/%5cevil.example",
        "/%5Cevil.example",
        "/%5c/evil.example",
        "/%5c%5cevil.example",
        "%5c%5cevil.example",
    ],
    "white space and control characters": [
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r/evil.example",
        "\t//evil.example",
        "\n//evil.example",
        " //evil.example",
        "\x00//evil.example",
        "\x0b//evil.example",
        "/\x00/evil.example",
        "/\x7f/evil.example",
        "/\u00a0/evil.example",
        "/%09/evil.example",
        "/%0a/evil.example",
        "/%0d/evil.example",
        "/%00/evil.example",
        "/%0d%0aLocation:%20https://evil.example",
        "/x%0d%0aSet-Cookie:%20session=evil",
        "/x\r\nSet-Cookie: session=evil",
        "/x\r\n\r\n<script>alert(1)</script>",
        "/%E2%80%A8/evil.example",
    ],
    "scripts and data": [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\tscript:alert(1)",
        "\x01javascript:alert(1)",
        "javascript://romm.example/%0aalert(1)",
        "/javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "data:text/html;base64,PHNjcmlwdD4=",
        "vbscript:msgbox(1)",
        "blob:https://romm.example/1",
        "file:///etc/passwd",
        "view-source:https://evil.example",
        "mailto:mallory@evil.example",
    ],
    "a user in front": [
        "https://romm.example@evil.example",
        "//romm.example@evil.example",
        "https://romm.example:443@evil.example/",
        "@evil.example",
        "/@evil.example",
        ":@evil.example",
        "https://evil.example#@romm.example",
        "https://evil.example?romm.example",
        "https://evil.example\\@romm.example",
    ],
    "slashes of other scripts": [
        "／／evil.example",
        "/／evil.example",
        "⁄⁄evil.example",
        "∕∕evil.example",
        "/∕evil.example",
        "/。evil.example",
        "/%EF%BC%8Fevil.example",
        "/%c0%afevil.example",
        "/%u002fevil.example",
        "＼＼evil.example",
        "/\ud800evil.example",
        "/\u202eelpmaxe.live//",
    ],
    "encoded more than once": [
        "/%252fevil.example",
        "/%255cevil.example",
        "/%2509/evil.example",
        "/%250d%250aLocation: evil",
        "/%25252fevil.example",
        "/%25255cevil.example",
        "/%2525252fevil.example",
    ],
    "dots": [
        "/.//evil.example",
        "/..//evil.example",
        "/x/..//evil.example",
        "/%2e%2e//evil.example",
        "./evil.example",
        "../evil.example",
        ".//evil.example",
        "/;//evil.example",
        "?next=//evil.example",
        "#//evil.example",
    ],
    "too much": [
        "/" + "x" * MAX_RETURN_TO_LENGTH,
        "/" + "é" * (MAX_RETURN_TO_LENGTH // 6 + 1),
        "/" * 5_000,
        "/" + "%2f" * 10_000,
        "https://evil.example/" + "x" * 10_000,
    ],
}
CORPUS = [
    pytest.param(target, id=f"{kind} {number}")
    for kind, targets in HOSTILE.items()
    for number, target in enumerate(targets)
]


def origin_in_a_browser(location: str) -> str:
    """WHATWG URL, in short: surrounding spaces and every tab and line end go, a backslash is a slash."""
    seen = re.sub(r"[\t\n\r]", "", location.strip("".join(map(chr, range(0x21))))).replace("\\", "/")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", seen):
        return seen
    return "https:" + seen if seen.startswith("//") else OWN


def assert_stays_home(target: str) -> None:
    location = return_to(target)
    assert location.startswith("/")
    assert location.isascii()
    assert location.isprintable()
    assert " " not in location
    there = urlsplit(urljoin(f"{OWN}/api/oauth/openid", location))
    assert (f"{there.scheme}://{there.netloc}", there.username) == (OWN, None)
    assert origin_in_a_browser(location) == OWN
    assert origin_in_a_browser(unquote(location)) == OWN, "a proxy may decode it"
    assert origin_in_a_browser(unquote(unquote(location))) == OWN, "and a second one again"
    path = posixpath.normpath(unquote(there.path))
    assert not any(path == route or path.startswith(f"{route}/") for route in SIGN_IN), "no way round in circles"


@pytest.mark.parametrize("target", ["/login//..", "/api//../oauth/openid", "/api//../api//../login", "/x/..//login"])
def test_dots_behind_two_slashes_hide_no_route_that_acts(target: str) -> None:
    """R-22: a browser goes up one slash, a file system two names."""
    assert return_to(target) == "/"


def test_the_corpus_is_large_and_has_no_target_twice() -> None:
    targets = [target for kind in HOSTILE.values() for target in kind]
    assert len(set(targets)) == len(targets) >= 80


@pytest.mark.parametrize("target", CORPUS)
def test_a_hostile_target_stays_at_home(target: str) -> None:
    """R-22."""
    assert_stays_home(target)


@pytest.mark.parametrize(
    "target",
    [
        *(target for kind in ("another host", "two slashes", "backslashes", "too much") for target in HOSTILE[kind]),
        *HOSTILE["white space and control characters"],
    ],
    ids=lambda target: ascii(target)[:40],
)
def test_an_obviously_hostile_target_is_not_even_repaired(target: str) -> None:
    """R-22."""
    assert return_to(target) == "/"


@pytest.mark.parametrize(
    "target",
    [
        "/login",
        "/login/",
        "/login/again",
        "/login?error=no_role",
        "/login#top",
        "/login?next=/platforms",
        "/api/login",
        "/api/login/openid",
        "/api/login/openid?next=/api/login/openid",
        "/api/oauth/openid?code=c&state=s",
        "/api/oauth/openid/",
        "/api/logout",
        "/%6cogin",
        "/%6Cogin?x",
        "/api/%6cogin/openid",
        "/./login",
        "/x/../login",
        "/x/%2e%2e/login",
        "/api//login/openid",
        "/api/./login",
        "/login/../login",
        "/api/identities/link",
        "/api/oidc/trial",
        "/api/%69dentities/link",
        "/x/../api/identities/link",
        "/api",
        "/api/users/me",
    ],
)
def test_a_sign_in_leads_neither_to_a_sign_in_nor_to_a_route_that_acts(target: str) -> None:
    """R-22, R-54, R-44: linking starts with a click on our own page, not with somebody's link to the sign-in page."""
    assert return_to(target) == "/"


@pytest.mark.parametrize(
    ("target", "location"),
    [
        pytest.param(None, "/", id="nothing"),
        pytest.param("", "/", id="empty"),
        pytest.param("/", "/", id="home"),
        pytest.param("/platforms/3", "/platforms/3", id="a page"),
        pytest.param("/search?q=zelda&page=2#top", "/search?q=zelda&page=2#top", id="with a query and a fragment"),
        pytest.param("/rom/a%20b%2Fc", "/rom/a%20b%2Fc", id="encoded once"),
        pytest.param("/search?q=100%25", "/search?q=100%25", id="a percent sign"),
        pytest.param("/search?u=https://example.com/", "/search?u=https://example.com/", id="an address as a value"),
        pytest.param("/search?q=ü ö", "/search?q=%C3%BC%20%C3%B6", id="other letters are encoded"),
        pytest.param('/search?q="<x>"', "/search?q=%22%3Cx%3E%22", id="markup is encoded"),
        pytest.param("/user/@alice", "/user/@alice", id="an at-sign in a path"),
        pytest.param("/login-help", "/login-help", id="a page that only begins like the sign-in"),
        pytest.param("/apiary", "/apiary", id="a page that only begins like the API"),
        pytest.param("/api/authorize?client_id=x", "/api/authorize?client_id=x", id="an app waits for the answer"),
        pytest.param("/api/docs", "/api/docs", id="the API's own page"),
        pytest.param("/account?from=/login", "/account?from=/login", id="the sign-in as a value"),
        pytest.param("/" + "é" * 170, "/" + "%C3%A9" * 170, id="the longest, as it is sent"),
        pytest.param("/" + "x" * (MAX_RETURN_TO_LENGTH - 1), "/" + "x" * (MAX_RETURN_TO_LENGTH - 1), id="the longest"),
    ],
)
def test_a_path_of_our_own_is_kept(target: str | None, location: str) -> None:
    assert return_to(target) == location


@given(st.one_of(st.text(max_size=60), st.text("/\\%2f5c09ad:@?#. \t\r\nx；／", max_size=25)))
def test_no_text_leads_away(target: str) -> None:
    """R-22: and none raises."""
    assert_stays_home(target)


@given(
    st.lists(
        st.sampled_from(
            [
                "/",
                "//",
                "\\",
                "%2f",
                "%252f",
                "%5c",
                "%09",
                "..",
                ".",
                "login",
                "api",
                "evil.example",
                ":",
                "@",
            ]
        )
    )
)
def test_no_joining_of_tricks_leads_away(parts: list[str]) -> None:
    """R-22."""
    assert_stays_home("/" + "".join(parts))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See /docs/changing-provider.", f"See {OWN}/docs/changing-provider."),
        ("in /docs/errors#no_role, or", f"in {OWN}/docs/errors#no_role, or"),
        ("open /docs", f"open {OWN}/docs"),
        ("as /docs/providers/dex shows", f"as {OWN}/docs/providers/dex shows"),
        ("the API is at /api/docs", "the API is at /api/docs"),
        ("https://other.example/docs/errors", "https://other.example/docs/errors"),
    ],
)
def test_a_text_for_a_reader_elsewhere_has_whole_addresses_of_the_documentation(text: str, expected: str) -> None:
    assert with_documentation(text, OWN) == expected
