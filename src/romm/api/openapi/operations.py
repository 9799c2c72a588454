"""How a route describes itself in the OpenAPI document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

import msgspec
from litestar import MediaType
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    Example,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Parameter,
    RequestBody,
    Schema,
    SecurityScheme,
)

from romm.api.http.problems import PROBLEM_JSON, OAuthProblem, Problem, problem
from romm.domain.catalogue import CATALOGUE
from romm.domain.errors import Code

OPEN: list[dict[str, list[str]]] = [{}]

FOR_APPS = {"apps": True}
"""A route's option: no website may make its visitors' browsers ask it, such as to spend other people's attempts."""

SIGNED_IN: list[dict[str, list[str]]] = [{"session": []}, {"basic": []}, {"bearer": []}]

UNAUTHORIZED = (Code.NOT_SIGNED_IN, Code.CREDENTIALS_WRONG, Code.TOO_MANY_ATTEMPTS, Code.FORBIDDEN)
"""Refusals before such a route runs."""

JSON, FORM = "application/json", "application/x-www-form-urlencoded"

_REFERENCE = "5d41402abc4b2a76"

_COOKIE_NAMES = (
    "With an https base URL the cookie is called __Host-romm_session; at a port other than 80, 443 and 8080 its name has "
    "the port, as in romm_8081_session."
)


def config(version: str) -> OpenAPIConfig:
    """Without pages (OpenAPI 3.1)."""
    return OpenAPIConfig(
        title="RomM sign-in",
        version=version,
        description="Sign in with an OpenID provider or a local account. Errors are RFC 9457 problems with a stable code, with their "
        "own media type if `Accept` names it.",
        path="/api/openapi",
        render_plugins=[JsonRenderPlugin(path="/document.json")],
        use_handler_docstrings=True,
        components=Components(security_schemes={**security_schemes("romm_session", _COOKIE_NAMES)}),
    )


@dataclass
class Described(Operation):
    """Problems come as JSON, too.

    Subclasses are no dataclasses: each would cost a millisecond at start.
    """

    def __post_init__(self) -> None:
        for answer in cast("dict[str, OpenAPIResponse]", self.responses or {}).values():
            content = answer.content or {}
            if own := content.get(PROBLEM_JSON):
                answer.content = {**content, JSON: _either(content.get(JSON), own)}


def _either(other: OpenAPIMediaType | None, own: OpenAPIMediaType) -> OpenAPIMediaType:
    if other is None:
        return OpenAPIMediaType(schema=own.schema)
    schemas = [cast("Schema", each.schema) for each in (other, own)]
    return OpenAPIMediaType(schema=Schema(any_of=schemas), examples=other.examples)


def security_schemes(cookie: str, about_cookie: str = "") -> dict[str, SecurityScheme]:
    """Those that `SIGNED_IN` names. `cookie`: the session's name."""
    of_session = f"The session of a browser. {about_cookie}".strip()
    return {
        "session": SecurityScheme(type="apiKey", name=cookie, security_scheme_in="cookie", description=of_session),
        "basic": SecurityScheme(type="http", scheme="basic"),
        "bearer": SecurityScheme(type="http", scheme="bearer", description="An access token or a client token."),
    }


def needs(scope: str, **options: Any) -> dict[str, Any]:
    return {
        "opt": {"scope": scope, **options},
        "security": [{way: [scope] for way in required} for required in SIGNED_IN],
    }


def takes(
    shape: Any,
    example: Mapping[str, Any],
    types: Sequence[str] = (JSON, FORM),
    also: Mapping[int, OpenAPIMediaType] | None = None,
) -> type[Operation]:
    """The document demands what `msgspec.convert` demands. `also`: JSON answers with a status that refusals have, too."""
    schema = _spelled_out(msgspec.json.schema(shape))
    body = RequestBody(content=dict.fromkeys(types, _medium(schema, example)), required=bool(schema.get("required")))

    class Taking(Described):
        def __post_init__(self) -> None:
            self.request_body = body
            for status, medium in (also or {}).items():
                answer = cast("OpenAPIResponse", (self.responses or {})[str(status)])
                answer.content = {**(answer.content or {}), JSON: medium}
            super().__post_init__()

    _BODIES[Taking] = tuple(types)
    return Taking


