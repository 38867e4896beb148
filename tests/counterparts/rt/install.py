"""Debian's Request Tracker 5 from its packages, and a pristine desk in a SQLite file: a minute, once.

`python -m tests.counterparts.rt.install`, called by `make counterparts TEST=rt`. The packages take root; whoever is
not root installs PACKAGES. Nothing is written to /etc: the desk's configuration and data lie in its folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
PACKAGES: Final = ("request-tracker5", "rt5-db-sqlite", "rt5-standalone")
SERVER: Final = Path("/usr/share/request-tracker5/libexec/standalone_httpd")
QUEUE: Final = "Disputes"
USER: Final = "connector"
PASSWORD: Final = "connector-pass"  # noqa: S105 (a desk made for tests, on loopback)
_CONFIGURATION: Final = """\
Set($rtname, 'desk.example'); Set($Organization, 'desk.example'); Set($Timezone, 'UTC');
Set($DatabaseType, 'SQLite'); Set($DatabaseName, '@DATA@/rt.sqlite');
Set($DatabaseUser, ''); Set($DatabasePassword, '');
Set($WebDomain, '127.0.0.1'); Set($WebPort, @PORT@); Set($WebPath, ''); Set($WebBaseURL, 'http://127.0.0.1:@PORT@');
Set($MailCommand, 'testfile'); Set($LogToSTDERR, 'warning'); Set($LogToSyslog, '');
Set($CorrespondAddress, 'desk@desk.example'); Set($CommentAddress, 'notes@desk.example');
$RT::MasonDataDir = '@DATA@/mason';
1;
"""


def folder(home: Path) -> Path:
    """Where the pristine desk lies under the product's data folder."""
    return home.absolute() / "counterparts" / "rt"


def install(home: Path) -> Path:
    """Install what is missing; returns the folder. Raises SystemExit."""
    if not SERVER.exists():
        apt = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES]
        run(apt, {**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    place = folder(home)
    wanted = _CONFIGURATION + (HERE / "seed.pl").read_text()
    if not (place / "made.txt").exists() or (place / "made.txt").read_text() != wanted:
        shutil.rmtree(place, ignore_errors=True)
        _make(place)
        (place / "made.txt").write_text(wanted)
    return place


def configure(data: Path, port: int) -> dict[str, str]:
    """Write the configuration of a desk in `data`; the environment that its programs find it by."""
    data.mkdir(parents=True, exist_ok=True)
    (data / "mason").mkdir(exist_ok=True)
    file = data / "desk.pm"
    file.write_text(_CONFIGURATION.replace("@DATA@", str(data)).replace("@PORT@", str(port)))
    return {**os.environ, "RT_SITE_CONFIG": str(file), "RT_SITE_CONFIG_DIR": str(data / "none")}


def version() -> str:
    """Of Debian's package."""
    told = ["dpkg-query", "-W", "-f", "${Version}", PACKAGES[0]]
    return subprocess.run(told, check=True, capture_output=True, text=True).stdout


def run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise SystemExit(f"{command[0]} failed with exit code {done.returncode}")


def _make(place: Path) -> None:
    environment = configure(place, 8080)
    setup = ["rt-setup-database-5", "--skip-create", "--action"]
    run([*setup, "init"], environment)
    run([*setup, "insert", "--datafile", str(HERE / "seed.pl")], environment)


if __name__ == "__main__":
    sys.stdout.write(f"{install(Path(os.environ.get('WAYBILL_HOME', '.waybill')))}\n")
