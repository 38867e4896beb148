"""The public half of the key-encryption key, in a file of its own: whoever has only that can wrap and not unwrap."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from infra.encryption.errors import KeyFileUnusable
from infra.encryption.key_file import ID_BYTES, KEY_BYTES, kek_id, read_kek_file
from infra.encryption.key_pair import derived, public_half

KEK_PURPOSE: Final = b"key-encryption key v1"
_BYTES: Final = ID_BYTES + KEY_BYTES


def write_public_file(kek_file: Path, path: Path) -> None:
    """Write what `kek_file` lets others seal to, in one step, mode 0644; an older one is replaced.

    Raises:
        KeyFileUnusable: as `read_kek_file`.
    """
    key = read_kek_file(kek_file)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        os.fchmod(file, 0o644)
        os.write(file, kek_id(key) + public_half(derived(key, KEK_PURPOSE)))
        os.fsync(file)
    finally:
        os.close(file)
    draft.replace(path)


def read_public_file(path: Path) -> tuple[bytes, bytes]:
    """The key's id (8 bytes) and its public half (32).

    Raises:
        KeyFileUnusable: missing, another size, or writable by group or others, who could have us seal to their own key.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(_BYTES + 1)
    except OSError as error:
        raise KeyFileUnusable(f"The public key file cannot be opened ({error.strerror})") from error
    if mode & 0o022:
        raise KeyFileUnusable(f"The public key file's mode is {mode:04o}; nobody else may write it")
    if len(content) != _BYTES:
        raise KeyFileUnusable(f"The public key file must have {_BYTES} bytes")
    return content[:ID_BYTES], content[ID_BYTES:]