_BODIES: dict[type[Operation], tuple[str, ...]] = {}


def asks(shape: Any) -> type[Operation]:
    """Query parameters that the route reads by itself: a repeated one means something."""
    schema = _spelled_out(msgspec.json.schema(shape))
    parameters = [
        Parameter(name=name, param_in="query", schema=cast("Schema", of), required=name in schema["required"])
        for name, of in schema["properties"].items()
    ]

    class Asking(Described):
        def __post_init__(self) -> None:
            self.parameters = [*(self.parameters or ()), *parameters]
            super().__post_init__()

    return Asking


def answer(shape: Any, example: Any) -> OpenAPIMediaType:
    return _medium(_spelled_out(msgspec.json.schema(shape)), example)


def _medium(schema: Any, example: Any) -> OpenAPIMediaType:
    return OpenAPIMediaType(schema=cast("Schema", schema), examples={"example": Example(value=example)})


def content_types(operation: type[Operation]) -> tuple[str, ...]:
    return _BODIES.get(operation, ())


def gives(
    status: int, shape: Any, description: str, example: Any = None, media_type: MediaType = MediaType.JSON
) -> dict[int, ResponseSpec]:
    examples = [Example(value=example)] if example is not None else []
    return {status: ResponseSpec(shape, False, description, media_type, examples)}


def sends_on(description: str) -> dict[int, ResponseSpec]:
    return {303: ResponseSpec(None, generate_examples=False, description=description)}


def refuses(*codes: Code) -> dict[int, ResponseSpec]:
    ordered = sorted(codes, key=_status)
    return {status: _refusal(status, list(same)) for status, same in groupby(ordered, key=_status)}


def refuses_as_oauth(*codes: Code) -> dict[int, ResponseSpec]:
    """For routes with the option `errors: oauth`."""
    ordered = sorted(codes, key=_oauth_status)
    return {status: _oauth_refusal(list(same)) for status, same in groupby(ordered, key=_oauth_status)}


def also_refuses(spec: ResponseSpec | None, status: int, code: Code, *, oauth: bool) -> ResponseSpec:
    known = [] if spec is None else [Code(each.id) for each in spec.examples or () if each.id in set(Code)]
    codes = known if code in known else [*known, code]
    return _oauth_refusal(codes) if oauth else _refusal(status, codes)


def _oauth_status(code: Code) -> int:
    return CATALOGUE[code].oauth_status


def _oauth_refusal(codes: list[Code]) -> ResponseSpec:
    return ResponseSpec(
        OAuthProblem,
        generate_examples=False,
        description=" ".join(f"{CATALOGUE[code].oauth_error} ({code}): {CATALOGUE[code].person}" for code in codes),
        examples=[Example(id=code, value=msgspec.to_builtins(_oauth_problem(code))) for code in codes],
    )


def _oauth_problem(code: Code) -> OAuthProblem:
    row = CATALOGUE[code]
    return OAuthProblem(
        error=row.oauth_error, error_description=row.person, detail=row.person, code=code, reference=_REFERENCE
    )


def _spelled_out(schema: Mapping[str, Any]) -> Any:
    """Inline every `$ref`: names are local to one body."""
    named = schema.get("$defs", {})

    def inlined(node: Any) -> Any:
        if isinstance(node, list):
            return [inlined(each) for each in node]
        if not isinstance(node, dict):
            return node
        if isinstance(reference := node.get("$ref"), str):
            beside = {name: each for name, each in node.items() if name not in ("$ref", "$defs")}
            return inlined(named[reference.rpartition("/")[2]] | beside)
        return {name: inlined(each) for name, each in node.items() if name != "$defs"}

    return inlined(schema)


def _status(code: Code) -> int:
    return CATALOGUE[code].status


def _refusal(status: int, codes: list[Code]) -> ResponseSpec:
    return ResponseSpec(
        Problem,
        generate_examples=False,
        description=" ".join(f"{code}: {CATALOGUE[code].person}" for code in codes),
        media_type=cast("Any", PROBLEM_JSON),
        examples=[Example(id=code, value=msgspec.to_builtins(problem(code, status, _REFERENCE))) for code in codes],
    )
