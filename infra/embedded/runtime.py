"""A short folder for the socket: its path may have 107 bytes at most, whatever the home is called."""

from __future__ import annotations

import os
import stat
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Final

from infra import settings
from infra.embedded.user import User

LONGEST: Final = 107
_SOCKET_NAME: Final = len("/.s.PGSQL.65535")


def _ours(folder: Path, owner: int) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        folder.mkdir(mode=0o700)
        found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid in {owner, os.geteuid()}


def make(home: Path, user: User) -> Path:
    """The socket folder of `home`, mode 0700 and owned by who runs PostgreSQL: the same at each start if possible."""
    owner = user.owner[0] if user.owner else os.geteuid()
    given = settings.runtime_folder()
    # Another user cannot pass our session's own folder.
    parents = [given] if given is not None and user.owner is None else []
    parents.append(Path("/tmp"))  # noqa: S108 - ownership is checked and the folder closed to others
    name = f"waybill-{sha256(os.fsencode(home)).hexdigest()[:10]}"
    folder = next((parent / name for parent in parents if _usable(parent / name, owner)), None)
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="waybill-", dir="/tmp"))
    folder.chmod(0o700)
    if user.owner:
        os.chown(folder, *user.owner)
    return folder


def _usable(folder: Path, owner: int) -> bool:
    try:
        return len(os.fsencode(folder)) + _SOCKET_NAME <= LONGEST and _ours(folder, owner)
    except OSError:
        return False
