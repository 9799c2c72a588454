"""The documentation as a script follows it: what is clicked has the name that a page of docs/ gives it."""

import re
from pathlib import Path

from tests.docs.test_docs import blocks

DOCS = Path(__file__).parents[2] / "docs"
_NAMED = re.compile(r"\*{1,2}([^*]+?)[.:]?\*{1,2}|“([^”]+)”")


class Guide:
    """A page of docs/. It names what people click in *italics*, in **bold** or in “quotes”."""

    def __init__(self, page: str) -> None:
        self.page = page
        self.path = DOCS / f"{page}.md"
        text = self.path.read_text(encoding="utf-8")
        self.named = {" ".join((one or two).split()) for one, two in _NAMED.findall(text)}

    def __getitem__(self, name: str) -> str:
        """The name, if the page says it. *Link with* stands for a provider of any name."""
        assert self.says(name), f"{self.path.name} does not name *{name}*"
        return name

    def says(self, name: str) -> bool:
        return name in self.named or any(
            each.endswith((" with", " from")) and name.startswith(each) for each in self.named
        )

    def command(self, beginning: str) -> str:
        """The command of the page that begins so."""
        [found] = {line for block in blocks(self.path, "sh") for line in _lines(block) if line.startswith(beginning)}
        return found


def _lines(block: str) -> list[str]:
    """Commands of several lines as one."""
    return re.sub(r"\\\n\s*", "", block).splitlines()
