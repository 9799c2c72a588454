"""Canaille with its data in memory, and a client for each state: `python canaille_site.py PORT`.

It runs with Canaille's Python, not with RomM's, and so imports nothing of either.
"""

import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

from canaille import create_app
from canaille.app import models
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

PORT = int(sys.argv[1])
SECRET = "insecure_secret_of_at_least_32_bytes"
REDIRECT_URI, RETURN_URI = "https://romm.test/api/oauth/openid", "https://romm.test/login"
SCOPES = ["openid", "profile", "email", "groups"]
CLIENTS = {
    "romm-healthy": {},
    "romm-secret": {"client_secret": f"another_{SECRET}"},
    "romm-method": {"token_endpoint_auth_method": "client_secret_basic"},
    "romm-redirect-uri": {"redirect_uris": [f"{REDIRECT_URI}/"]},
    "romm-scope": {"scope": ["openid", "profile", "email"]},
    "romm-post-logout": {"post_logout_redirect_uris": ["https://romm.test/elsewhere"]},
    "romm-consent": {},
}


def application():
    """As the documentation has it, without a configuration file."""
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return create_app(
        {
            "SECRET_KEY": SECRET,
            "SERVER_NAME": f"127.0.0.1:{PORT}",
            "PREFERRED_URL_SCHEME": "http",
            "CANAILLE": {"DATABASE": "memory"},
            "CANAILLE_OIDC": {"ACTIVE_JWKS": [pem]},
        }
    )


def furnish(app):
    """Alice, her group, and the clients."""
    with app.app_context():
        save = app.backend.save
        alice = models.User(
            user_name="alice",
            formatted_name="Alice",
            family_name="Example",
            emails=["alice@example.org"],
            password="secret",
        )
        save(alice)
        save(models.Group(display_name="romm-admins", members=[alice]))
        for client_id, changes in CLIENTS.items():
            fields = {
                "client_id": client_id,
                "client_name": "RomM",
                "client_secret": SECRET,
                "redirect_uris": [REDIRECT_URI],
                "post_logout_redirect_uris": [RETURN_URI],
                "grant_types": ["authorization_code"],
                "response_types": ["code"],
                "scope": SCOPES,
                "token_endpoint_auth_method": "client_secret_basic",
            }
            client = models.Client(**(fields | changes))
            save(client)
            client.audience = [client]  # as its page for clients and its registration endpoint set it
            save(client)


class Quiet(WSGIRequestHandler):
    """Without a line for each request."""

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    site = application()
    furnish(site)
    make_server("127.0.0.1", PORT, site, handler_class=Quiet).serve_forever()
