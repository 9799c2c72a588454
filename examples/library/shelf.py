"""Games in a folder: a folder in it for each platform, a file in that for each game. Nothing in it is changed."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct

_TITLES = {"basic": "BASIC", "chip-8": "CHIP-8"}


class Platform(Struct, frozen=True, kw_only=True):
    id: int
    slug: str
    name: str
    rom_count: int


class Game(Struct, frozen=True, kw_only=True):
    """`fs_size_bytes`: RomM's name for the file's size."""

    id: int
    platform_id: int
    platform_name: str
    name: str
    fs_name: str
    fs_size_bytes: int


@dataclass(frozen=True)
class Shelf:
    """What was in the folder when it was read."""

    platforms: tuple[Platform, ...]
    games: tuple[Game, ...]
    files: Mapping[int, Path]
    """By the game's id."""

    def of(self, platform: Platform) -> tuple[Game, ...]:
        return tuple(game for game in self.games if game.platform_id == platform.id)


def read(folder: Path) -> Shelf:
    """Raises OSError. Hidden files and links, which could lead out of the folder, are left out."""
    found = [(each, _games(each)) for each in sorted(folder.iterdir()) if each.is_dir() and _is_shown(each)]
    platforms = (
        Platform(id=_id(each), slug=each.name, name=_title(each), rom_count=len(games)) for each, games in found
    )
    files = {game.id: each / game.fs_name for each, games in found for game in games}
    return Shelf(tuple(platforms), tuple(game for _, games in found for game in games), files)


def _games(platform: Path) -> list[Game]:
    return list(_read_games(platform))


def _read_games(platform: Path) -> Iterator[Game]:
    for file in sorted(platform.iterdir()):
        if file.is_file() and _is_shown(file):
            yield Game(
                id=_id(platform, file.name),
                platform_id=_id(platform),
                platform_name=_title(platform),
                name=file.stem,
                fs_name=file.name,
                fs_size_bytes=file.stat().st_size,
            )


def _is_shown(path: Path) -> bool:
    return not path.name.startswith(".") and not path.is_symlink()


def _title(platform: Path) -> str:
    return _TITLES.get(platform.name, platform.name)


def _id(platform: Path, file: str = "") -> int:
    """The same at every start."""
    return zlib.crc32(f"{platform.name}/{file}".encode())
