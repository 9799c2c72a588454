"""Reading an ID token and UserInfo together: the identity, the address with its verification, and the roles."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from romm.domain.errors import Code, Refuse
from romm.domain.model import Identity
from romm.domain.sign_in.claims.json_types import find
from romm.domain.sign_in.claims.rules import (
    ClaimMapping,
    Claims,
    Email,
    NotConfigured,
    RolesClaim,
    Unknown,
    Values,
    read,
)
from romm.domain.sign_in.roles.texts import SEPARATORS
from tests.domain.examples import json_values

Document = dict[str, Any]
ISSUER = "https://auth.example.com"
THIN: Document = {"iss": ISSUER, "sub": "alice"}
A, B = "a@example.com", "b@example.com"


def heard(
    id_token: Document | None = None, userinfo: Document | None = None, reading: ClaimMapping | None = None
) -> Claims:
    """What is read of an ID token for Alice with these claims, and of her UserInfo."""
    about_alice = None if userinfo is None else {"sub": "alice"} | userinfo
    claims = read(THIN | (id_token or {}), about_alice, reading or ClaimMapping())
    assert isinstance(claims, Claims)
    return claims


def test_a_thin_id_token_is_completed_by_userinfo() -> None:
    """The provider fixture `thin-id-token`."""
    userinfo = {"email": "alice@example.com", "email_verified": True, "groups": ["users"], "name": "Alice"}
    claims = heard({}, userinfo, ClaimMapping(roles_claim="groups"))
    assert claims.identity == Identity(ISSUER, "alice")
    assert claims.email == Email("alice@example.com", True, "userinfo")
    assert claims.roles == Values(("users",), "userinfo")
    assert claims.merged == {"iss": ISSUER, "sub": "alice"} | userinfo


def test_without_userinfo_the_id_token_is_enough() -> None:
    """The provider fixtures `userinfo-absent` and `userinfo-500`."""
    assert heard({"email": "alice@example.com", "email_verified": True}).email == Email(
        "alice@example.com", True, "id_token"
    )


def test_the_id_token_wins_where_both_speak() -> None:
    claims = heard({"name": "Alice", "preferred_username": "alice"}, {"name": "Mallory", "nickname": "al"})
    assert claims.merged == THIN | {"name": "Alice", "preferred_username": "alice", "nickname": "al"}


@pytest.mark.parametrize(
    "userinfo",
    [
        pytest.param({"sub": "mallory"}, id="another subject"),
        pytest.param({"sub": "Alice"}, id="another case"),
        pytest.param({"sub": ["alice"]}, id="a list"),
    ],
)
def test_userinfo_about_another_person_is_refused(userinfo: Document) -> None:
    """R-24; the provider fixture `userinfo-sub-mismatch`."""
    refusal = read(THIN, userinfo, ClaimMapping())
    assert refusal == Refuse(Code.USERINFO_MISMATCH, {"expected": "alice", "found": userinfo["sub"]})


@pytest.mark.parametrize(
    ("userinfo", "found"),
    [({"sub": None}, "null"), ({"sub": ""}, "an empty text"), ({}, "not sent"), ({"email": A}, "not sent")],
)
def test_userinfo_about_nobody_is_refused_in_words(userinfo: Document, found: str) -> None:
    """R-24."""
    refusal = read(THIN, userinfo, ClaimMapping())
    assert refusal == Refuse(Code.USERINFO_MISMATCH, {"expected": "alice", "found": found})


GOOGLE = ClaimMapping(own_email_domains=("gmail.com",), booleans_as_text=True)


@pytest.mark.parametrize(
    ("said", "verified"),
    [
        pytest.param({"email": "a@gmail.com"}, True, id="its own domain"),
        pytest.param({"email": "a@GMail.com"}, True, id="in another case"),
        pytest.param({"email": "a@example.com", "hd": "example.com"}, True, id="the Workspace's domain"),
        pytest.param({"email": "a@example.com", "hd": "Example.com"}, True, id="the Workspace's, in another case"),
        pytest.param({"email": "a@old.example"}, False, id="a domain that it only asked once"),
        pytest.param({"email": "a@old.example", "hd": "example.com"}, False, id="a Workspace with another domain"),
        pytest.param({"email": "a@old.example", "hd": ["old.example"]}, False, id="a domain that is no text"),
        pytest.param({"email": "a@notgmail.com"}, False, id="a longer domain"),
        pytest.param({"email": "gmail.com"}, True, id="what is no address is refused elsewhere"),
    ],
)
def test_google_verifies_only_the_addresses_that_it_hosts(said: Document, verified: bool) -> None:
    heard_of = heard(said | {"email_verified": True}, reading=GOOGLE)
    assert heard_of.email.verified is verified
    assert heard(said | {"email_verified": "true"}, reading=GOOGLE).email.verified is verified
    assert verified or "does not speak for this domain" in str(heard_of.email.verification)
    assert heard(said | {"email_verified": False}, reading=GOOGLE).email.verification is False


def test_a_userinfo_that_did_not_answer_is_no_missing_claim() -> None:
    reading = ClaimMapping(roles_claim="groups")
    said = read(THIN, None, reading, userinfo_failed=True)
    assert isinstance(said, Claims)
    assert said.roles == Unknown("userinfo_unavailable")
    known = read(THIN | {"groups": []}, None, reading, userinfo_failed=True)
    assert isinstance(known, Claims)
    assert known.roles == Values((), "id_token")


@pytest.mark.parametrize(
    ("id_token", "userinfo", "email"),
    [
        pytest.param({"email": A, "email_verified": True}, {"email": B, "email_verified": False},
                     Email(A, True, "id_token"), id="the pair of the ID token wins"),
        pytest.param({"email": A, "email_verified": False}, {"email": A, "email_verified": True},
                     Email(A, False, "id_token"), id="UserInfo does not verify what the ID token does not"),
        pytest.param({"email": A}, {"email": A, "email_verified": True},
                     Email(A, None, "id_token"), id="a verification in UserInfo is not borrowed"),
        pytest.param({"email_verified": True}, {"email": B},
                     Email(B, None, "userinfo"), id="a verification in the ID token is not lent"),
        pytest.param({"email_verified": True}, {"email": B, "email_verified": False},
                     Email(B, False, "userinfo"), id="each address with its own verification"),
        pytest.param({"email": ""}, {"email": B, "email_verified": True},
                     Email(B, True, "userinfo"), id="an empty address is none"),
        pytest.param({"email": [A, B], "email_verified": True}, {"email": B},
                     Email(B, None, "userinfo"), id="a list of two is no address"),
        pytest.param({"email": [A, B], "email_verified": True}, None,
                     Email(None, None, "nowhere", found="a list of 2"), id="which of two is whose is not guessed"),
        pytest.param({"email": [A], "email_verified": True}, None,
                     Email(A, True, "id_token"), id="a list of one is that one"),
        pytest.param({"email": [5]}, None, Email(None, None, "nowhere", found="a list of 1"), id="if it is a text"),
        pytest.param({"email": ""}, None, Email(None, None, "nowhere", found="an empty text"), id="an empty text"),
        pytest.param({"email": None, "email_verified": True}, None,
                     Email(None, None, "nowhere", found="null"), id="null is no address"),
        pytest.param({"email_verified": True}, {"email_verified": True},
                     Email(None, None, "nowhere", found="not sent"), id="a verification of nothing"),
        pytest.param({}, None, Email(None, None, "nowhere", found="not sent"), id="nothing"),
        pytest.param({"email": " A@EXAMPLE.com"}, None,
                     Email(" A@EXAMPLE.com", None, "id_token"), id="the address as it is, nothing is repaired here"),
    ],
)  # fmt: skip
def test_address_and_verification_come_from_one_document(
    id_token: Document, userinfo: Document | None, email: Email
) -> None:
    """R-02."""
    assert heard(id_token, userinfo).email == email


@pytest.mark.parametrize(
    ("claim", "plainly", "as_text"),
    [
        pytest.param(True, True, True, id="true"),
        pytest.param(False, False, False, id="false"),
        pytest.param("true", False, True, id="the text true"),
        pytest.param("false", False, False, id="the text false"),
        pytest.param("True", False, False, id="another case"),
        pytest.param("yes", False, False, id="another text"),
        pytest.param(1, False, False, id="one"),
        pytest.param(1.0, False, False, id="one with a point"),
        pytest.param(None, False, False, id="null"),
        pytest.param([True], False, False, id="a list"),
        pytest.param({"true": True}, False, False, id="an object"),
    ],
)
def test_only_true_is_verified(claim: Any, plainly: bool, as_text: bool) -> None:
    """R-02; the provider fixtures `verified-*`."""
    told = {"email": A, "email_verified": claim}
    assert heard(told).email.verified is plainly
    assert heard(told, reading=ClaimMapping(booleans_as_text=True)).email.verified is as_text


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        pytest.param(True, True, id="a boolean"),
        pytest.param(False, False, id="the other one"),
        pytest.param("true", '"true"', id="a text, whose quotes are the reason"),
        pytest.param(1, "1", id="a number"),
        pytest.param(None, "null", id="null"),
        pytest.param(["true"], "a list of 1", id="a list"),
    ],
)
def test_whoever_has_to_correct_it_reads_what_was_sent(claim: Any, said: object) -> None:
    assert heard({"email": A, "email_verified": claim}).email.verification == said


@pytest.mark.parametrize("as_text", [False, True])
def test_a_verification_that_is_not_there_is_neither_true_nor_false(as_text: bool) -> None:
    """R-02; the provider fixture `verified-absent`."""
    assert heard({"email": A}, reading=ClaimMapping(booleans_as_text=as_text)).email.verified is None


ZITADEL = "urn:zitadel:iam:org:project:roles"
WEB = "https://example.com/roles"
DN, OTHER_DN = "cn=admins,ou=groups,dc=example,dc=org", "CN=staff,OU=groups,DC=example,DC=org"
SPACED = "cn=admins, ou=groups, dc=example"


@pytest.mark.parametrize(
    ("claim", "shape", "id_token", "roles"),
    [
        pytest.param("", "", {"groups": ["x"]}, NotConfigured(), id="nothing is configured"),
        pytest.param("groups", "", {}, Unknown("absent"), id="groups-absent"),
        pytest.param("groups", "", {"groups": []}, Values((), "id_token"), id="groups-empty"),
        pytest.param("groups", "", {"groups": ["a", "b"]}, Values(("a", "b"), "id_token"), id="a list"),
        pytest.param("groups", "", {"groups": "a,b c"}, Values(("a,b c",), "id_token", True), id="groups-string is one"),
        pytest.param("groups", "", {"groups": ""}, Values((), "id_token"), id="an empty text is none"),
        pytest.param("groups", "csv", {"groups": " a , b c,,"}, Values(("a", "b c"), "id_token"), id="groups-csv"),
        pytest.param("groups", "csv", {"groups": ""}, Values((), "id_token"), id="groups-csv, empty"),
        pytest.param("groups", "csv", {"groups": ["a,b"]}, Values(("a,b",), "id_token"), id="csv splits no list"),
        pytest.param("groups", "space", {"groups": " a,b  c "}, Values(("a,b", "c"), "id_token"), id="by spaces"),
        pytest.param("groups", ";", {"groups": "a; b c;;d"}, Values(("a", "b c", "d"), "id_token"), id="by semicolons"),
        pytest.param("groups", "csv", {"groups": DN}, Values((DN,), "id_token", True), id="an LDAP name is not cut"),
        pytest.param("groups", "space", {"groups": SPACED}, Values((SPACED,), "id_token", True), id="nor at blanks"),
        pytest.param("groups", ";", {"groups": f"{DN}; {OTHER_DN}"}, Values((DN, OTHER_DN), "id_token"),
                     id="LDAP names with semicolons between them"),
        pytest.param("groups", "csv", {"groups": "cn=a, cn=b"}, Values(("cn=a", "cn=b"), "id_token"),
                     id="what is no LDAP name is cut"),
        pytest.param("groups", "keys", {"groups": "a b"}, Values(("a b",), "id_token", True), id="keys splits no text"),
        pytest.param("groups", "", {"groups": {"a": 1}}, Unknown("unreadable", "an object of 1"), id="an object is not read"),
        pytest.param("groups", "csv", {"groups": {"a": 1}}, Unknown("unreadable", "an object of 1"),
                     id="nor under another shape"),
        pytest.param(ZITADEL, "keys", {ZITADEL: {"a": {"1": "x"}, "b": {}}}, Values(("a", "b"), "id_token"),
                     id="groups-object-keys"),
        pytest.param(ZITADEL, "keys", {ZITADEL: {}}, Values((), "id_token"), id="groups-object-keys, empty"),
        pytest.param(ZITADEL, "", {ZITADEL: ["a"]}, Values(("a",), "id_token"), id="urn-colons"),
        pytest.param(WEB, "", {WEB: ["a"]}, Values(("a",), "id_token"), id="claim-name-with-dots"),
        pytest.param("realm_access.roles", "", {"realm_access": {"roles": ["a"]}}, Values(("a",), "id_token"),
                     id="kc-realm-roles"),
        pytest.param("resource_access.romm.roles", "", {"resource_access": {"romm": {"roles": ["a"]}}},
                     Values(("a",), "id_token"), id="kc-client-roles"),
        pytest.param("resource_access.my.client.roles", "", {"resource_access": {"my.client": {"roles": ["a"]}}},
                     Values(("a",), "id_token"), id="kc-client-roles of a client with a dot in its name"),
        pytest.param("a.b", "", {"a.b": ["exact"], "a": {"b": ["inner"]}}, Values(("exact",), "id_token"),
                     id="the exact name wins over the path"),
        pytest.param("a.b.c", "", {"a": {"x": 1}, "a.b": {"c": ["v"]}}, Values(("v",), "id_token"),
                     id="a path that leads nowhere is left for one that leads somewhere"),
        pytest.param("realm_access.roles", "", {"realm_access": ["roles"]}, Unknown("absent"),
                     id="a path through a list"),
        pytest.param("realm_access.roles", "", {"realm_access": {"Roles": ["a"]}}, Unknown("absent"),
                     id="a path in another case"),
        pytest.param("groups", "", {"groups": None}, Values((), "id_token"), id="null is none"),
        pytest.param("groups", "", {"groups": 5}, Unknown("unreadable", "a number"), id="a number"),
        pytest.param("groups", "", {"groups": True}, Unknown("unreadable", "a boolean"), id="a boolean"),
        pytest.param("groups", "", {"groups": ["a", 5]},
                     Unknown("unreadable", "a list of 2 with a number in it"), id="a list of more than texts"),
        pytest.param("groups", "", {"groups": [["a"]]},
                     Unknown("unreadable", "a list of 1 with a list of 1 in it"), id="a list in a list"),
        pytest.param("groups", "", {"_claim_names": {"groups": "src1"}}, Unknown("overage"), id="groups-overage"),
        pytest.param("groups", "", {"hasgroups": True}, Unknown("overage"), id="groups-overage, the short way"),
        pytest.param("groups", "", {"_claim_names": {"address": "src1"}}, Unknown("absent"),
                     id="an overage of something else"),
        pytest.param("groups", "", {"_claim_names": ["groups"]}, Unknown("absent"), id="an overage that is none"),
        pytest.param("groups", "", {"groups": ["a"], "hasgroups": True}, Values(("a",), "id_token"),
                     id="groups that are there, whatever else is said"),
        pytest.param("groups", "", {"groups": ["/admin", "/team/lead"]}, Values(("/admin", "/team/lead"), "id_token"),
                     id="kc-slash and kc-subgroup are left whole"),
    ],
)  # fmt: skip
def test_roles_are_read_whole(claim: str, shape: str, id_token: Document, roles: RolesClaim) -> None:
    """R-14, R-85; the provider fixtures `groups-*`, `kc-*`, `urn-colons`, `claim-name-with-dots`."""
    assert heard(id_token, reading=written(shape, claim)).roles == roles


def written(shape: str, claim: str = "groups") -> ClaimMapping:
    """How a claim is read that is written like this: with the keys of an object, or with a separator in one text."""
    return ClaimMapping(roles_claim=claim, roles_keys=shape == "keys", roles_separator=SEPARATORS.get(shape, ""))


@pytest.mark.parametrize(
    ("shape", "claim"),
    [
        pytest.param("", lambda many: [str(n) for n in range(many)], id="a list"),
        pytest.param("keys", lambda many: {str(n): {} for n in range(many)}, id="an object"),
        pytest.param("csv", lambda many: ",".join(str(n) for n in range(many)), id="commas"),
        pytest.param("space", lambda many: " ".join(str(n) for n in range(many)), id="spaces"),
    ],
)
def test_ten_thousand_groups_are_read_and_one_more_is_not(shape: str, claim: Any) -> None:
    """R-85."""
    reading = written(shape)
    enough, too_many = (
        heard({"groups": claim(10_000)}, reading=reading),
        heard({"groups": claim(10_001)}, reading=reading),
    )
    assert isinstance(enough.roles, Values)
    assert len(enough.roles.values) == 10_000
    assert getattr(too_many.roles, "why", None) == "unreadable"


@pytest.mark.parametrize(
    ("id_token", "userinfo", "roles"),
    [
        pytest.param({"groups": ["a"]}, {"groups": ["b"]}, Values(("a",), "id_token"), id="the ID token wins"),
        pytest.param({"groups": []}, {"groups": ["b"]}, Values((), "id_token"), id="its empty list is an answer"),
        pytest.param({}, {"groups": ["b"]}, Values(("b",), "userinfo"), id="UserInfo has what the ID token lacks"),
        pytest.param({"groups": 5}, {"groups": ["b"]}, Values(("b",), "userinfo"), id="readable beats unreadable"),
        pytest.param({"groups": None}, {"groups": ["b"]}, Values(("b",), "userinfo"), id="a value beats null"),
        pytest.param({"groups": None}, {}, Values((), "id_token"), id="null is more than absent"),
        pytest.param({"hasgroups": True}, {"groups": ["b"]}, Values(("b",), "userinfo"), id="known beats too many"),
        pytest.param({"hasgroups": True}, {}, Unknown("overage"), id="too many to say"),
        pytest.param({}, {"hasgroups": True}, Unknown("overage"), id="too many to say, says UserInfo"),
        pytest.param({}, {"groups": 5}, Unknown("unreadable", "a number"), id="unreadable tells more than absent"),
        pytest.param({}, {}, Unknown("absent"), id="neither says anything"),
        pytest.param({}, None, Unknown("absent"), id="without UserInfo"),
    ],
)
def test_roles_come_from_the_first_document_that_has_them(
    id_token: Document, userinfo: Document | None, roles: RolesClaim
) -> None:
    assert heard(id_token, userinfo, ClaimMapping(roles_claim="groups")).roles == roles


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("name", "Alice", id="a plain name"),
        pytest.param("address.country", "NZ", id="a path"),
        pytest.param("address.city", None, id="a path that ends"),
        pytest.param("address.country.code", None, id="a path into a text"),
        pytest.param("", None, id="no path"),
        pytest.param(".", None, id="only a dot"),
    ],
)
def test_a_claim_is_found_by_its_path(path: str, value: str | None) -> None:
    assert find({"name": "Alice", "address": {"country": "NZ"}}, path) == value


documents = st.dictionaries(
    st.sampled_from(["email", "email_verified", "groups", "a", "a.b", "_claim_names", "hasgroups"]),
    json_values,
)


@given(
    documents,
    documents,
    st.sampled_from(["", "groups", "a.b.c"]),
    st.sampled_from(["", "csv", "space", ";", "keys"]),
)
def test_no_document_however_odd_is_verified_or_read_by_mistake(
    id_token: Document, userinfo: Document, roles_claim: str, shape: str
) -> None:
    """R-02, R-57: a rule never raises."""
    claims = heard(id_token, userinfo, written(shape, roles_claim))
    if claims.email.verified:
        source = {"id_token": id_token, "userinfo": userinfo}[claims.email.source]
        assert source["email"] in (claims.email.address, [claims.email.address])
        assert source["email_verified"] is True
    assert isinstance(claims.roles, NotConfigured) == (not roles_claim)
