"""Style and images. A digest in each address lets browsers keep them for good."""

import mimetypes
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from romm.api.pages.compressed import COMPRESSED

_PREFIX = "/romm-static"
"""Not `/static`, which applications that mount the sign-in like to have themselves."""

_FOLDER = Path(__file__).parent / "static"
_DIGEST_LENGTH = 16  # of 64 hexadecimal digits
_FOR_GOOD = "public, max-age=31536000, immutable"
_ASK_AGAIN = "public, no-cache"


class StaticFile(Struct, frozen=True, kw_only=True):
    content: bytes
    media_type: str
    digest: str


def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return StaticFile(content=content, media_type=media_type, digest=sha256(content).hexdigest()[:_DIGEST_LENGTH])


FILES = {path.relative_to(_FOLDER).as_posix(): _read(path) for path in _FOLDER.rglob("*") if path.is_file()}


def address(name: str) -> str:
    return f"{_PREFIX}/{name}?v={FILES[name].digest}"


@get(f"{_PREFIX}/{{file_path:path}}", include_in_schema=False, middleware=[COMPRESSED])
async def static_file(
    file_path: FromPath[Path], digest: Annotated[str, QueryParameter(name="v")] = ""
) -> Response[bytes]:
    """While hosts of two versions run beside each other, a page may ask for another host's content: not to be kept."""
    found = FILES.get(file_path.as_posix().lstrip("/"))
    if found is None:
        raise NotFoundException
    cache = _FOR_GOOD if digest == found.digest else _ASK_AGAIN
    return Response(found.content, media_type=found.media_type, headers={"cache-control": cache})
