"""The file that holds the installation's key-encryption key (KEK). Losing it loses every stored secret."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Final

from infra.encryption.errors import KeyFileUnusable

KEY_BYTES: Final = 32
ID_BYTES: Final = 8


def create_kek_file(path: Path) -> None:
    """Make a new key file, mode 0600, in one step: a crash leaves it whole or leaves none.

    Raises:
        FileExistsError: there is one; it is never overwritten.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.fchmod(file, 0o600)
        os.write(file, os.urandom(KEY_BYTES))
        os.fsync(file)
        path.hardlink_to(draft)
    finally:
        os.close(file)
        draft.unlink()


def read_kek_file(path: Path) -> bytes:
    """The key.

    Raises:
        KeyFileUnusable: missing, another size, or open to group or others.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            key = file.read(KEY_BYTES + 1)
    except OSError as error:
        raise KeyFileUnusable(f"The key file cannot be opened ({error.strerror})") from error
    if mode & 0o077:
        raise KeyFileUnusable(f"The key file's mode is {mode:04o}; it must be 0600")
    if len(key) != KEY_BYTES:
        raise KeyFileUnusable(f"The key file must have {KEY_BYTES} bytes")
    return key


def kek_id(key: bytes) -> bytes:
    """The 8 bytes that every key wrapped by `key` begins with.

    They tell a wrong key file from a damaged row; a hash of 256 random bits gives nothing away.
    """
    return hashlib.sha256(b"kek-id" + key).digest()[:ID_BYTES]
