"""Starts one program so that it dies with its parent, under a user that the program accepts. Run as a script, by path.

    launcher.py SIGNAL PARENT [mask:UID:GID | become:UID:GID | -] PROGRAM ARGUMENTS...

SIGNAL is what the kernel sends the program when PARENT is gone (Linux; elsewhere the next start cleans up).
`mask` makes a user namespace in which the caller appears as UID: PostgreSQL refuses root, and a namespace keeps
root's access to its own 0700 folders. `become` changes the user for good. Knows only the standard library, and starts
without site packages: 20 ms.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Final, NoReturn

CLONE_NEWUSER: Final = 0x10000000
PR_SET_PDEATHSIG: Final = 1
REFUSED: Final = 71


def _give_up(what: str) -> NoReturn:
    sys.stderr.write(f"launcher: {what}: {os.strerror(ctypes.get_errno())}\n")
    sys.exit(REFUSED)


def mask(libc: ctypes.CDLL, uid: int, gid: int) -> None:
    """Appear as `uid`:`gid` in a namespace of our own; outside it nothing changes."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER) != 0:
        _give_up("no user namespace")
    try:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")
    except OSError as refused:
        ctypes.set_errno(refused.errno or 0)
        _give_up("no user mapping")


def become(uid: int, gid: int) -> None:
    """Be `uid`:`gid` from now on."""
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def main(arguments: list[str]) -> NoReturn:
    signal_number, parent, user, *command = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    kind, _, ids = user.partition(":")
    if ids:
        uid, gid = (int(part) for part in ids.split(":"))
        if kind == "mask":
            mask(libc, uid, gid)
        else:
            become(uid, gid)
    if sys.platform == "linux":
        # After the change of user, which would reset it; before the look at the parent, so that no death is missed.
        libc.prctl(PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)
        if os.getppid() != int(parent):
            sys.exit(REFUSED)
    os.execvp(command[0], command)  # noqa: S606 - this is what a launcher is for


if __name__ == "__main__":
    main(sys.argv[1:])
