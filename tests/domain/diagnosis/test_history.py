"""What the sign-in log tells the doctor."""

from datetime import UTC, datetime, timedelta

from romm.domain.diagnosis.history import LogLine, history
from romm.domain.errors import Code

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
HERE, THERE = "https://auth.example.com", "https://old.example.com"


def line(
    hour: int, outcome: str = "signed_in", issuer: str | None = HERE, method: str = "openid", **more: str
) -> LogLine:
    return LogLine(at=NOON + timedelta(hours=hour), method=method, outcome=outcome, issuer=issuer, **more)  # type: ignore[arg-type]  # of strings only in these tests


def test_the_newest_line_of_each_kind_counts() -> None:
    past = history([line(3), line(2, "refused", None), line(1), line(0, "signed_out", method="backchannel")], HERE)
    assert past.signed_in == line(3)
    assert past.refused == line(2, "refused", None)
    assert past.logout == line(0, "signed_out", method="backchannel")
    assert past.when == "2026-01-02 15:00 UTC"
    assert past.succeeded


def test_another_provider_and_a_password_do_not_count() -> None:
    past = history([line(2, issuer=THERE), line(1, method="password", issuer=None)], HERE)
    assert (past.signed_in, past.refused, past.logout) == (None, None, None)
    assert not past.succeeded
    assert not past.brings_roles


def test_a_refusal_counts_until_the_next_sign_in() -> None:
    refused = LogLine(at=NOON, method="openid", outcome="refused", issuer=None, code=Code.ID_TOKEN_ALGORITHM)
    assert history([refused, line(-1)], HERE).refused_with(Code.ID_TOKEN_ALGORITHM) == refused
    assert history([refused, line(-1)], HERE).refused_with(Code.ID_TOKEN_EXPIRED) is None
    assert not history([refused, line(-1)], HERE).succeeded
    assert history([line(1), refused], HERE).refused_with(Code.ID_TOKEN_ALGORITHM) is None
    assert history([line(1), refused], HERE).succeeded


def test_roles_came_or_did_not() -> None:
    assert history([line(0)], HERE).brings_roles
    assert history([line(0, warning="absent")], HERE).lacks_roles
    assert not history([line(0, warning="overage")], HERE).lacks_roles
    assert not history([line(0, warning="overage")], HERE).brings_roles
