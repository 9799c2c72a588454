"""The API's documentation at `/api/docs`."""

from functools import lru_cache

from litestar import Litestar, Response, Router, get
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.serialization import decode_json, encode_json

from romm.api.http.requests import Request
from romm.api.pages.compressed import COMPRESSED
from romm.api.pages.renderer import PageRenderer

_OPENAPI = "application/vnd.oai.openapi+json"


@get("/openapi.json", media_type=_OPENAPI, middleware=[COMPRESSED])
async def document(request: Request) -> Response[bytes]:
    return Response(_document(request.app), media_type=_OPENAPI)


@get("/docs", middleware=[COMPRESSED])
async def docs(request: Request, renderer: NamedDependency[PageRenderer]) -> Template:
    return renderer.page("api_docs.html", document=decode_json(_document(request.app)))


@lru_cache(maxsize=1)
def _document(app: Litestar) -> bytes:
    """Cached: it takes as long as ten sign-ins, and the route is public."""
    return encode_json(app.openapi_schema.to_schema())


router = Router("/api", route_handlers=[document, docs], include_in_schema=False)
