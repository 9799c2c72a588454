"""Whose sign-in will end in `already_linked`."""

from romm.domain.diagnosis.checks.accounts import accounts
from romm.domain.diagnosis.findings import Outcome
from romm.domain.errors import Code, Refuse
from romm.domain.model import Account, Identity
from tests.domain.diagnosis.checks.examples import ISSUER, configured
from tests.domain.examples import account, link

OLD = "https://old.example"


def linked(issuer: str) -> Account:
    return account(links=(link(Identity(issuer, "a")),))


def test_people_of_this_provider_and_people_without_a_link_are_well() -> None:
    finding = accounts([linked(ISSUER), linked(f"{ISSUER}/"), account()], configured())
    assert (finding.outcome, finding.found) == (
        Outcome.OK,
        "3 accounts, none linked only to an unknown provider",
    )


def test_people_of_another_provider_are_counted_and_the_way_out_is_named() -> None:
    finding = accounts([linked(OLD), linked(OLD), linked(ISSUER)], configured())
    assert finding.outcome is Outcome.WARNING
    assert finding.found == (
        f"2 of 3 are linked to {OLD}, which is not this provider; their sign-in ends in already_linked"
    )
    [fix] = finding.fixes
    assert f"romm users move-issuer {OLD} {ISSUER}" in fix
    assert f"OIDC_FORMER_ISSUERS={OLD}" in fix


def test_people_of_a_former_provider_link_anew_by_themselves() -> None:
    assert accounts([linked(OLD)], configured(former_issuers=(OLD,))).outcome is Outcome.OK


def test_people_of_another_provider_that_is_configured_sign_in_there() -> None:
    assert accounts([linked(OLD), linked(ISSUER)], configured(other_issuers=(OLD,))).outcome is Outcome.OK


def test_what_cannot_be_known_is_skipped() -> None:
    assert accounts(Refuse(Code.STORAGE_UNAVAILABLE), configured()).outcome is Outcome.SKIPPED
    assert accounts([linked(OLD)], configured(issuer="")).outcome is Outcome.SKIPPED
