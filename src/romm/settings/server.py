"""RomM's address, its proxies and the version that it says."""

import re
from urllib.parse import urlsplit

from romm.domain import hosts
from romm.domain.hosts import is_readable_on_the_way, origin
from romm.domain.sign_in.providers import FIRST
from romm.settings.values import Draft

CALLBACK = "/api/oauth/openid"

NO_PATH = "RomM cannot live below a path: give it a host of its own, such as https://romm.home.example"
_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+", re.ASCII)
_ABOUT_LETTERS = "; a host with letters outside ASCII may have to be written as its A-label (xn--…)"


def callback(provider_id: str) -> str:
    """A path for each provider: an answer by another's is refused (RFC 9700, 4.4)."""
    return CALLBACK if provider_id == FIRST else f"{CALLBACK}/{provider_id}"


def complete(draft: Draft) -> None:
    _base_url(draft)
    base_url = draft.settings.server.base_url
    for each in draft.settings.all_providers:
        if not each.oidc.redirect_uri:
            draft.complete(each.section, "ROMM_BASE_URL", redirect_uri=base_url + callback(each.id))
    if is_readable_on_the_way(base_url):
        draft.report.warnings.append(
            f"ROMM_BASE_URL is {base_url}: passwords and cookies travel unencrypted. Put RomM behind an https proxy "
            "and set ROMM_BASE_URL to its https address."
        )
    _trusted_proxies(draft)
    _metrics(draft)
    traces = draft.settings.traces.endpoint
    if traces and not traces.startswith(("http://", "https://")):
        draft.report.problems.append(
            f"{draft.names['traces']['endpoint']} is not an http(s) URL; write it like http://collector:4318/v1/traces."
        )
    _api_version(draft)
    _forward_hosts(draft)


def _metrics(draft: Draft) -> None:
    metrics, report, names = draft.settings.metrics, draft.report, draft.names["metrics"]
    if metrics.port == draft.settings.server.port:
        report.problems.append(f"{names['port']} is RomM's own port {metrics.port}; choose another for the metrics.")
    if metrics.port and not metrics.token and metrics.host not in _THIS_MACHINE:
        report.warnings.append(
            f"{names['host']} is {metrics.host}, and ROMM_METRICS_TOKEN is not set: every machine that reaches it can read the "
            "metrics. Set a token, or let only Prometheus reach the port."
        )


def _base_url(draft: Draft) -> None:
    server, names, report = draft.settings.server, draft.names["server"], draft.report
    own, registered = origin(server.base_url), origin(draft.settings.oidc.redirect_uri)
    if own is not None:
        draft.complete("server", base_url=own)
        if (hosts.path(server.base_url, own) or "/") != "/":
            report.warnings.append(f"{names['base_url']}: {NO_PATH}. {own} is used.")
    elif server.base_url:
        letters = "" if server.base_url.isascii() else _ABOUT_LETTERS
        report.problems.append(
            f"{names['base_url']} is not an http(s) URL; write it like https://romm.example.com{letters}."
        )
        draft.complete("server", base_url="")
    elif registered is not None:
        draft.complete("server", draft.names["oidc"]["redirect_uri"], base_url=registered)
    else:
        draft.complete("server", names["port"], base_url=f"http://127.0.0.1:{server.port}")


def _api_version(draft: Draft) -> None:
    if not _VERSION.fullmatch(draft.settings.server.api_version):
        draft.report.problems.append(
            f"{draft.names['server']['api_version']} is no version of RomM; write it like 5.1.1, or leave it out."
        )


def _trusted_proxies(draft: Draft) -> None:
    networks = []
    for proxy in draft.settings.server.trusted_proxies:
        network = hosts.network(proxy)
        if network is None:
            draft.report.problems.append(
                f"{draft.names['server']['trusted_proxies']} has {proxy}, which is neither an address nor a network; "
                "write them like 172.18.0.2 or 172.18.0.0/16."
            )
        else:
            networks.append(str(network))
    draft.complete("server", trusted_proxies=tuple(networks))


def _forward_hosts(draft: Draft) -> None:
    server, name, report = draft.settings.server, draft.names["server"]["forward_hosts"], draft.report
    for host in server.forward_hosts:
        if problem := _not_forwardable(host, server.base_url):
            report.problems.append(f"{name} has {host}, {problem}.")
    origins = tuple(dict.fromkeys(found for host in server.forward_hosts if (found := origin(f"https://{host}"))))
    draft.complete("server", forward_hosts=origins)
    names = [urlsplit(each).hostname for each in origins]
    for repeated in sorted({str(each) for each in names if names.count(each) > 1}):
        report.problems.append(
            f"{name} has {repeated} with several ports: cookies know no ports, so each needs another name."
        )
    if origins and not server.base_url.startswith("https://"):
        report.problems.append(
            f"{name} needs https: its cookies are for no one else to read. Set ROMM_BASE_URL to https."
        )
    if origins and not server.trusted_proxies:
        report.warnings.append(f"{name} has no effect: name the proxy that asks RomM in ROMM_TRUSTED_PROXIES.")


def _not_forwardable(host: str, base_url: str) -> str | None:
    found = origin(f"https://{host}")
    if found is None or (hosts.path(f"https://{host}", found) or "") != "":
        return "which is no host; write it like files.example.com, without https:// and without a path"
    if urlsplit(found).hostname == urlsplit(base_url).hostname:
        return "which is RomM's own host: cookies know no ports, so it needs another name"
    return None
