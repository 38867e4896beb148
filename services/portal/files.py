"""The portal's built files, and its page under a strict Content-Security-Policy.

A page's address answers the page: it shows what the address names (`/runs/run_…`), so a link can be passed on. A file
that is not there is 404 and no page, whatever other software would keep under its name (S-97).
"""

from __future__ import annotations

import gzip
import hashlib
import html
import logging
import secrets
from pathlib import Path
from typing import Any, Final

import msgspec

from infra.problems import NotFound
from services.api.errors import MethodNotAllowed
from services.portal import addresses

FOLDER: Final = Path(__file__).parent / "static"
NONCE: Final = "__CSP_NONCE__"
NAME: Final = "__BRAND_NAME__"
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# A worker's policy is that of its own script.
_SCRIPT_POLICY: Final = "default-src 'none'; script-src 'self'; connect-src 'self'"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_PACKED: Final = frozenset({".css", ".js", ".json", ".svg", ".txt", ".webmanifest"})
_ASSETS: Final = "/assets/"
# Behind the sign-in there is nothing to find, and before it nothing to list.
_ROBOTS: Final = b"User-agent: *\nDisallow: /\n"
_NOT_BUILT: Final = b"This page is not available at the moment. Please try again later.\n"
_LOG: Final = logging.getLogger("portal")


class File(msgspec.Struct, frozen=True):
    """`packed` is the content in gzip, None for what would not shrink."""

    content: bytes
    packed: bytes | None
    media_type: str
    tag: str


class Build(msgspec.Struct, frozen=True):
    """What the build left: the page, and the files by their path on the host."""

    made_at: int
    page: str
    files: dict[str, File]


class Files:
    """Serves one folder. Nothing is opened by a path that a caller composed: what there is, is known before."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._build: Build | None = None

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        if scope["method"] != "GET":
            raise MethodNotAllowed(["GET", "HEAD"])
        build = self._present()
        if build is None:
            _LOG.warning("the portal's files are not built: `make portal` builds them")
            await _send(send, 503, [("content-type", "text/plain; charset=utf-8"), ("retry-after", "30")], _NOT_BUILT)
            return
        path: str = scope["path"]
        refused: int | None = scope["state"].get(addresses.REFUSED)
        if refused is not None:
            await _send_corrected(scope, send, build.page, refused)
            return
        file = build.files.get(path)
        if file is not None:
            await _send_file(scope, send, file, is_hashed=path.startswith(_ASSETS))
        elif not addresses.is_page(path):
            raise NotFound
        else:
            await _send_page(send, build.page, scope["state"]["brand"].name)

    def _present(self) -> Build | None:
        """The build, read again after a new one: the page is the last that a build writes."""
        try:
            made_at = (self._folder / "index.html").stat().st_mtime_ns
        except FileNotFoundError:
            return None
        if self._build is None or self._build.made_at != made_at:
            self._build = read_build(self._folder, made_at)
        return self._build


def read_build(folder: Path, made_at: int) -> Build:
    """All files of a build that have a known type; costs some 100 ms."""
    found = {"/robots.txt": _file(_ROBOTS, ".txt")}
    for path in sorted(folder.rglob("*")):
        kind = path.suffix.lower()
        if path.is_file() and kind in _TYPES and not path.name.startswith("."):
            found["/" + path.relative_to(folder).as_posix()] = _file(path.read_bytes(), kind)
    return Build(made_at, (folder / "index.html").read_text(encoding="utf-8"), found)


def _file(content: bytes, kind: str) -> File:
    packed = gzip.compress(content, 9, mtime=0) if kind in _PACKED else None
    return File(content, packed, _TYPES[kind], f'"{hashlib.sha256(content).hexdigest()[:32]}"')


async def _send_file(scope: Any, send: Any, file: File, *, is_hashed: bool) -> None:
    asked = {name: value for name, value in scope["headers"] if name in {b"if-none-match", b"accept-encoding"}}
    headers = [
        ("content-type", file.media_type),
        # The name of a hashed file is its content: it never has another.
        ("cache-control", "public, max-age=31536000, immutable" if is_hashed else "no-cache"),
        ("etag", file.tag),
        ("vary", "accept-encoding"),
    ]
    if file.media_type.startswith("text/javascript"):
        headers.append(("content-security-policy", _SCRIPT_POLICY))
    if asked.get(b"if-none-match") == file.tag.encode():
        await _send(send, 304, headers, b"")
    elif file.packed is not None and b"gzip" in asked.get(b"accept-encoding", b""):
        await _send(send, 200, [*headers, ("content-encoding", "gzip")], file.packed)
    else:
        await _send(send, 200, headers, file.content)


async def _send_corrected(scope: Any, send: Any, page: str, status: int) -> None:
    location = addresses.corrected(scope)
    if location is None:
        await _send_page(send, page, scope["state"]["brand"].name, status)
    else:
        await _send(send, 308, [("location", location)], b"")


async def _send_page(send: Any, page: str, name: str, status: int = 200) -> None:
    nonce = secrets.token_urlsafe(18)
    body = page.replace(NONCE, nonce).replace(NAME, html.escape(name)).encode()
    headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", PAGE_POLICY.format(nonce=nonce)),
    ]
    await _send(send, status, headers, body)


async def _send(send: Any, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    pairs = [(name.encode(), value.encode()) for name, value in (*headers, ("content-length", str(len(body))))]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body, "more_body": False})
