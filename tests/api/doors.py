"""Every route: which scope opens it, and what it answers for one's own number and for that of another account."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from romm.domain.errors import Code
from tests.world import PASSWORD


@dataclass(frozen=True, kw_only=True)
class Door:
    """`others`: the further scope for another account's number; `foreign`: the refusal, where no scope suffices.

    `rights`: the level whose scopes the credential needs beside: one that is named, `admin` for `always`, or
    the account's: `protected` if that is an administrator, `target` in any case. `own`: the refusal of one's own number.
    `proof`: one's own number needs a fresh session. `lasting`: a session needs a proof of the last minutes, if one's own number
    has no `proof`; of the tokens `none` does, or those `named`, beside them `fresh` access tokens, or `any` with the scope.
    `passes`: a further scope, which the route hands on or uses, and its refusal. `locked_within`: the route has no lock of its
    own, only the use case has.
    """

    needs: str
    others: str = ""
    foreign: Code | None = None
    rights: str = ""
    own: Code | None = None
    proof: bool = False
    lasting: str = ""
    passes: tuple[str, Code] | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    form: bool = False
    anonymous: Code = Code.NOT_SIGNED_IN
    locked_within: bool = False


@dataclass(frozen=True, kw_only=True)
class Open:
    """Without any credential: the status and the code."""

    status: int
    code: Code | None = None


@dataclass(frozen=True)
class Page:
    """`door` by a session only; its body is a form."""

    door: Door


def page(needs: str, **more: Any) -> Page:
    return Page(Door(needs=needs, form=True, **more))


NEW = {"username": "newcomer", "password": PASSWORD, "email": ""}
TOKEN = {"name": "Handheld", "scopes": ["me.read"], "expires_in": "never"}
RENEWED = ("me.read", Code.SCOPES_EXCEEDED)
PAIRED = ("me.read", Code.DEVICE_SCOPES_EXCEEDED)
APPROVED = {"user_code": "{user_code}", "approved_scopes": ["me.read"], "expires_in": "never"}
APP = (
    "response_type=code&client_id=Shelf&redirect_uri=org.example.shelf:/callback&scope=me.write&state=s"
    "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
)
CONSENT = dict(pair.split("=", 1) for pair in APP.split("&")) | {"account": "{own_id}", "decision": "allow"}

DOORS: Mapping[str, Door | Page | Open] = {
    # accounts
    "GET /api/users": Door(needs="users.read"),
    "POST /api/users": Door(needs="users.write", lasting="any", body=NEW, anonymous=Code.SETUP_CLOSED),
    "POST /api/users #editor": Door(
        needs="users.write", lasting="any", body=NEW | {"role": "editor"}, anonymous=Code.SETUP_CLOSED
    ),
    "POST /api/users #admin": Door(
        needs="users.write", rights="admin", lasting="named", body=NEW | {"role": "admin"}, anonymous=Code.SETUP_CLOSED
    ),
    "GET /api/users/identifiers": Door(needs="users.read"),
    "GET /api/users/me": Door(needs="me.read"),
    "GET /api/users/{user_id}": Door(needs="me.read", others="users.read"),
    "PUT /api/users/{user_id}": Door(needs="me.write", others="users.write", rights="protected"),
    "PUT /api/users/{user_id} #email": Door(
        needs="me.write",
        others="users.write",
        rights="target",
        proof=True,
        lasting="named",
        body={"email": "mine@example.org"},
    ),
    "PUT /api/users/{user_id} #password": Door(
        needs="me.write",
        others="users.write",
        rights="admin",
        proof=True,
        lasting="named",
        body={"password": "another lantern"},
    ),
    "PUT /api/users/{user_id} #admin": Door(
        needs="me.write", others="users.write", rights="admin", lasting="named", body={"role": "admin"}
    ),
    "PUT /api/users/{user_id} #editor": Door(
        needs="me.write", others="users.write", rights="protected", lasting="any", body={"role": "editor"}
    ),
    "PUT /api/users/{user_id} #enabled": Door(
        needs="me.write", others="users.write", rights="protected", body={"enabled": False}
    ),
    "DELETE /api/users/{user_id}": Door(needs="users.write", rights="protected", own=Code.OWN_ACCOUNT),
    "POST /api/users/invite-link": Door(needs="users.write", lasting="any", body={"role": "viewer"}),
    "POST /api/users/invite-link #admin": Door(
        needs="users.write", rights="admin", lasting="named", body={"role": "admin"}
    ),
    "GET /api/users/invitations": Door(needs="users.read"),
    "DELETE /api/users/invitations/{invitation_id}": Door(needs="users.write"),
    "POST /api/users/{user_id}/reset-link": Door(
        needs="users.write", rights="admin", lasting="named", own=Code.OWN_ACCOUNT
    ),
    "DELETE /api/identities/{identity_id}": Door(needs="me.write", foreign=Code.CREDENTIAL_UNKNOWN, proof=True),
    "POST /api/users/register": Open(status=400, code=Code.REQUEST_INVALID),
    "POST /api/forgot-password": Open(status=400, code=Code.REQUEST_INVALID),
    "POST /api/reset-password": Open(status=400, code=Code.REQUEST_INVALID),
    "POST /api/recover": Open(status=400, code=Code.REQUEST_INVALID),
    "POST /register/provider": Open(status=303, code=Code.REQUEST_INVALID),
    "GET /register": Open(status=400, code=Code.LINK_INVALID),
    "GET /reset-password": Open(status=400, code=Code.LINK_INVALID),
    "GET /forgot-password": Open(status=200),
    "GET /recover": Open(status=400, code=Code.LINK_INVALID),
    "GET /setup": Open(status=303),
    "GET /account": page("me.read"),
    "POST /account/profile": page("me.write", body={"username": "renamed"}),
    "POST /account/password": page("me.write", body={"password": "another lantern"}),
    "GET /account/confirm": page("me.write"),
    "POST /account/confirm": page("me.write", body={"current_password": PASSWORD}),
    "POST /account/confirm/provider": page("me.write"),
    "POST /account/link": page("me.write"),
    "POST /account/unlink": page("me.write", foreign=Code.CREDENTIAL_UNKNOWN, body={"identity": "{identity_id}"}),
    "GET /admin/users": page("users.read"),
    "POST /admin/users": page("users.write", lasting="any", body=NEW),
    "POST /admin/users #admin": page("users.write", rights="admin", lasting="named", body=NEW | {"role": "admin"}),
    "POST /admin/users/invite": page("users.write", lasting="any", body={"role": "viewer"}),
    "POST /admin/users/invite #admin": page("users.write", rights="admin", lasting="named", body={"role": "admin"}),
    "POST /admin/users/invitations/{invitation_id}/revoke": page("users.write"),
    "GET /admin/users/{user_id}": page("users.read"),
    "POST /admin/users/{user_id}": page(
        "users.write", rights="protected", own=Code.OWN_ACCOUNT, body={"username": "renamed"}
    ),
    "POST /admin/users/{user_id} #email": page(
        "users.write",
        rights="target",
        lasting="named",
        own=Code.OWN_ACCOUNT,
        body={"username": "renamed", "email": "mine@example.org"},
    ),
    "POST /admin/users/{user_id}/enable": page("users.write", rights="protected", own=Code.OWN_ACCOUNT),
    "POST /admin/users/{user_id}/disable": page("users.write", rights="protected", own=Code.OWN_ACCOUNT),
    "POST /admin/users/{user_id}/confirm-address": page(
        "users.write", rights="target", lasting="named", own=Code.OWN_ACCOUNT
    ),
    "POST /admin/users/{user_id}/password": page(
        "users.write", rights="admin", lasting="named", own=Code.OWN_ACCOUNT, body={"password": "another lantern"}
    ),
    "POST /admin/users/{user_id}/reset-link": page(
        "users.write", rights="admin", lasting="named", own=Code.OWN_ACCOUNT
    ),
    "POST /admin/users/{user_id}/end-sign-ins": page("users.write", rights="protected", own=Code.OWN_ACCOUNT),
    "POST /admin/users/{user_id}/unlink": page(
        "users.write", rights="protected", lasting="named", own=Code.OWN_ACCOUNT
    ),
    "POST /admin/users/{user_id}/delete": page("users.write", rights="protected", own=Code.OWN_ACCOUNT),
    # sessions
    "GET /api/sessions": Door(needs="me.read"),
    "GET /api/sessions?user_id={user_id}": Door(needs="me.read", others="users.read"),
    "DELETE /api/sessions": Door(needs="me.write", lasting="any"),
    "DELETE /api/sessions?user_id={user_id}": Door(needs="me.write", others="users.write", rights="protected"),
    "DELETE /api/sessions/{session_id}": Door(needs="me.write", lasting="any", foreign=Code.CREDENTIAL_UNKNOWN),
    "DELETE /api/sessions/{session_id}?user_id={user_id}": Door(
        needs="me.write", others="users.write", rights="protected"
    ),
    "POST /account/sessions/end": page(
        "me.write", lasting="any", foreign=Code.CREDENTIAL_UNKNOWN, body={"session": "{session_id}"}
    ),
    "POST /account/sessions/end-others": page("me.write", lasting="any"),
    "POST /account/sign-out-everywhere": page("me.write"),
    # client tokens
    "GET /api/client-tokens": Door(needs="me.read"),
    "GET /api/client-tokens/all": Door(needs="users.read"),
    "POST /api/client-tokens": Door(needs="me.write", lasting="fresh", passes=RENEWED, body=TOKEN),
    "DELETE /api/client-tokens/{token_id}": Door(needs="me.write", foreign=Code.CREDENTIAL_UNKNOWN),
    "DELETE /api/client-tokens/{token_id}/admin": Door(needs="users.write", rights="protected"),
    "PUT /api/client-tokens/{token_id}/regenerate": Door(
        needs="me.write", foreign=Code.CREDENTIAL_UNKNOWN, lasting="named", passes=RENEWED
    ),
    "POST /api/client-tokens/{token_id}/pair": Door(
        needs="me.write", foreign=Code.CREDENTIAL_UNKNOWN, lasting="named", passes=RENEWED
    ),
    "GET /api/client-tokens/pair/{code}/status": Open(status=404, code=Code.PAIRING_CODE_INVALID),
    "POST /api/client-tokens/exchange": Open(status=400, code=Code.REQUEST_INVALID),
    "GET /account/tokens": page("me.read"),
    "POST /account/tokens": page("me.write", lasting="fresh", passes=RENEWED, body=TOKEN),
    "POST /account/tokens/{token_id}/regenerate": page(
        "me.write", lasting="named", foreign=Code.CREDENTIAL_UNKNOWN, passes=RENEWED
    ),
    "POST /account/tokens/{token_id}/pair": page(
        "me.write", lasting="named", foreign=Code.CREDENTIAL_UNKNOWN, passes=RENEWED
    ),
    "POST /account/tokens/{token_id}/end": page("me.write", foreign=Code.CREDENTIAL_UNKNOWN),
    # devices
    "POST /api/device_authorization": Open(status=400, code=Code.TOKEN_REQUEST_INVALID),
    "POST /api/auth/device/init": Open(status=400, code=Code.REQUEST_INVALID),
    "POST /api/auth/device/token": Open(status=400, code=Code.REQUEST_INVALID),
    "GET /api/auth/device/pending/{user_code}": Door(needs="me.read"),
    "POST /api/auth/device/approve": Door(needs="me.write", lasting="named", passes=PAIRED, body=APPROVED),
    "POST /api/auth/device/deny": Door(needs="me.write", body={"user_code": "{user_code}"}),
    "GET /api/devices": Door(needs="devices.read"),
    "POST /api/devices": Door(needs="devices.write", body={"name": "Handheld"}),
    "GET /api/devices/{device_id}": Door(needs="devices.read", foreign=Code.DEVICE_UNKNOWN),
    "PUT /api/devices/{device_id}": Door(needs="devices.write", foreign=Code.DEVICE_UNKNOWN, body={"name": "Kitchen"}),
    "DELETE /api/devices/{device_id}": Door(needs="devices.write", foreign=Code.DEVICE_UNKNOWN),
    "GET /pair": page("me.write"),
    "GET /pair?code={user_code}": Open(status=200),
    "GET /pair?user_code={user_code}": page("me.write", passes=("me.read", Code.FORBIDDEN)),
    "GET /pair/device": page("me.write"),
    "POST /pair": page("me.write", body={"user_code": "{user_code}", "decision": "deny"}),
    "POST /pair #approve": page(
        "me.write",
        lasting="named",
        passes=PAIRED,
        body={"user_code": "{user_code}", "decision": "approve", "scopes": ["me.read"]},
    ),
    "GET /pair/refused": Open(status=200),
    "GET /account/devices": page("devices.read"),
    "GET /account/devices/refused": Open(status=200),
    "POST /account/devices/{device_id}/end": page("devices.write", foreign=Code.DEVICE_UNKNOWN),
    # apps and tokens
    f"GET /api/authorize?{APP}": page("me.write", locked_within=True),
    "POST /api/authorize": page("me.write", lasting="none", locked_within=True, body=CONSENT),
    "POST /api/authorize #deny": page("me.write", locked_within=True, body=CONSENT | {"decision": "deny"}),
    "POST /api/token": Open(status=400, code=Code.TOKEN_REQUEST_INVALID),
    "POST /api/token/revoke": Open(status=400, code=Code.TOKEN_REQUEST_INVALID),
    "POST /api/token/introspect": Door(needs="me.read", body={"token": "unknown"}, form=True),
    "GET /.well-known/oauth-authorization-server": Open(status=200),
    # signing in and out
    "GET /api/login/openid": Open(status=303),
    "GET /api/login/initiate": Open(status=303, code=Code.REQUEST_INVALID),
    "POST /api/login/initiate": Open(status=303, code=Code.REQUEST_INVALID),
    "GET /api/oauth/openid": Open(status=303, code=Code.STATE_UNKNOWN),
    "POST /api/oauth/openid": Open(status=303, code=Code.RESPONSE_INVALID),
    "POST /api/oauth/openid/backchannel-logout": Open(status=400, code=Code.LOGOUT_TOKEN_INVALID),
    "GET /api/oauth/openid/jwks.json": Open(status=200),
    "GET /api/oauth/openid/{provider_id}": Open(status=303, code=Code.NOT_FOUND),
    "POST /api/oauth/openid/{provider_id}": Open(status=303, code=Code.RESPONSE_INVALID),
    "GET /api/oauth/openid/{provider_id}/jwks.json": Open(status=200),
    "GET /api/identities/link": page("me.write"),
    "GET /login": Open(status=200),
    "POST /language": Open(status=303),
    "GET /login/account": Open(status=303, code=Code.QUESTION_EXPIRED),
    "POST /login/account/mine": Open(status=303, code=Code.QUESTION_EXPIRED),
    "POST /login/account/not-mine": Open(status=303, code=Code.QUESTION_EXPIRED),
    "POST /api/login": Open(status=400, code=Code.REQUEST_INVALID),
    "POST /api/logout": Open(status=200),
    "GET /api/auth/forward": Door(needs="me.read"),
    "GET /romm-forward/begin": Open(status=401, code=Code.FORWARDED_ELSEWHERE),
    "GET /romm-forward/hand-over": Open(status=303, code=Code.NOT_SIGNED_IN),
    "GET /romm-forward/finish": Open(status=401, code=Code.FORWARDED_ELSEWHERE),
    # diagnosis
    "POST /api/oidc/explain": Door(needs="users.read", body={"sub": "alice"}),
    "GET /api/oidc/trial": page("users.read"),
    "GET /api/oidc/diagnosis": Door(needs="users.read"),
    "GET /api/sign-ins": Door(needs="logs.read"),
    "GET /admin/oidc": page("users.read"),
    "GET /admin/oidc/report": Page(Door(needs="logs.read", form=True, passes=("users.read", Code.FORBIDDEN))),
    "POST /admin/oidc/try": page("users.read"),
    "POST /admin/oidc/explain": page("users.read", body={"claims": '{"sub": "alice"}'}),
    "GET /admin/connect": page("users.read"),
    "POST /admin/connect": page("users.read", body={"provider": "authelia", "base_url": "https://romm.test"}),
    "POST /admin/connect/check": page(
        "users.write",
        rights="admin",
        lasting="none",
        body={"base_url": "https://romm.test", "address": "{issuer}", "client_id": "romm"},
    ),
    "POST /admin/oidc/move": page("users.write", body={"old": "{issuer}", "way": "by-email"}),
    "POST /admin/oidc/move/apply": page(
        "users.write", rights="admin", lasting="named", body={"old": "{issuer}", "way": "by-email"}
    ),
    "GET /admin/sign-ins": page("logs.read"),
    # the library
    "GET /api/platforms": Door(needs="platforms.read"),
    # for everyone
    "GET /": Open(status=303),
    "GET /me": Open(status=303),
    "GET /docs": Open(status=200),
    "GET /docs/{name}": Open(status=404, code=Code.NOT_FOUND),
    "GET /docs/providers/{name}": Open(status=404, code=Code.NOT_FOUND),
    "GET /docs/images/{name}": Open(status=404, code=Code.NOT_FOUND),
    "GET /help": Open(status=200),
    "GET /help/{code}": Open(status=404, code=Code.NOT_FOUND),
    "GET /api/docs": Open(status=200),
    "GET /api/openapi.json": Open(status=200),
    "GET /api/heartbeat": Open(status=200),
    "GET /api/health/live": Open(status=200),
    "GET /api/health/ready": Open(status=200),
}
"""By method and path. After `#` stands what another body asks for."""
