"""Completeness of each provider's settings, and warnings about weak ones."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from romm.domain import hosts
from romm.domain.hosts import is_readable_on_the_way, origin
from romm.domain.sign_in.linking.rules import TrustEmail
from romm.domain.sign_in.roles.texts import SEPARATORS
from romm.settings import providers, role_values
from romm.settings.model import DeclaredProvider, Oidc
from romm.settings.server import NO_PATH, callback
from romm.settings.values import DEFAULT, Draft

_SYMMETRIC = {"HS256", "HS384", "HS512"}
_ASYMMETRIC = {
    "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA", "Ed25519",
}  # fmt: skip
_URLS = (
    "redirect_uri", "server_application_url", "server_metadata_url", "end_session_endpoint", "post_logout_redirect_uri",
)  # fmt: skip
_HASH = re.compile(r"\$(pbkdf2|argon2|scrypt|2[aby]\$|[56]\$)")
_ROLES = ("role_viewer", "role_editor", "role_admin")

_Names = Mapping[str, str]


def complete(draft: Draft) -> None:
    providers.check_issuers(draft)
    for declared in draft.settings.all_providers:
        _complete(draft, declared.section)
    providers.check_autologin(draft)
    settings = draft.settings
    if settings.accounts.disable_userpass_login and not settings.working_providers:
        draft.report.warnings.append(
            f"{draft.names['accounts']['disable_userpass_login']} is true while OIDC is off: no sign-in method is left. "
            "Set it to false, or switch OIDC on."
        )


def _complete(draft: Draft, section: str) -> None:
    _ascii_hosts(draft, section)
    declared, names, report = draft.provider(section), draft.names[section], draft.report
    oidc, wrong = declared.oidc, report.off.get(section, [])
    reasons = [*_reasons(declared, names), *wrong] if oidc.enabled else [f"{names['enabled']} is false"]
    if oidc.enabled and (reported := tuple(report.problems)):  # RomM does not start, so report all at once
        report.problems += [f"{reason}." for reason in reasons if not _is_reported(reason, reported)]
    if not reasons:
        report.warnings += _warnings(draft, declared)
    elif draft.origins[f"{section}.enabled"] == DEFAULT and oidc.client_id and any(_provider_urls(oidc).values()):
        report.warnings += _forgotten_switch(oidc)
    whole = {key: role_values.without_parts(getattr(oidc, key)) for key in _ROLES}
    draft.complete(section, "", **whole, scopes=" ".join(oidc.scopes.replace(",", " ").split()))
    if not any((oidc.client_secret, oidc.client_key_file, oidc.token_endpoint_auth_method)):
        draft.complete(section, names["client_secret"], token_endpoint_auth_method="none")
    draft.switch_off(section, reasons)


def _forgotten_switch(oidc: Oidc) -> Iterator[str]:
    """A further provider is on by default."""
    if not oidc.enabled:
        yield (
            "OIDC_ENABLED is not set, so single sign-on is off although a provider is configured. Set it to true, or "
            "to false to keep it off."
        )


def _ascii_hosts(draft: Draft, section: str) -> None:
    """A URI is ASCII (RFC 3986), as registered at the provider."""
    oidc = draft.provider(section).oidc
    written = {key: getattr(oidc, key) for key in _URLS}
    ascii_urls = {key: hosts.canonical(url) for key, url in written.items() if not url.isascii()}
    draft.complete(section, **{key: url for key, url in ascii_urls.items() if url})


def _is_reported(reason: str, problems: tuple[str, ...]) -> bool:
    """Its value is missing because it could not be read."""
    variable, _, _ = reason.partition(" ")
    return any(problem.startswith(variable) for problem in problems)


def _provider_urls(oidc: Oidc) -> dict[str, str]:
    return {"server_application_url": oidc.server_application_url, "server_metadata_url": oidc.server_metadata_url}


def _reasons(declared: DeclaredProvider, names: _Names) -> Iterator[str]:
    oidc = declared.oidc
    if not oidc.client_id:
        yield f"{names['client_id']} is missing: set it to the client id that the provider gave to RomM"
    if not any(_provider_urls(oidc).values()):
        yield f"{names['server_application_url']} is missing: set it to the provider's issuer URL"
    urls = {
        "redirect_uri": oidc.redirect_uri,
        **_provider_urls(oidc),
        "end_session_endpoint": oidc.end_session_endpoint,
        "post_logout_redirect_uri": oidc.post_logout_redirect_uri,
    }
    for key, url in urls.items():
        if url and origin(url) is None:
            yield f"{names[key]} is not an http(s) URL; write it like https://auth.example.com"
    yield from _callback_reasons(oidc.redirect_uri, callback(declared.id), names["redirect_uri"])
    if oidc.token_endpoint_auth_method.startswith("client_secret_") and not oidc.client_secret:
        yield (
            f"{names['token_endpoint_auth_method']} is {oidc.token_endpoint_auth_method}, but {names['client_secret']} "
            "is missing: set the secret, or leave the method empty"
        )
    yield from _key_reasons(oidc, names)
    unknown = [name for name in oidc.id_token_signed_response_algs if name not in _SYMMETRIC | _ASYMMETRIC]
    if unknown or not oidc.id_token_signed_response_algs:
        yield (
            f"{names['id_token_signed_response_algs']} has {', '.join(unknown) or 'no algorithm'}: "
            "write names such as RS256 or ES256; `none` is never accepted"
        )
    yield from _authority_reasons(oidc.tls_cacertfile, names["tls_cacertfile"])


def _callback_reasons(redirect_uri: str, path: str, name: str) -> Iterator[str]:
    if origin(redirect_uri) and not urlsplit(redirect_uri).path.removesuffix("/").endswith(path):
        yield f"{name} does not end in {path}, where RomM waits for the answer: correct it here and at the provider"
    if "#" in redirect_uri:
        yield f"{name} has a #, which no provider may send people back to (RFC 6749, 3.1.2): remove it"


def _key_reasons(oidc: Oidc, names: _Names) -> Iterator[str]:
    name, file = names["client_key_file"], oidc.client_key_file
    if oidc.token_endpoint_auth_method == "private_key_jwt" and not file:
        yield f"{names['token_endpoint_auth_method']} is private_key_jwt, but {name} is missing: set it to a PEM file"
    try:
        content = Path(file).read_bytes() if file else b""
    except OSError as error:
        yield f"{name} names {file}, which cannot be read ({error.strerror})"
        return
    if file and (b" PRIVATE KEY-----" not in content or b"ENCRYPTED" in content):
        yield f"{name} names {file}, which holds no private key in PEM form without a password"


def _authority_reasons(file: str, name: str) -> Iterator[str]:
    try:
        if file and b"-----BEGIN " not in Path(file).read_bytes():
            yield f"{name} names {file}, which holds no certificate in PEM form"
    except OSError as error:
        yield f"{name} names {file}, which cannot be read ({error.strerror})"


def _warnings(draft: Draft, declared: DeclaredProvider) -> Iterator[str]:
    oidc, names = declared.oidc, draft.names[declared.section]
    yield from _address_warnings(draft, declared)
    for key, url in _provider_urls(oidc).items():
        if is_readable_on_the_way(url):
            yield f"{names[key]} is plain http: an attacker on the network can sign in to any account. Use https."
    yield from _trust_warnings(oidc, names)
    yield from _role_warnings(oidc, names)
    if declared.is_open_to_anyone and oidc.allow_registration:
        yield (
            f"{names['provider']} is {declared.label}, which is open to everyone, and "
            f"{names['allow_registration']} is true: every account there gets one here. Set it to false, or set your own "
            f"domain in {names['hosted_domains']}."
        )
    if oidc.scopes and "openid" not in oidc.scopes.replace(",", " ").split():
        yield f"{names['scopes']} lacks openid, without which a provider sends no ID token; add it."


def _address_warnings(draft: Draft, declared: DeclaredProvider) -> Iterator[str]:
    oidc, names, server_names = declared.oidc, draft.names[declared.section], draft.names["server"]
    base_url, back = draft.settings.server.base_url, oidc.post_logout_redirect_uri
    if draft.origins["server.base_url"] == f"derived from {server_names['port']}":
        yield (
            f"Neither ROMM_BASE_URL nor {names['redirect_uri']} is set, so the provider sends people back to "
            f"{oidc.redirect_uri}, which is this machine alone. Set ROMM_BASE_URL to the address that people use."
        )
    if urlsplit(oidc.redirect_uri).path.removesuffix("/") != callback(declared.id):
        yield f"{names['redirect_uri']}: {NO_PATH}, and leave ROMM_BASE_URL and the redirect URI without the path."
    if origin(oidc.redirect_uri) != base_url:
        yield (
            f"{names['redirect_uri']} leads to {origin(oidc.redirect_uri)}, but {server_names['base_url']} is "
            f"{base_url}: people who sign in at the latter come back to another address, without their cookie."
        )
    if back and origin(back) != base_url:
        yield (
            f"{names['post_logout_redirect_uri']} leads to {origin(back)}, but {server_names['base_url']} is "
            f"{base_url}: people who sign out come to another address. Set it to {base_url}/login, here and at the provider."
        )


def _trust_warnings(oidc: Oidc, names: _Names) -> Iterator[str]:
    if oidc.trust_email is TrustEmail.ALWAYS:
        yield (
            f"{names['trust_email']} is always: a user who can enter another person's e-mail address at the provider "
            "gets that person's account here. Prefer verified."
        )
    if symmetric := _SYMMETRIC.intersection(oidc.id_token_signed_response_algs):
        yield (
            f"{names['id_token_signed_response_algs']} allows {', '.join(sorted(symmetric))}: a party that knows the "
            "client secret can sign in to any account. Choose a signing key (RS256) at the provider instead."
        )
    if oidc.token_endpoint_auth_method == "none" and oidc.client_secret:
        yield f"{names['client_secret']} is not used: {names['token_endpoint_auth_method']} is none."
    if _HASH.match(oidc.client_secret):
        yield (
            f"{names['client_secret']} looks like the hash in the provider's configuration; "
            "RomM needs the plain secret."
        )


def _role_warnings(oidc: Oidc, names: _Names) -> Iterator[str]:
    roles = {"role_viewer": oidc.role_viewer, "role_editor": oidc.role_editor, "role_admin": oidc.role_admin}
    mapped = [names[key] for key, values in roles.items() if values]
    if mapped and not oidc.claim_roles:
        yield f"{', '.join(mapped)} has no effect without {names['claim_roles']}; set it to the claim with the groups."
    if oidc.claim_roles and not mapped:
        yield (
            f"{names['claim_roles']} is set, but no {names['role_viewer']}, {names['role_editor']} or {names['role_admin']}: "
            f"every account with the claim is refused. Set at least {names['role_viewer']}=*."
        )
    for key, values in roles.items():
        if cut := [value for value in values if value not in role_values.without_parts(values)]:
            yield (
                f"{names[key]} has {', '.join(cut)}, which look like one LDAP name that was cut at its commas, so none of these "
                f"counts. Write each name whole, in a list: {json.dumps([','.join(cut)])}; or with \\, for each comma."
            )
    shape, separator = oidc.claim_roles_shape, oidc.claim_roles_separator
    if shape in SEPARATORS and separator and SEPARATORS[shape] != SEPARATORS[separator]:
        yield (
            f"{names['claim_roles_shape']} is {shape} and {names['claim_roles_separator']} is {separator}, which counts; remove "
            "the shape."
        )
