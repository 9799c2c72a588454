"""Map the roles claim to an access level: whole values, case-sensitive, the highest match wins."""

from msgspec import Struct

from romm.domain.model import AccessLevel
from romm.domain.sign_in.claims.rules import NotConfigured, RolesClaim, Unknown, Values
from romm.domain.sign_in.roles import distinguished_names

ANYONE = "*"
COMPARE = "compare the names here and there"


class RoleMapping(Struct, frozen=True, kw_only=True):
    """`*` in `viewer` admits everyone with the claim. `absent_is_none`: a missing claim means no group."""

    admin: tuple[str, ...] = ()
    editor: tuple[str, ...] = ()
    viewer: tuple[str, ...] = ()
    absent_is_none: bool = False


class Keep(Struct, frozen=True, tag=True):
    """New accounts become viewers, others keep their level. `found` describes an unreadable claim."""

    warning: str | None = None
    found: str = ""


class Give(Struct, frozen=True, tag=True):
    level: AccessLevel
    value: str


class NoRole(Struct, frozen=True, tag=True):
    """`advice` is for the administrator."""

    values: tuple[str, ...]
    advice: str = COMPARE


RoleDecision = Keep | Give | NoRole


def grant(claim: RolesClaim, mapping: RoleMapping) -> RoleDecision:
    match claim:
        case NotConfigured():
            return Keep()
        case Unknown(why="userinfo_unavailable") if mapping.absent_is_none:
            return NoRole((), _UNANSWERED)
        case Unknown(why="absent") if mapping.absent_is_none:
            return _highest((), mapping) or NoRole((), _NOT_SENT)
        case Unknown(why=why, found=found):
            return Keep(warning=why, found=found)
        case Values(values=values):
            return _highest(values, mapping) or NoRole(values, _advice(claim))


_NOT_SENT = (
    "it was not sent, so the person is in no group (OIDC_CLAIM_ROLES_ABSENT=none); or no scope or mapper at the provider "
    "sends it, which affects everyone"
)
_UNANSWERED = "UserInfo did not answer, and the ID token has no such claim"
_NO_GROUP = "the person is in no group there"
_WHOLE_NAME = 'these are LDAP names, so write each whole: in a list, ["cn=…,ou=…"], or with \\, for each comma in it'
_SEPARATED = "it came as one text, which counts as one value; if it is several, {setting} splits it"
_SEPARATORS = {
    ";": "OIDC_CLAIM_ROLES_SEPARATOR=;",
    ",": "OIDC_CLAIM_ROLES_SEPARATOR=, (or OIDC_CLAIM_ROLES_SHAPE=csv)",
    " ": "OIDC_CLAIM_ROLES_SEPARATOR=space",
}


def _advice(claim: Values) -> str:
    """Never advise counting parts of an LDAP name."""
    if not claim.values:
        return _NO_GROUP
    if any(distinguished_names.is_whole(value) for value in claim.values):
        return _WHOLE_NAME
    inner = claim.values[0].strip() if claim.is_text else ""
    parts = [setting for separator, setting in _SEPARATORS.items() if separator in inner]
    return _SEPARATED.format(setting=parts[0]) if parts else COMPARE


def describe(role: RoleDecision) -> str:
    match role:
        case Keep(warning=None):
            return "not given (no roles claim is configured)"
        case Keep(warning=why, found=found):
            return f"not given (the roles claim is {found or why})"
        case Give(level=level, value=value):
            return f"{level.label}, by {value}"
        case NoRole(values=values):
            return f"none of ours (the claim has {', '.join(values) or 'nothing'})"


def _highest(values: tuple[str, ...], mapping: RoleMapping) -> Give | None:
    present = {name: value for value in values if (name := _name(value))}
    ranked = (
        (AccessLevel.ADMIN, mapping.admin),
        (AccessLevel.EDITOR, mapping.editor),
        (AccessLevel.VIEWER, mapping.viewer),
    )
    for level, names in ranked:
        for name in names:
            if _name(name) in present:
                return Give(level, present[_name(name)])
    return Give(AccessLevel.VIEWER, ANYONE) if ANYONE in mapping.viewer else None


def _name(value: str) -> str:
    """Drop one leading slash: Keycloak sends groups as paths."""
    return value.removeprefix("/")
