"""Hosts, origins and client addresses: one form for each, however it is written."""

from ipaddress import ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from romm.domain import hosts

OWN = "https://romm.test"
PROXIES = [known for each in ("10.0.0.0/8", "2001:db8:1::/48") if (known := hosts.network(each)) is not None]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("romm.example.com", "romm.example.com", id="as it is"),
        pytest.param("ROMM.Example.com", "romm.example.com", id="capitals"),
        pytest.param("romm.example.com.", "romm.example.com.", id="a dot at the end is another host for a browser"),
        pytest.param("nas", "nas", id="a name of one label"),
        pytest.param("romm_app", "romm_app", id="a compose service"),
        pytest.param("spiele-müller.example", "xn--spiele-mller-klb.example", id="letters outside ASCII"),
        pytest.param("SPIELE-MÜLLER.example", "xn--spiele-mller-klb.example", id="the same in capitals"),
        pytest.param("spiele-mu\u0308ller.example", "xn--spiele-mller-klb.example", id="the same, composed of two"),
        pytest.param("XN--spiele-mller-klb.example", "xn--spiele-mller-klb.example", id="the same as an A-label"),
        pytest.param("xn--strae-oqa.example", "xn--strae-oqa.example", id="an A-label that IDNA 2003 does not know"),
        pytest.param("192.0.2.7", "192.0.2.7", id="IPv4"),
        pytest.param("2001:DB8:0::7", "2001:db8::7", id="IPv6"),
        pytest.param("[2001:db8::7]", "2001:db8::7", id="IPv6 in brackets"),
        pytest.param("fe80::1%eth0", "fe80::1", id="a zone"),
        pytest.param("::ffff:192.0.2.7", "192.0.2.7", id="IPv4 in IPv6"),
        pytest.param("straße.example", None, id="a letter that IDNA 2003 folds into another host"),
        pytest.param("xn--ü.example", None, id="an A-label that is none"),
        pytest.param("a..b", None, id="an empty label"),
        pytest.param("-a.example", None, id="a hyphen in front"),
        pytest.param("a b", None, id="a space"),
        pytest.param("a/b", None, id="a path"),
        pytest.param("x" * 64 + ".müller", None, id="a label too long"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_a_host_has_one_form(written: str, expected: str | None) -> None:
    assert hosts.host(written) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("https://romm.test", OWN, id="as it is"),
        pytest.param("HTTPS://ROMM.test:443/x?y#z", OWN, id="capitals, default port and a path"),
        pytest.param("http://romm.test:80", "http://romm.test", id="the default port of http"),
        pytest.param("http://romm.test:443", "http://romm.test:443", id="the default port of another scheme"),
        pytest.param("http://romm.test:08080", "http://romm.test:8080", id="a port with a zero in front"),
        pytest.param("https://spiele-müller.example:8443", "https://xn--spiele-mller-klb.example:8443", id="letters"),
        pytest.param("http://[2001:DB8::7]:8080", "http://[2001:db8::7]:8080", id="IPv6"),
        pytest.param("http://[::ffff:192.0.2.7]", "http://192.0.2.7", id="IPv4 in IPv6"),
        pytest.param("ftp://romm.test", None, id="another scheme"),
        pytest.param("romm.test", None, id="no scheme"),
        pytest.param("https://alice@romm.test", None, id="a user"),
        pytest.param("https://romm.test\\.evil.test", None, id="a backslash"),
        pytest.param("https://romm.test\n.evil.test", None, id="a line feed"),
        pytest.param("https://romm.test:99999", None, id="a port that is none"),
        pytest.param("https://romm.test:0", None, id="port 0"),
        pytest.param("https://[::1", None, id="a bracket that stays open"),
        pytest.param("https://", None, id="no host"),
        pytest.param("null", None, id="an opaque origin"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_an_origin_has_one_form(url: str, expected: str | None) -> None:
    assert hosts.origin(url) == expected


@given(
    st.one_of(
        st.text(max_size=30), st.builds("{}://{}".format, st.sampled_from(["http", "https"]), st.text(max_size=20))
    )
)
@example("https://ß.test")
@example("https://a\u3002b")
@example("https://xn--0.example")
def test_every_text_has_an_ascii_origin_or_none(url: str) -> None:
    found = hosts.origin(url)
    if found is not None:
        assert found.isascii()
        assert hosts.origin(found) == found


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(f"{OWN}/a?b=c#d", "/a?b=c#d", id="a page of ours"),
        pytest.param("HTTPS://ROMM.TEST:443/A", "/A", id="spelt otherwise"),
        pytest.param(OWN, "", id="no path"),
        pytest.param(f"{OWN}//evil.test", "//evil.test", id="two slashes"),
        pytest.param(f"{OWN}.evil.test/", None, id="a host that begins like ours"),
        pytest.param(f"{OWN}@evil.test/", None, id="our host as a user"),
        pytest.param("/a", None, id="a path"),
    ],
)
def test_only_our_own_addresses_have_a_path(url: str, expected: str | None) -> None:
    assert hosts.path(url, OWN) == expected


