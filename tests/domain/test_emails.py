"""One canonical form for e-mail addresses: who is the same person, and who only looks like it."""

import string
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from romm.domain.emails import canonical

ADMIN = "admin@x.com"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        pytest.param("admin@x.com", ADMIN, id="as it is"),
        pytest.param("Admin@X.com", ADMIN, id="upper and lower case are one"),
        pytest.param("ADMIN@X.COM", ADMIN, id="all upper case"),
        pytest.param("a.d.min@x.com", "a.d.min@x.com", id="dots are kept"),
        pytest.param("admin+a@x.com", "admin+a@x.com", id="a tag is kept"),
        pytest.param("o'neil_!#$%@x.com", "o'neil_!#$%@x.com", id="every sign that an address may have"),
        pytest.param("admin@localhost", "admin@localhost", id="a host at home"),
        pytest.param("a@münchen.de", "a@xn--mnchen-3ya.de", id="a domain in its own letters"),
        pytest.param("a@MÜNCHEN.DE", "a@xn--mnchen-3ya.de", id="the same in upper case"),
        pytest.param("a@xn--mnchen-3ya.de", "a@xn--mnchen-3ya.de", id="the same as an A-label"),
        pytest.param("a@XN--MNCHEN-3YA.de", "a@xn--mnchen-3ya.de", id="the A-label in upper case"),
        pytest.param("a" * 64 + "@" + "x" * 63 + ".com", "a" * 64 + "@" + "x" * 63 + ".com", id="long parts"),
        pytest.param("a" * 248 + "@x.com", "a" * 248 + "@x.com", id="exactly 254 bytes"),
    ],
)
def test_an_address_has_one_canonical_form(address: str, expected: str) -> None:
    """R-47."""
    assert canonical(address) == expected


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("ａdmin@x.com", id="a full-width letter"),
        pytest.param("admin＠x.com", id="a full-width at-sign"),
        pytest.param("admın@x.com", id="a dotless i"),
        pytest.param("admin@x.com ", id="a space behind"),
        pytest.param("àdmin@x.com", id="an accent"),
        pytest.param("admin+a@x.com", id="a tag"),
        pytest.param("admin@x.com.", id="a dot behind"),
        pytest.param("a@b@x.com", id="two at-signs"),
        pytest.param("аdmin@x.com", id="a Cyrillic letter before the at-sign"),
        pytest.param("admin@х.com", id="a Cyrillic letter behind it"),
        pytest.param("admin@x.com\u200b", id="a character of no width"),
        pytest.param("admin@x。com", id="an ideographic full stop"),
        pytest.param("admin@ｘ.com", id="a full-width domain"),
        pytest.param("admin@x.com@evil.example", id="one address in front of another"),
        pytest.param("ad.min@x.com", id="a dot"),
    ],
)
def test_a_look_alike_is_not_the_admin(address: str) -> None:
    """R-47, CVE-2026-73420, CVE-2026-40574."""
    assert canonical(address) != ADMIN


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("", id="empty"),
        pytest.param("admin", id="no at-sign"),
        pytest.param("@", id="nothing but an at-sign"),
        pytest.param("@x.com", id="nobody"),
        pytest.param("admin@", id="nowhere"),
        pytest.param("a@b@x.com", id="two at-signs"),
        pytest.param(" admin@x.com", id="a space in front"),
        pytest.param("admin@x.com ", id="a space behind"),
        pytest.param('"ad min"@x.com', id="a space inside"),
        pytest.param("admin@x.com\n", id="a line feed"),
        pytest.param("admin@x.com\r\nBcc: b@x.com", id="another header"),
        pytest.param("ad\x00min@x.com", id="a NUL"),
        pytest.param("ad\u202emin@x.com", id="a change of direction"),
        pytest.param("admin\u00a0@x.com", id="a space that does not break"),
        pytest.param("ad\u00admin@x.com", id="a soft hyphen"),
        pytest.param("ad\ud800min@x.com", id="half a character"),
        pytest.param("ａdmin@x.com", id="a full-width letter"),
        pytest.param("admin＠x.com", id="a full-width at-sign"),
        pytest.param("admın@x.com", id="a dotless i"),
        pytest.param("àdmin@x.com", id="an accent before the at-sign"),
        pytest.param("a\u0300dmin@x.com", id="an accent of its own"),
        pytest.param("аdmin@x.com", id="a Cyrillic letter before the at-sign"),
        pytest.param("admin@x.com.", id="a dot behind"),
        pytest.param("admin@.x.com", id="a dot in front of the domain"),
        pytest.param("admin@x..com", id="two dots"),
        pytest.param("admin@-x.com", id="a hyphen in front of the domain"),
        pytest.param("admin@x-.com", id="a hyphen behind a label"),
        pytest.param("admin@x_y.com", id="an underscore in the domain"),
        pytest.param("admin@[127.0.0.1]", id="an address literal"),
        pytest.param("admin@x.com/evil", id="a path"),
        pytest.param("admin@x。com", id="an ideographic full stop"),
        pytest.param("a@ϴ.com", id="a letter in the domain that only looks normal"),
        pytest.param("a@faß.de", id="a letter that IDNA 2003 folds into another domain"),
        pytest.param("a@xn--.de", id="an A-label of nothing"),
        pytest.param("a@xn--ü.de", id="an A-label that is none"),
        pytest.param("a@" + "x" * 64 + ".com", id="a label too long"),
        pytest.param("a" * 249 + "@x.com", id="255 bytes"),
        pytest.param("a@" + "ü" * 60 + "." + "ü" * 66, id="more than 254 bytes in fewer characters"),
        pytest.param(None, id="null"),
        pytest.param(5, id="a number"),
        pytest.param(["admin@x.com"], id="a list"),
        pytest.param({"value": "admin@x.com"}, id="an object"),
        pytest.param(b"admin@x.com", id="bytes"),
    ],
)
def test_an_address_that_cannot_be_compared_safely_has_no_form(address: Any) -> None:
    """R-47."""
    assert canonical(address) is None


