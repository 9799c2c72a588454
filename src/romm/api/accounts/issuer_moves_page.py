"""The page that previews and moves accounts from an earlier provider to today's."""

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.response import Template
from msgspec import Struct

from romm.accounts.issuer_moves import IssuerMoves
from romm.api.http.requests import Request, body
from romm.api.openapi.operations import needs
from romm.api.pages.renderer import PageRenderer
from romm.credentials.principal import Principal, actor
from romm.domain.accounts.issuer_moves import IssuerMove, IssuerMoveDecision, Stay, Way, describe

_WRITES = needs("users.write", browser=True, error_page="/admin/oidc")


class MoveForm(Struct, frozen=True):
    """From which issuer to which provider, and how people are recognized there. Without an id: the default provider."""

    old: str
    way: Way
    provider: str = ""


@post("/", **_WRITES, status_code=200)
async def preview(
    request: Request,
    renderer: NamedDependency[PageRenderer],
    principal: NamedDependency[Principal],
    issuer_moves: NamedDependency[IssuerMoves],
) -> Template:
    """What would become of each account; nothing is written."""
    form, move = await _wanted(request, issuer_moves)
    decided, notes = await issuer_moves.preview(actor(principal), move), issuer_moves.notes(move)
    return _page(renderer, principal, move, decided, provider=form.provider, notes=notes, done=False)


@post("/apply", **_WRITES, status_code=200)
async def carry_out(
    request: Request,
    renderer: NamedDependency[PageRenderer],
    principal: NamedDependency[Principal],
    issuer_moves: NamedDependency[IssuerMoves],
) -> Template:
    """Moves the accounts, and says of each what became of it. The session that asks goes on."""
    form, move = await _wanted(request, issuer_moves)
    decided = await issuer_moves.carry_out(actor(principal), move, principal.digest)
    return _page(renderer, principal, move, decided, provider=form.provider, notes=[], done=True)


async def _wanted(request: Request, issuer_moves: IssuerMoves) -> tuple[MoveForm, IssuerMove]:
    form = await body(request, MoveForm)
    new = await issuer_moves.issuers.provider_issuer(form.provider)
    return form, IssuerMove(old=form.old, new=new, way=form.way)


def _page(
    renderer: PageRenderer,
    who: Principal,
    move: IssuerMove,
    decided: list[IssuerMoveDecision],
    *,
    provider: str,
    notes: list[str],
    done: bool,
) -> Template:
    return renderer.page(
        "issuer_move.html",
        who=who,
        move=move,
        target=renderer.configured.named(provider),
        notes=notes,
        done=done,
        lines=[(each.account, describe(each, move), isinstance(each, Stay)) for each in decided],
        own_id=who.account.id,
    )


router = Router("/admin/oidc/move", route_handlers=[preview, carry_out], include_in_schema=False)
