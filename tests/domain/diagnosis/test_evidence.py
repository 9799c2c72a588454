"""What a discovery document says beside what a sign-in needs."""

from typing import Any

import pytest

from romm.domain.diagnosis.evidence import Announced, Endpoint, announced, scheme_and_host


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (["openid", "email"], ("openid", "email")),
        ([], ()),
        (["openid", 1, None], ("openid",)),
        ("openid", None),
        (None, None),
        ({"openid": 1}, None),
    ],
)
def test_a_list_that_is_none_says_nothing_and_breaks_nothing(value: Any, read: tuple[str, ...] | None) -> None:
    assert announced({"scopes_supported": value}) == Announced(scopes=read)


def test_a_place_is_written_as_a_browser_writes_it() -> None:
    assert Endpoint("https", "idp.test", 443).origin == "https://idp.test:443"
    assert Endpoint("http", "::1", 80).origin == "http://[::1]:80"


@pytest.mark.parametrize(
    ("url", "parts"),
    [("https://a.test:8443/x", ("https", "a.test:8443")), ("http://[x", ("", "")), ("", ("", ""))],
)
def test_an_address_that_is_none_has_no_host(url: str, parts: tuple[str, str]) -> None:
    assert scheme_and_host(url) == parts
