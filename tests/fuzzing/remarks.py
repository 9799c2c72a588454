"""What schemathesis remarks and is meant to be so, with the reason."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

EVERYONE = ("nobody", "viewer", "administrator")
SIGNED_IN = ("viewer", "administrator")

REJECTED = "Schema-valid request rejected"
ACCEPTED = "Schema-violating request accepted"
OTHER_401 = "Unexpected response to invalid authentication"


class Remark(NamedTuple):
    """`code` is that of our refusal, empty if the request was answered otherwise."""

    route: str
    check: str
    code: str


class Expected(NamedTuple):
    """Every route if `routes` is empty. A row that one of `visitors` does not need any longer fails.

    `by_chance`: it depends on the characters and numbers that are generated, which change with the document.
    """

    check: str
    code: str
    routes: tuple[str, ...]
    reason: str
    visitors: tuple[str, ...] = EVERYONE
    by_chance: bool = False

    def covers(self, remark: Remark) -> bool:
        is_of_route = not self.routes or remark.route in self.routes
        return is_of_route and (remark.check, remark.code) == (self.check, self.code)


ROWS = (
    Expected(
        REJECTED, "link_invalid", ("POST /api/recover", "POST /api/reset-password", "POST /api/users/register"),
        "A link's secret is a value that RomM made; no schema knows which are valid.",
    ),
    Expected(
        REJECTED, "logout_token_invalid", ("POST /api/oauth/openid/backchannel-logout",),
        "A logout token is signed by the provider.",
    ),
    Expected(
        REJECTED, "credentials_wrong", ("POST /api/token",),
        "A wrong password is `invalid_grant` with status 400 (RFC 6749, 5.2).",
    ),
    Expected(
        REJECTED, "token_request_invalid", (
            "POST /api/token", "POST /api/token/revoke", "POST /api/token/introspect", "POST /api/device_authorization",
        ),
        "Which parameters are needed depends on `grant_type`, and one that comes twice is refused (RFC 6749, 3.2).",
    ),
    Expected(
        REJECTED, "", ("POST /api/auth/device/token",),
        "The older format reports a waiting or unknown code as an error with status 400.",
    ),
    Expected(
        REJECTED, "app_unknown", ("GET /api/authorize", "POST /api/authorize"),
        "Which apps there are is in the operator's file.",
    ),
    Expected(
        REJECTED, "request_invalid", ("POST /api/users",),
        "Without a credential this is the form of the first administrator, whose password is needed.",
        ("nobody",),
    ),
    Expected(
        REJECTED, "grant_type_unsupported", ("POST /api/token",),
        "Which grants are offered is the operator's choice; here are no apps, so there is no `authorization_code`.",
    ),
    Expected(
        REJECTED, "scopes_invalid", ("POST /api/client-tokens",),
        "The page's form has no field `scopes` if nothing is ticked, and should say so instead of `request_invalid`.",
        SIGNED_IN,
    ),
    Expected(
        OTHER_401, "too_many_attempts", (),
        "One wrong password of HTTP Basic is tried at every route; its name has to wait, wherever it comes from.",
        SIGNED_IN,
    ),
    Expected(
        ACCEPTED, "", ("PUT /api/users/{user_id}",),
        "A form has texts only: `0` and `1` are taken for a boolean there, as `false` and `true` are.",
        ("administrator",),
    ),
    Expected(
        REJECTED, "password_weak", ("POST /api/users", "PUT /api/users/{user_id}"),
        "No schema lists the common passwords, such as `00000000`.",
        ("administrator",),
    ),
    Expected(
        REJECTED, "request_invalid", ("POST /api/users/invite-link",),
        "A parameter is refused that is in the query and in the body.",
        ("administrator",),
    ),
    Expected(
        REJECTED, "name_invalid", ("POST /api/client-tokens",),
        "No pattern has every character that cannot be shown.",
        SIGNED_IN, by_chance=True,
    ),
    Expected(
        REJECTED, "request_invalid", ("POST /api/auth/device/init",),
        "No pattern has every character that cannot be shown.",
        by_chance=True,
    ),
    Expected(
        REJECTED, "request_invalid", ("POST /api/devices", "PUT /api/devices/{device_id}"),
        "No pattern has every character that cannot be shown.",
        SIGNED_IN, by_chance=True,
    ),
    Expected(
        REJECTED, "claims_unreadable", ("POST /api/oidc/explain",),
        "Claims are an object, flat or with an ID token in it; one whose `iss` is a number is refused.",
        SIGNED_IN, by_chance=True,
    ),
)  # fmt: skip


def unexpected(found: Iterable[Remark], visitor: str) -> Iterator[Remark]:
    return (remark for remark in found if not any(row.covers(remark) for row in _rows(visitor)))


def unused(found: Iterable[Remark], visitor: str) -> list[str]:
    remarks = list(found)
    rows = [row for row in _rows(visitor) if not row.by_chance]
    return [row.reason for row in rows if not any(map(row.covers, remarks))]


def _rows(visitor: str) -> list[Expected]:
    return [row for row in ROWS if visitor in row.visitors]
