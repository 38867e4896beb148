"""Debian's Dovecot, unpacked into a folder and not installed: seconds, and nothing of the machine's changes.

`python -m tests.counterparts.dovecot.install`, called by `make counterparts TEST=dovecot`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

PACKAGES: Final = ("dovecot-core", "dovecot-imapd")


def folder(home: Path) -> Path:
    """Where it lies under the product's data folder."""
    return home.absolute() / "counterparts" / "dovecot"


def install(home: Path) -> Path:
    """Unpack what is missing; returns the folder. Raises SystemExit."""
    place = folder(home)
    if not (place / "made.txt").exists():
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="debs-") as downloads:
            # As nobody apt cannot write there; it then downloads as itself, and says so.
            got = subprocess.run(
                ["apt-get", "download", "-qq", *PACKAGES], cwd=downloads, check=False, capture_output=True, text=True
            )
            if got.returncode:
                sys.stderr.write(got.stderr)
                raise SystemExit("dovecot could not be downloaded; try apt-get update")
            for deb in Path(downloads).glob("*.deb"):
                subprocess.run(["dpkg-deb", "-x", str(deb), str(place)], check=True)
        (place / "made.txt").write_text(version(place) + "\n")
    return place


def command(place: Path, configuration: Path) -> list[str]:
    """How it is run: it looks for its parts below `/usr`, so that they are laid over that for it alone."""
    lay = f"mount -t overlay overlay -o lowerdir={place}/usr:/usr /usr && exec dovecot -F -c {configuration}"
    return ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "sh", "-c", lay]


def version(place: Path) -> str:
    """As it says itself: `2.3.19.1`."""
    known = {**os.environ, "LD_LIBRARY_PATH": str(place / "usr/lib/dovecot")}
    program = place / "usr/sbin/dovecot"
    told = subprocess.run([program, "--version"], env=known, check=True, capture_output=True, text=True).stdout
    return told.partition(" ")[0].strip()


if __name__ == "__main__":
    sys.stdout.write(f"{install(Path(os.environ.get('WAYBILL_HOME', '.waybill')))}\n")
