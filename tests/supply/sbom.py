"""Looks whether the bills of materials name everything that the locks do: `python -m tests.supply.sbom FOLDER`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from tests.supply.licences import NPM, Package, npm_packages, python_packages

_FORMAT: Final = "CycloneDX"


def missing(text: str, packages: Iterable[Package]) -> list[str]:
    """Packages that a bill does not name in their version.

    Raises:
        ValueError: it is no bill of materials.
    """
    told: dict[str, Any] = json.loads(text)
    if told.get("bomFormat") != _FORMAT:
        raise ValueError(f"it is of the format {told.get('bomFormat')!r}")
    named = {
        ("/".join(part for part in (one.get("group"), one["name"]) if part).lower(), one.get("version"))
        for one in told.get("components", [])
    }
    return [f"{one.name} {one.version}" for one in packages if (one.name.lower(), one.version) not in named]


def main(arguments: Sequence[str]) -> int:
    folder = Path(arguments[0])
    wanted = {"python": python_packages()} | {name.rpartition("/")[2]: npm_packages(name) for name in NPM}
    lacking = 0
    for name, packages in wanted.items():
        absent = missing((folder / f"{name}.json").read_text(encoding="utf-8"), packages)
        lacking += len(absent)
        said = f"{len(packages)} packages" + (f", without {', '.join(absent)}" if absent else "")
        sys.stdout.write(f"{folder / name}.json: {said}\n")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
