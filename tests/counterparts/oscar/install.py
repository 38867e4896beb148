"""django-oscar 4.2 with django-oscar-api 3.3 in an environment of its own, and a pristine shop: half a minute, once."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from infra.embedded.ports import choose
from tests.counterparts import packages, program

HERE: Final = Path(__file__).parent
SITE: Final = HERE / "site"
STAFF: Final = "staff@shop.example"
PASSWORD: Final = "staff-pass"  # noqa: S105 (a shop made for tests, on loopback)
BUYER: Final = ("buyer@shop.example", "buyer-pass")
VERSION: Final = "django-oscar 4.2.1, django-oscar-api 3.3.0"


def install(home: Path) -> Path:
    """Install what is missing; returns the folder. Raises SystemExit."""
    place = home.absolute() / "counterparts" / "oscar"
    wanted = "".join(file.read_text() for file in [HERE / "requirements.txt", *sorted(SITE.glob("*.py"))])
    if not (place / "made.txt").exists() or (place / "made.txt").read_text() != wanted:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        packages.install(place / "venv", HERE / "requirements.txt")
        environment = _environment(place / "shop.sqlite")
        program.run(_command(place, str(SITE / "shop.py"), "migrate", "-v0"), environment, place)
        program.run(_command(place, str(SITE / "seed.py")), environment, place)
        (place / "made.txt").write_text(wanted)
    return place


@contextmanager
def running(place: Path, data: Path) -> Iterator[int]:
    """Serve a fresh shop from `data` until the block ends; gives the port.

    Raises:
        RuntimeError: it does not serve.
    """
    port = choose(None)
    shutil.copyfile(place / "shop.sqlite", data / "shop.sqlite")
    command = _command(place, str(SITE / "shop.py"), "runserver", "--noreload", f"127.0.0.1:{port}")
    with program.serving(command, _environment(data / "shop.sqlite"), place, port=port, log=data / "log"):
        yield port


def _command(place: Path, *words: str) -> list[str]:
    return [str(place / "venv/bin/python"), *words]


def _environment(database: Path) -> dict[str, str]:
    return {**os.environ, "OSCAR_DB": str(database), "PYTHONPATH": str(SITE), "PYTHONDONTWRITEBYTECODE": "1"}


if __name__ == "__main__":
    sys.stdout.write(f"{install(Path(os.environ.get('WAYBILL_HOME', '.waybill')))}\n")
