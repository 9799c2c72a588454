"""One form for hosts, origins and client addresses.

Hosts are lower-case A-labels or IP addresses; IPv4-mapped IPv6 becomes IPv4, zones are dropped.

Sources: RFC 3986, 3.2; RFC 6454, 4 and 6.2; RFC 5890 (A-labels); RFC 4291, 2.5.5.2 (mapped IPv4); RFC 4007, 11 (zones).
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

DEFAULT_PORTS = {"http": 80, "https": 443}

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")  # no host has an underscore (RFC 1123), but compose uses it
_WITH_PORT = re.compile(r"(?:\[([^\]]*)\]|([^:]*))(?::[0-9]{1,5})?")
_UNFIT = re.compile(r"[\s\x00-\x20\x7f\\]")  # urlsplit drops line breaks; browsers read a backslash as a slash
_NOT_IN_A_HOST = re.compile(r"[/?#@]")
_NEVER_PUBLIC = (  # RFC 6761, 6.3; RFC 6762, 3 and G; RFC 8375; `localdomain` is what resolvers append
    "localhost", "local", "home.arpa", "internal", "intranet", "private", "corp", "home", "lan", "localdomain",
)  # fmt: skip
_MAPPED_BITS = 96  # ::ffff:0:0/96

REMEMBERED = 512
"""Names and addresses that come again with every request; reading one takes 20 µs."""


def host(written: str) -> str | None:
    """IPv6 without brackets. None if invalid."""
    known = _address(written.removeprefix("[").removesuffix("]"))
    if known is not None:
        return str(known)
    name = written.lower() if written.isascii() else a_label(unicodedata.normalize("NFKC", written))
    return name if name is not None and _is_name(name) else None


@lru_cache(maxsize=REMEMBERED)
def a_label(name: str) -> str | None:
    """In lower case; None without a single form in ASCII."""
    try:
        found = name.lower().encode("idna").decode("ascii")
        faithful = found.encode("ascii").decode("idna") == name.lower() or found == name.lower()
    except UnicodeError:
        return None
    # The codec follows IDNA 2003, which folds some letters (ß to ss): such a name would become another one's.
    return found if faithful else None


def origin(url: str) -> str | None:
    """As browsers serialize it; None if not http(s)."""
    parts = _parts(url)
    return None if parts is None else _origin(parts)


def canonical(url: str) -> str | None:
    """Changes only the origin; None if not http(s)."""
    parts = _parts(url)
    return None if parts is None else _origin(parts) + _rest(parts, url)


def display(url: str) -> str:
    """The host, for people; other text stays as it is."""
    return (origin(url) or url).partition("://")[2] or url


def path(url: str, own: str) -> str | None:
    """The rest after the origin `own`; None for another URL."""
    parts = _parts(url)
    return _rest(parts, url) if parts is not None and _origin(parts) == own else None


def is_at(header: str, own: str) -> bool:
    """`header` is `Host`; the default port is optional."""
    scheme = own.partition(":")[0]
    return not _NOT_IN_A_HOST.search(header) and origin(f"{scheme}://{header}") == own


def is_safe_from_rebinding(header: str, own: str) -> bool:
    """`Host` is at `own`, or where no stranger's DNS can lead a browser: an IP address, a name without a dot, or one
    below a suffix that public DNS does not have.
    """
    return is_at(header, own) or _is_private(urlsplit(origin(f"http://{header}") or "").hostname or "", header)


def is_loopback(host: str) -> bool:
    known = _address(host)
    named = host == "localhost" or host.endswith(".localhost")  # RFC 6761, 6.3
    return named or (known is not None and known.is_loopback)


def is_readable_on_the_way(url: str) -> bool:
    parts = urlsplit(canonical(url) or "")
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def address(written: str) -> Address | None:
    """Accepts a port, brackets and a zone. None if invalid."""
    text = written.strip().strip('"')
    known = _address(text)
    if known is None and (parts := _WITH_PORT.fullmatch(text)):
        return _address(parts[1] or parts[2] or "")
    return known


def network(written: str) -> Network | None:
    """CIDR notation or a single address; else None."""
    single = address(written)
    try:
        found = ip_network(written if single is None else single, strict=False)
    except ValueError:
        return None
    if isinstance(found, IPv6Network) and found.prefixlen >= _MAPPED_BITS and found[0].ipv4_mapped:
        return IPv4Network((int(found[0].ipv4_mapped), found.prefixlen - _MAPPED_BITS))
    return found


def client(peer: Address, forwarded: Sequence[str], trusted: Collection[Network]) -> Address:
    """The nearest untrusted address. `forwarded`: X-Forwarded-For, the nearest last.

    Entries without an address count as their proxy. If all are trusted, the peer's own view counts: clients can invent
    entries further away.
    """
    proxy, nearest = peer, None
    for entry in reversed(forwarded):
        if not is_within(proxy, trusted):
            return proxy
        known = address(entry)
        if known is None:
            return proxy
        proxy, nearest = known, nearest or known
    return proxy if nearest is None or not is_within(proxy, trusted) else nearest


def is_within(known: Address, networks: Collection[Network]) -> bool:
    return any(known in each for each in networks)


@lru_cache(maxsize=REMEMBERED)
def _address(text: str) -> Address | None:
    try:
        known = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(known, "ipv4_mapped", None) or known


def _parts(url: str) -> SplitResult | None:
    """None without a host, with a user, or if not http(s)."""
    try:
        parts = urlsplit(url)
        usable = parts.port != 0 and host(parts.hostname or "") is not None
    except ValueError:  # brackets without an address, a port above 65,535
        return None
    fits = parts.scheme in DEFAULT_PORTS and "@" not in parts.netloc and not _UNFIT.search(url)
    return parts if fits and usable else None


def _is_private(known: str, header: str) -> bool:
    name = known.removesuffix(".")
    is_named = "." not in name or name.endswith(tuple(f".{suffix}" for suffix in _NEVER_PUBLIC))
    return bool(name) and not _NOT_IN_A_HOST.search(header) and (is_named or _address(name) is not None)


def _is_name(name: str) -> bool:
    return all(map(_LABEL.fullmatch, name.removesuffix(".").split(".")))


def _origin(parts: SplitResult) -> str:
    known = host(parts.hostname or "") or ""
    shown = f"[{known}]" if ":" in known else known
    port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{shown}{port}"


def _rest(parts: SplitResult, url: str) -> str:
    return url[len(parts.scheme) + len("://") + len(parts.netloc) :]
