"""Responses of heartbeat and doctor."""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from romm.domain.diagnosis.findings import PLAN, Check, Finding, Outcome


class SystemStatus(Struct, frozen=True, rename="upper"):
    """`version` is that of RomM's API, `sign_in_version` our own."""

    version: str
    show_setup_wizard: bool
    sign_in_version: str


class FrontendStatus(Struct, frozen=True, rename="upper"):
    """There is no viewer of logs for apps."""

    disable_userpass_login: bool
    disable_logs_viewer: bool = True
    youtube_base_url: str = ""


class OIDCStatus(Struct, frozen=True, rename="upper"):
    enabled: bool
    autologin: bool
    provider: str
    rp_initiated_logout: bool


class ProviderStatus(Struct, frozen=True, rename="upper"):
    """One that is on. `login_path` starts a sign-in there."""

    id: str
    name: str
    login_path: str


class MetadataSources(Struct, frozen=True, rename="upper"):
    any_source_enabled: bool = False
    igdb_api_enabled: bool = False
    ss_api_enabled: bool = False
    ss_dev_credentials_set: bool = False
    moby_api_enabled: bool = False
    steamgriddb_api_enabled: bool = False
    ra_api_enabled: bool = False
    launchbox_api_enabled: bool = False
    hasheous_api_enabled: bool = False
    playmatch_api_enabled: bool = False
    tgdb_api_enabled: bool = False
    flashpoint_api_enabled: bool = False
    hltb_api_enabled: bool = False
    libretro_api_enabled: bool = False


class Filesystem(Struct, frozen=True, rename="upper"):
    fs_platforms: tuple[str, ...] = ()


class Emulation(Struct, frozen=True, rename="upper"):
    disable_emulator_js: bool = True
    disable_ruffle_rs: bool = True


class Tasks(Struct, frozen=True, rename="upper"):
    enable_scheduled_rescan: bool = False
    scheduled_rescan_cron: str = ""
    enable_scheduled_update_switch_titledb: bool = False
    scheduled_update_switch_titledb_cron: str = ""
    enable_scheduled_update_launchbox_metadata: bool = False
    scheduled_update_launchbox_metadata_cron: str = ""
    enable_scheduled_convert_images_to_webp: bool = False
    scheduled_convert_images_to_webp_cron: str = ""


class Heartbeat(Struct, frozen=True, kw_only=True):
    """`oidc` is RomM's, of the first provider. `providers` are all, sent if there are several.

    What belongs to a library is sent as RomM sends it without one, because generated clients fail without it.
    """

    system: SystemStatus = msgspec.field(name="SYSTEM")
    frontend: FrontendStatus = msgspec.field(name="FRONTEND")
    oidc: OIDCStatus = msgspec.field(name="OIDC")
    metadata_sources: MetadataSources = msgspec.field(name="METADATA_SOURCES", default=MetadataSources())
    filesystem: Filesystem = msgspec.field(name="FILESYSTEM", default=Filesystem())
    emulation: Emulation = msgspec.field(name="EMULATION", default=Emulation())
    tasks: Tasks = msgspec.field(name="TASKS", default=Tasks())
    providers: list[ProviderStatus] | UnsetType = msgspec.field(name="PROVIDERS", default=UNSET)


class FindingSchema(Struct, frozen=True, kw_only=True):
    """`code` is the error that a sign-in would end with. `provider` is the id of the one examined, if several are."""

    check: Check
    title: str
    outcome: Outcome
    expected: str
    found: str
    fixes: list[str]
    code: str | None
    provider: str | None


def finding_schema(finding: Finding) -> FindingSchema:
    return FindingSchema(
        check=finding.check,
        title=finding.title,
        outcome=finding.outcome,
        expected=finding.expected,
        found=finding.found,
        fixes=list(finding.fixes),
        code=finding.code,
        provider=finding.provider.id if finding.provider else None,
    )


HEARTBEAT_EXAMPLE: dict[str, Any] = {
    "SYSTEM": {"VERSION": "5.1.1", "SHOW_SETUP_WIZARD": False, "SIGN_IN_VERSION": "0.1.0"},
    "FRONTEND": msgspec.to_builtins(FrontendStatus(disable_userpass_login=False)),
    "OIDC": {"ENABLED": True, "AUTOLOGIN": False, "PROVIDER": "authelia", "RP_INITIATED_LOGOUT": False},
    "PROVIDERS": [
        {"ID": "oidc", "NAME": "Authelia", "LOGIN_PATH": "/api/login/openid"},
        {"ID": "google", "NAME": "Google", "LOGIN_PATH": "/api/login/openid?provider=google"},
    ],
    "METADATA_SOURCES": msgspec.to_builtins(MetadataSources()),
    "FILESYSTEM": msgspec.to_builtins(Filesystem()),
    "EMULATION": msgspec.to_builtins(Emulation()),
    "TASKS": msgspec.to_builtins(Tasks()),
}

FINDING_EXAMPLE: dict[str, Any] = {
    "check": "client",
    "title": PLAN[Check.CLIENT].title,
    "outcome": "failed",
    "expected": PLAN[Check.CLIENT].expected,
    "found": "the provider answered invalid_client to romm with client_secret_basic",
    "fixes": ["Check OIDC_CLIENT_ID and OIDC_CLIENT_SECRET (the plain secret, not its hash)."],
    "code": "client_rejected",
    "provider": None,
}
