"""The doctor's network steps, with the HTTP client's libraries so that both agree."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import SocketStream
from anyio.streams.tls import TLSAttribute, TLSStream
from cryptography import x509
from cryptography.x509.oid import NameOID

from romm.adapters.provider.transport import Limits, causes, is_hang_up, tls_context
from romm.domain.diagnosis.evidence import Certificate, Endpoint, Handshake
from romm.domain.errors import Code, Refused


class LocalNetwork:
    """`limits.connect` bounds each step."""

    def __init__(self, tls_cacertfile: str = "", limits: Limits | None = None) -> None:
        self._tls_cacertfile = tls_cacertfile
        self._limit = (limits or Limits()).connect

    async def resolve(self, place: Endpoint) -> tuple[str, ...]:
        async with self._bounded(place):
            found = await anyio.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
        return tuple(dict.fromkeys(str(address[0]) for *_, address in found))

    async def connect(self, place: Endpoint) -> float:
        """The first address that answers wins."""
        started = time.monotonic()
        async with self._bounded(place), await anyio.connect_tcp(place.host, place.port):
            return time.monotonic() - started

    async def handshake(self, place: Endpoint) -> Handshake:
        try:
            async with self._tls(place, tls_context(self._tls_cacertfile)) as stream:
                return Handshake(chain=_chain(stream))
        except ssl.SSLCertVerificationError as error:
            return Handshake(problem=error.verify_message.rstrip("."), chain=await self._unverified_chain(place))
        except ssl.SSLError as error:
            raise Refused(Code.PROVIDER_TLS, url=place.origin, problem=str(error)) from error

    async def _unverified_chain(self, place: Endpoint) -> tuple[Certificate, ...]:
        # Only to read the certificates: nothing is sent over this connection or trusted.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            async with self._tls(place, context) as stream:
                return _chain(stream)
        except (ssl.SSLError, Refused):
            return ()

    @asynccontextmanager
    async def _tls(self, place: Endpoint, context: ssl.SSLContext) -> AsyncIterator[TLSStream]:
        async with self._bounded(place):
            tcp: SocketStream = await anyio.connect_tcp(place.host, place.port)
            try:
                yield await TLSStream.wrap(tcp, hostname=place.host, ssl_context=context, standard_compatible=False)
            finally:
                await tcp.aclose()

    @asynccontextmanager
    async def _bounded(self, place: Endpoint) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._limit):
                yield
        except TimeoutError as error:
            problem = f"no answer within {self._limit:.1f} s"
            raise Refused(Code.PROVIDER_UNAVAILABLE, url=place.origin, problem=problem) from error
        except (anyio.EndOfStream, anyio.BrokenResourceError, ssl.SSLError) as error:
            if not is_hang_up(error):
                raise
            problem = "the connection was closed in the middle of the TLS handshake"
            raise Refused(Code.PROVIDER_UNAVAILABLE, url=place.origin, problem=problem) from error
        except (OSError, UnicodeError) as error:  # UnicodeError: an impossible name
            deepest = [each for each in causes(error) if isinstance(each, OSError | UnicodeError)][-1]
            problem = f"{type(deepest).__name__}: {deepest}"
            raise Refused(Code.PROVIDER_UNAVAILABLE, url=place.origin, problem=problem) from error


def _chain(stream: TLSStream) -> tuple[Certificate, ...]:
    """Leaf first."""
    tls = stream.extra(TLSAttribute.ssl_object)  # noqa: S610  (not SQL)
    # Public from Python 3.13 on; the private object has it since 3.10, with PEM as its default.
    sent = tls._sslobj.get_unverified_chain() or ()  # type: ignore[attr-defined]  # noqa: SLF001
    try:
        return tuple(_certificate(each.public_bytes()) for each in sent)
    except ValueError:  # skip an unreadable certificate
        return ()


def _certificate(pem: str) -> Certificate:
    read = x509.load_pem_x509_certificate(pem.encode())
    return Certificate(
        subject=_name(read.subject),
        issuer=_name(read.issuer),
        names=_hosts(read),
        not_before=read.not_valid_before_utc,
        not_after=read.not_valid_after_utc,
    )


def _name(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def _hosts(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(name.value) for name in names if isinstance(name, x509.DNSName | x509.IPAddress))
