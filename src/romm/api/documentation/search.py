"""Finds headings and paragraphs of the documentation by their words."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from msgspec import Struct

from romm.api.documentation import documents, files, markdown
from romm.api.documentation.markdown import Block

LONGEST_QUERY = 100  # characters
MOST_WORDS = 8
MOST_FOUND = 30
_AROUND = 110  # characters on each side of the first word

_IN_TITLE, _IN_HEADING, _AS_ASKED = 8, 4, 3
"""How much more than a word in the text: in a page's title, in a heading, and all words side by side."""


class Paragraph(Struct, frozen=True, kw_only=True):
    name: str
    page: str
    heading: str
    anchor: str
    text: str
    folded: str


class Piece(Struct, frozen=True):
    text: str
    is_word: bool = False


class Found(Struct, frozen=True, kw_only=True):
    page: str
    heading: str
    address: str
    excerpt: tuple[Piece, ...]


def search(query: str) -> list[Found]:
    """The best first, one a place. A paragraph, with its titles, has all words."""
    asked = " ".join(query[:LONGEST_QUERY].casefold().split())
    words = asked.split()[:MOST_WORDS]
    if not words:
        return []
    scored = [(score, each) for each in _paragraphs() if (score := _score(each, words, asked))]
    places: dict[tuple[str, str], Paragraph] = {}
    for _, each in sorted(scored, key=lambda pair: pair[0], reverse=True):
        places.setdefault((each.name, each.anchor), each)
    return [_found(each, words) for each in list(places.values())[:MOST_FOUND]]


def _score(paragraph: Paragraph, words: Sequence[str], asked: str) -> int:
    page, heading = paragraph.page.casefold(), paragraph.heading.casefold()
    score = _AS_ASKED * (asked in paragraph.folded)
    for word in words:
        found = _IN_TITLE * (word in page) + _IN_HEADING * (word in heading) + (word in paragraph.folded)
        if not found:
            return 0
        score += found
    return score


def _found(paragraph: Paragraph, words: Sequence[str]) -> Found:
    there = documents.place(paragraph.name, paragraph.anchor) if paragraph.anchor else files.address(paragraph.name)
    return Found(
        page=paragraph.page, heading=paragraph.heading, address=there, excerpt=tuple(_excerpt(paragraph.text, words))
    )


def _excerpt(text: str, words: Sequence[str]) -> Iterator[Piece]:
    pattern = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
    first = found.start() if (found := pattern.search(text)) else 0
    start, end = max(0, first - _AROUND), first + _AROUND
    shown = f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
    at = 0
    for match in pattern.finditer(shown):
        yield Piece(shown[at : match.start()])
        yield Piece(match[0], is_word=True)
        at = match.end()
    yield Piece(shown[at:])


@cache
def _paragraphs() -> tuple[Paragraph, ...]:
    """Takes a quarter of a second, once."""
    return tuple(each for name in files.names() for each in _of_page(name))


def _of_page(name: str) -> Iterator[Paragraph]:
    page, heading, anchor = documents.title(name), "", ""
    for block in markdown.blocks(files.text(name)):
        if block.level:
            heading, anchor = (block.text, block.anchors[0]) if block.level > 1 else ("", "")
        else:
            own = block.anchors[0] if block.anchors else anchor
            yield _paragraph(name, page, heading, own, block)


def _paragraph(name: str, page: str, heading: str, anchor: str, block: Block) -> Paragraph:
    text = " ".join(block.text.split())
    return Paragraph(name=name, page=page, heading=heading, anchor=anchor, text=text, folded=text.casefold())
