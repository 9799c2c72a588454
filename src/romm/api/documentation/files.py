"""The files of docs/: in the wheel, else in the source."""

import posixpath
from functools import cache
from pathlib import Path

_PACKAGED = Path(__file__).parents[2] / "_docs"
FOLDER = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parents[4] / "docs"

START = "index"
IMAGE_TYPES = {".webp": "image/webp", ".png": "image/png"}


@cache
def names() -> tuple[str, ...]:
    """Such as `errors` and `providers/dex`."""
    return tuple(sorted(path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.rglob("*.md")))


def text(name: str) -> str:
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def size(name: str) -> int:
    """In bytes."""
    return (FOLDER / f"{name}.md").stat().st_size


@cache
def images() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(FOLDER.glob("images/*")) if path.suffix in IMAGE_TYPES}


def named(target: str, page: str) -> str | None:
    """The target of a link on `page`; None outside docs/."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
    name = path.removesuffix(".md")
    return name if path.endswith(".md") and name in names() else None


def address(name: str) -> str:
    return "/docs" if name == START else f"/docs/{name}"
