"""Client authentication by a JWT (RFC 7523, 2.2 and 3; OpenID Connect Core 1.0, 9)."""

import warnings

from authlib.oauth2.rfc7523 import client_secret_jwt_sign, private_key_jwt_sign
from joserfc.errors import SecurityWarning
from joserfc.jwk import Key, OctKey

from romm.adapters.provider.client_keys import signing_algorithm

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME = 60  # seconds; it is used at once, and only once


def assertion(key: Key | str, client_id: str, token_endpoint: str) -> dict[str, str]:
    """The token endpoint is the audience also of pushed requests (RFC 9126, 2)."""
    with warnings.catch_warnings():  # providers know EdDSA by its old name, and secrets are as long as they are
        warnings.simplefilter("ignore", SecurityWarning)
        if isinstance(key, str):
            secret = OctKey.import_key(key)
            token = client_secret_jwt_sign(secret, client_id, token_endpoint, alg="HS256", expires_in=LIFETIME)
        else:
            algorithm, header = signing_algorithm(key), {"kid": key.kid}
            token = private_key_jwt_sign(
                key, client_id, token_endpoint, alg=algorithm, header=header, expires_in=LIFETIME
            )
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": token}
