"""Where RomM is reached and by whose proxies: dependent defaults and checks."""

import ipaddress
import re
from urllib.parse import urlsplit

from romm.settings.values import Draft

CALLBACK = "/api/oauth/openid"

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+")
_UNFIT = re.compile(r"[\s\x00-\x20\x7f]")  # urlsplit drops line breaks without a word


def complete(draft: Draft) -> None:
    """Fill in the public address and the redirect URI that follows from it; check the proxies."""
    _base_url(draft)
    base_url = draft.settings.server.base_url
    if not draft.settings.oidc.redirect_uri:
        draft.complete("oidc", "ROMM_BASE_URL", redirect_uri=base_url + CALLBACK)
    if is_readable_on_the_way(base_url):
        draft.report.warnings.append(
            f"ROMM_BASE_URL is {base_url}: passwords and cookies travel unencrypted. Put RomM behind an https proxy "
            "and set ROMM_BASE_URL to its https address."
        )
    _trusted_proxies(draft)


def origin(url: str) -> str | None:
    """Scheme, host and port of an http(s) URL as a browser writes them; None when it is no such URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not _HOST.fullmatch(host) or "@" in parts.netloc or _UNFIT.search(url):
        return None
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if port in (None, _PORTS[parts.scheme]) else f":{port}")


def is_readable_on_the_way(url: str) -> bool:
    """Is this plain http to another machine?"""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme == "http" and host not in ("localhost", "::1") and not host.startswith("127.")


def _base_url(draft: Draft) -> None:
    server, names, report = draft.settings.server, draft.names["server"], draft.report
    own, callback = origin(server.base_url), origin(draft.settings.oidc.redirect_uri)
    if own is not None:
        draft.complete("server", base_url=own)
        if urlsplit(server.base_url)[2:] not in (("", "", ""), ("/", "", "")):
            report.warnings.append(f"{names['base_url']} has more than scheme, host and port; {own} is used.")
    elif server.base_url:
        report.problems.append(f"{names['base_url']} is no http(s) URL; write it like https://romm.example.com.")
        draft.complete("server", base_url="")
    elif callback is not None:
        draft.complete("server", draft.names["oidc"]["redirect_uri"], base_url=callback)
    else:
        draft.complete("server", names["port"], base_url=f"http://127.0.0.1:{server.port}")


def _trusted_proxies(draft: Draft) -> None:
    networks = []
    for proxy in draft.settings.server.trusted_proxies:
        try:
            networks.append(str(ipaddress.ip_network(proxy, strict=False)))
        except ValueError:
            draft.report.problems.append(
                f"{draft.names['server']['trusted_proxies']} has {proxy}, which is neither an address nor a network; "
                "write them like 172.18.0.2 or 172.16.0.0/12."
            )
    draft.complete("server", trusted_proxies=tuple(networks))
