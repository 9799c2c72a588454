"""Where RomM is reached, by whose proxies, and what it logs: dependent defaults and checks."""

from romm.domain import hosts
from romm.domain.hosts import is_readable_on_the_way, origin
from romm.settings.values import Draft

CALLBACK = "/api/oauth/openid"

NO_PATH = "RomM cannot live below a path: give it a host of its own, such as https://romm.home.example"
_ABOUT_LETTERS = "; a host with letters outside ASCII may have to be written as its A-label (xn--…)"
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


def _base_url(draft: Draft) -> None:
    written, name = draft.values["server.base_url"], draft.names["server.base_url"]
    callback, own = origin(draft.values["oidc.redirect_uri"]), origin(written)
    if own is not None:
        draft.values["server.base_url"] = own
        if (hosts.path(written, own) or "/") != "/":
            draft.report.warnings.append(f"{name}: {NO_PATH}. {own} is used.")
    elif written:
        letters = "" if written.isascii() else _ABOUT_LETTERS
        draft.report.problems.append(f"{name} is no http(s) URL; write it like https://romm.example.com{letters}.")
        draft.values["server.base_url"] = ""
    elif callback is not None:
        draft.derive("server.base_url", callback, draft.names["oidc.redirect_uri"])
    else:
        local = f"http://127.0.0.1:{draft.values['server.port']}"
        draft.derive("server.base_url", local, draft.names["server.port"])


def _trusted_proxies(draft: Draft) -> None:
    networks = []
    for proxy in draft.values["server.trusted_proxies"]:
        network = hosts.network(proxy)
        if network is None:
            draft.report.problems.append(
                f"{draft.names['server.trusted_proxies']} has {proxy}, which is neither an address nor a network; "
                "write them like 172.18.0.2 or 172.18.0.0/16."
            )
        else:
            networks.append(str(network))
    draft.values["server.trusted_proxies"] = tuple(networks)


def _log(draft: Draft) -> None:
    for path, choices in (("log.level", _LEVELS), ("log.format", _FORMATS)):
        written = draft.values[path]
        known = next((choice for choice in choices if choice.lower() == written.lower()), None)
        draft.values[path] = known
        if known is None:
            names = ", ".join(filter(None, choices))
            draft.report.problems.append(f"{draft.names[path]} is {written!r}; write one of {names}.")
