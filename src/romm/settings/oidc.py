"""Is OpenID Connect configured completely, and is anything about it weaker than it should be?"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from romm.domain import hosts
from romm.domain.hosts import is_readable_on_the_way, origin
from romm.domain.providers.register import preset
from romm.domain.sign_in.linking import TrustEmail
from romm.settings.server import CALLBACK, NO_PATH
from romm.settings.values import DEFAULT, Draft

_SYMMETRIC = {"HS256", "HS384", "HS512"}
_ASYMMETRIC = {
    "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA", "Ed25519",
}  # fmt: skip
_SECRET_METHODS = ("client_secret_basic", "client_secret_post")
_CHOICES: dict[str, tuple[str, ...]] = {
    "trust_email": tuple(TrustEmail),
    "claim_roles_shape": ("", "csv", "space", "keys"),
    "token_endpoint_auth_method": ("", *_SECRET_METHODS, "none"),
}
_HASH = re.compile(r"\$(pbkdf2|argon2|scrypt|2[aby]\$|[56]\$)")
_PROVIDER_URLS = ("server_application_url", "server_metadata_url")
_URLS = ("redirect_uri", *_PROVIDER_URLS, "end_session_endpoint", "post_logout_redirect_uri")
_ROLES = ("role_viewer", "role_editor", "role_admin")


def complete(draft: Draft) -> str:
    """Fill in what follows and say what is weak. Gives the reasons why OIDC is off, empty when it is on."""
    _ascii_hosts(draft)
    reasons = list(_reasons(draft)) if _value(draft, "enabled") else ["OIDC_ENABLED is false"]
    if _value(draft, "enabled") and (told := tuple(draft.report.problems)):  # nothing starts, so say all at once
        draft.report.problems += [f"{reason}." for reason in reasons if not _is_told(reason, told)]
    if not reasons:
        draft.report.warnings += _warnings(draft)
    elif _is_forgotten(draft):
        draft.report.warnings.append(
            "OIDC_ENABLED is not set, so single sign-on is off although a provider is configured. Set it to true; or to "
            "false, if that is meant."
        )
    if reasons and draft.values["accounts.disable_userpass_login"]:
        draft.report.warnings.append(
            f"{draft.names['accounts.disable_userpass_login']} is true while OIDC is off: nobody can sign in. "
            "Set it to false, or switch OIDC on."
        )
    if _value(draft, "trust_email") not in _CHOICES["trust_email"]:
        draft.values["oidc.trust_email"] = TrustEmail.VERIFIED
    draft.values["oidc.scopes"] = " ".join(_value(draft, "scopes").replace(",", " ").split())
    if not _value(draft, "client_secret") and not _value(draft, "token_endpoint_auth_method"):
        draft.derive("oidc.token_endpoint_auth_method", "none", _name(draft, "client_secret"))
    return "; ".join(reasons)


def _ascii_hosts(draft: Draft) -> None:
    """Bring a host with other letters to its A-label: a URI is ASCII (RFC 3986), and no provider has another registered."""
    for path in (f"oidc.{key}" for key in _URLS):
        if not draft.values[path].isascii():
            draft.values[path] = hosts.canonical(draft.values[path]) or draft.values[path]


def _is_told(reason: str, problems: tuple[str, ...]) -> bool:
    """Is the value only missing because it could not be read?"""
    variable, _, _ = reason.partition(" ")
    return any(problem.startswith(variable) for problem in problems)


def _is_forgotten(draft: Draft) -> bool:
    """Is the switch the one thing that nobody wrote?"""
    configured = _value(draft, "client_id") and any(_value(draft, key) for key in _PROVIDER_URLS)
    return draft.origins["oidc.enabled"] == DEFAULT and bool(configured)


def _reasons(draft: Draft) -> Iterator[str]:
    if not _value(draft, "client_id"):
        yield f"{_name(draft, 'client_id')} is missing: set it to the client id that the provider gave to RomM"
    if not any(_value(draft, key) for key in _PROVIDER_URLS):
        yield f"{_name(draft, 'server_application_url')} is missing: set it to the provider's issuer URL"
    for key in _URLS:
        if _value(draft, key) and origin(_value(draft, key)) is None:
            yield f"{_name(draft, key)} is no http(s) URL: write it like https://auth.example.com"
    for key, allowed in _CHOICES.items():
        if _value(draft, key) not in allowed:
            yield f"{_name(draft, key)} is {_value(draft, key)!r}: write one of {', '.join(filter(None, allowed))}"
    yield from _callback_reasons(draft)
    yield from _client_reasons(draft)
    yield from _algorithm_reasons(draft)
    yield from _authority_reasons(draft)


def _callback_reasons(draft: Draft) -> Iterator[str]:
    redirect_uri, name = _value(draft, "redirect_uri"), _name(draft, "redirect_uri")
    if origin(redirect_uri) and not urlsplit(redirect_uri).path.removesuffix("/").endswith(CALLBACK):
        yield f"{name} does not end in {CALLBACK}, where RomM waits for the answer: correct it here and at the provider"
    if "#" in redirect_uri:
        yield f"{name} has a #, which no provider may send people back to (RFC 6749, 3.1.2): remove it"


def _client_reasons(draft: Draft) -> Iterator[str]:
    method = _value(draft, "token_endpoint_auth_method")
    if method in _SECRET_METHODS and not _value(draft, "client_secret"):
        yield (
            f"{_name(draft, 'token_endpoint_auth_method')} is {method}, but {_name(draft, 'client_secret')} is missing: "
            "set the secret, or leave the method empty"
        )


def _algorithm_reasons(draft: Draft) -> Iterator[str]:
    algorithms = _value(draft, "id_token_signed_response_algs")
    unknown = [name for name in algorithms if name not in _SYMMETRIC | _ASYMMETRIC]
    if unknown or not algorithms:
        yield (
            f"{_name(draft, 'id_token_signed_response_algs')} has {', '.join(unknown) or 'no algorithm'}: "
            "write names such as RS256 or ES256; `none` is never accepted"
        )


def _authority_reasons(draft: Draft) -> Iterator[str]:
    file, name = _value(draft, "tls_cacertfile"), _name(draft, "tls_cacertfile")
    try:
        if file and b"-----BEGIN " not in Path(file).read_bytes():
            yield f"{name} names {file}, which holds no certificate in PEM form"
    except OSError as error:
        yield f"{name} names {file}, which cannot be read ({error.strerror})"


def _warnings(draft: Draft) -> Iterator[str]:
    base_url, redirect_uri = draft.values["server.base_url"], _value(draft, "redirect_uri")
    if draft.origins["server.base_url"] == f"derived from {draft.names['server.port']}":
        yield (
            f"Neither ROMM_BASE_URL nor {_name(draft, 'redirect_uri')} is set, so the provider sends people back to "
            f"{redirect_uri}, which is this machine alone. Set ROMM_BASE_URL to the address that people use."
        )
    if urlsplit(redirect_uri).path.removesuffix("/") != CALLBACK:
        yield f"{_name(draft, 'redirect_uri')}: {NO_PATH}, and leave ROMM_BASE_URL and the redirect URI without the path."
    if origin(redirect_uri) != base_url:
        yield (
            f"{_name(draft, 'redirect_uri')} leads to {origin(redirect_uri)}, but {draft.names['server.base_url']} is "
            f"{base_url}: people who sign in at the latter come back to another address, without their cookie."
        )
    back = _value(draft, "post_logout_redirect_uri")
    if back and origin(back) != base_url:
        yield (
            f"{_name(draft, 'post_logout_redirect_uri')} leads to {origin(back)}, but {draft.names['server.base_url']} is "
            f"{base_url}: people who sign out come to another address. Set it to {base_url}/login, here and at the provider."
        )
    for key in _PROVIDER_URLS:
        if is_readable_on_the_way(_value(draft, key)):
            yield f"{_name(draft, key)} is plain http: whoever listens in between can sign in as anybody. Use https."
    yield from _trust_warnings(draft)
    yield from _role_warnings(draft)
    yield from _stranger_warnings(draft)
    if (scopes := _value(draft, "scopes")) and "openid" not in scopes.replace(",", " ").split():
        yield f"{_name(draft, 'scopes')} lacks openid, without which no provider says who somebody is; add it."


def _trust_warnings(draft: Draft) -> Iterator[str]:
    if _value(draft, "trust_email") == TrustEmail.ALWAYS:
        yield (
            f"{_name(draft, 'trust_email')} is always: whoever can enter somebody else's e-mail address at the provider "
            "gets that person's account here. Prefer verified."
        )
    if symmetric := _SYMMETRIC.intersection(_value(draft, "id_token_signed_response_algs")):
        yield (
            f"{_name(draft, 'id_token_signed_response_algs')} allows {', '.join(sorted(symmetric))}: whoever knows the "
            "client secret can sign in as anybody. Choose a signing key (RS256) at the provider instead."
        )
    if _value(draft, "token_endpoint_auth_method") == "none" and _value(draft, "client_secret"):
        yield f"{_name(draft, 'client_secret')} is not used: {_name(draft, 'token_endpoint_auth_method')} is none."
    if _HASH.match(_value(draft, "client_secret")):
        yield (
            f"{_name(draft, 'client_secret')} looks like the hash that stands in the provider's configuration; "
            "RomM needs the plain secret."
        )


def _role_warnings(draft: Draft) -> Iterator[str]:
    mapped = [_name(draft, key) for key in _ROLES if _value(draft, key)]
    if mapped and not _value(draft, "claim_roles"):
        yield f"{', '.join(mapped)} has no effect without {_name(draft, 'claim_roles')}; set it to the claim with the groups."
    if _value(draft, "claim_roles") and not mapped:
        yield (
            f"{_name(draft, 'claim_roles')} is set, but no OIDC_ROLE_VIEWER, OIDC_ROLE_EDITOR or OIDC_ROLE_ADMIN: "
            "everybody who has the claim is refused. Set at least OIDC_ROLE_VIEWER=*."
        )


def _stranger_warnings(draft: Draft) -> Iterator[str]:
    known = preset(_value(draft, "provider"))
    if known.open_to_anyone and _value(draft, "allow_registration") and not _value(draft, "hosted_domains"):
        yield (
            f"{_name(draft, 'provider')} is {known.label}, where everybody in the world can have an account, and "
            f"{_name(draft, 'allow_registration')} is true: whoever comes gets one here. Set it to false, or name your own "
            f"domain in {_name(draft, 'hosted_domains')}."
        )


def _value(draft: Draft, key: str) -> Any:
    return draft.values[f"oidc.{key}"]


def _name(draft: Draft, key: str) -> str:
    return draft.names[f"oidc.{key}"]
