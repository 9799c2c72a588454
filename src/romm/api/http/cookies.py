"""Names, attributes and lifetimes of our cookies.

With an https base URL all are `__Host-` and `Secure`: neither another host nor plain http can set or read them. Cookies
ignore ports (RFC 6265, 8.5): an unusual port in the name keeps instances apart.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import accumulate
from urllib.parse import urlsplit

from litestar.datastructures import Cookie

from romm.api.http.requests import Request, is_from_browser, wants_page
from romm.domain.credentials.credential import DEVICE_COOKIE_LIFETIME
from romm.domain.sign_in.authorization import ATTEMPT_LIFETIME
from romm.domain.sign_in.forward_hosts import KEY_LIFETIME
from romm.domain.sign_in.linking.pending import PENDING_LIFETIME

SESSION = "romm_session"
_ID = re.compile(r"[0-9a-f]{16}")  # signin.attempt_id
_USUAL_PORTS = (None, 8080)  # the scheme's default and ours: apps expect `romm_session` there
PREFERENCE_LIFETIME = timedelta(days=365)
FORM_LIFETIME = timedelta(minutes=10)  # as long as a sign-in at the provider, which may have to come first
MAX_ATTEMPTS = 5  # concurrent sign-ins of one browser; the oldest is dropped
MAX_ATTEMPTS_BYTES = 4096  # of all attempts with names; nginx accepts 8 kB of cookies by default
MAX_EXPIRED = 20  # cookies that one response deletes; the next one deletes more

_SPACES = b"\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0"  # for Python, not for a browser
_DISGUISED = re.compile(rb"(?:^|(?<=;))[ \t]*[" + _SPACES + rb"][^;]*")


class _Cookie(Cookie):
    """Skips http.cookies: our names and values need no quoting (saves 25 µs each)."""

    def to_encoded_header(self) -> tuple[bytes, bytes]:
        """RFC 6265, 4.1.1."""
        lifetime = "" if self.max_age is None else f"; Max-Age={self.max_age}"
        secure = "; Secure" if self.secure else ""
        header = f"{self.key}={self.value}; Path={self.path}{lifetime}; HttpOnly; SameSite={self.samesite}{secure}"
        return b"set-cookie", header.encode("ascii")


@cache
def _prefix(base_url: str) -> str:
    parts = urlsplit(base_url)
    instance = "romm_" if parts.port in _USUAL_PORTS else f"romm_{parts.port}_"
    return f"__Host-{instance}" if parts.scheme == "https" else instance


def without_disguised(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Drops cookies such as `\\xa0__Host-romm_session`: Litestar strips what Python takes for a space. Browsers see no
    `__Host-` there and let any host of our domain set them.
    """
    if not any(name == b"cookie" and value != value.translate(None, _SPACES) for name, value in headers):
        return headers
    return [(name, _DISGUISED.sub(b"", value) if name == b"cookie" else value) for name, value in headers]


