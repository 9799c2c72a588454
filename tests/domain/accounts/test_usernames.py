"""Readable names for accounts: never a key, never a match, and nobody gets a name that promises more than it is."""

import re
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from romm.domain.accounts.usernames import RESERVED, is_free_to, normalized, proposal, series
from romm.domain.model import AccessLevel
from tests.domain.examples import json_values

ALLOWED = re.compile(r"[a-z0-9][a-z0-9._-]{2,63}")


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        pytest.param({"preferred_username": "alice"}, "alice", id="as it is"),
        pytest.param({"preferred_username": "Alice"}, "alice", id="lower case"),
        pytest.param({"preferred_username": "alice", "nickname": "al.cooper"}, "alice", id="the configured claim"),
        pytest.param({"nickname": "Al Cooper"}, "al-cooper", id="else the nickname"),
        pytest.param({"preferred_username": "", "nickname": "coop"}, "coop", id="an empty claim is none"),
        pytest.param({"preferred_username": ["alice"], "nickname": "coop"}, "coop", id="a list is none"),
        pytest.param({"preferred_username": "al", "nickname": "coop"}, "coop", id="two characters are too few"),
        pytest.param({"email": "alice@example.com"}, "alice", id="else what stands before the at-sign"),
        pytest.param({"email": "al@example.com", "sub": "248289761001"}, "user-248289761001", id="else the subject"),
        pytest.param({"sub": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"}, "user-0f1e2d3c-4b5", id="a short subject"),
        pytest.param({"sub": "AB12CD"}, "user-ab12cd", id="a subject in capitals"),
        pytest.param({"sub": "///"}, "user", id="a subject without a letter"),
        pytest.param({}, "user", id="nothing at all"),
        pytest.param({"email": None, "sub": 5}, "user-5", id="claims of odd kinds"),
        pytest.param({"preferred_username": "admin@other.example"}, "admin-other.example", id="a principal name"),
        pytest.param({"preferred_username": "Ａｌｉｃｅ"}, "alice", id="full-width letters"),
        pytest.param({"preferred_username": "Zoë Müller"}, "zo-m-ller", id="letters that are not ours"),
        pytest.param({"preferred_username": "../../etc/passwd"}, "etc-passwd", id="a path"),
        pytest.param({"preferred_username": "<script>"}, "script", id="markup"),
        pytest.param({"preferred_username": "--alice--"}, "alice", id="hyphens around"),
        pytest.param({"preferred_username": "x" * 100}, "x" * 64, id="too long"),
        pytest.param({"preferred_username": "Иван", "nickname": "ivan"}, "ivan", id="nothing of it can be kept"),
    ],
)
def test_a_name_is_proposed_from_the_claims(claims: dict[str, Any], name: str) -> None:
    assert proposal(claims, "preferred_username") == name


def test_the_operator_chooses_the_claim() -> None:
    claims = {"preferred_username": "alice", "upn": "Alice@corp.example"}
    assert proposal(claims, "upn") == "alice-corp.example"


@pytest.mark.parametrize(
    "offered", ["admin", "ADMIN", "Ａｄｍｉｎ", " admin ", ".admin.", "admin/", "root", "\u212aiosk"]
)
def test_a_provider_cannot_hand_out_a_reserved_name(offered: str) -> None:
    """R-46, CVE-2022-31107: the account gets another name; its rights never come from a name."""
    first, second = islice(series(proposal({"preferred_username": offered}, "preferred_username")), 2)
    assert first not in RESERVED
    assert re.fullmatch(r"(admin|root|kiosk)-2", first)
    assert second.endswith("-3")


def test_a_taken_name_is_numbered() -> None:
    """R-46; the provider fixture `username-taken`."""
    assert list(islice(series("alice"), 4)) == ["alice", "alice-2", "alice-3", "alice-4"]


def test_a_number_fits_into_the_longest_name() -> None:
    assert list(islice(series("x" * 64), 3)) == ["x" * 64, "x" * 62 + "-2", "x" * 62 + "-3"]


@pytest.mark.parametrize(
    "name",
    ["admin", "administrator", "anonymous", "api", "guest", "kiosk", "me", "nobody", "romm", "root", "setup", "system", "user"],
)  # fmt: skip
def test_a_name_that_promises_more_than_it_is_is_kept_for_administrators(name: str) -> None:
    """R-46."""
    assert not is_free_to(name, AccessLevel.VIEWER)
    assert not is_free_to(name, AccessLevel.EDITOR)
    assert is_free_to(name, AccessLevel.ADMIN)
    assert is_free_to(f"{name}-2", AccessLevel.VIEWER)


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_reserved_name_is_one_that_somebody_could_have(name: str) -> None:
    assert normalized(name) == name or len(name) < 3


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        pytest.param("alice", "alice", id="as it is"),
        pytest.param("Alice.B_2-x", "alice.b_2-x", id="every sign that is allowed"),
        pytest.param("admin", "admin", id="a reserved name is for a person to take"),
        pytest.param("Ａｌｉｃｅ", "alice", id="full-width letters"),
        pytest.param("abc", "abc", id="three characters"),
        pytest.param("x" * 64, "x" * 64, id="64 characters"),
        pytest.param("007", "007", id="digits"),
        pytest.param("ab", None, id="two characters"),
        pytest.param("x" * 65, None, id="65 characters"),
        pytest.param("", None, id="empty"),
        pytest.param(" alice", None, id="nothing is trimmed"),
        pytest.param("alice\n", None, id="a line feed"),
        pytest.param("al ice", None, id="a space"),
        pytest.param(".alice", None, id="a dot in front"),
        pytest.param("-alice", None, id="a hyphen in front"),
        pytest.param("_alice", None, id="an underscore in front"),
        pytest.param("alice@example.com", None, id="an address"),
        pytest.param("zoë", None, id="a letter that is not ours"),
        pytest.param("аlice", None, id="a Cyrillic letter"),
        pytest.param("٣٣٣", None, id="digits of another script"),
    ],
)
def test_a_typed_name_is_kept_or_refused_never_repaired(typed: str, stored: str | None) -> None:
    """R-46."""
    assert normalized(typed) == stored


names = st.one_of(st.text(max_size=80), st.text("aAdmin.-_ 9é", max_size=70))
claim_sets = st.dictionaries(st.sampled_from(["preferred_username", "nickname", "email", "sub"]), names | json_values)


@given(claim_sets)
def test_every_proposal_is_an_allowed_name(claims: dict[str, Any]) -> None:
    """R-85."""
    assert ALLOWED.fullmatch(proposal(claims, "preferred_username"))


@given(st.one_of(claim_sets.map(lambda claims: proposal(claims, "nickname")), st.from_regex(ALLOWED, fullmatch=True)))
def test_a_series_has_only_allowed_names_none_of_them_reserved_or_twice(name: str) -> None:
    """R-46."""
    first = list(islice(series(name), 15))
    assert all(ALLOWED.fullmatch(one) for one in first)
    assert len(set(first)) == len(first)
    assert RESERVED.isdisjoint(first)


def test_a_long_name_that_is_numbered_already_does_not_come_twice() -> None:
    taken = "x" * 62 + "-2"
    assert list(islice(series(taken), 3)) == [taken, "x" * 62 + "-3", "x" * 62 + "-4"]


@given(names)
def test_a_typed_name_is_allowed_or_nothing(typed: str) -> None:
    name = normalized(typed)
    assert name is None or (ALLOWED.fullmatch(name) and normalized(name) == name)
