"""The licences of everything that ships: `python -m tests.supply.licences > docs/operator/licences.md`.

What a package declares of itself is read from its metadata; what says too little there was read in its own text.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from typing import Any, Final

import msgspec

from tests.house.tree import ROOT
from tests.supply import inside

LOCK: Final = "infra/locks/runtime.txt"
NPM: Final = ("services/portal/web", "services/api/viewer")
PAGE: Final = "docs/operator/licences.md"

ALLOWED: Final = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0"}
    | {"PostgreSQL", "Unlicense"}
)
"""Of SPDX. All may stand beside the Apache License 2.0 and be passed on with it."""
NAMED: Final = {
    "asyncssh": "EPL-2.0 OR GPL-2.0-or-later: under the first; a library of its own, passed on unchanged",
    "certifi": "MPL-2.0: a list of authorities, passed on unchanged",
    "dramatiq": "LGPL-3.0-or-later: imported as a library of its own, which anybody may exchange",
    "pathspec": "MPL-2.0: needed to build, passed on unchanged",
    "publicsuffixlist": "MPL-2.0: a list, passed on unchanged",
}
"""Packages under other licences, each looked at, with the reason why it may be used."""
_READ: Final = {
    "asyncssh": "EPL-2.0 OR GPL-2.0-or-later",
    "async-timeout": "Apache-2.0",  # of Python before 3.11.3 alone
    "colorama": "BSD-3-Clause",  # of Windows alone
    "cronsim": "BSD-3-Clause",
    "hyperframe": "MIT",
    "protobuf": "BSD-3-Clause",
    "pyasn1-modules": "BSD-2-Clause",
    "reportlab": "BSD-3-Clause",
    "rich-click": "MIT",
    "sniffio": "MIT OR Apache-2.0",
    "uvloop": "MIT OR Apache-2.0",
    "valkey": "MIT",
}
"""What packages say in their text and not, or otherwise, in their metadata."""
_SPOKEN: Final = {
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
_PIN: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^\s;\\]+)")
_TERM: Final = re.compile(r"[A-Za-z0-9.+-]+")
_HEAD: Final = """# Licences

What ships with the product, and under which licence. The product itself is under the Apache License 2.0.

`make licences` writes this page; a house test compares it, and holds each licence against a list. `make sbom` writes
the packages as CycloneDX.
"""


class Package(msgspec.Struct, frozen=True, order=True):
    """`licence`: an SPDX expression; empty where nobody knows."""

    name: str
    version: str
    licence: str


def python_packages() -> list[Package]:
    """Everything that the runtime's lock names."""
    pins = map(_PIN.match, (ROOT / LOCK).read_text(encoding="utf-8").splitlines())
    named = [(pin["name"].lower(), pin["version"]) for pin in pins if pin is not None]
    return sorted(Package(name, version, _declared(name)) for name, version in named)


def npm_packages(folder: str) -> list[Package]:
    """Everything of npm that ends up in what is served: not what it is built with."""
    packages: dict[str, dict[str, Any]] = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]
    return sorted(
        Package(name.rpartition("node_modules/")[2], package["version"], package.get("license", "").strip("()"))
        for name, package in packages.items()
        if name and not package.get("dev") and not package.get("link")
    )


def refused(packages: Iterable[Package]) -> list[str]:
    """Those whose licence nobody has allowed."""
    return [f"{one.name}: {one.licence or 'unknown'}" for one in packages if not _is_allowed(one)]


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _is_allowed(package: Package) -> bool:
    if package.name in NAMED:
        return NAMED[package.name].startswith(f"{package.licence}:")
    if not package.licence:
        return False
    if " AND " in package.licence:
        return set(_TERM.findall(package.licence)) - {"AND", "OR"} <= ALLOWED
    return bool(set(package.licence.split(" OR ")) & ALLOWED)


def _declared(name: str) -> str:
    if name in _READ:
        return _READ[name]
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    if expression := "".join(told.get_all("License-Expression") or []):
        return expression
    spoken = "".join(told.get_all("License") or []).strip()
    if spoken and "\n" not in spoken and (known := _SPOKEN.get(spoken, spoken)) in ALLOWED | {"MPL-2.0"}:
        return known
    classified = [one.rpartition(" :: ")[2] for one in told.get_all("Classifier") or [] if one.startswith("License ::")]
    return " OR ".join(sorted({_SPOKEN[one] for one in classified if one in _SPOKEN}))


def _lines() -> Iterator[str]:
    yield _HEAD
    yield from _table("Python", python_packages())
    for folder, title in zip(NPM, ("The portal's pages", "The API's pages"), strict=True):
        yield from _table(title, npm_packages(folder))
    yield "## Inside of wheels\n"
    yield "What Python packages bring along, as they are for Linux. Bills of materials name none of it.\n"
    yield "| package | brings | licence |"
    yield "| --- | --- | --- |"
    yield from (f"| {name} | {part.name} | {part.licence} |" for name, parts in inside.PARTS.items() for part in parts)
    yield ""
    yield "## Licences that were looked at one by one\n"
    yield "| package | why it may be used |"
    yield "| --- | --- |"
    yield from (f"| {name} | {reason} |" for name, reason in sorted({**NAMED, **inside.NAMED}.items(), key=_plain))


def _plain(item: tuple[str, str]) -> str:
    return item[0].lower()


def _table(title: str, packages: Iterable[Package]) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| package | version | licence |"
    yield "| --- | --- | --- |"
    yield from (f"| {one.name} | {one.version} | {one.licence} |" for one in packages)
    yield ""


if __name__ == "__main__":
    sys.stdout.write(page())
