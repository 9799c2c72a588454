"""The tests' scripted provider in its own process: instant responses, real signatures.

Reads a line for each client: a JSON list of its redirect URI and whether it wants https. Answers with the client's settings.
"""

import json
import sys
from contextlib import ExitStack
from pathlib import Path

from trustme import CA

from tests.fake_provider import FakeProvider, served

ADDRESS = "127.0.0.1"


def main(folder: Path) -> None:
    """Until the input ends."""
    ca, ca_file = CA(), folder / "ca.pem"
    ca.cert_pem.write_to_path(ca_file)
    certificate = ca.issue_cert(ADDRESS)
    with ExitStack() as stack:
        for line in sys.stdin:
            redirect_uri, is_encrypted = json.loads(line)
            provider = FakeProvider(redirect_uri=redirect_uri)
            port = stack.enter_context(served(provider, certificate if is_encrypted else None))
            provider.issuer = f"{'https' if is_encrypted else 'http'}://{ADDRESS}:{port}"
            print(json.dumps(_settings(provider, str(ca_file) if is_encrypted else "")), flush=True)


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
    main(Path(sys.argv[1]))
