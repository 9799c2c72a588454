"""Which access level the provider's groups give: whole values, case-sensitive, the highest match wins."""

from msgspec import Struct

from romm.domain.model import AccessLevel
from romm.domain.sign_in.claims import NotConfigured, RolesClaim, Unknown, Values

ANYONE = "*"


class RoleMapping(Struct, frozen=True, kw_only=True):
    """The claim values that mean each level. `*` in `viewer` admits everyone whose claim is present."""

    admin: tuple[str, ...] = ()
    editor: tuple[str, ...] = ()
    viewer: tuple[str, ...] = ()


class Keep(Struct, frozen=True, tag=True):
    """The provider does not decide: a new account becomes a viewer, an existing one stays as it is."""

    warning: str | None = None


class Give(Struct, frozen=True, tag=True):
    """The provider decides: this level, because of this value of the claim."""

    level: AccessLevel
    value: str


class NoRole(Struct, frozen=True, tag=True):
    """The claim is there and none of its values is one of ours."""

    values: tuple[str, ...]


RoleDecision = Keep | Give | NoRole


def grant(claim: RolesClaim, mapping: RoleMapping) -> RoleDecision:
    """The level that a roles claim gives under a mapping."""
    match claim:
        case NotConfigured():
            return Keep()
        case Unknown(why=why):
            return Keep(warning=why)
        case Values(values=values):
            return _highest(values, mapping) or NoRole(values)


def describe(role: RoleDecision) -> str:
    """What the roles claim said, for the operator who wonders why somebody has this role or none."""
    match role:
        case Keep(warning=None):
            return "not given (no roles claim is configured)"
        case Keep(warning=why):
            return f"not given (the roles claim is {why})"
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
    for level, wanted in ranked:
        for name in wanted:
            if _name(name) in present:
                return Give(level, present[_name(name)])
    return Give(AccessLevel.VIEWER, ANYONE) if ANYONE in mapping.viewer else None


def _name(value: str) -> str:
    """Keycloak writes a group as a path; one leading slash is no part of its name, inner ones are."""
    return value.removeprefix("/")