@dataclass(frozen=True)
class Cookies:
    base_url: str
    session_lifetime: timedelta

    def session(self, request: Request) -> str | None:
        return request.cookies.get(self.session_cookie) or self._of_program(request)

    def _of_program(self, request: Request) -> str | None:
        """Under RomM's name. Not of a browser: another host of our domain could have written it."""
        is_program = (
            request.scope["path"].startswith("/api/") and not is_from_browser(request) and not wants_page(request)
        )
        return request.cookies.get(SESSION) if is_program else None

    def also_for_program(self, request: Request, secret: str) -> list[Cookie]:
        """RomM's name beside ours, for apps. A browser would send it on to an app behind a proxy."""
        if is_from_browser(request) or self.session_cookie == SESSION:
            return []
        return [self._named(SESSION, secret, self.session_lifetime)]

    @property
    def session_cookie(self) -> str:
        return self._name(SESSION)

    def attempt(self, request: Request, attempt_id: str) -> str | None:
        return request.cookies.get(self._name(f"romm_attempt_{attempt_id}"))

    def pending(self, request: Request) -> str | None:
        return request.cookies.get(self._name("romm_pending"))

    @property
    def forward_session_cookie(self) -> str:
        """Of another host; opens forward authentication only."""
        return self._name("romm_forward")

    def forward_session(self, request: Request) -> str | None:
        return request.cookies.get(self.forward_session_cookie)

    def forward_key(self, request: Request) -> str | None:
        """Of the browser that began a hand-over at another host."""
        return request.cookies.get(self._name("romm_forward_key"))

    def hand_over_begun(self, key: str) -> Cookie:
        return self._cookie("romm_forward_key", key, KEY_LIFETIME)

    def forward_opened(self, secret: str) -> Cookie:
        return self._cookie("romm_forward", secret, self.session_lifetime)

    def sign_in_pending(self, request: Request, secret: str, attempt_id: str | None = None) -> list[Cookie]:
        """Deletes the attempt's cookie."""
        return [self._cookie("romm_pending", secret, PENDING_LIFETIME), *self._gone(request, _attempt(attempt_id))]

    @property
    def device_cookie(self) -> str:
        """Set after a password sign-in; outlives the session."""
        return self._name("romm_known")

    def opened(self, request: Request, session: str, device_cookie: str | None) -> list[Cookie]:
        known = [self._cookie("romm_known", device_cookie, DEVICE_COOKIE_LIFETIME)] if device_cookie else []
        return [*self.signed_in(request, session), *known]

    @property
    def language_cookie(self) -> str:
        return self._name("romm_language")

    def language(self, tag: str) -> Cookie:
        return self._cookie("romm_language", tag, PREFERENCE_LIFETIME)

    def provider_used(self, request: Request) -> str | None:
        """Anyone could have written it."""
        return request.cookies.get(self._name("romm_provider"))

    def use_of(self, provider_id: str) -> Cookie:
        """For the order of the buttons; no credential."""
        return self._cookie("romm_provider", provider_id, PREFERENCE_LIFETIME)

    def kept_form(self, request: Request) -> str | None:
        """The fields of a refused form, sealed."""
        return request.cookies.get(self._name("romm_form"))

    def form_kept(self, sealed: str) -> Cookie:
        return self._cookie("romm_form", sealed, FORM_LIFETIME)

    def no_form(self) -> Cookie:
        return self._expired("romm_form")

    def sign_out_mark(self, request: Request) -> str | None:
        """Set by `signed_out` until the next sign-in."""
        return request.cookies.get(self._name("romm_signed_out"))

    def signed_in(self, request: Request, secret: str, attempt_id: str | None = None) -> list[Cookie]:
        gone = self._gone(request, [*_attempt(attempt_id), "romm_signed_out", "romm_pending"])
        return [self._cookie(SESSION, secret, self.session_lifetime), *gone]

    def program_signed_out(self, request: Request) -> list[Cookie]:
        sent = SESSION in request.cookies and self.session_cookie != SESSION
        return [self._named(SESSION, "", timedelta())] if sent else []

    def signed_out(self, state_digest: str | None = None) -> list[Cookie]:
        """A mark until the browser is closed: the digest of the state sent to the provider, if any."""
        return [self.no_session(), self._cookie("romm_signed_out", state_digest or "1", None)]

    def no_session(self) -> Cookie:
        return self._expired(SESSION)

    def attempt_begun(self, request: Request, attempt_id: str, sealed: str) -> list[Cookie]:
        """Expires the oldest attempts above the limits: browsers send older cookies first."""
        new = self._cookie(f"romm_attempt_{attempt_id}", sealed, ATTEMPT_LIFETIME)
        prefix = self._name("romm_attempt_")
        # Only well-formed names: others could inject into our header.
        others = [name for name in request.cookies if name.startswith(prefix) and _ID.fullmatch(name, len(prefix))]
        sizes = [len(name) + len(request.cookies[name]) for name in others]
        too_many = others[: len(others) - _fitting(sizes, MAX_ATTEMPTS_BYTES - len(new.key) - len(sealed))]
        gone = [self._expired(f"romm_attempt_{name.removeprefix(prefix)}") for name in too_many[:MAX_EXPIRED]]
        return [*gone, new]

    def _gone(self, request: Request, names: Iterable[str]) -> list[Cookie]:
        return [self._expired(name) for name in names if self._name(name) in request.cookies]

    def _name(self, name: str) -> str:
        return _prefix(self.base_url) + name.removeprefix("romm_")

    @property
    def _secure(self) -> bool:
        return self.base_url.startswith("https://")

    def _cookie(self, name: str, value: str, lifetime: timedelta | None) -> Cookie:
        return self._named(self._name(name), value, lifetime)

    def _named(self, key: str, value: str, lifetime: timedelta | None) -> Cookie:
        max_age = None if lifetime is None else int(lifetime.total_seconds())
        return _Cookie(
            key=key,
            value=value,
            path="/",
            max_age=max_age,
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    def _expired(self, name: str) -> Cookie:
        return self._cookie(name, "", timedelta())


def _attempt(attempt_id: str | None) -> list[str]:
    return [f"romm_attempt_{attempt_id}"] if attempt_id else []


def _fitting(sizes: Sequence[int], room: int) -> int:
    """The number of the newest attempts that fit. Sizes in bytes, oldest first."""
    newest = list(accumulate(reversed(sizes)))[: MAX_ATTEMPTS - 1]
    return sum(total <= room for total in newest)
