"""The doctor's findings, one per check."""

import enum
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from romm.domain.catalogue import operator_text
from romm.domain.errors import Code, Refuse, Refused
from romm.domain.printable import escaped, shortened
from romm.domain.providers.preset import AT_THE_PROVIDER, Hints
from romm.domain.sign_in.providers import ConfiguredProvider, in_words_of

MAX_LENGTH = 1000  # of a text, in characters


class Outcome(enum.StrEnum):
    """`UNKNOWN`: checked, but no answer tells right from wrong. `SKIPPED`: not checked; `found` says why."""

    OK = "ok"
    WARNING = "warning"
    UNKNOWN = "unknown"
    FAILED = "failed"
    SKIPPED = "skipped"


class Check(enum.StrEnum):
    """In order."""

    SETTINGS = "settings"
    SINGLE_SIGN_ON = "single_sign_on"
    ADDRESSES = "addresses"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    DISCOVERY = "discovery"
    ISSUER = "issuer"
    ENDPOINTS = "endpoints"
    CLOCK = "clock"
    KEYS = "keys"
    ALGORITHMS = "algorithms"
    PKCE = "pkce"
    CLIENT = "client"
    REDIRECT_URI = "redirect_uri"
    REQUEST = "request"
    SCOPES = "scopes"
    CLAIMS = "claims"
    END_SESSION = "end_session"
    DATABASE = "database"
    ACCOUNTS = "accounts"
    PROXY = "proxy"


OF_ROMM = frozenset({Check.SETTINGS, Check.DATABASE, Check.ACCOUNTS, Check.PROXY})
"""The same for every provider."""


class Plan(Struct, frozen=True):
    title: str
    expected: str


PLAN: Mapping[Check, Plan] = {
    Check.SETTINGS: Plan(
        "Settings", "every setting is understood; none is weak, in stray quotes or with a comment behind it"
    ),
    Check.SINGLE_SIGN_ON: Plan("Single sign-on", "switched on, and nothing that it needs is missing"),
    Check.ADDRESSES: Plan("Addresses", "the redirect URI has the address at which people open RomM"),
    Check.DNS: Plan("Name (DNS)", "the provider's host name has an address, as seen from here"),
    Check.CONNECT: Plan("Connection", "the provider's port accepts a connection within 3 seconds"),
    Check.TLS: Plan("Certificate (TLS)", "a certificate for this host, from a trusted authority, and in date"),
    Check.DISCOVERY: Plan("Discovery", "the discovery document is there within 4 seconds: 200, with JSON"),
    Check.ISSUER: Plan("Issuer", "the issuer is the configured one; a slash at the end makes no difference"),
    Check.ENDPOINTS: Plan("Endpoints", "the endpoints are https, as the discovery document is"),
    Check.CLOCK: Plan("Clock", "the provider's clock and this one show the same time"),
    Check.KEYS: Plan("Signing keys", "the provider publishes a key that signatures can be checked with"),
    Check.ALGORITHMS: Plan("Signature", "ID tokens are signed, not encrypted, in a way that RomM accepts"),
    Check.PKCE: Plan("PKCE", "the provider accepts S256, which RomM always sends"),
    Check.CLIENT: Plan(
        "Client and secret", "the provider rejects a made-up code (invalid_grant), not RomM's client id and secret"
    ),
    Check.REDIRECT_URI: Plan("Redirect URI", "it is registered: the provider sends the browser back to it"),
    Check.REQUEST: Plan("Sign-in request", "accepted: the provider only answers that no person is signed in there"),
    Check.SCOPES: Plan("Scopes", "the provider allows every scope that RomM asks for"),
    Check.CLAIMS: Plan("Claims", "the provider has the e-mail address and the claim with the roles"),
    Check.END_SESSION: Plan("Signing out", "the provider can end its own session, if RomM is set to ask for it"),
    Check.DATABASE: Plan("Database", "reachable, writable, and migrated to this version"),
    Check.ACCOUNTS: Plan("Accounts", "no account is linked only to a provider that is not configured here"),
    Check.PROXY: Plan("Reverse proxy", "RomM knows which proxy may report the visitor's address"),
}


class Finding(Struct, frozen=True, kw_only=True):
    """`code`: what a sign-in ends with here. `about`: the provider's hint, where it ends there. `provider`: the one
    examined, if several.
    """

    check: Check
    outcome: Outcome
    found: str
    fixes: tuple[str, ...] = ()
    code: Code | None = None
    about: Code | None = None
    provider: ConfiguredProvider | None = None

    @property
    def title(self) -> str:
        return PLAN[self.check].title

    @property
    def expected(self) -> str:
        return PLAN[self.check].expected


