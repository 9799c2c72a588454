"""requests-oauthlib against RomM: a password, a refresh, a client token. Prints a line for each thing that worked."""

import os

from oauthlib.oauth2 import LegacyApplicationClient, OAuth2Error
from requests_oauthlib import OAuth2Session

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
ORIGIN = os.environ["ROMM_URL"]
SCOPES = ["me.read", "devices.read"]


def me(session: OAuth2Session) -> str:
    return str(session.get(f"{ORIGIN}/api/users/me").json()["username"])


def password() -> None:
    session = OAuth2Session(client=LegacyApplicationClient(client_id="shelf", scope=SCOPES))
    who = {"username": os.environ["ROMM_USERNAME"], "password": os.environ["ROMM_PASSWORD"]}
    try:
        session.fetch_token(f"{ORIGIN}/api/token", include_client_id=True, **who)
    except OAuth2Error as error:
        print("password refused:", error.error, error.description)
        return
    print("password:", me(session))
    session.refresh_token(f"{ORIGIN}/api/token", client_id="shelf")
    print("refresh:", me(session))


password()
print("client token:", me(OAuth2Session(token={"access_token": os.environ["ROMM_TOKEN"], "token_type": "bearer"})))
