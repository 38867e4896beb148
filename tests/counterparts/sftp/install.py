"""Debian's OpenSSH server, unpacked into a folder and not installed: seconds, and nothing of the machine's changes.

`python -m tests.counterparts.sftp.install`, called by `make counterparts TEST=sftp`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

PACKAGES: Final = ("openssh-server", "libwrap0", "libwtmpdb0")
"""Of the last two those that this Debian has: the server is linked with them."""


def folder(home: Path) -> Path:
    """Where it lies under the product's data folder."""
    return home.absolute() / "counterparts" / "sftp"


def install(home: Path) -> Path:
    """Unpack what is missing; returns the folder. Raises SystemExit."""
    place = folder(home)
    if not (place / "made.txt").exists():
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="debs-") as downloads:
            for package in PACKAGES:
                # As nobody apt cannot write there; it then downloads as itself, and says so.
                got = subprocess.run(
                    ["apt-get", "download", "-qq", package], cwd=downloads, check=False, capture_output=True, text=True
                )
                if got.returncode and package == PACKAGES[0]:
                    sys.stderr.write(got.stderr)
                    raise SystemExit(f"{package} could not be downloaded; try apt-get update")
            for deb in Path(downloads).glob("*.deb"):
                subprocess.run(["dpkg-deb", "-x", str(deb), str(place)], check=True)
        (place / "made.txt").write_text(version(place) + "\n")
    return place


def server(place: Path) -> Path:
    return place / "usr" / "sbin" / "sshd"


def environment(place: Path) -> dict[str, str]:
    """In which it finds the libraries that were unpacked beside it."""
    libraries = [str(one) for one in (place / "usr" / "lib").glob("*-linux-gnu")] + [
        str(one) for one in (place / "lib").glob("*-linux-gnu")
    ]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)}


def version(place: Path) -> str:
    """As it says itself: `OpenSSH_9.2p1 Debian-2+deb12u10`."""
    told = subprocess.run(
        [server(place), "-V"], env=environment(place), check=False, capture_output=True, text=True
    ).stderr
    return told.partition(",")[0].strip()


if __name__ == "__main__":
    sys.stdout.write(f"{install(Path(os.environ.get('WAYBILL_HOME', '.waybill')))}\n")
