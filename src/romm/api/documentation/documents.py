"""The documentation's pages: a long file is several, each with all contents."""

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache, partial
from itertools import pairwise
from math import ceil

from msgspec import Struct

from romm.api.documentation import files, markdown
from romm.api.documentation.markdown import Block

LONGEST = 40_000
"""Characters of a part, about. With the HTML around them and the rest of the page that is less than 60 KB."""

LARGE = 25_000  # bytes; a smaller file is one part
_MARGIN = 1_000  # characters
_KEPT = 64  # rendered parts; all together some 700 KB


class Entry(Struct, frozen=True, kw_only=True):
    """`is_here`: on the shown part."""

    title: str
    anchor: str
    address: str
    is_here: bool


class Shown(Struct, frozen=True, kw_only=True):
    """`elsewhere`: the other parts' anchors that are no headings, for links that arrive at the first part."""

    title: str
    html: str
    number: int
    parts: tuple[str, ...]
    contents: tuple[Entry, ...]
    elsewhere: tuple[Entry, ...]


@cache
def title(name: str) -> str:
    return files.text(name).partition("\n")[0].removeprefix("# ")


@lru_cache(maxsize=_KEPT)
def part(name: str, number: int) -> Shown | None:
    """`number` counts from 1."""
    if name not in files.names() or not 1 <= number <= len(parts(name)):
        return None
    entries = [*_entries(name, number)]
    headings = tuple(entry for level, entry in entries if level == 2)
    return Shown(
        title=title(name),
        html=markdown.html(parts(name)[number - 1], partial(_address, name)),
        number=number,
        parts=tuple(_part_address(name, each) for each in range(1, len(parts(name)) + 1)),
        contents=headings if len(headings) > 2 or len(parts(name)) > 1 else (),
        elsewhere=tuple(entry for level, entry in entries if level != 2 and not entry.is_here and number == 1),
    )


def place(name: str, anchor: str) -> str:
    number = _numbers(name).get(anchor, 1) if files.size(name) > LARGE else 1
    return f"{_part_address(name, number)}#{anchor}"


@cache
def _numbers(name: str) -> dict[str, int]:
    found = enumerate(parts(name), start=1)
    return {anchor: number for number, part in found for block in part for anchor in block.anchors}


@lru_cache(maxsize=1)
def parts(name: str) -> tuple[tuple[Block, ...], ...]:
    """Without the title. Keeps a chapter whole where it fits."""
    body = _body(name)
    total = _size(body)
    limit = total / ceil(total / LONGEST) + _MARGIN
    found: list[list[Block]] = [[]]
    size = 0
    for chapter in _chapters(body):
        fits = size + _size(chapter) <= limit
        if not fits and size > limit / 2:
            found, size = [*found, []], 0
        for block in chapter:
            if size + block.size > limit:
                found, size = [*found, []], 0
            found[-1].append(block)
            size += block.size
    return tuple(map(tuple, found))


def _chapters(body: Sequence[Block]) -> Iterator[Sequence[Block]]:
    starts = [0, *(index for index, block in enumerate(body) if block.level == 2 and index), len(body)]
    return (body[start:end] for start, end in pairwise(starts))


def _size(found: Sequence[Block]) -> int:
    return sum(block.size for block in found)


def _body(name: str) -> Sequence[Block]:
    found = markdown.blocks(files.text(name))
    return found[1:] if found[0].level == 1 else found


def _entries(name: str, shown: int) -> Iterator[tuple[int, Entry]]:
    for number, found in enumerate(parts(name), start=1):
        page = "" if number == shown else _part_address(name, number)
        for block in found:
            for anchor in block.anchors:
                text = block.text if block.level else anchor
                yield block.level, Entry(title=text, anchor=anchor, address=f"{page}#{anchor}", is_here=number == shown)


def _part_address(name: str, number: int) -> str:
    return files.address(name) if number == 1 else f"{files.address(name)}?part={number}"


def _address(page: str, target: str) -> str | None:
    if target.startswith(("https://", "http://")):
        return target
    path, _, anchor = target.partition("#")
    if path.endswith(tuple(files.IMAGE_TYPES)):
        return f"/docs/images/{path.rpartition('/')[2]}"
    name = files.named(path, page) if path else page
    if name is None:
        return None
    return place(name, anchor) if anchor else files.address(name)
