"""The same questions to a real server and to the shape of its name, and what differs between the answers."""

import base64
import re
from collections.abc import Iterator, Mapping
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import httpx
from msgspec import Struct

from tests.fake_provider import REDIRECT_URI
from tests.misconfigured.person import BROWSER

INVENTED_URI, INVENTED_CLIENT, INVENTED_CODE = "https://romm.test/invented", "nobody-has-this-id", "invented"
SCOPE = "openid profile email groups"
MOST_REDIRECTS = 4

_HIDDEN = re.compile(r"<(script|style|head)\b.*?</\1>|<[^>]+>", re.DOTALL | re.IGNORECASE)
LOG_IN_FORM = re.compile(r"<input[^>]+name=\"?(user|username|login|password)\b", re.IGNORECASE)


class Answered(Struct, frozen=True, kw_only=True):
    """`kind`: `back` at the redirect URI, `form`, `page` or `json`. `text` is what a page or a description says."""

    status: int
    kind: str
    error: str = ""
    text: str = ""


class Endpoints(Struct, frozen=True):
    """Of a discovery document."""

    authorization_endpoint: str
    token_endpoint: str
    pushed_authorization_request_endpoint: str = ""


class Asking(Struct, frozen=True, kw_only=True):
    """How RomM asks in one state."""

    client_id: str
    secret: str


async def answers(client: httpx.AsyncClient, endpoints: Endpoints, asking: Asking) -> dict[str, Answered]:
    """By the question."""
    return {
        "with prompt=none": await _authorize(client, endpoints, asking, prompt="none"),
        "without prompt": await _authorize(client, endpoints, asking),
        "with prompt=none, invented redirect URI": await _authorize(
            client, endpoints, asking, prompt="none", redirect_uri=INVENTED_URI
        ),
        "without prompt, invented redirect URI": await _authorize(client, endpoints, asking, redirect_uri=INVENTED_URI),
        "without prompt, invented client": await _authorize(client, endpoints, asking, client_id=INVENTED_CLIENT),
        "token, by Basic": await _token(client, endpoints, asking.client_id, asking.secret),
        "token, invented client": await _token(client, endpoints, INVENTED_CLIENT, asking.secret),
        **await _pushed(client, endpoints, asking),
    }


def differences(real: Mapping[str, Answered], shape: Mapping[str, Answered]) -> Iterator[str]:
    """The shape's words are a part of what the real page says."""
    for question in dict.fromkeys((*real, *shape)):
        there, here = real.get(question), shape.get(question)
        if there is None or here is None or not _alike(there, here):
            yield f"{question}: the server answers {there}, its shape {here}"


def _alike(there: Answered, here: Answered) -> bool:
    alike = (there.status, there.kind, there.error) == (here.status, here.kind, here.error)
    return alike and (here.kind == "form" or _letters(here.text) in _letters(there.text))


def _letters(text: str) -> str:
    """Markup puts spaces where a reader sees none."""
    return re.sub(r"\W+", "", text).lower()


def _parameters(asking: Asking, **changes: str) -> dict[str, str]:
    return {
        "client_id": asking.client_id,
        "redirect_uri": REDIRECT_URI,
        "response_type": "code",
        "scope": SCOPE,
        "state": "a-state-of-romm",
        "nonce": "a-nonce-of-romm",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    } | changes


async def _authorize(client: httpx.AsyncClient, endpoints: Endpoints, asking: Asking, **changes: str) -> Answered:
    """Follows redirects of the server to itself."""
    client.cookies.clear()
    redirect_uri = changes.get("redirect_uri", REDIRECT_URI)
    answer = await client.get(endpoints.authorization_endpoint, params=_parameters(asking, **changes), headers=BROWSER)
    for _ in range(MOST_REDIRECTS):
        location = answer.headers.get("location", "")
        if not location or location.startswith(redirect_uri):
            break
        answer = await client.get(httpx.URL(str(answer.url)).join(location), headers=BROWSER)
    if location := answer.headers.get("location", ""):
        sent = dict(parse_qsl(urlsplit(location).query))
        return Answered(status=0, kind="back", error=sent.get("error", ""), text=sent.get("error_description", ""))
    error, description = _oauth_error(answer)
    kind = "form" if LOG_IN_FORM.search(answer.text) else "page"
    text = description or _words(answer.text)
    return Answered(status=answer.status_code, kind="json" if error else kind, error=error, text=text)


async def _token(client: httpx.AsyncClient, endpoints: Endpoints, client_id: str, secret: str) -> Answered:
    form = {"grant_type": "authorization_code", "code": INVENTED_CODE, "redirect_uri": REDIRECT_URI,
            "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}  # fmt: skip
    headers = {"authorization": f"Basic {base64.b64encode(f'{client_id}:{secret}'.encode()).decode()}"}
    return _json(await client.post(endpoints.token_endpoint, data=form, headers=headers))


async def _pushed(client: httpx.AsyncClient, endpoints: Endpoints, asking: Asking) -> dict[str, Answered]:
    endpoint = endpoints.pushed_authorization_request_endpoint
    if not endpoint:
        return {}
    questions = {
        "pushed": _parameters(asking),
        "pushed, invented redirect URI": _parameters(asking, redirect_uri=INVENTED_URI),
    }
    secret = {"client_secret": asking.secret}
    return {name: _json(await client.post(endpoint, data=form | secret)) for name, form in questions.items()}


def _json(answer: httpx.Response) -> Answered:
    error, description = _oauth_error(answer)
    return Answered(status=answer.status_code, kind="json", error=error, text=description)


def _oauth_error(answer: httpx.Response) -> tuple[str, str]:
    try:
        document = answer.json()
    except ValueError:
        return "", ""
    return str(document.get("error", "")), str(document.get("error_description", ""))


def _words(markup: str) -> str:
    return " ".join(unescape(_HIDDEN.sub(" ", markup)).split())
