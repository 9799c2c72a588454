"""A text for strangers: without secrets, names, addresses and hosts."""

import re
from collections.abc import Callable, Iterable, Mapping

from romm.domain import hosts

SHORTEST = 3
"""Characters of a value that is replaced: shorter ones are parts of words."""

_ORDINARY = """
romm oidc openid profile email groups roles offline_access sub name preferred_username email_verified true false none query
form_post sqlite postgresql local admin editor viewer csv space keys keep info debug warning error critical json console
client_secret_basic client_secret_post private_key_jwt rs256 es256 hs256 ps256 eddsa http https
"""
ORDINARY = frozenset(_ORDINARY.split())
"""Values that say nothing about an installation."""

_PROVIDER = re.compile(r"(ROMM_PROVIDERS__).+?(__)")
_PARTS = re.compile(r"[^\s,;|]+")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s,;'\"“”<>)]+", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@,;:'\"“”<>()]+@[^\s@,;:'\"“”<>()]+")
_IP = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?:/\d+)?(?![\w.]*\w)"
    r"|(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])",
    re.IGNORECASE,
)
_HOST = re.compile(r"(?<![\w.-])(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]+(?![\w-])", re.IGNORECASE)
_TOKEN = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])[\w-]{16,}(?![\w-])", re.IGNORECASE)
_KNOWN_PATHS = ("/.well-known/openid-configuration", "/api/oauth/openid")


class Redaction:
    """`private`: values by what stands for them, such as `secret`. Each value always becomes the same word."""

    def __init__(self, private: Mapping[str, Iterable[str]]) -> None:
        self._words: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        for kind, values in private.items():
            for value in values:
                self._learn(kind, value)

    def __call__(self, text: str) -> str:
        text = _PROVIDER.sub(r"\1…\2", text)
        text = _URL.sub(lambda found: self._url(found[0]), text)
        text = self._known().sub(lambda found: self._words[found[0].lower()], text)
        for pattern, kind in ((_EMAIL, "email"), (_IP, "address"), (_HOST, "host"), (_TOKEN, "value")):
            text = pattern.sub(self._standing_for(kind), text)
        return text

    def _learn(self, kind: str, value: str) -> None:
        host = hosts.origin(value)
        for part in dict.fromkeys([value.strip(), *_PARTS.findall(value)]):
            if not _URL.match(part) and len(part) >= SHORTEST and part.lower() not in ORDINARY:
                self._word(kind, part)
        if host is not None:
            self._url(value)

    def _word(self, kind: str, value: str) -> str:
        key = value.lower()
        if key not in self._words:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._words[key] = f"{kind}-{self._counts[kind]}"
        return self._words[key]

    def _standing_for(self, kind: str) -> Callable[[re.Match[str]], str]:
        return lambda found: self._word(kind, found[0])

    def _known(self) -> re.Pattern[str]:
        """Longest first: a name may be part of an address."""
        longest_first = sorted(self._words, key=len, reverse=True)
        return re.compile(
            rf"(?<![^\W_])(?:{'|'.join(map(re.escape, longest_first)) or '(?!)'})(?![^\W_])", re.IGNORECASE
        )

    def _url(self, url: str) -> str:
        """Keeps scheme and kind of path: wrong ones are common."""
        scheme, _, rest = url.partition("://")
        authority, slash, path = rest.partition("/")
        host = authority.rpartition("@")[2].partition(":")[0] if "[" not in authority else authority
        known = next((each for each in _KNOWN_PATHS if f"/{path}".rstrip(".").endswith(each)), "/…" if path else slash)
        return f"{scheme}://{self._word('host', host) if len(host) >= SHORTEST else 'host'}{known}"