ODD = "ａ＠ıàа\u0430\u0130\u212a\u00df\u3002\uff0e\u200b\u00ad\u202e\u00a0\ud800\x00\r\n\t ü．"
SIGNS = string.ascii_letters + string.digits + ".-+_'@" + ODD
labels = st.text("abcxyzäöüéñ", min_size=1, max_size=8)
locals_ = st.text(string.ascii_lowercase + string.digits + ".+_-", min_size=1, max_size=12)
domains = st.lists(labels, min_size=1, max_size=3).map(".".join)
cases = st.lists(st.booleans(), min_size=60, max_size=60)
addresses = st.one_of(
    st.builds("{}@{}".format, locals_, domains),
    st.builds("{}@{}".format, st.text(SIGNS, max_size=12), st.text(SIGNS, max_size=12)),
    st.text(max_size=40),
)


@given(addresses)
@example("a@xn--0.example")
@example("a@xn--a.example")
def test_a_canonical_form_is_ascii_has_one_at_sign_and_is_its_own(address: str) -> None:
    """R-47: `canonical` never raises, and once is enough."""
    form = canonical(address)
    if form is not None:
        assert form.isascii()
        assert form == form.lower()
        assert form.count("@") == 1
        assert canonical(form) == form


@given(locals_, domains, cases, st.booleans())
def test_case_and_the_spelling_of_the_domain_make_no_difference(
    local: str, domain: str, upper: list[bool], as_a_label: bool
) -> None:
    """R-47."""
    form = canonical(f"{local}@{domain}")
    assert form is not None
    spelled = f"{local}@{domain.encode('idna').decode() if as_a_label else domain}"
    assert (
        canonical("".join(c.upper() if up else c for c, up in zip(spelled, upper + [False] * 60, strict=False))) == form
    )


@given(
    locals_,
    domains,
    st.integers(0, 30),
    st.sampled_from(SIGNS),
    st.sampled_from(["insert", "replace", "delete"]),
)
def test_any_other_difference_makes_another_address_or_none(
    local: str, domain: str, at: int, sign: str, change: str
) -> None:
    """R-47: nobody becomes somebody else by one character."""
    address = f"{local}@{domain}"
    at %= len(address)
    behind = address[at:] if change == "insert" else address[at + 1 :]
    other = address[:at] + ("" if change == "delete" else sign) + behind
    assume(other.lower() != address)
    assert canonical(other) != canonical(address)
