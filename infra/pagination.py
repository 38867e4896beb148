"""Pages of a list, and the signed cursors that lead from one to the next (S-96).

A cursor is bound to whose list it is and to the filters it was made under: given back by another tenant, or with
another filter, it is as good as a forged one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from infra.problems import BadRequest

MAX_LIMIT: Final = 200
DEFAULT_LIMIT: Final = 50
LIFETIME_SECONDS: Final = 24 * 3600
_MAC_BYTES: Final = 16
_HEAD: Final = struct.Struct(">BI")
_VERSION: Final = 1
_MAX_TEXT: Final = 1024

Row = TypeVar("Row")


class BadCursor(BadRequest):
    """The cursor is forged, expired, or of another list. The caller starts again at the first page."""

    name = "bad-cursor"
    title = "The cursor does not lead anywhere"


class NoCursorKey(RuntimeError):
    """The key file is missing or too short, so no list can be paged. The operator puts it back: `WAYBILL_KEK_FILE`."""


class Page(msgspec.Struct, frozen=True):
    """What to read: `limit` rows after the position `after` (None: from the start). Ask for `limit + 1`, see `cut`."""

    limit: int
    after: str | None = None


def cut(rows: Sequence[Row], page: Page, position: Callable[[Row], str]) -> tuple[list[Row], str | None]:
    """The rows of the page and the position of its last one, None when nothing follows.

    `rows` were read with `LIMIT page.limit + 1`: the one too many says that there is more, without a count.
    """
    kept = list(rows[: page.limit])
    return kept, position(kept[-1]) if len(rows) > page.limit else None


class Cursors:
    """Makes and reads cursors with one key of 32 bytes, the same in every process of an installation."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of_file(cls, path: Path) -> Cursors:
        """The key is derived (HKDF-SHA256, RFC 5869) from the installation's key file, for this use alone.

        Raises:
            NoCursorKey: the file is missing or shorter than 32 bytes.
        """
        try:
            root = path.read_bytes()
        except OSError as error:
            raise NoCursorKey(f"The key file {path} cannot be read: {error.strerror}") from error
        if len(root) < hashes.SHA256.digest_size:
            raise NoCursorKey(f"The key file {path} holds fewer than 32 bytes")
        return cls(HKDF(hashes.SHA256(), 32, salt=None, info=b"pagination cursor v1").derive(root))

    def issue(self, position: str, *binding: str) -> str:
        """A cursor to what follows `position`, good for 24 hours under the same `binding`."""
        head = _HEAD.pack(_VERSION, int(time.time()))
        content = head + position.encode()
        return base64.urlsafe_b64encode(content + self._mac(content, binding)).decode().rstrip("=")

    def read(self, cursor: str, *binding: str) -> str:
        """The position that `cursor` was issued for.

        Raises:
            BadCursor: not made by us, for another list or filter, or older than 24 hours. They are not told apart.
        """
        try:
            padding = "=" * (-len(cursor) % 4)
            raw = base64.b64decode((cursor + padding).encode("ascii"), altchars=b"-_", validate=True)
        except ValueError:
            raw = b""
        content, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if (
            len(cursor) > _MAX_TEXT
            or len(content) <= _HEAD.size
            or not hmac.compare_digest(mac, self._mac(content, binding))
        ):
            raise BadCursor("Start again without a cursor; filters may not change between pages")
        version, issued = _HEAD.unpack_from(content)
        if version != _VERSION or time.time() - issued > LIFETIME_SECONDS:
            raise BadCursor("The cursor is older than 24 hours; start again without one")
        return content[_HEAD.size :].decode()

    def _mac(self, content: bytes, binding: tuple[str, ...]) -> bytes:
        # Lengths go in first, so that no two bindings read the same.
        bound = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in binding)
        return hmac.digest(self._key, bound + content, hashlib.sha256)[:_MAC_BYTES]
