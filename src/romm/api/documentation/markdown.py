"""A page of docs/ as blocks: Markdown, and the HTML that our own files need."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

OUR_HTML = re.compile(r'<a id="(?P<anchor>[\w-]+)">|</a>|<br>')
_COMMENT = re.compile(r"\s*<!--[^<>]*-->\s*")
_TAGS = 16  # characters of HTML around a token, about

Address = Callable[[str], str | None]
"""From a link's or an image's target to an address here; None for what is not here."""


class Block(Struct, frozen=True, kw_only=True):
    """`level` of a heading, else 0. `table`: the head of this row's table."""

    tokens: Sequence["Token"]
    text: str
    anchors: tuple[str, ...]
    level: int = 0
    table: Sequence["Token"] = ()

    @property
    def size(self) -> int:
        return len(self.text) + _TAGS * len(self.tokens)


def blocks(text: str) -> tuple[Block, ...]:
    seen: dict[str, int] = {}
    return tuple(_block(group, head, seen) for group, head in _groups(_parsed(text)) if not _is_comment(group))


def html(found: Sequence[Block], address: Address) -> str:
    """The blocks must be consecutive."""
    markdown = _markdown()
    env: dict[str, Any] = {"address": address, "number": 0}
    written = []
    for _, group in groupby(found, key=lambda block: id(block.table)):
        same = [*group]
        inside = [markdown.renderer.render(each, markdown.options, env) for each in (same[0].table, *_tokens(same))]
        written += [_TABLE_START, *inside, _TABLE_END] if same[0].table else inside
    return "".join(written)


def _tokens(found: Sequence[Block]) -> Iterator[Sequence["Token"]]:
    return (block.tokens for block in found)


_TABLE_START = '<div class="scrolls" tabindex="0">'
_TABLE_END = "</tbody></table></div>"


def slug(title: str) -> str:
    """As in the repository."""
    return re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")


def _parsed(text: str) -> Sequence["Token"]:
    """Empty heading cells become plain ones: a screen reader would announce them."""
    tokens = _markdown().parse(text)
    for opened, inside, closed in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opened.type == "th_open" and not inside.content:
            opened.tag = closed.tag = "td"
    return tokens


def _groups(tokens: Sequence["Token"]) -> Iterator[tuple[Sequence["Token"], Sequence["Token"]]]:
    """Top-level blocks, and a table's rows, each with its head."""
    start = 0
    for end, token in enumerate(tokens, start=1):
        if token.level == 0 and token.nesting <= 0:
            group = tokens[start:end]
            yield from _rows(group) if group[0].type == "table_open" else [(group, ())]
            start = end


def _rows(table: Sequence["Token"]) -> Iterator[tuple[Sequence["Token"], Sequence["Token"]]]:
    types = [token.type for token in table]
    body = types.index("tbody_open") + 1 if "tbody_open" in types else len(types) - 1
    start = body
    for end in range(body, len(table)):
        if types[end] == "tr_close":
            yield table[start : end + 1], table[:body]
            start = end + 1


def _is_comment(group: Sequence["Token"]) -> bool:
    return group[0].type == "html_block" and bool(_COMMENT.fullmatch(group[0].content))


def _block(group: Sequence["Token"], head: Sequence["Token"], seen: dict[str, int]) -> Block:
    text = " ".join(filter(None, map(_text, group)))
    anchors = tuple(anchor for token in group for anchor in _anchors(token))
    if group[0].type != "heading_open":
        return Block(tokens=group, text=text, anchors=anchors, table=head)
    name = slug(text)
    number = seen[name] = seen.get(name, -1) + 1
    name = f"{name}-{number}" if number else name
    group[0].attrSet("id", name)
    return Block(tokens=group, text=text, anchors=(name, *anchors), level=int(group[0].tag[1]))


def _text(token: "Token") -> str:
    if token.type != "inline":
        return token.content if token.type in ("fence", "code_block") else ""
    pieces = (" " if each.type in ("softbreak", "hardbreak") else each.content for each in _readable(token))
    return "".join(pieces)


def _readable(token: "Token") -> Iterator["Token"]:
    for each in token.children or ():
        if each.type == "html_inline":
            if each.content == "<br>":
                yield each.copy(content=" ")
        elif each.type != "image":
            yield each


def _anchors(token: "Token") -> Iterator[str]:
    for each in token.children or ():
        if each.type == "html_inline" and (found := OUR_HTML.fullmatch(each.content)) and found["anchor"]:
            yield found["anchor"]


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # noqa: PLC0415  (only the documentation needs it)

    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    for rule in (_html_inline, _html_block, _fence, _link_open, _link_close, _image):
        markdown.add_render_rule(rule.__name__.removeprefix("_"), rule)
    return markdown


def _html_inline(_: Any, tokens: Sequence["Token"], index: int, *__: Any) -> str:
    content = tokens[index].content
    return content if OUR_HTML.fullmatch(content) else escape(content)


def _html_block(_: Any, tokens: Sequence["Token"], index: int, *__: Any) -> str:
    content = tokens[index].content
    return "" if _COMMENT.fullmatch(content) else f"<p>{escape(content)}</p>\n"


def _fence(_: Any, tokens: Sequence["Token"], index: int, __: Any, env: dict[str, Any]) -> str:
    env["number"] += 1
    name = f"code-{env['number']}"
    return (
        f'<div class="code-block"><pre id="{name}" tabindex="0"><code>{escape(tokens[index].content, quote=False)}</code></pre>'
        f'<button type="button" class="quiet small" hidden data-copies="{name}" data-done="Copied">Copy</button></div>\n'
    )


def _link_open(_: Any, tokens: Sequence["Token"], index: int, __: Any, env: dict[str, Any]) -> str:
    target = env["address"](str(tokens[index].attrGet("href")))
    return "<span>" if target is None else f'<a href="{escape(target)}">'


def _link_close(_: Any, tokens: Sequence["Token"], index: int, __: Any, env: dict[str, Any]) -> str:
    depth, start = 1, index
    while depth:
        start -= 1
        depth += {"link_close": 1, "link_open": -1}.get(tokens[start].type, 0)
    return "</span>" if env["address"](str(tokens[start].attrGet("href"))) is None else "</a>"


def _image(_: Any, tokens: Sequence["Token"], index: int, __: Any, env: dict[str, Any]) -> str:
    target = env["address"](str(tokens[index].attrGet("src")))
    return f'<img src="{escape(target or "")}" alt="{escape(tokens[index].content)}">'
