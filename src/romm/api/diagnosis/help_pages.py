"""What each code means: the catalogue as public pages."""

from collections.abc import Iterator

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from romm.api.http.requests import ProviderId
from romm.api.pages.renderer import PageRenderer
from romm.domain.catalogue import CATALOGUE, pieces
from romm.domain.errors import Code, Refused
from romm.domain.providers.register import preset
from romm.domain.sign_in.providers import in_words_of, names_variables, variable
from romm.domain.titles import TITLES


@get("/")
async def codes(renderer: NamedDependency[PageRenderer]) -> Template:
    return renderer.page("help.html", rows=[(code, TITLES[code], row) for code, row in CATALOGUE.items()])


@get("/{code:str}")
async def code(code: FromPath[str], renderer: NamedDependency[PageRenderer], provider: ProviderId = None) -> Template:
    """With several providers in the words of the named one; without a name it says how each one's variables begin."""
    if code not in set(Code):
        raise Refused(Code.NOT_FOUND, problem=f"no refusal has the code {code}", path="/help")
    row = CATALOGUE[Code(code)]
    at = renderer.of_several(provider)
    return renderer.page(
        "help_code.html",
        code=code,
        title=TITLES[Code(code)],
        row=row,
        operator=pieces(in_words_of(at, row.operator)),
        hints=list(_hints(Code(code), renderer, at)),
        about=renderer.one(at) if at else None,
        others=[] if at else list(_variables(row.operator, renderer)),
    )


def _variables(operator: str, renderer: PageRenderer) -> Iterator[tuple[str, str, str]]:
    """Id, name and variables' prefix of the sign-in page's providers, for a text with variables."""
    if renderer.configured.are_several and names_variables(operator):
        for each in renderer.configured.on:
            yield each.id, each.label, f"{variable(each.id, '')}…"


def _hints(code: Code, renderer: PageRenderer, at: str) -> Iterator[tuple[str, str]]:
    for each in renderer.settings.working_providers:
        if at and each.id != at:
            continue
        if hint := preset(each.oidc.provider).hints.get(code):
            yield each.label, in_words_of(each.id, hint)


router = Router("/help", route_handlers=[codes, code], include_in_schema=False)
