"""The way to a provider, step by step, over real sockets."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtensionOID, NameOID
from trustme import CA, LeafCert

from romm.adapters.diagnosis.network import LocalNetwork
from romm.adapters.provider.transport import Limits
from romm.domain.diagnosis.evidence import Endpoint
from romm.domain.errors import Code, Refused
from tests.adapters.conftest import in_days
from tests.adapters.provider.peers import HANG_UPS, Conversation, wait
from tests.fake_provider import FakeProvider, served

IMPATIENT = Limits(connect=0.3)
NETWORK = LocalNetwork()


def here(port: int) -> Endpoint:
    return Endpoint("https", "127.0.0.1", port)


@contextmanager
def served_with_tls(certificate: LeafCert) -> Iterator[Endpoint]:
    with served(FakeProvider(), certificate) as port:
        yield here(port)


async def test_a_name_is_resolved() -> None:
    assert "127.0.0.1" in await NETWORK.resolve(Endpoint("http", "localhost", 80))


@pytest.mark.parametrize("host", ["idp.invalid", "a" * 64, "b..c"])
async def test_a_name_that_has_no_address(host: str) -> None:
    with pytest.raises(Refused) as caught:
        await NETWORK.resolve(Endpoint("https", host, 443))
    assert caught.value.code is Code.PROVIDER_UNAVAILABLE


async def test_a_connection_takes_its_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert 0 < await NETWORK.connect(here(listening.getsockname()[1])) < 1


async def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(Refused) as caught:
            await NETWORK.connect(here(unused.getsockname()[1]))
    assert caught.value.code is Code.PROVIDER_UNAVAILABLE
    assert "ConnectionRefusedError" in str(caught.value.facts["problem"])


async def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Refused) as caught:
        await LocalNetwork("", IMPATIENT).handshake(here(silent.getsockname()[1]))
    assert (caught.value.code, caught.value.facts["problem"]) == (
        Code.PROVIDER_UNAVAILABLE,
        "no answer within 0.3 s",
    )


@pytest.mark.parametrize("hang_up", HANG_UPS)
async def test_a_server_that_hangs_up_is_named(hang_up: Conversation) -> None:
    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        with pytest.raises(Refused) as caught:
            await NETWORK.handshake(here(server.sockets[0].getsockname()[1]))
    assert caught.value.code is Code.PROVIDER_UNAVAILABLE
    assert "closed in the middle of the TLS handshake" in str(caught.value.facts["problem"])


async def test_a_port_without_tls() -> None:
    with served(FakeProvider()) as port, pytest.raises(Refused) as caught:
        await NETWORK.handshake(here(port))
    assert caught.value.code is Code.PROVIDER_TLS


async def test_the_operators_authority_is_trusted(ca: CA, ca_file: str) -> None:
    with served_with_tls(ca.issue_cert("127.0.0.1", common_name="idp")) as place:
        found = await LocalNetwork(ca_file).handshake(place)
    assert found.problem == ""
    [leaf] = found.chain
    assert (leaf.subject, leaf.names) == ("idp", ("127.0.0.1",))
    assert "OU=An authority" in leaf.issuer


@pytest.mark.parametrize(
    ("host", "days", "knows_authority", "problem"),
    [
        pytest.param("127.0.0.1", 1, False, "unable to get local issuer certificate", id="an unknown authority"),
        pytest.param("idp.test", 1, True, "IP address mismatch", id="a certificate for another host"),
        pytest.param("127.0.0.1", -1, True, "certificate has expired", id="an expired certificate"),
    ],
)
async def test_a_certificate_that_is_not_trusted_is_read_all_the_same(
    ca: CA, ca_file: str, host: str, days: int, knows_authority: bool, problem: str
) -> None:
    with served_with_tls(ca.issue_cert(host, not_after=in_days(days))) as place:
        found = await LocalNetwork(ca_file if knows_authority else "").handshake(place)
    assert problem in found.problem
    assert found.chain[0].names == (host,)


async def test_the_whole_chain_is_read(ca: CA) -> None:
    with served_with_tls(ca.create_child_ca().issue_cert("127.0.0.1")) as place:
        found = await NETWORK.handshake(place)
    assert "unable to get local issuer certificate" in found.problem
    [leaf, intermediate] = found.chain
    assert leaf.issuer == intermediate.subject
    assert "OU=An authority" in intermediate.issuer


@asynccontextmanager
async def answering_once(place: Endpoint) -> AsyncIterator[Endpoint]:
    """A way to a place that is closed after the first connection."""
    came: list[asyncio.StreamWriter] = []

    async def pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while piece := await source.read(65536):
            sink.write(piece)
        sink.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer)
        if len(came) > 1:
            writer.close()
            return
        source, sink = await asyncio.open_connection(place.host, place.port)
        await asyncio.gather(pipe(reader, sink), pipe(source, writer))

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    async with server:
        yield here(server.sockets[0].getsockname()[1])


async def test_a_provider_that_goes_away_keeps_its_chain_to_itself(ca: CA) -> None:
    with served_with_tls(ca.issue_cert("127.0.0.1")) as place:
        async with answering_once(place) as way:
            found = await NETWORK.handshake(way)
    assert "unable to get local issuer certificate" in found.problem
    assert found.chain == ()


def odd_certificate(folder: Path) -> ssl.SSLContext:
    """A server's, with an extension that cannot be parsed. OpenSSL does not look at this one."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "odd")])
    junk = x509.UnrecognizedExtension(ExtensionOID.ISSUER_ALTERNATIVE_NAME, b"junk")
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    pem = builder.add_extension(junk, critical=False).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    file = folder / "odd.pem"
    file.write_bytes(pem + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(file)
    return tls


async def test_a_certificate_that_cannot_be_read_is_no_reason_to_fail(tmp_path: Path) -> None:
    async with await asyncio.start_server(wait, "127.0.0.1", 0, ssl=odd_certificate(tmp_path)) as server:
        found = await NETWORK.handshake(here(server.sockets[0].getsockname()[1]))
    assert (bool(found.problem), found.chain) == (True, ())
