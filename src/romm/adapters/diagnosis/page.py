"""A provider's page without its markup."""

from html.parser import HTMLParser

from romm.domain.diagnosis.evidence import PageWords

_SILENT = {"script", "style", "noscript", "template", "svg", "select", "option"}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_TEXTS = {"text/plain", ""}


def words(content_type: str, body: bytes) -> PageWords:
    """Title and main part of HTML, all of plain text, else nothing."""
    text = body.decode(errors="replace")
    if content_type in ("text/html", "application/xhtml+xml"):
        page = _Page()
        page.feed(text)
        page.close()
        return PageWords(title=_tidy(page.title), text=_tidy(page.main) or _tidy(page.all))
    return PageWords(text=_tidy([text])) if content_type in _TEXTS else PageWords()


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.title: list[str] = []
        self.main: list[str] = []
        self.all: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Closes tags that were left open inside."""
        if tag in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        if "title" in self._open and "svg" not in self._open:
            self.title.append(data)
        elif _SILENT.isdisjoint(self._open):
            self.all.append(data)
            if "main" in self._open:
                self.main.append(data)


def _tidy(pieces: list[str]) -> str:
    return " ".join(" ".join(pieces).split())
