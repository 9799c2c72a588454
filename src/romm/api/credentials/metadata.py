"""Metadata of our OAuth endpoints (RFC 8414)."""

from typing import Any

from litestar import Router, get
from litestar.di import NamedDependency

from romm.api.openapi.operations import OPEN, gives
from romm.credentials.grants import Grants
from romm.domain import scopes
from romm.settings.model import Settings


@get(
    "/oauth-authorization-server",
    summary="What the token endpoint offers",
    responses=gives(200, dict[str, Any], "The metadata.", {"token_endpoint": "https://romm.example.org/api/token"}),
    security=OPEN,
)
async def metadata(settings: NamedDependency[Settings], grants: NamedDependency[Grants]) -> dict[str, Any]:
    """Where apps get, refresh and revoke tokens, and with which grants (RFC 8414)."""
    return document(settings.server.base_url, grants)


def document(origin: str, grants: Grants) -> dict[str, Any]:
    rows = grants.table.values()
    endpoints = {name: origin + path for row in rows for name, path in row.endpoints.items()}
    return {
        "issuer": origin,
        "token_endpoint": f"{origin}/api/token",
        "revocation_endpoint": f"{origin}/api/token/revoke",
        "introspection_endpoint": f"{origin}/api/token/introspect",
        **endpoints,
        "grant_types_supported": list(grants.table),
        "response_types_supported": [],
        "scopes_supported": list(scopes.ALL),
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "Bearer"],
        "service_documentation": f"{origin}/api/docs",
        **{name: fact for row in rows for name, fact in row.facts.items()},
    }


router = Router("/.well-known", route_handlers=[metadata], tags=["Tokens"])
