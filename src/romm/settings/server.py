"""Where RomM is reached, by whose proxies, and what it logs: dependent defaults and checks."""

import ipaddress
import re
from urllib.parse import urlsplit

from romm.settings.values import Draft

CALLBACK = "/api/oauth/openid"

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+")
_UNFIT = re.compile(r"[\s\x00-\x20\x7f]")  # urlsplit drops line breaks without a word
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_FORMATS = ("console", "json", "")


def complete(draft: Draft) -> None:
    """Fill in the public address and the redirect URI that follows from it; check proxies and log."""
    _base_url(draft)
    base_url = draft.values["server.base_url"]
    if not draft.values["oidc.redirect_uri"]:
        draft.derive("oidc.redirect_uri", base_url + CALLBACK, "ROMM_BASE_URL")
    if is_readable_on_the_way(base_url):
        draft.report.warnings.append(
            f"ROMM_BASE_URL is {base_url}: passwords and cookies travel unencrypted. Put RomM behind an https proxy "
            "and set ROMM_BASE_URL to its https address."
        )
    _trusted_proxies(draft)
    _log(draft)


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
    written, name = draft.values["server.base_url"], draft.names["server.base_url"]
    callback, own = origin(draft.values["oidc.redirect_uri"]), origin(written)
    if own is not None:
        draft.values["server.base_url"] = own
        if urlsplit(written)[2:] not in (("", "", ""), ("/", "", "")):
            draft.report.warnings.append(f"{name} has more than scheme, host and port; {own} is used.")
    elif written:
        draft.report.problems.append(f"{name} is no http(s) URL; write it like https://romm.example.com.")
        draft.values["server.base_url"] = ""
    elif callback is not None:
        draft.derive("server.base_url", callback, draft.names["oidc.redirect_uri"])
    else:
        local = f"http://127.0.0.1:{draft.values['server.port']}"
        draft.derive("server.base_url", local, draft.names["server.port"])


def _trusted_proxies(draft: Draft) -> None:
    networks = []
    for proxy in draft.values["server.trusted_proxies"]:
        try:
            networks.append(str(ipaddress.ip_network(proxy, strict=False)))
        except ValueError:
            draft.report.problems.append(
                f"{draft.names['server.trusted_proxies']} has {proxy}, which is neither an address nor a network; "
                "write them like 172.18.0.2 or 172.16.0.0/12."
            )
    draft.values["server.trusted_proxies"] = tuple(networks)


def _log(draft: Draft) -> None:
    for path, choices in (("log.level", _LEVELS), ("log.format", _FORMATS)):
        written = draft.values[path]
        known = next((choice for choice in choices if choice.lower() == written.lower()), None)
        draft.values[path] = known
        if known is None:
            names = ", ".join(filter(None, choices))
            draft.report.problems.append(f"{draft.names[path]} is {written!r}; write one of {names}.")
