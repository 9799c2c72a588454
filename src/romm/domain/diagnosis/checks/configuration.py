"""Is the configuration complete and consistent?"""

from collections.abc import Iterable

from romm.domain.diagnosis.evidence import Configured, scheme_and_host
from romm.domain.diagnosis.findings import Check, Finding, failed, ok, warning
from romm.domain.diagnosis.fixes import Fix
from romm.domain.diagnosis.storage import SENTENCES, Cause, age
from romm.domain.errors import Code, Refuse

_ABOUT_ADDRESSES = "base_url"  # in every spelling: ROMM_BASE_URL, ROMM_SERVER__BASE_URL, base_url in a file


def mistakes(problems: tuple[str, ...]) -> Finding:
    return failed(Check.SETTINGS, f"{_number(problems, 'mistake')}, so RomM does not start", *problems)


def settings(configured: Configured) -> Finding:
    remarks = [each for each in configured.remarks if not _is_about_addresses(each)]
    if remarks:
        return warning(Check.SETTINGS, f"understood, with {_number(remarks, 'remark')}", *remarks)
    return ok(Check.SETTINGS, "understood, no remarks")


def single_sign_on(configured: Configured) -> Finding:
    if not configured.off:
        return ok(Check.SINGLE_SIGN_ON, f"on, as client {configured.client_id}")
    if configured.enabled:
        missing = configured.off.split("; ")
        found = "off, although OIDC_ENABLED is true"
        return failed(Check.SINGLE_SIGN_ON, found, *map(_sentence, missing), code=Code.OIDC_OFF)
    fixes = [Fix.ENABLE, *_still_missing(configured)]
    return warning(Check.SINGLE_SIGN_ON, "off: OIDC_ENABLED is false", *fixes, code=Code.OIDC_OFF)


def addresses(configured: Configured) -> Finding:
    found = f"people open {configured.base_url}, the provider sends them back to {configured.redirect_uri}"
    remarks = [
        each for each in configured.remarks if _is_about_addresses(each) and not _is_of_another(each, configured)
    ]
    if (
        not remarks
        and configured.off
        and scheme_and_host(configured.base_url) != scheme_and_host(configured.redirect_uri)
    ):
        remarks = [Fix.SAME_ORIGIN]
    return warning(Check.ADDRESSES, found, *remarks) if remarks else ok(Check.ADDRESSES, found)


def proxy(configured: Configured) -> Finding:
    """RomM speaks plain http; https means a proxy. An untrusted one hides client addresses."""
    trusted = ", ".join(configured.trusted_proxies)
    if trusted:
        return ok(Check.PROXY, f"X-Forwarded-For and X-Forwarded-Proto are trusted from {trusted}")
    if not configured.base_url.startswith("https://"):
        return ok(Check.PROXY, f"no proxy is trusted; with {configured.base_url} none is expected")
    return warning(
        Check.PROXY,
        f"{configured.base_url} is a proxy's address, since RomM itself speaks plain http; no proxy is trusted",
        Fix.TRUST_PROXY,
        Fix.FORWARD_ADDRESS,
    )


def database(revision: str | Refuse | None, newest: str, *, embedded: bool) -> Finding:
    """`romm serve` migrates the embedded database itself."""
    if isinstance(revision, Refuse):
        fix = f"{revision.facts.get('fix', 'Check ROMM_DATABASE_URL')}."
        return failed(Check.DATABASE, str(revision.facts.get("problem", "it does not work")), fix, code=revision.code)
    match age(revision, newest):
        case None:
            return ok(Check.DATABASE, "reachable, writable, and migrated to this version")
        case Cause.EMPTY | Cause.OLDER if embedded:
            state = "does not exist yet" if revision is None else f"is at {revision}, and this version needs {newest}"
            return ok(Check.DATABASE, f"the SQLite file {state}; `romm serve` creates or migrates it at start")
        case cause:
            problem = SENTENCES[cause].problem.format(place="the database", detail=revision)
            found = f"{problem}; this version needs {newest}"
            return failed(Check.DATABASE, found, f"{SENTENCES[cause].fix}.", code=Code.STORAGE_UNAVAILABLE)


def _still_missing(configured: Configured) -> Iterable[str]:
    if not configured.client_id:
        yield Fix.SET_CLIENT_ID
    if not configured.application_url and not configured.metadata_url:
        yield Fix.SET_ISSUER


def _is_about_addresses(remark: str) -> bool:
    return _ABOUT_ADDRESSES in remark.lower()


def _is_of_another(remark: str, configured: Configured) -> bool:
    return any(name in remark for name in configured.other_names)


def _sentence(reason: str) -> str:
    return f"{reason}."


def _number(things: list[str] | tuple[str, ...], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"
