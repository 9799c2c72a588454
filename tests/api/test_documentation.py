"""The documentation at /docs: every page of docs/, for everyone and without JavaScript."""

import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape

import pytest

from romm.api.documentation import documents, files, markdown
from romm.api.documentation.search import LONGEST_QUERY, MOST_FOUND, search
from romm.domain.catalogue import CATALOGUE
from romm.domain.urls import DOCUMENTATION
from tests.world import World

MOST_BYTES = 60_000
PAGES = [
    f"{files.address(name)}{f'?part={number}' if number > 1 else ''}"
    for name in files.names()
    for number in range(1, len(documents.parts(name)) + 1)
]


async def opened(world: World, address: str) -> str:
    answer = await world.browser().get(address)
    assert answer.status_code == 200, address
    return answer.text


async def test_a_page_is_small_has_each_id_once_and_loads_nothing_from_elsewhere(world: World) -> None:
    for address in PAGES:
        page = await opened(world, address)
        assert len(page.encode()) <= MOST_BYTES, address
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert [each for each in ids if ids.count(each) > 1] == [], address
        assert not re.findall(r'(?:src|action)="(?!/)[^"]*"|<link [^>]*href="(?!/)', page), address
        assert "<th></th>" not in page, address  # it would be announced as the head of a column
        assert (page.count("<script>"), page.count("<table>")) == (1, page.count("</table>")), address


async def test_every_link_of_every_page_leads_to_a_place_that_is_there(world: World) -> None:
    shown = {address: await opened(world, address) for address in PAGES}
    for page, text in shown.items():
        for target, anchor in links(page, text):
            assert target in shown or (await world.browser().get(target)).status_code == 200, f"{page}: {target}"
            assert not anchor or f'id="{anchor}"' in shown[target], f"{page}: {target}#{anchor}"


def links(page: str, text: str) -> Iterator[tuple[str, str]]:
    for href in re.findall(r'<(?:a|img)[^>]* (?:href|src)="((?:/docs|#|\?)[^"]*)"', text):
        target, _, anchor = unescape(href).partition("#")
        if not (anchor == "main" or target.startswith("/docs?search")):
            yield target or page, anchor


async def test_the_address_of_each_code_arrives_at_it_or_at_a_link_to_it(world: World) -> None:
    """A fragment never reaches the server, so that the first part has the way to the others."""
    page = await opened(world, "/docs/errors")
    assert [code for code in CATALOGUE if f'<a id="{code}"' not in page] == []


async def test_a_code_block_can_be_copied(world: World) -> None:
    page = await opened(world, "/docs/settings")
    assert re.search(r'<pre id="code-1" tabindex="0"><code>environment:', page)
    assert 'hidden data-copies="code-1" data-done="Copied">Copy</button>' in page


@pytest.mark.parametrize(
    "address",
    ["/docs/nothing", "/docs/..%2Ftables", "/docs/errors?part=0", "/docs/errors?part=99", "/docs/providers/nothing",
     "/docs/images/..%2Findex.md", "/docs/tables.py"],
)  # fmt: skip
async def test_what_is_no_page_is_not_found(world: World, address: str) -> None:
    assert (await world.browser().get(address)).status_code == 404


async def test_a_picture_is_served(world: World) -> None:
    name = next(name for name in files.images() if name.endswith(".webp"))
    answer = await world.browser().get(f"/docs/images/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert answer.content.startswith(b"RIFF")


async def test_a_search_leads_to_the_place_and_marks_the_words(world: World) -> None:
    page = await opened(world, "/docs?search=email_not_verified")
    assert f'href="{documents.place("errors", "email_not_verified")}"' in page
    assert "<mark>email_not_verified</mark>" in page


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("back-channel logout", "glossary#back-channel-logout"),
        ("OIDC_ROLE_VIEWER", ""),
        ("FORWARD authentication", "forward-auth"),
    ],
)
def test_a_search_finds_words_in_any_case_and_what_is_in_titles_first(query: str, first: str) -> None:
    found = search(query)
    assert 0 < len(found) <= MOST_FOUND
    assert f"/docs/{first}" in "".join(each.address for each in found[:3])


@pytest.mark.parametrize("query", ["", "   ", "zzzzyx", "no_role zzzzyx", "x" * LONGEST_QUERY * 9])
def test_a_search_without_a_hit_finds_nothing(query: str) -> None:
    assert search(query) == []


async def test_what_was_searched_for_is_shown_as_text(world: World) -> None:
    page = await opened(world, "/docs?search=%3Cb%3Ebold%22")
    assert "<b>" not in page
    assert "&lt;b&gt;bold&#34;" in page


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a <script>alert(1)</script> b", "<p>a &lt;script&gt;alert(1)&lt;/script&gt; b</p>"),
        ('<div onclick="x">y</div>', '<p>&lt;div onclick="x"&gt;y&lt;/div&gt;</p>'),
        ("<!-- table:x -->", ""),
        ('<a id="no_role"></a>`no_role`', '<p><a id="no_role"></a><code>no_role</code></p>'),
        ('<a id="x" href="y"></a>z', '<p>&lt;a id="x" href="y"&gt;</a>z</p>'),
        ("[here](../deploy)", "<p><span>here</span></p>"),
        ("[run](javascript:alert(1))", "<p>[run](javascript:alert(1))</p>"),
    ],
)
def test_only_the_html_that_our_files_need_is_html(text: str, expected: str) -> None:
    written = markdown.html(markdown.blocks(text), lambda _: None).strip()
    assert unescape(written) == unescape(expected)
    assert ("<script" in written, "<div" in written) == (False, False)


def test_headings_of_the_same_name_have_different_anchors() -> None:
    found = markdown.blocks("# Sign out\n\n## At *Dex*?\n\n## At Dex\n")
    assert [block.anchors for block in found] == [("sign-out",), ("at-dex",), ("at-dex-1",)]


def test_nothing_of_it_is_imported_or_read_before_the_first_visit() -> None:
    program = (
        "import sys; import romm.composition.app; from romm.api.documentation import documents, files, markdown; "
        "print('markdown_it' in sys.modules, [f.cache_info().currsize for f in "
        "(documents.part, documents.parts, files.names, markdown._markdown)])"
    )
    blocked = "from romm.cli.server import process; process.block_unused_imports(); "
    done = subprocess.run([sys.executable, "-c", blocked + program], capture_output=True, text=True, check=True)
    assert done.stdout.split(maxsplit=1) == ["False", "[0, 0, 0, 0]\n"]


async def test_every_page_leads_to_the_documentation(world: World) -> None:
    assert 'href="/docs"' in await opened(world, "/login")


async def test_a_text_that_names_a_page_links_to_it(world: World) -> None:
    assert '<a href="/docs/roles">/docs/roles</a>' in await opened(world, "/help/scope_unknown")


def test_each_page_that_a_text_names_is_there() -> None:
    named = {found[0] for row in CATALOGUE.values() for found in DOCUMENTATION.finditer(row.operator)}
    assert len(named) > 3
    assert named <= {files.address(name) for name in files.names()}


async def test_the_log_names_the_whole_address() -> None:
    world = World({"ROMM_BASE_URL": "https://romm.test"})
    form = {"grant_type": "password", "username": "a", "password": "b", "scope": "x"}
    async with world.program() as client:
        await client.post("/api/token", data=form)
    assert any("https://romm.test/docs/roles" in facts.get("hint", "") for _, _, facts in world.log.lines)
