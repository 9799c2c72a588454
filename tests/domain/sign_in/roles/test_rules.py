"""The level that the provider's groups give: whole values, upper and lower case apart, the highest match."""

import re
from typing import Any

import pytest

from romm.domain.errors import MAX_FACT_LENGTH
from romm.domain.model import AccessLevel
from romm.domain.sign_in.claims.rules import (
    ClaimMapping,
    Claims,
    NotConfigured,
    RolesClaim,
    Unknown,
    Values,
    read,
)
from romm.domain.sign_in.roles.rules import Give, Keep, NoRole, RoleDecision, RoleMapping, describe, grant
from romm.domain.sign_in.roles.texts import SEPARATORS

VIEWER, EDITOR, ADMIN = AccessLevel.VIEWER, AccessLevel.EDITOR, AccessLevel.ADMIN
OURS = RoleMapping(admin=("romm-admins", "owners"), editor=("romm-editors",), viewer=("romm-users",))
EVERYONE = RoleMapping(admin=("romm-admins",), viewer=("*",))
NOTHING_MAPPED = RoleMapping()
EMPTY = RoleMapping(admin=("", "/"), editor=("",), viewer=("",))
PATHS = RoleMapping(admin=("/admin",), editor=("/team/lead",), viewer=("users",))
STAR_ELSEWHERE = RoleMapping(admin=("*",))
STRICT = RoleMapping(admin=("romm-admins",), viewer=("family",), absent_is_none=True)
STRICT_FOR_EVERYONE = RoleMapping(admin=("romm-admins",), viewer=("*",), absent_is_none=True)


IN_NO_GROUP = "the person is in no group there"


def groups(*values: str) -> Values:
    return Values(values, "id_token")


def text(value: str) -> Values:
    return Values((value,), "id_token", is_text=True)


@pytest.mark.parametrize(
    ("claim", "mapping", "expected"),
    [
        pytest.param(NotConfigured(), OURS, Keep(), id="roles are managed here"),
        pytest.param(Unknown("absent"), OURS, Keep("absent"), id="no claim leaves the level, with a warning"),
        pytest.param(Unknown("overage"), EVERYONE, Keep("overage"), id="too many groups to say, even for everyone"),
        pytest.param(groups("romm-admins"), OURS, Give(ADMIN, "romm-admins"), id="admin"),
        pytest.param(groups("owners"), OURS, Give(ADMIN, "owners"), id="the second name for admin"),
        pytest.param(groups("romm-editors"), OURS, Give(EDITOR, "romm-editors"), id="editor"),
        pytest.param(groups("romm-users"), OURS, Give(VIEWER, "romm-users"), id="viewer"),
        pytest.param(groups("x", "romm-users", "romm-admins", "romm-editors"), OURS, Give(ADMIN, "romm-admins"),
                     id="the highest wins, wherever it stands"),
        pytest.param(groups("romm-users", "romm-editors"), OURS, Give(EDITOR, "romm-editors"),
                     id="the higher one wins"),
        pytest.param(groups("family"), OURS, NoRole(("family",)), id="none of ours"),
        pytest.param(groups(), OURS, NoRole((), IN_NO_GROUP), id="an empty list"),
        pytest.param(groups("romm-admins"), NOTHING_MAPPED, NoRole(("romm-admins",)), id="nothing is mapped"),
        pytest.param(groups("romm-admins-ro"), OURS, NoRole(("romm-admins-ro",)), id="ours and more"),
        pytest.param(groups("xromm-admins"), OURS, NoRole(("xromm-admins",)), id="more and ours"),
        pytest.param(groups("ROMM-ADMINS"), OURS, NoRole(("ROMM-ADMINS",)), id="another case"),
        pytest.param(groups("romm-admins "), OURS, NoRole(("romm-admins ",)), id="a space more"),
        pytest.param(groups("a,romm-admins"), OURS, NoRole(("a,romm-admins",)), id="ours within a text"),
        pytest.param(groups("ｒomm-admins"), OURS, NoRole(("ｒomm-admins",)), id="a look-alike"),
        pytest.param(groups("family"), EVERYONE, Give(VIEWER, "*"), id="the star admits everyone"),
        pytest.param(groups(), EVERYONE, Give(VIEWER, "*"), id="the star admits those without any group"),
        pytest.param(groups("romm-admins"), EVERYONE, Give(ADMIN, "romm-admins"), id="the star hides no higher level"),
        pytest.param(groups("family"), STAR_ELSEWHERE, NoRole(("family",)), id="the star is for viewers only"),
        pytest.param(groups("/romm-admins"), OURS, Give(ADMIN, "/romm-admins"), id="kc-slash"),
        pytest.param(groups("admin"), PATHS, Give(ADMIN, "admin"), id="a leading slash in the setting is the same"),
        pytest.param(groups("/admin"), PATHS, Give(ADMIN, "/admin"), id="a leading slash on both sides"),
        pytest.param(groups("//admin"), PATHS, NoRole(("//admin",)), id="one slash, not two"),
        pytest.param(groups("admin/"), PATHS, NoRole(("admin/",)), id="a slash at the end is part of the name"),
        pytest.param(groups("/team/lead"), PATHS, Give(EDITOR, "/team/lead"), id="kc-subgroup"),
        pytest.param(groups("/tenant-b/admin"), PATHS, NoRole(("/tenant-b/admin",)),
                     id="a path is not cut to its leaf"),
        pytest.param(groups("/team/lead/admin"), PATHS, NoRole(("/team/lead/admin",)), id="nor to its root"),
        pytest.param(groups("", "/"), EMPTY, NoRole(("", "/")), id="nothing is no group, on either side"),
    ],
)  # fmt: skip
def test_a_claim_gives_a_level(claim: RolesClaim, mapping: RoleMapping, expected: RoleDecision) -> None:
    """R-14."""
    assert grant(claim, mapping) == expected


