"""What each code means, for everyone: the catalogue as pages."""

from collections.abc import Iterator

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from romm.api.pages.renderer import PageRenderer
from romm.domain.catalogue import CATALOGUE, pieces
from romm.domain.errors import Code, Refused
from romm.domain.providers.register import preset
from romm.domain.sign_in.providers import in_words_of
from romm.domain.titles import TITLES


@get("/")
async def codes(renderer: NamedDependency[PageRenderer]) -> Template:
    return renderer.page("help.html", rows=[(code, TITLES[code], row) for code, row in CATALOGUE.items()])


@get("/{code:str}")
async def code(code: FromPath[str], renderer: NamedDependency[PageRenderer]) -> Template:
    if code not in set(Code):
        raise Refused(Code.NOT_FOUND, problem=f"no refusal has the code {code}", path="/help")
    row = CATALOGUE[Code(code)]
    hints = list(_hints(Code(code), renderer))
    return renderer.page(
        "help_code.html", code=code, title=TITLES[Code(code)], row=row, operator=pieces(row.operator), hints=hints
    )


def _hints(code: Code, renderer: PageRenderer) -> Iterator[tuple[str, str]]:
    """Of the providers that the sign-in page names."""
    for each in renderer.settings.working_providers:
        if hint := preset(each.oidc.provider).hints.get(code):
            yield each.label, in_words_of(each.id, hint)


router = Router("/help", route_handlers=[codes, code], include_in_schema=False)
