"""The installation's own key for signatures (Ed25519, RFC 8032), in a file of its own; its public half beside it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.encryption.errors import KeyFileUnusable
from infra.encryption.key_file import create_kek_file, read_kek_file

_PUBLIC: Final = ".pub"
PUBLIC_BYTES: Final = 32


class SigningKey:
    """Reads the file, made anew with mode 0600 where there is none.

    Raises:
        KeyFileUnusable: it cannot be made or read, or is open to others.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            _make(path)
        self._key = Ed25519PrivateKey.from_private_bytes(read_kek_file(path))
        self.public = self._key.public_key().public_bytes_raw()
        _show(path, self.public)

    def __repr__(self) -> str:
        return f"SigningKey({shown(self.public)})"

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(message)


def public_of(path: Path) -> bytes | None:
    """The public half of the key in `path`, for whoever may not read that; None where there is none."""
    try:
        found = base64.b64decode(_beside(path).read_text().strip(), validate=True)
    except (OSError, ValueError):
        return None
    return found if len(found) == PUBLIC_BYTES else None


def shown(public: bytes) -> str:
    """As people write it down: base64."""
    return base64.b64encode(public).decode()


def _beside(path: Path) -> Path:
    return path.with_name(path.name + _PUBLIC)


def _make(path: Path) -> None:
    try:
        create_kek_file(path)
    except FileExistsError:
        return  # another process was faster, and its key is the one
    except OSError as error:
        raise KeyFileUnusable(f"The signing key cannot be made ({error.strerror}): {path}") from error


def _show(path: Path, public: bytes) -> None:
    """For the API, which verifies and does not sign. A folder that cannot be written keeps nobody from sealing."""
    if public_of(path) != public:
        try:
            _beside(path).write_text(shown(public) + "\n")
        except OSError:
            return