@pytest.mark.parametrize(
    ("header", "own", "expected"),
    [
        pytest.param("romm.test", OWN, True, id="the host"),
        pytest.param("ROMM.TEST:443", OWN, True, id="the default port written out"),
        pytest.param("romm.test:80", OWN, False, id="the port of another scheme"),
        pytest.param("romm.test:8443", OWN, False, id="another port"),
        pytest.param("spiele-müller.example", "https://xn--spiele-mller-klb.example", True, id="letters"),
        pytest.param("romm.test/", OWN, False, id="a path"),
        pytest.param("evil.test#romm.test", OWN, False, id="another host in front"),
        pytest.param("alice@romm.test", OWN, False, id="a user"),
        pytest.param("", OWN, False, id="nothing"),
    ],
)
def test_a_host_header_names_our_origin_or_not(header: str, own: str, expected: bool) -> None:
    assert hosts.is_at(header, own) is expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("romm.localhost", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("127.0.0.1.evil.test", False),
        ("localhost.evil.test", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback_is_judged_by_the_address(host: str, expected: bool) -> None:
    assert hosts.is_loopback(host) is expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("203.0.113.7", "203.0.113.7", id="IPv4"),
        pytest.param("203.0.113.7:51234", "203.0.113.7", id="with a port"),
        pytest.param(" 203.0.113.7 ", "203.0.113.7", id="with blanks"),
        pytest.param("2001:db8::7", "2001:db8::7", id="IPv6"),
        pytest.param("[2001:db8::7]", "2001:db8::7", id="IPv6 in brackets"),
        pytest.param("[2001:db8::7]:443", "2001:db8::7", id="IPv6 with a port"),
        pytest.param('"[2001:db8::7]:443"', "2001:db8::7", id="in quotes, as RFC 7239 has it"),
        pytest.param("[fe80::1%eth0]:443", "fe80::1", id="with a zone and a port"),
        pytest.param("::ffff:203.0.113.7", "203.0.113.7", id="IPv4 in IPv6"),
        pytest.param("[::ffff:203.0.113.7]:1", "203.0.113.7", id="IPv4 in IPv6 with a port"),
        pytest.param("unknown", None, id="unknown"),
        pytest.param("_hidden", None, id="obfuscated"),
        pytest.param("203.0.113.7:port", None, id="a port that is no number"),
        pytest.param("203.0.113.007", None, id="zeros in front, which some read as octal"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_a_proxy_writes_an_address_in_many_ways(written: str, expected: str | None) -> None:
    assert hosts.address(written) == (None if expected is None else ip_address(expected))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("172.18.0.2", "172.18.0.2/32", id="an address"),
        pytest.param("172.16.5.0/12", "172.16.0.0/12", id="host bits"),
        pytest.param("[::1]", "::1/128", id="brackets"),
        pytest.param("fe80::1%eth0", "fe80::1/128", id="a zone"),
        pytest.param("::ffff:10.0.0.1", "10.0.0.1/32", id="IPv4 in IPv6"),
        pytest.param("::ffff:10.0.0.0/104", "10.0.0.0/8", id="a network of IPv4 in IPv6"),
        pytest.param("::/0", "::/0", id="all of IPv6"),
        pytest.param("nginx", None, id="a name"),
        pytest.param("10.0.0.0/33", None, id="too many bits"),
    ],
)
def test_a_network_has_one_form(written: str, expected: str | None) -> None:
    found = hosts.network(written)
    assert (found if found is None else str(found)) == expected


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        pytest.param("203.0.113.9", "198.51.100.1", "203.0.113.9", id="a stranger is not believed"),
        pytest.param("10.0.0.1", "", "10.0.0.1", id="a proxy that says nothing"),
        pytest.param("10.0.0.1", "203.0.113.9", "203.0.113.9", id="one proxy"),
        pytest.param("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9", id="two proxies"),
        pytest.param("10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9", id="an entry of the client's invention"),
        pytest.param("10.0.0.1", "1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9", id="the same behind two proxies"),
        pytest.param("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9", id="a proxy mapped into IPv6"),
        pytest.param("10.0.0.1", "203.0.113.9, ::ffff:10.0.0.2", "203.0.113.9", id="the same as an entry"),
        pytest.param("2001:db8:1::5", "[2001:db8:2::7]:443", "2001:db8:2::7", id="IPv6 with a port"),
        pytest.param("10.0.0.1", "203.0.113.9, junk", "10.0.0.1", id="what is no address counts as the proxy's"),
        pytest.param("10.0.0.1", "junk, 10.0.0.2", "10.0.0.2", id="as that proxy's which wrote it"),
        pytest.param("10.0.0.1", "junk, 203.0.113.9", "203.0.113.9", id="junk of the client's invention"),
        pytest.param("10.0.0.1", "10.9.9.9, 10.0.0.9", "10.0.0.9", id="a client among the proxies counts as seen"),
        pytest.param("10.0.0.1", ", ,", "10.0.0.1", id="commas alone"),
    ],
)
def test_the_nearest_address_that_is_no_proxy_counts(peer: str, forwarded: str, expected: str) -> None:
    sender = hosts.address(peer)
    assert sender is not None
    entries = [entry.strip() for entry in forwarded.split(",")] if forwarded else []
    assert hosts.client(sender, entries, PROXIES) == ip_address(expected)


