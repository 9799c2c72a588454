"""A provider's settings before they are used: what to register, what to keep, and RomM with them."""

import json
import re
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from romm.domain import hosts
from romm.domain.diagnosis.checks.metadata import BACKCHANNEL_LOGOUT
from romm.domain.errors import Code, Refuse
from romm.domain.providers.preset import ConsoleLocations
from romm.domain.providers.register import preset
from romm.domain.sign_in.providers import FIRST
from romm.settings import oidc
from romm.settings.model import FIELDS, Loaded, Settings
from romm.settings.server import NO_PATH, callback
from romm.settings.values import ConfigurationReport, Draft

SECRET_PLACEHOLDER = "<the client secret>"
"""RomM warns at the start while a setting still has one."""

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+=,-]*")
_SPECIAL = re.compile(r'(["\\$`])')


class ProviderCandidate(Struct, frozen=True, kw_only=True):
    """As typed. `address`: the issuer or the address of its discovery document. `base_url`: where people open RomM.

    Without a secret RomM is a public client.
    """

    base_url: str
    provider: str = ""
    address: str = ""
    client_id: str = ""
    client_secret: str = ""

    @property
    def origin(self) -> str:
        """Of RomM; other text stays as it is, for the message about it."""
        return hosts.origin(self.base_url.strip()) or self.base_url.strip()


class Registration(Struct, frozen=True, kw_only=True):
    """What to enter at the provider, and where. `backchannel_logout_uri` is empty where it has no field for it."""

    redirect_uri: str
    post_logout_redirect_uri: str
    backchannel_logout_uri: str
    locations: ConsoleLocations


def registration(candidate: ProviderCandidate) -> Registration:
    known = preset(candidate.provider)
    return Registration(
        redirect_uri=candidate.origin + callback(FIRST),
        post_logout_redirect_uri=f"{candidate.origin}/login",
        backchannel_logout_uri=candidate.origin + BACKCHANNEL_LOGOUT if known.registers_backchannel_logout else "",
        locations=known.locations,
    )


def check_text(candidate: ProviderCandidate) -> Refuse | None:
    """A line break would be a further setting in an env file."""
    odd = [name for name in candidate.__struct_fields__ if not getattr(candidate, name).strip().isprintable()]
    if not odd:
        return None
    return Refuse(Code.REQUEST_INVALID, {"problem": f"{odd[0]} has a character that cannot be printed"})


def environment(candidate: ProviderCandidate) -> dict[str, str]:
    values = {
        "OIDC_ENABLED": "true",
        "OIDC_PROVIDER": candidate.provider.strip(),
        "OIDC_CLIENT_ID": candidate.client_id.strip(),
        "OIDC_CLIENT_SECRET": candidate.client_secret.strip(),
        "OIDC_REDIRECT_URI": registration(candidate).redirect_uri,
        "OIDC_SERVER_APPLICATION_URL": candidate.address.strip(),
        "ROMM_BASE_URL": candidate.origin,
    }
    return {name: value for name, value in values.items() if value}


def without_secret(candidate: ProviderCandidate) -> ProviderCandidate:
    return replace(candidate, client_secret=SECRET_PLACEHOLDER if candidate.client_secret else "")


def env_file(variables: Mapping[str, str]) -> str:
    """For Compose, systemd and a shell, which agree on these quotes."""
    return "".join(f"{name}={_quoted(value)}\n" for name, value in variables.items())


def compose(variables: Mapping[str, str]) -> str:
    """A dollar sign is doubled there; a JSON string is one in YAML."""
    lines = (
        f"      {name}: {json.dumps(value.replace('$', '$$'), ensure_ascii=False)}\n"
        for name, value in variables.items()
    )
    return f"services:\n  romm:\n    environment:\n{''.join(lines)}"


def applied(settings: Settings, candidate: ProviderCandidate) -> Loaded:
    """RomM with this provider alone. Mistakes are in `oidc_off`."""
    names = _names()
    report = ConfigurationReport(warnings=[], off={FIRST: list(_wrong_address(candidate))})
    draft = Draft(
        settings=_with(settings, candidate),
        names=names,
        origins={f"{section}.{key}": name for section, keys in names.items() for key, name in keys.items()},
        report=report,
    )
    oidc.complete(draft)
    return Loaded(settings=draft.settings, origins=draft.origins, warnings=tuple(report.warnings), notes=())


def _with(settings: Settings, candidate: ProviderCandidate) -> Settings:
    method = settings.oidc.token_endpoint_auth_method
    provider = replace(
        settings.oidc,
        enabled=True,
        provider=candidate.provider.strip(),
        client_id=candidate.client_id.strip(),
        client_secret=candidate.client_secret.strip(),
        redirect_uri=registration(candidate).redirect_uri,
        server_application_url=candidate.address.strip(),
        server_metadata_url="",
        token_endpoint_auth_method="" if method == "none" else method,  # `none` follows from no secret
    )
    server = replace(settings.server, base_url=candidate.origin)
    return replace(settings, server=server, oidc=provider, oidc_off="", providers=())


def _wrong_address(candidate: ProviderCandidate) -> list[str]:
    found = hosts.origin(candidate.origin)
    if found is None:
        return ["ROMM_BASE_URL is not an http(s) URL; write it like https://romm.example.com"]
    has_path = (hosts.path(candidate.base_url.strip(), found) or "/") != "/"
    return [f"ROMM_BASE_URL: {NO_PATH}"] if has_path else []


def _names() -> dict[str, dict[str, str]]:
    names: dict[str, dict[str, str]] = {}
    for field in FIELDS:
        names.setdefault(field.section, {})[field.key] = field.variable.name
    return names


def _quoted(value: str) -> str:
    """Single quotes keep a dollar sign."""
    if _PLAIN.fullmatch(value):
        return value
    return f"'{value}'" if "'" not in value else '"{}"'.format(_SPECIAL.sub(r"\\\1", value))
