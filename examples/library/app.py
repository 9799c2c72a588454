"""The application: a page of games, and a JSON API with RomM's paths. `SignIn()` does the rest."""

import os
from collections.abc import Mapping
from pathlib import Path

from litestar import Litestar, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.openapi.config import OpenAPIConfig
from litestar.params import FromPath, FromQuery
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import File, Template
from litestar.template.config import TemplateConfig
from msgspec import Struct

from library import games
from library.shelf import Game, Platform, Shelf, read
from romm.plugin import Principal, SignIn, needs

FOLDER = "LIBRARY_FOLDER"
"""The variable with the folder of the games. Without it they are in `library` in the current one."""

_PAGE = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}
_FILE = {"content-security-policy": "sandbox", "x-content-type-options": "nosniff"}
"""A file of a library is never a page of this site: a browser only saves it."""


class Games(Struct, frozen=True, kw_only=True):
    items: list[Game]
    total: int


class Scanned(Struct, frozen=True, kw_only=True):
    roms: int


@get("/", guards=[needs("roms.read")], include_in_schema=False)
async def shelf_page(state: State, principal: NamedDependency[Principal]) -> Template:
    shelf: Shelf = state.shelf
    shown = [(platform, shelf.of(platform)) for platform in shelf.platforms]
    context = {"username": principal.account.username, "platforms": shown}
    return Template("shelf.html", context=context, headers=_PAGE)


@get("/api/platforms", guards=[needs("platforms.read")])
async def platforms(state: State) -> list[Platform]:
    return list(state.shelf.platforms)


@get("/api/roms", guards=[needs("roms.read")])
async def roms(state: State, platform_id: FromQuery[int | None] = None) -> Games:
    found = [game for game in state.shelf.games if platform_id in (None, game.platform_id)]
    return Games(items=found, total=len(found))


@get("/api/roms/{rom_id:int}/content", guards=[needs("roms.read")])
async def download(state: State, rom_id: FromPath[int]) -> File:
    if rom_id not in state.shelf.files:
        raise NotFoundException
    path: Path = state.shelf.files[rom_id]
    return File(path, filename=path.name, media_type="application/octet-stream", headers=_FILE)


@post("/api/roms/scan", guards=[needs("roms.write")], status_code=200, sync_to_thread=True)
def scan(state: State) -> Scanned:
    """Read the folder again."""
    state.shelf = read(state.folder)
    return Scanned(roms=len(state.shelf.games))


def library(environ: Mapping[str, str]) -> Litestar:
    """`environ` has the settings of the sign-in, and the folder. Raises OSError for a folder that cannot be read."""
    folder = Path(environ.get(FOLDER) or "library")
    games.make(folder)
    return Litestar(
        [shelf_page, platforms, roms, download, scan],
        plugins=[SignIn(environ)],
        state=State({"folder": folder, "shelf": read(folder)}),
        template_config=TemplateConfig(directory=Path(__file__).parent / "templates", engine=JinjaTemplateEngine),
        openapi_config=OpenAPIConfig(title="A small library", version="1"),
    )


def app() -> Litestar:
    """For a server."""
    return library(os.environ)
