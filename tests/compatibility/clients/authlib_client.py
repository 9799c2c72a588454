"""Authlib against RomM: a password, a refresh, introspection, revocation. Prints a line for each thing that worked."""

import os

from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client

ORIGIN, TOKEN = os.environ["ROMM_URL"], os.environ["ROMM_TOKEN"]
ENDPOINT = f"{ORIGIN}/api/token"


def me(session: OAuth2Client) -> str:
    return str(session.get(f"{ORIGIN}/api/users/me").json()["username"])


def introspected(method: str, token: str) -> str:
    """By a resource server whose secret is a client token."""
    server = OAuth2Client("any name", TOKEN, token_endpoint_auth_method=method)
    return str(server.introspect_token(f"{ENDPOINT}/introspect", token=token).json()["username"])


def password() -> None:
    session = OAuth2Client("shelf", token_endpoint_auth_method="none", scope="me.read devices.read")
    try:
        tokens = session.fetch_token(
            ENDPOINT, username=os.environ["ROMM_USERNAME"], password=os.environ["ROMM_PASSWORD"]
        )
    except OAuthError as error:
        print("password refused:", error.error, error.description)
        return
    print("password:", me(session))
    tokens = session.refresh_token(ENDPOINT, refresh_token=tokens["refresh_token"])
    print("refresh:", me(session))
    revoked = session.revoke_token(f"{ENDPOINT}/revoke", token=tokens["refresh_token"])
    print("revoked:", revoked.status_code, session.get(f"{ORIGIN}/api/users/me").status_code)


password()
print("client token:", me(OAuth2Client(token={"access_token": TOKEN, "token_type": "bearer"})))
for method in ("client_secret_basic", "client_secret_post"):
    print(f"introspection by {method}:", introspected(method, TOKEN))
