"""The tests' scripted provider in its own process, over http and https: instant responses, real signatures."""

import json
import signal
import sys
from pathlib import Path

from trustme import CA

from tests.fake_provider import FakeProvider, served

ADDRESS = "127.0.0.1"


def main(folder: Path, redirect_uris: list[str]) -> None:
    """Serve a provider for the first client over http and one for the second over https, until killed.

    Prints each client's settings, as a JSON list of two objects.
    """
    ca, ca_file = CA(), folder / "ca.pem"
    ca.cert_pem.write_to_path(ca_file)
    plain, encrypted = (FakeProvider(redirect_uri=uri) for uri in redirect_uris)
    with served(plain) as http, served(encrypted, ca.issue_cert(ADDRESS)) as https:
        plain.issuer, encrypted.issuer = f"http://{ADDRESS}:{http}", f"https://{ADDRESS}:{https}"
        print(json.dumps([_settings(plain, ""), _settings(encrypted, str(ca_file))]), flush=True)
        signal.pause()


def _settings(provider: FakeProvider, authority: str) -> dict[str, str]:
    return {
        "OIDC_ENABLED": "true",
        "OIDC_CLIENT_ID": provider.client_id,
        "OIDC_CLIENT_SECRET": provider.client_secret,
        "OIDC_REDIRECT_URI": provider.redirect_uri,
        "OIDC_SERVER_APPLICATION_URL": provider.issuer,
        "OIDC_TLS_CACERTFILE": authority,
        "OIDC_CLAIM_ROLES": "groups",
        "OIDC_ROLE_ADMIN": "romm-admins",
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