@pytest.mark.parametrize(
    ("header", "safe"),
    [
        pytest.param("romm.test", True, id="our own"),
        pytest.param("ROMM.test:443", True, id="our own, with its port"),
        pytest.param("romm.test:8443", False, id="our name at another port"),
        pytest.param("127.0.0.1:8080", True, id="loopback"),
        pytest.param("localhost:8080", True, id="loopback by name"),
        pytest.param("romm.localhost", True, id="below localhost"),
        pytest.param("192.168.1.20:8080", True, id="an address at home: a page there is the machine's own"),
        pytest.param("203.0.113.9", True, id="a public address, likewise"),
        pytest.param("[fd00::20]:8080", True, id="IPv6"),
        pytest.param("nas:8080", True, id="a name without a dot: public DNS has none"),
        pytest.param("romm_app:8080", True, id="a compose service"),
        pytest.param("NAS.local:8080", True, id="multicast DNS"),
        pytest.param("nas.local.", True, id="with the root's dot"),
        pytest.param("nas.lan", True, id="many routers"),
        pytest.param("nas.home.arpa", True, id="RFC 8375"),
        pytest.param("nas.internal", True, id="reserved for private use"),
        pytest.param("attacker.example", False, id="a public name"),
        pytest.param("attacker.example:8080", False, id="a public name with our port"),
        pytest.param("nas.fritz.box", False, id="a router's name that public DNS can have"),
        pytest.param("192.168.1.20.attacker.example", False, id="an address in front of a public name"),
        pytest.param("local.attacker.example", False, id="a private suffix in front of one"),
        pytest.param("attackerlocal.example", False, id="a private suffix inside one"),
        pytest.param("home.arpa.example", False, id="a private suffix before the end"),
        pytest.param("evil-lan.com", False, id="no suffix of its own"),
        pytest.param("nas/.attacker.example", False, id="a path"),
        pytest.param("attacker.example@nas", False, id="a user"),
        pytest.param("127.1", False, id="an abbreviated address, which no browser sends"),
        pytest.param("nas:0", False, id="no port"),
        pytest.param(".", False, id="the root"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_only_names_that_no_stranger_can_bind_are_safe_from_rebinding(header: str, safe: bool) -> None:
    assert hosts.is_safe_from_rebinding(header, OWN) is safe
