"""What a principal's credential proves."""

from datetime import timedelta

from msgspec.structs import replace

from romm.credentials.principal import actor, principal
from romm.domain.credentials.credential import Kind, issued
from romm.domain.model import Identity, LinkedIdentity
from tests.credentials.token_house import NOW, TokenHouse


async def test_a_sign_in_at_the_provider_is_no_proof_once_its_identity_is_unlinked() -> None:
    owner = (await TokenHouse().add("vera")).account
    identity = Identity(issuer="https://idp.test", subject="vera")
    session = issued(Kind.SESSION, owner.id, "digest", NOW, NOW + timedelta(days=1), identity=identity, proven_at=NOW)
    linked = replace(owner, links=(LinkedIdentity(identity=identity, linked_at=NOW, rule="L-08"),))
    assert actor(principal(linked, session)).proven_at == NOW
    assert actor(principal(owner, session)).proven_at is None
