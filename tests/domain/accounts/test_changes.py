"""Who may change which account, row by row, and then what holds for every combination of facts."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from romm.domain import scopes
from romm.domain.accounts.changes import (
    ROWS,
    AccountUpdate,
    Change,
    Delete,
    Password,
    Proof,
    Unlink,
    WaysIn,
    administer,
    delete,
    own,
    proof,
    unlink,
)
from romm.domain.credentials.credential import FRESH_SESSION, Kind
from romm.domain.credentials.permissions import COMMAND_LINE, Actor
from romm.domain.errors import Code, Refuse
from romm.domain.issuers import Issuers
from romm.domain.model import AccessLevel, Account, EmailSource, Identity
from tests.domain.examples import ADDRESS, ALICE, ISSUER, NOW, account, credential, link

VIEWER, EDITOR, ADMIN = AccessLevel.VIEWER, AccessLevel.EDITOR, AccessLevel.ADMIN
EVERYTHING = frozenset(scopes.granted(ADMIN))
KEEPER = Actor(account_id=1, scopes=EVERYTHING)
LIMITED = Actor(account_id=1, scopes=frozenset({"users.read", "users.write"}))
READER = Actor(account_id=1, scopes=EVERYTHING - {"users.write"})
EARLIER = NOW - timedelta(days=20)
MOMENT = timedelta(microseconds=1)
SIGN_INS = {Kind.SESSION, Kind.ACCESS_TOKEN, Kind.REFRESH_TOKEN, Kind.AUTHORIZATION_CODE}
LINKS = {Kind.PASSWORD_RESET, Kind.RECOVERY}


def code(judged: object) -> Code | None:
    return judged.code if isinstance(judged, Refuse) else None


def administered(
    actor: Actor, seen: Account, wanted: AccountUpdate, *, enabled_admins: int = 2, managed: bool = False
) -> Change | Refuse:
    return administer(actor, seen, wanted, enabled_admins, NOW, managed=managed)


def changed(judged: object) -> Change:
    assert isinstance(judged, Change)
    return judged


@pytest.mark.parametrize(
    ("row", "actor", "seen", "wanted", "facts", "refused"),
    [
        pytest.param("A-00", READER, {}, {"enabled": False}, {}, Code.FORBIDDEN, id="reading is not writing"),
        pytest.param(
            "A-00", READER, {}, {"email": "mine@example.com"}, {}, Code.FORBIDDEN, id="nor is it for an address"
        ),
        pytest.param("A-01", LIMITED, {"level": ADMIN}, {"enabled": False}, {}, Code.ADMIN_REQUIRED, id="their admin"),
        pytest.param("A-01", LIMITED, {}, {"level": ADMIN}, {}, Code.ADMIN_REQUIRED, id="a new admin, by a token"),
        pytest.param("A-01", LIMITED, {"level": ADMIN}, {"password_hash": "x"}, {}, Code.ADMIN_REQUIRED, id="takeover"),
        pytest.param("", LIMITED, {}, {"enabled": False}, {}, None, id="somebody else is theirs to change"),
        pytest.param("A-02", KEEPER, {"id": 1, "level": ADMIN}, {"enabled": False}, {}, Code.OWN_ACCOUNT, id="disable"),
        pytest.param("A-02", KEEPER, {"id": 1, "level": ADMIN}, {"level": EDITOR}, {}, Code.OWN_ACCOUNT, id="demote"),
        pytest.param("A-02", KEEPER, {"id": 1, "level": ADMIN}, {"username": "neo"}, {}, Code.OWN_ACCOUNT, id="name"),
        pytest.param(
            "A-02", KEEPER, {"id": 1, "level": ADMIN}, {"password_hash": "x"}, {}, Code.OWN_ACCOUNT, id="proof"
        ),
        pytest.param("A-03", KEEPER, {}, {"level": EDITOR}, {"managed": True}, Code.ROLE_MANAGED, id="the groups rule"),
        pytest.param("", KEEPER, {}, {"level": VIEWER}, {"managed": True}, None, id="the role it has is no change"),
        pytest.param("", KEEPER, {}, {"enabled": False}, {"managed": True}, None, id="only the role is the groups'"),
        pytest.param(
            "A-04", KEEPER, {"level": ADMIN}, {"level": VIEWER}, {"enabled_admins": 1}, Code.LAST_ADMIN, id="the last"
        ),
        pytest.param(
            "A-04", COMMAND_LINE, {"level": ADMIN}, {"enabled": False}, {"enabled_admins": 1}, Code.LAST_ADMIN, id="cli"
        ),
        pytest.param("", KEEPER, {"level": ADMIN}, {"level": VIEWER}, {"enabled_admins": 2}, None, id="one of two"),
        pytest.param("", COMMAND_LINE, {"level": ADMIN}, {"enabled": False}, {"enabled_admins": 2}, None, id="either"),
        pytest.param(
            "",
            KEEPER,
            {"level": ADMIN, "enabled": False},
            {"level": VIEWER},
            {"enabled_admins": 1},
            None,
            id="a disabled admin is not the last enabled one",
        ),
    ],
)
def test_an_administrator_changes_an_account(
    row: str, actor: Actor, seen: dict[str, Any], wanted: dict[str, Any], facts: dict[str, Any], refused: Code | None
) -> None:
    assert row == "" or row in ROWS
    assert code(administered(actor, account(**seen), AccountUpdate(**wanted), **facts)) is refused


@pytest.mark.parametrize(
    ("actor", "seen", "enabled_admins", "refused"),
    [
        pytest.param(READER, {}, 2, Code.FORBIDDEN, id="A-00"),
        pytest.param(LIMITED, {"level": ADMIN}, 2, Code.ADMIN_REQUIRED, id="A-01"),
        pytest.param(KEEPER, {"id": 1, "level": ADMIN}, 2, Code.OWN_ACCOUNT, id="A-02"),
        pytest.param(COMMAND_LINE, {"level": ADMIN}, 1, Code.LAST_ADMIN, id="A-04"),
        pytest.param(KEEPER, {"level": ADMIN}, 2, None, id="another admin"),
        pytest.param(KEEPER, {"level": ADMIN, "enabled": False}, 1, None, id="a disabled one"),
        pytest.param(LIMITED, {}, 1, None, id="a viewer"),
    ],
)
def test_an_account_is_deleted(actor: Actor, seen: dict[str, Any], enabled_admins: int, refused: Code | None) -> None:
    judged = delete(actor, account(**seen), enabled_admins)
    assert code(judged) is refused
    assert refused or judged == Delete(account(**seen))


def test_there_is_always_an_enabled_admin_left() -> None:
    """Whoever asks for whatever, the last one stays one."""
    last = account(level=ADMIN)
    levels: tuple[AccessLevel | UnsetType, ...] = (*AccessLevel, UNSET)
    switches: tuple[bool | UnsetType, ...] = (True, False, UNSET)
    for actor, level, enabled in product((KEEPER, LIMITED, COMMAND_LINE), levels, switches):
        judged = administered(actor, last, AccountUpdate(level=level, enabled=enabled), enabled_admins=1)
        assert isinstance(judged, Refuse) or (judged.enabled and judged.level is ADMIN)


def test_nobody_without_all_rights_of_an_admin_touches_or_makes_one() -> None:
    for missing in EVERYTHING:
        actor = Actor(account_id=1, scopes=EVERYTHING - {missing})
        refused = Code.FORBIDDEN if missing == "users.write" else Code.ADMIN_REQUIRED
        for seen, level in product(AccessLevel, AccessLevel):
            if ADMIN in (seen, level):
                assert code(administered(actor, account(level=seen), AccountUpdate(level=level))) is refused


@pytest.mark.parametrize(
    ("scopes_of", "seen", "wanted", "refused"),
    [
        pytest.param(VIEWER, {}, {"level": EDITOR}, None, id="users.write makes editors"),
        pytest.param(EDITOR, {}, {"level": EDITOR}, None, id="an editor's does"),
        pytest.param(VIEWER, {"level": EDITOR}, {"level": VIEWER}, None, id="taking rights away opens nothing"),
        pytest.param(VIEWER, {"level": EDITOR}, {"enabled": False}, None, id="nor does disabling"),
        pytest.param(
            VIEWER, {"level": EDITOR}, {"email": "mine@example.com"}, Code.SCOPES_EXCEEDED, id="an address opens"
        ),
        pytest.param(VIEWER, {}, {"email": "new@example.com"}, None, id="no more than the token may"),
        pytest.param(
            VIEWER,
            {"level": EDITOR},
            {"level": VIEWER, "email": "new@example.com"},
            None,
            id="what counts is the level afterwards",
        ),
        pytest.param(
            VIEWER,
            {},
            {"level": EDITOR, "email": "new@example.com"},
            Code.SCOPES_EXCEEDED,
            id="also when it rises with the address",
        ),
        pytest.param(
            EDITOR, {}, {"password_hash": "x"}, Code.ADMIN_REQUIRED, id="a password, whatever it may open one day"
        ),
    ],
)
def test_no_token_opens_more_than_it_may_itself(
    scopes_of: AccessLevel, seen: dict[str, Any], wanted: dict[str, Any], refused: Code | None
) -> None:
    actor = Actor(account_id=1, scopes=frozenset({*scopes.granted(scopes_of), "users.write"}))
    assert code(administered(actor, account(**seen), AccountUpdate(**wanted))) is refused


@pytest.mark.parametrize(
    ("level", "refused"), [(VIEWER, Code.USERNAME_TAKEN), (EDITOR, Code.USERNAME_TAKEN), (ADMIN, None)]
)
def test_a_name_that_speaks_for_the_house_is_an_administrators(level: AccessLevel, refused: Code | None) -> None:
    """Or what stands behind forward authentication would take a viewer for its own `admin`."""
    wanted = AccountUpdate(username="admin")
    assert code(own(account(level=level), wanted, Proof.PROVIDER, NOW, keep=None)) is refused


def test_who_has_such_a_name_keeps_it() -> None:
    named = account(username="admin")
    assert (
        code(own(named, AccountUpdate(username="admin", email="new@example.com"), Proof.PROVIDER, NOW, keep=None))
        is None
    )


@pytest.mark.parametrize(
    ("level", "before", "email", "after"),
    [
        (VIEWER, EmailSource.PROVIDER, ADDRESS, EmailSource.PROVIDER),
        (VIEWER, EmailSource.PROVIDER, "typed@example.com", EmailSource.OWNER),
        (EDITOR, EmailSource.ADMINISTRATOR, "typed@example.com", EmailSource.OWNER),
        (VIEWER, EmailSource.OWNER, ADDRESS, EmailSource.OWNER),
        (ADMIN, EmailSource.PROVIDER, "typed@example.com", EmailSource.ADMINISTRATOR),
        (ADMIN, EmailSource.OWNER, ADDRESS, EmailSource.OWNER),
    ],
)
def test_an_address_that_a_person_types_is_their_word_and_an_administrators_counts(
    level: AccessLevel, before: EmailSource, email: str, after: EmailSource
) -> None:
    """R-02, R-12."""
    seen = account(level=level, email_source=before)
    assert changed(own(seen, AccountUpdate(email=email), Proof.PROVIDER, NOW, keep=None)).email_source is after


@pytest.mark.parametrize(
    ("wish", "after"),
    [
        (AccountUpdate(email="typed@example.com"), EmailSource.ADMINISTRATOR),
        (AccountUpdate(email=ADDRESS, level=EDITOR), EmailSource.OWNER),
        (AccountUpdate(vouched=True), EmailSource.ADMINISTRATOR),
    ],
    ids=["typed", "sent along unchanged", "confirmed"],
)
def test_an_administrator_vouches_for_what_they_type_or_confirm(wish: AccountUpdate, after: EmailSource) -> None:
    judged = changed(administered(KEEPER, account(email_source=EmailSource.OWNER), wish))
    assert judged.email_source is after


def test_confirming_an_address_takes_nothing_from_the_word_of_a_provider() -> None:
    seen = account(email_source=EmailSource.PROVIDER)
    judged = changed(administered(KEEPER, seen, AccountUpdate(vouched=True)))
    assert judged.email_source is EmailSource.PROVIDER


def test_who_may_not_open_the_account_may_not_confirm_its_address_either() -> None:
    typed, wish = account(level=EDITOR, email_source=EmailSource.OWNER), AccountUpdate(vouched=True)
    narrow = Actor(account_id=1, scopes=frozenset({"users.write"}))
    assert code(administer(narrow, typed, wish, 2, NOW, managed=False)) is Code.SCOPES_EXCEEDED


def test_what_is_not_said_stays() -> None:
    seen = account(level=EDITOR, enabled=False)
    same = Change(account=seen, username="alice", email=seen.email, enabled=False, level=EDITOR, ends=frozenset(LINKS))
    assert administered(KEEPER, seen, AccountUpdate()) == same


def test_an_address_can_be_taken_away() -> None:
    assert changed(administered(KEEPER, account(), AccountUpdate(email=None))).email is None


@pytest.mark.parametrize(
    ("wanted", "ends"),
    [
        pytest.param({"username": "neo"}, LINKS, id="links are dead when the account changes"),
        pytest.param({"level": EDITOR}, LINKS | SIGN_INS | {Kind.DEVICE_COOKIE}, id="a new session with a new role"),
        pytest.param({"level": VIEWER}, LINKS | SIGN_INS | {Kind.DEVICE_COOKIE, Kind.INVITATION}, id="fewer rights"),
        pytest.param({"password_hash": "new"}, LINKS | SIGN_INS | {Kind.DEVICE_COOKIE}, id="a new password"),
        pytest.param({"email": "new@example.com"}, LINKS | SIGN_INS | {Kind.DEVICE_COOKIE}, id="R-38: a new address"),
        pytest.param({"enabled": False}, set(Kind), id="nothing of a disabled account comes back with it"),
    ],
)
def test_what_ends_with_a_change(wanted: dict[str, Any], ends: set[Kind]) -> None:
    seen = account(level=EDITOR if wanted.get("level") is VIEWER else VIEWER)
    assert changed(administered(KEEPER, seen, AccountUpdate(**wanted))).ends == ends


def test_a_password_that_an_admin_sets_is_trusted_from_now_on() -> None:
    judged = changed(administered(KEEPER, account(password_set_at=EARLIER), AccountUpdate(password_hash="new")))
    assert judged.password == Password("new", NOW)


@pytest.mark.parametrize(
    ("how", "before", "since"),
    [
        pytest.param(Proof.PROVIDER, EARLIER, NOW, id="the provider vouches for whoever sets it"),
        pytest.param(Proof.PROVIDER, None, NOW, id="a first password"),
        pytest.param(Proof.PASSWORD, EARLIER, EARLIER, id="worth no more than the old one"),
        pytest.param(Proof.PASSWORD, None, NOW, id="by a sign-in that needed none, such as a recovery link"),
    ],
)
def test_a_password_set_with_the_old_one_is_trusted_since_the_old_one(how: Proof, before: Any, since: Any) -> None:
    """R-12: or the trap of L-11b would open again, by changing the planted password after the link."""
    judged = changed(own(account(password_set_at=before), AccountUpdate(password_hash="new"), how, NOW, keep="mine"))
    assert judged.password == Password("new", since)
    assert judged.ends >= {Kind.SESSION, Kind.REFRESH_TOKEN}
    assert judged.keep == "mine"


@pytest.mark.parametrize(
    ("wanted", "refused"),
    [
        ({"password_hash": "new"}, Code.CONFIRMATION_REQUIRED),
        ({"email": "new@example.com"}, Code.CONFIRMATION_REQUIRED),
        ({"email": None}, Code.CONFIRMATION_REQUIRED),
        ({"username": "neo"}, Code.CONFIRMATION_REQUIRED),
        ({"email": "alice@example.com", "username": "alice"}, None),
    ],
)
def test_who_cannot_prove_it_changes_nothing_but_may_send_back_what_is_there(
    wanted: dict[str, Any], refused: Code | None
) -> None:
    """R-38."""
    assert code(own(account(), AccountUpdate(**wanted), Proof.NONE, NOW, keep=None)) is refused


def test_nobody_gives_themselves_a_role_or_enables_themselves() -> None:
    """Ignored, not refused: existing apps send both back as they got them."""
    wanted = AccountUpdate(level=ADMIN, enabled=False, username="neo")
    judged = changed(own(account(), wanted, Proof.PROVIDER, NOW, keep=None))
    assert (judged.level, judged.enabled, judged.username) == (VIEWER, True, "neo")


OTHER_ISSUER = Identity("https://old.example", "alice")
TODAY = Issuers(this=ISSUER)


@pytest.mark.parametrize(
    ("seen", "identity", "ways", "refused"),
    [
        pytest.param(
            {"links": (link(),)}, ALICE, WaysIn(passwords=True, issuers=TODAY), Code.LAST_WAY_IN, id="only way"
        ),
        pytest.param(
            {"links": (link(),), "password_set_at": EARLIER},
            ALICE,
            WaysIn(passwords=True, issuers=TODAY),
            None,
            id="a password is left",
        ),
        pytest.param(
            {"links": (link(),), "password_set_at": EARLIER},
            ALICE,
            WaysIn(passwords=False, issuers=TODAY),
            Code.LAST_WAY_IN,
            id="passwords are off",
        ),
        pytest.param(
            {"links": (link(), link(OTHER_ISSUER))},
            ALICE,
            WaysIn(passwords=True, issuers=TODAY),
            Code.LAST_WAY_IN,
            id="what is left belongs to another provider",
        ),
        pytest.param(
            {"links": (link(), link(OTHER_ISSUER))},
            OTHER_ISSUER,
            WaysIn(passwords=True, issuers=TODAY),
            None,
            id="the old provider's",
        ),
        pytest.param(
            {"links": (link(), link(OTHER_ISSUER))},
            OTHER_ISSUER,
            WaysIn(passwords=True, issuers=Issuers(this=None)),
            Code.LAST_WAY_IN,
            id="nobody can tell which provider is left",
        ),
        pytest.param(
            {"links": (link(OTHER_ISSUER),)},
            OTHER_ISSUER,
            WaysIn(passwords=False, issuers=TODAY),
            None,
            id="a foreign link is no way in",
        ),
        pytest.param(
            {"links": (link(OTHER_ISSUER),)},
            OTHER_ISSUER,
            WaysIn(passwords=False, issuers=Issuers(this=None, former=(OTHER_ISSUER.issuer,))),
            None,
            id="a former link is no way in, whatever the provider of today is",
        ),
        pytest.param(
            {"links": (replace(link(OTHER_ISSUER), retired_at=NOW),)},
            OTHER_ISSUER,
            WaysIn(passwords=False, issuers=Issuers(this=None)),
            None,
            id="a retired link is no way in",
        ),
        pytest.param(
            {"links": (replace(link(), retired_at=NOW),)},
            ALICE,
            WaysIn(passwords=False, issuers=TODAY),
            Code.LAST_WAY_IN,
            id="a retired link is a way in while its provider is the one of today",
        ),
        pytest.param(
            {"links": (link(),)},
            ALICE,
            WaysIn(passwords=False, issuers=Issuers(this=None, current=(f"{ISSUER}/",))),
            Code.LAST_WAY_IN,
            id="the configured provider, which was not reached yet",
        ),
        pytest.param(
            {"links": (link(), link(OTHER_ISSUER))},
            ALICE,
            WaysIn(passwords=False, issuers=Issuers(this=ISSUER, current=(OTHER_ISSUER.issuer,))),
            None,
            id="another configured provider is left",
        ),
    ],
)
def test_the_last_way_in_stays(seen: dict[str, Any], identity: Identity, ways: WaysIn, refused: Code | None) -> None:
    judged = unlink(account(**seen), identity, Proof.PROVIDER, ways, keep="mine")
    assert code(judged) is refused
    assert refused or judged == Unlink(account=account(**seen), identity=identity, keep="mine")


def test_unlinking_needs_a_proof() -> None:
    seen = account(links=(link(),), password_set_at=EARLIER)
    ways = WaysIn(passwords=True, issuers=TODAY)
    assert code(unlink(seen, ALICE, Proof.NONE, ways, keep=None)) is Code.CONFIRMATION_REQUIRED


@pytest.mark.parametrize(
    ("facts", "age", "expected"),
    [
        pytest.param({}, FRESH_SESSION, Proof.PASSWORD, id="a password was typed"),
        pytest.param({}, FRESH_SESSION + MOMENT, Proof.NONE, id="too long ago"),
        pytest.param({"identity": ALICE}, timedelta(), Proof.PROVIDER, id="the provider said so"),
        pytest.param({"identity": ALICE}, FRESH_SESSION + MOMENT, Proof.NONE, id="said so too long ago"),
        pytest.param({"identity": OTHER_ISSUER}, timedelta(), Proof.NONE, id="an identity that is not linked any more"),
        pytest.param({"kind": Kind.CLIENT_TOKEN}, timedelta(), Proof.NONE, id="a token proves nothing about a person"),
    ],
)
def test_what_a_sign_in_proves(facts: dict[str, Any], age: timedelta, expected: Proof) -> None:
    session = credential(proven_at=NOW - age, **facts)
    assert proof(account(links=(link(),)), session, NOW) is expected


def test_without_a_session_nothing_is_proved() -> None:
    assert proof(account(), None, NOW) is Proof.NONE


def test_the_log_says_who_asked() -> None:
    assert (KEEPER.name, COMMAND_LINE.name) == (KEEPER.account_id, "command line")
