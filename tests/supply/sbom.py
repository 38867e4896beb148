"""Looks whether the bills of materials name everything that the locks do: `python -m tests.supply.sbom FOLDER`.

What a lock of Python's says nothing of, the licences, is put in first.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from tests.supply.licences import NPM, Package, npm_packages, python_packages

_FORMAT: Final = "CycloneDX"


def licensed(text: str, packages: Iterable[Package]) -> str:
    """The bill with the licence of each package that has none there; a licence is an SPDX expression.

    Raises:
        ValueError: it is no bill of materials.
    """
    known: dict[tuple[str, str | None], str] = {(one.name.lower(), one.version): one.licence for one in packages}
    told = _read(text)
    for component in told.get("components", []):
        if licence := known.get(_name_of(component), ""):
            component.setdefault("licenses", [{"expression": licence}])
    return json.dumps(told, indent=2) + "\n"


def missing(text: str, packages: Iterable[Package]) -> list[str]:
    """Packages that a bill does not name in their version and with a licence.

    Raises:
        ValueError: it is no bill of materials.
    """
    named = {_name_of(one) for one in _read(text).get("components", []) if one.get("licenses")}
    return [f"{one.name} {one.version}" for one in packages if (one.name.lower(), one.version) not in named]


def _read(text: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(text)
    if told.get("bomFormat") != _FORMAT:
        raise ValueError(f"it is of the format {told.get('bomFormat')!r}")
    return told


def _name_of(component: dict[str, Any]) -> tuple[str, str | None]:
    parts = (component.get("group"), component["name"])
    return "/".join(part for part in parts if part).lower(), component.get("version")


def main(arguments: Sequence[str]) -> int:
    folder = Path(arguments[0])
    wanted = {"python": python_packages()} | {name.rpartition("/")[2]: npm_packages(name) for name in NPM}
    lacking = 0
    for name, packages in wanted.items():
        file = folder / f"{name}.json"
        bill = licensed(file.read_text(encoding="utf-8"), packages)
        file.write_text(bill, encoding="utf-8")
        absent = missing(bill, packages)
        lacking += len(absent)
        said = f"{len(packages)} packages" + (f", without {', '.join(absent)}" if absent else "")
        sys.stdout.write(f"{file}: {said}\n")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
