"""Bare cryptography in one thread. Reads lines `NAME COUNT`, answers the processor time of each round in milliseconds."""

import base64
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable

from argon2 import PasswordHasher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jws
from joserfc.jwk import RSAKey

# RomM's own (adapters/accounts/passwords.py).
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
PASSWORD = "a lantern in the attic"

DIGESTS = 8  # SHA-256: state, challenge, verifier, code, at_hash, subject, session, device
ATTEMPT_BYTES = 400  # what a browser keeps of an attempt, sealed
RANDOM_BYTES = 32


def argon2() -> Callable[[], object]:
    stored = HASHER.hash(PASSWORD)
    return lambda: HASHER.verify(stored, PASSWORD)


def sign_in() -> Callable[[], object]:
    """One signature checked, two cookies sealed and one opened, random values and digests. Without TLS: it is kept."""
    key, cipher = RSAKey.generate_key(2048), AESGCM(AESGCM.generate_key(256))
    public = RSAKey.import_key(key.as_dict(private=False))
    claims = {"iss": "http://127.0.0.1", "sub": "alice", "groups": ["users"], "at_hash": "x" * 22, "nonce": "x" * 43}
    token = jws.serialize_compact({"alg": "RS256"}, json.dumps(claims).encode(), key)
    attempt = os.urandom(ATTEMPT_BYTES)

    def once() -> None:
        secrets = [base64.urlsafe_b64encode(os.urandom(RANDOM_BYTES)) for _ in range(DIGESTS)]
        for secret in secrets:
            hashlib.sha256(secret).hexdigest()
        nonce = os.urandom(12)
        sealed = cipher.encrypt(nonce, attempt, b"attempt")
        cipher.decrypt(nonce, sealed, b"attempt")
        cipher.encrypt(os.urandom(12), token.encode(), b"id token")
        jws.deserialize_compact(token, public, algorithms=["RS256"])

    return once


def main() -> None:
    ready = {"argon2": argon2(), "sign-in": sign_in()}
    print("ready", flush=True)
    for line in sys.stdin:
        name, count = line.split()
        started = time.process_time()
        for _ in range(int(count)):
            ready[name]()
        print((time.process_time() - started) / int(count) * 1000, flush=True)


if __name__ == "__main__":
    main()
