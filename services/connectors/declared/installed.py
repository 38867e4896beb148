"""Connectors of an installation, beside those of the product: a folder, and a list of what was released in it."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from services.connectors.declared import checks, reading
from services.connectors.declared.document import Document
from template_library import versions
from template_library.dsl.errors import DocumentError

RELEASED: Final = "released.json"
"""SHA-256 of each released manifest, by name and version."""
_Released = dict[str, dict[str, str]]


class FolderUnusable(Exception):
    """A manifest of the folder cannot be offered. The operator does what the message says; nothing was started."""


def digest(folder: Path) -> str:
    """Of the manifest in a version's folder: SHA-256, hex. Raises OSError."""
    return hashlib.sha256((folder / reading.FILE).read_bytes()).hexdigest()


@functools.cache
def documents(root: Path, taken: frozenset[str]) -> tuple[Document, ...]:
    """The newest released version of each connector in the folder, by name; every version is looked at.

    `taken`: names of the product's own connectors. Read once for the process.

    Raises:
        FolderUnusable: one was altered, removed or never released, does not fit this version of the product, or has the
            name of a connector of the product.
    """
    released = _released(root)
    there = {(folder.parent.name, folder.name): folder for folder in _folders(root)}
    for (name, version), folder in there.items():
        if version not in released.get(name, {}):
            raise FolderUnusable(f"{folder} was never released here: `connector install` puts one there")
    found = []
    for name in sorted(released):
        for version, known in released[name].items():
            _hold(root, name, version, known)
        newest = max(released[name], key=versions.parse)
        found.append(_read(there[name, newest]))
        _untaken(found[-1], taken, there[name, newest])
    return tuple(found)


def install(source: Path, root: Path, taken: frozenset[str]) -> Path:
    """Release the checked version in `source`, which is `…/<name>/<version>`; answers its folder. Safe to repeat.

    Raises:
        FolderUnusable: the version was released with another manifest, or the product has a connector of this name.
        OSError: the folder cannot be written.
    """
    document = _read(source)
    _untaken(document, taken, source)
    released, target = _released(root), root / document.name / document.version
    known, new = released.get(document.name, {}).get(document.version), digest(source)
    if known is not None and known != new:
        raise FolderUnusable(
            f"{document.name} {document.version} was released with another manifest, and a released version does not "
            "change: give this one a version of its own"
        )
    if target.resolve() != source.resolve():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
    released.setdefault(document.name, {})[document.version] = new
    # Whole or not at all: a process that starts now reads the one or the other.
    beside = root / f"{RELEASED}.new"
    beside.write_text(json.dumps(released, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    beside.replace(root / RELEASED)
    documents.cache_clear()
    return target


def _folders(root: Path) -> Iterator[Path]:
    return (file.parent for file in sorted(root.glob(f"*/*/{reading.FILE}")))


def _hold(root: Path, name: str, version: str, known: str) -> None:
    folder = root / name / version
    try:
        found = digest(folder)
    except OSError as error:
        raise FolderUnusable(f"{folder} was released and cannot be read: {error.strerror}. Put it back") from error
    if found != known:
        raise FolderUnusable(
            f"{folder / reading.FILE} was altered after its release (SHA-256 {found[:12]}… for {known[:12]}…). Put the "
            "released one back, and install what is new under a version of its own"
        )


def _read(folder: Path) -> Document:
    try:
        document = reading.read_file(folder / reading.FILE).document
        wrong = next(checks.mistakes(document), None)
    except (DocumentError, OSError) as error:
        raise FolderUnusable(f"{error}. `connector check {folder}` says more") from error
    if wrong is not None:
        raise FolderUnusable(f"{folder}: {wrong.pointer} {wrong.detail}. `connector check` says more")
    return document


def _untaken(document: Document, taken: Collection[str], folder: Path) -> None:
    if document.name in taken:
        raise FolderUnusable(f"{folder}: the product has a connector named {document.name}; give it another name")


def _released(root: Path) -> _Released:
    try:
        found: _Released = json.loads((root / RELEASED).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise FolderUnusable(f"{root / RELEASED} cannot be read: {error}") from error
    return found
