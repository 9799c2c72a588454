"""Keycloak as its distribution starts it for development, with a client for each state."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.fake_provider import CLIENT_SECRET, REDIRECT_URI, free_port
from tests.providers.running import client_id, wait_for
from tests.shapes.model import State

ADMIN = {"username": "admin", "password": "admin-of-a-test"}
PATIENCE_SECONDS = 400  # the first start builds the server
_SCOPES = ["basic", "profile", "email", "roles", "web-origins", "acr"]

_CLIENTS: Mapping[State, Mapping[str, Any]] = {
    State.HEALTHY: {},
    State.SECRET: {"secret": f"another_{CLIENT_SECRET}"},
    State.REDIRECT_URI: {"redirectUris": [f"{REDIRECT_URI}/"]},
    State.SCOPE: {"optionalClientScopes": []},
    State.PAR: {"attributes": {"require.pushed.authorization.requests": "true"}},
    State.POST_LOGOUT: {"attributes": {"post.logout.redirect.uris": "https://romm.test/elsewhere"}},
    State.DISABLED: {"enabled": False},
    State.GRANTS: {"standardFlowEnabled": False},
    State.REQUEST_OBJECT: {"attributes": {"request.object.required": "request or request_uri"}},
    State.DPOP: {"attributes": {"dpop.bound.access.tokens": "true"}},
    State.UNVERIFIED: {},
}
_ATTRIBUTES = {
    "post.logout.redirect.uris": "https://romm.test/login",
    "use.refresh.tokens": "false",
    "backchannel.logout.session.required": "false",
}
_GROUPS = {
    "name": "groups",
    "protocol": "openid-connect",
    "attributes": {"include.in.token.scope": "true"},
    "protocolMappers": [
        {
            "name": "groups",
            "protocol": "openid-connect",
            "protocolMapper": "oidc-group-membership-mapper",
            "config": {
                "claim.name": "groups",
                "full.path": "false",
                "id.token.claim": "true",
                "userinfo.token.claim": "true",
            },
        }
    ],
}


@contextmanager
def keycloak(home: Path, logout_address: str) -> Iterator[str]:
    """Yields the server's address, while it runs."""
    port = free_port()
    environ = os.environ | {
        "KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN["username"],
        "KC_BOOTSTRAP_ADMIN_PASSWORD": ADMIN["password"],
        "JAVA_OPTS_APPEND": "-Xmx700m",
    }
    command = [str(home / "bin" / "kc.sh"), "start-dev", "--db=dev-mem", "--http-host=127.0.0.1", f"--http-port={port}"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(f"{address}/realms/master/.well-known/openid-configuration", process, PATIENCE_SECONDS)
            furnish(address, logout_address)
            yield address
        finally:
            process.terminate()


def furnish(address: str, logout_address: str) -> None:
    """A realm with Alice, Bob and a client for each state."""
    with httpx.Client(base_url=address, timeout=60) as admin:
        token = admin.post(
            "/realms/master/protocol/openid-connect/token",
            data={"grant_type": "password", "client_id": "admin-cli", **ADMIN},
        ).json()["access_token"]
        admin.headers["authorization"] = f"Bearer {token}"
        _made(admin, "/admin/realms", {"realm": "home", "enabled": True, "sslRequired": "none"})
        _made(admin, "/admin/realms/home/client-scopes", _GROUPS)
        _made(admin, "/admin/realms/home/groups", {"name": "romm-admins"})
        for verified, name in ((True, "alice"), (False, "bob")):
            _made(admin, "/admin/realms/home/users", _person(name, verified=verified))
        for state, changes in _CLIENTS.items():
            _made(admin, "/admin/realms/home/clients", _client(state, changes, logout_address))


def disable_realm(address: str) -> None:
    """The last state, which ends the others."""
    with httpx.Client(base_url=address, timeout=60) as admin:
        form = {"grant_type": "password", "client_id": "admin-cli", **ADMIN}
        token = admin.post("/realms/master/protocol/openid-connect/token", data=form).json()["access_token"]
        admin.put(
            "/admin/realms/home", json={"enabled": False}, headers={"authorization": f"Bearer {token}"}
        ).raise_for_status()


def _made(admin: httpx.Client, path: str, document: Mapping[str, Any]) -> None:
    admin.post(path, json=document).raise_for_status()


def _client(state: State, changes: Mapping[str, Any], logout_address: str) -> dict[str, Any]:
    honest = {
        "clientId": client_id(state),
        "secret": CLIENT_SECRET,
        "protocol": "openid-connect",
        "publicClient": False,
        "standardFlowEnabled": True,
        "redirectUris": [REDIRECT_URI],
        "defaultClientScopes": _SCOPES,
        "optionalClientScopes": ["groups"],
    }
    attributes = _ATTRIBUTES | {"backchannel.logout.url": logout_address} | changes.get("attributes", {})
    return honest | dict(changes) | {"attributes": attributes}


def _person(name: str, *, verified: bool) -> dict[str, Any]:
    return {
        "username": name,
        "enabled": True,
        "email": f"{name}@example.org",
        "emailVerified": verified,
        "firstName": name.title(),
        "lastName": "Example",
        "groups": ["/romm-admins"],
        "credentials": [{"type": "password", "value": "secret", "temporary": False}],
    }
