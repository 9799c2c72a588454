"""The API's documentation at `/api/docs`, rendered on the server from the same OpenAPI document as `/api/openapi.json`."""

from typing import Any

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.serialization import decode_json, encode_json

from romm.api.pages import Site
from romm.api.requests import Asking


@get("/openapi.json", media_type="application/vnd.oai.openapi+json")
async def document(request: Asking) -> dict[str, Any]:
    """The OpenAPI document."""
    return request.app.openapi_schema.to_schema()


@get("/docs")
async def docs(request: Asking, site: NamedDependency[Site]) -> Template:
    """The OpenAPI document as a page."""
    document = decode_json(encode_json(request.app.openapi_schema.to_schema()))
    return site.page("api_docs.html", document=document)


router = Router("/api", route_handlers=[document, docs], include_in_schema=False)