def ok(check: Check, found: str) -> Finding:
    return _finding(check, Outcome.OK, found)


def warning(check: Check, found: str, *fixes: str, code: Code | None = None, about: Code | None = None) -> Finding:
    return _finding(check, Outcome.WARNING, found, fixes, code, about)


def unknown(check: Check, found: str, *fixes: str) -> Finding:
    return _finding(check, Outcome.UNKNOWN, f"cannot be told: {found}", fixes)


def failed(check: Check, found: str, *fixes: str, code: Code | None = None, about: Code | None = None) -> Finding:
    return _finding(check, Outcome.FAILED, found, fixes, code, about)


def skipped(check: Check, why: str) -> Finding:
    return _finding(check, Outcome.SKIPPED, why)


def blocked(check: Check, closed: Check) -> Finding:
    return skipped(check, f"fix “{PLAN[closed].title}” first")


def refused(check: Check, refuse: Refuse, found: str, *more: str, at_provider: bool = False) -> Finding:
    """Adds `more` to the catalogue's fix. `at_provider`: a sign-in ends there, without a code of RomM's."""
    code = None if at_provider else refuse.code
    return failed(check, found, operator_text(Refused.by(refuse)), *more, code=code, about=refuse.code)


def diagnosed(check: Check, refuse: Refuse, found: str, *fixes: str) -> Finding:
    """The cause is known: without the catalogue's fix for all causes."""
    return failed(check, found, *fixes, code=refuse.code, about=refuse.code)


KNOWN_PLACE = frozenset({Check.KEYS, Check.REDIRECT_URI})
"""The place at the provider is certain; the hint for the refusal is for its other causes."""


def with_hint(finding: Finding, hints: Hints) -> Finding:
    about = finding.about or finding.code
    if about is None or about not in hints or finding.check in KNOWN_PLACE:
        return finding
    kept = [fix for fix in finding.fixes if not fix.startswith(AT_THE_PROVIDER)]
    return replace(finding, fixes=(*kept, f"{AT_THE_PROVIDER}{hints[about]}"))


def in_words_about(provider_id: str, finding: Finding) -> Finding:
    if finding.check in OF_ROMM:
        return finding
    fixes = tuple(in_words_of(provider_id, fix) for fix in finding.fixes)
    return replace(finding, found=in_words_of(provider_id, finding.found), fixes=fixes)


def has_failed(findings: Sequence[Finding]) -> bool:
    return any(finding.outcome is Outcome.FAILED for finding in findings)


def summary(findings: Sequence[Finding]) -> str:
    failures, warnings, unknowns, left_out = (
        [finding for finding in findings if finding.outcome is outcome]
        for outcome in (Outcome.FAILED, Outcome.WARNING, Outcome.UNKNOWN, Outcome.SKIPPED)
    )
    if failures:
        rest = f" {len(left_out)} cannot be checked until that is fixed." if left_out else ""
        return f"{_count(len(failures), 'check')} of {len(findings)} failed: {_titles(failures)}.{rest}"
    told = f"; {_titles(unknowns)} cannot be told" if unknowns else ""
    missing = f"{len(left_out)} of {len(findings)} checks {'was' if len(left_out) == 1 else 'were'} skipped"
    rest = f" {missing}." if left_out else ""
    if warnings:
        return f"Nothing failed, but {_count(len(warnings), 'warning')}: {_titles(warnings)}{told}.{rest}"
    if unknowns:
        return f"Nothing failed, but {_titles(unknowns)} cannot be told. A sign-in shows it.{rest}"
    if left_out:
        return f"Nothing failed, but {missing}: {_titles(left_out)}."
    return f"All {len(findings)} checks are ok. Only a sign-in can show what the provider sends about a person."


def _finding(
    check: Check,
    outcome: Outcome,
    found: str,
    fixes: Sequence[str] = (),
    code: Code | None = None,
    about: Code | None = None,
) -> Finding:
    printable = tuple(map(_printable, fixes))
    return Finding(check=check, outcome=outcome, found=_printable(found), fixes=printable, code=code, about=about)


def _printable(text: str) -> str:
    return escaped(shortened(text, MAX_LENGTH))


def _titles(findings: Sequence[Finding]) -> str:
    return ", ".join(map(_title, findings))


def _title(finding: Finding) -> str:
    return f"{finding.title} ({finding.provider.label})" if finding.provider else finding.title


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
