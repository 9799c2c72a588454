"""The public documentation. Nothing of it is read or imported before the first visit."""

from typing import Annotated

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Template

from romm.api.documentation import documents, files
from romm.api.documentation.search import LONGEST_QUERY, search
from romm.api.pages.compressed import COMPRESSED
from romm.api.pages.renderer import PageRenderer
from romm.domain.errors import Code, Refused

PartNumber = Annotated[int, QueryParameter(name="part")]
Query = Annotated[str, QueryParameter(name="search")]


@get("/", sync_to_thread=True)
def start(renderer: NamedDependency[PageRenderer], asked: Query = "", number: PartNumber = 1) -> Template:
    if not asked.strip():
        return _page(files.START, number, renderer)
    return renderer.page("documentation_search.html", query=asked[:LONGEST_QUERY], found=search(asked))


@get("/{name:str}", sync_to_thread=True)
def page(name: FromPath[str], renderer: NamedDependency[PageRenderer], number: PartNumber = 1) -> Template:
    return _page(name, number, renderer)


@get("/providers/{name:str}", sync_to_thread=True)
def provider_page(name: FromPath[str], renderer: NamedDependency[PageRenderer], number: PartNumber = 1) -> Template:
    return _page(f"providers/{name}", number, renderer)


@get("/images/{name:str}", sync_to_thread=True)
def image(name: FromPath[str]) -> Response[bytes]:
    if (content := files.images().get(name)) is None:
        raise _missing()
    media_type = files.IMAGE_TYPES[f".{name.rpartition('.')[2]}"]
    return Response(content, media_type=media_type, headers={"cache-control": "public, max-age=86400"})


def _page(name: str, number: int, renderer: PageRenderer) -> Template:
    if (shown := documents.part(name, number)) is None:
        raise _missing()
    return renderer.page("documentation.html", shown=shown, is_start=name == files.START)


def _missing() -> Refused:
    return Refused(Code.NOT_FOUND, problem="the documentation has no such page", path="/docs")


router = Router(
    "/docs", route_handlers=[start, page, provider_page, image], include_in_schema=False, middleware=[COMPRESSED]
)