@pytest.mark.parametrize("why", ["unreadable", "overage"])
def test_what_cannot_be_known_keeps_the_role_however_absence_counts(why: str) -> None:
    assert grant(Unknown(why, "a number"), STRICT) == Keep(why, "a number")


@pytest.mark.parametrize(
    ("claim", "mapping", "advice"),
    [
        pytest.param(Unknown("absent"), STRICT, "no scope or mapper", id="both stories of a claim that was not sent"),
        pytest.param(Unknown("absent"), STRICT, "in no group", id="the other of them"),
        pytest.param(Unknown("userinfo_unavailable"), STRICT, "UserInfo did not answer", id="nor UserInfo"),
        pytest.param(Unknown("userinfo_unavailable"), STRICT_FOR_EVERYONE, "UserInfo did not", id="not for everyone"),
        pytest.param(groups(), OURS, "in no group", id="an empty claim"),
        pytest.param(groups("staff"), OURS, "compare the names", id="other groups"),
        pytest.param(groups("a;b", "c"), OURS, "compare the names", id="a list is not parted, whatever is in it"),
        pytest.param(text("staff"), OURS, "compare the names", id="one text with one name"),
        pytest.param(text("romm-admins; staff"), OURS, "OIDC_CLAIM_ROLES_SEPARATOR=;", id="semicolons"),
        pytest.param(text("romm-admins,staff"), OURS, "OIDC_CLAIM_ROLES_SEPARATOR=,", id="commas"),
        pytest.param(text("romm-admins, staff"), OURS, "OIDC_CLAIM_ROLES_SHAPE=csv", id="commas before blanks"),
        pytest.param(text("romm-admins staff"), OURS, "OIDC_CLAIM_ROLES_SEPARATOR=space", id="blanks"),
        pytest.param(text("cn=guests,ou=groups,dc=example"), OURS, "LDAP names", id="an LDAP name is not to be cut"),
        pytest.param(groups("cn=guests,ou=groups,dc=example"), OURS, "LDAP names", id="nor in a list"),
    ],
)
def test_who_has_no_role_is_told_with_what_came(claim: RolesClaim, mapping: RoleMapping, advice: str) -> None:
    role = grant(claim, mapping)
    assert isinstance(role, NoRole)
    assert advice in role.advice
    assert len(role.advice) <= MAX_FACT_LENGTH


@pytest.mark.parametrize("value", ["cn=guests,ou=groups,dc=example,dc=org", "CN=guests, OU=groups, DC=example"])
def test_no_advice_offers_to_cut_an_ldap_name(value: str) -> None:
    for claim in (text(value), groups(value)):
        role = grant(claim, OURS)
        assert isinstance(role, NoRole)
        assert not re.search("csv|space|SEPARATOR|SHAPE", role.advice)


def test_a_star_admits_a_person_whose_missing_claim_counts_as_none() -> None:
    assert grant(Unknown("absent"), STRICT_FOR_EVERYONE) == Give(VIEWER, "*")


@pytest.mark.parametrize("shape", ["", "keys", "csv", "space"])
@pytest.mark.parametrize(
    "claim",
    [
        "romm-admins-ro",
        "xromm-admins",
        "ROMM-ADMINS",
        ["a", "romm-admins-ro"],
        [["romm-admins"]],
        [{"romm-admins": 1}],
        {"groups": ["romm-admins"]},
        5,
        True,
        None,
    ],
    ids=repr,
)
def test_what_only_resembles_the_admin_group_makes_no_admin(claim: Any, shape: str) -> None:
    """R-14, from the claim as it comes."""
    assert level_of(claim, shape) is not ADMIN


@pytest.mark.parametrize(
    ("claim", "shape"), [("a,romm-admins", "csv"), ("a romm-admins", "space"), ({"romm-admins": 1}, "keys")]
)
def test_a_shape_makes_admins_only_where_it_is_declared(claim: Any, shape: str) -> None:
    """R-14."""
    assert level_of(claim, shape) is ADMIN
    assert [level_of(claim, other) for other in ("", "csv", "space", "keys") if other != shape] == [None] * 3


def level_of(claim: Any, shape: str) -> AccessLevel | None:
    reading = ClaimMapping(roles_claim="groups", roles_keys=shape == "keys", roles_separator=SEPARATORS.get(shape, ""))
    claims = read({"iss": "https://auth.example.com", "sub": "alice", "groups": claim}, None, reading)
    assert isinstance(claims, Claims)
    given = grant(claims.roles, OURS)
    return given.level if isinstance(given, Give) else None


@pytest.mark.parametrize(
    ("given", "text"),
    [
        pytest.param(Keep(), "not given (no roles claim is configured)", id="roles are managed here"),
        pytest.param(Keep("unreadable", "a number"), "not given (the roles claim is a number)", id="no list of texts"),
        pytest.param(Keep("absent"), "not given (the roles claim is absent)", id="no claim came"),
        pytest.param(Give(AccessLevel.EDITOR, "eds"), "editor, by eds", id="a level"),
        pytest.param(NoRole(("a", "b")), "none of ours (the claim has a, b)", id="other values"),
        pytest.param(NoRole(()), "none of ours (the claim has nothing)", id="an empty claim"),
    ],
)
def test_what_the_claim_said_can_be_told(given: RoleDecision, text: str) -> None:
    assert describe(given) == text
