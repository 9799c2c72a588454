"""Whose sign-in will end in `already_linked`."""

from romm.domain.diagnosis.checks.accounts import accounts, issuers
from romm.domain.diagnosis.evidence import LinkedAccounts
from romm.domain.diagnosis.findings import Outcome
from romm.domain.errors import Code, Refuse
from romm.domain.issuers import OPENING, LinkedElsewhere, Relation
from tests.domain.diagnosis.checks.examples import ISSUER, configured

OLD = "https://old.example"
ELSEWHERE = (LinkedElsewhere(OLD, 2),)


def test_people_of_this_provider_and_people_without_a_link_are_well() -> None:
    finding = accounts(LinkedAccounts(total=3), configured())
    assert (finding.outcome, finding.found) == (
        Outcome.OK,
        "3 accounts, none linked only to an unknown provider",
    )
    assert accounts(LinkedAccounts(total=1), configured()).found.startswith("1 account, ")


def test_people_of_another_provider_are_counted_and_the_way_out_is_named() -> None:
    finding = accounts(LinkedAccounts(total=3, elsewhere=ELSEWHERE), configured())
    assert finding.outcome is Outcome.WARNING
    assert finding.found == (
        f"2 of 3 are linked to {OLD}, which is not this provider; their sign-in ends in already_linked"
    )
    [fix] = finding.fixes
    assert f"romm users move-issuer {OLD} {ISSUER}" in fix
    assert f"OIDC_FORMER_ISSUERS={OLD}" in fix


def test_of_many_accounts_not_all_are_counted() -> None:
    assert accounts(LinkedAccounts(total=None), configured()).found.startswith("more than 10,000 accounts, none")
    finding = accounts(LinkedAccounts(total=None, elsewhere=ELSEWHERE), configured())
    assert finding.found.startswith(f"2 of more than 10,000 are linked to {OLD}")


def test_people_sign_in_at_the_configured_providers_and_link_anew_after_a_former_one() -> None:
    known = issuers(configured(former_issuers=("https://former.example",), other_issuers=("https://other.example",)))
    stored = (ISSUER, f"{ISSUER}/", "https://former.example", "https://other.example", OLD)
    assert known.among(stored, OPENING) == (ISSUER, f"{ISSUER}/", "https://other.example")
    assert known.among(stored, {Relation.FOREIGN}) == (OLD,)


def test_what_cannot_be_known_is_skipped() -> None:
    assert accounts(Refuse(Code.STORAGE_UNAVAILABLE), configured()).outcome is Outcome.SKIPPED
    assert accounts(LinkedAccounts(total=3, elsewhere=ELSEWHERE), configured(issuer="")).outcome is Outcome.SKIPPED
