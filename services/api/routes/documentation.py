"""The OpenAPI document and its viewer, both served from here: no request leaves for anywhere else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final

from litestar import Response, get
from litestar.params import FromPath

from infra.problems import NotFound
from services.api.call import Call
from services.api.errors import ViewerNotBuilt

FOLDER: Final = Path(__file__).parents[1] / "static" / "viewer"
TYPES: Final = {
    "index.html": "text/html",
    "viewer.js": "text/javascript",
    "viewer.css": "text/css",
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
}
# The viewer sets styles on elements and draws its arrows from data: URLs; it loads scripts from here and nowhere else.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@get("/v1/openapi.json", summary="This document", tags=["documentation"], media_type="application/json")
async def read_document(request: Call) -> Response[bytes]:
    """OpenAPI 3.1."""
    make: Callable[[], bytes] = request.app.state.document
    return Response(make(), media_type="application/json", headers={"Cache-Control": "no-cache"})


@get("/docs", include_in_schema=False)
async def read_viewer(request: Call) -> Response[bytes]:
    return _file(request, "index.html")


@get("/docs/{name:str}", include_in_schema=False)
async def read_viewer_file(request: Call, name: FromPath[str]) -> Response[bytes]:
    if name not in TYPES or name == "index.html":
        raise NotFound
    return _file(request, name)


def _file(request: Call, name: str) -> Response[bytes]:
    """One of the known files; never a path that a caller composed.

    Raises:
        ViewerNotBuilt: the assets are not there.
    """
    path = FOLDER / name
    try:
        content, tag = _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        raise ViewerNotBuilt("Run `npm ci && npm run build` in services/api/viewer, or `make viewer`") from None
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Content-Security-Policy": _POLICY}
    if request.headers.get("if-none-match") == tag:
        return Response(b"", status_code=304, headers=headers)
    return Response(content, media_type=TYPES[name], headers=headers)


@lru_cache(len(TYPES))
def _read(path: Path, _changed_at: int) -> tuple[bytes, str]:
    """Content and entity tag; read again after a new build."""
    content = path.read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


HANDLERS: Final = (read_document, read_viewer, read_viewer_file)
