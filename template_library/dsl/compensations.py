"""`document.metadata.compensation`: the workflow that undoes what a failed run of a document did (ADR 0138)."""

from __future__ import annotations

import re
from typing import Final

from template_library.dsl.checker import Checker
from template_library.dsl.model import Document
from template_library.dsl.parts import SEMVER, SLUG
from template_library.dsl.positions import step

NAME: Final = "compensation"
POINTER: Final = f"/document/metadata/{NAME}"
LATEST: Final = "latest"
_VERSION: Final = re.compile(rf"{LATEST}|{SEMVER.pattern}")
_NAMED: Final = "a name of letters, digits and inner hyphens, at most 63 long"
_VERSIONED: Final = f"a semantic version such as 1.0.0, in quotes, or `{LATEST}`"


class Compensations:
    def __init__(self, checker: Checker) -> None:
        self._checker = checker

    def read(self, document: Document | None) -> tuple[str, str, str] | None:
        """Namespace, name and version of it; the namespace is the document's. None where none is declared."""
        if document is None or NAME not in document.metadata:
            return None
        members = self._checker.members(document.metadata[NAME], POINTER, ("workflow",), required=("workflow",))
        if members is None or "workflow" not in members:
            return None
        at = step(POINTER, "workflow")
        named = self._checker.members(members["workflow"], at, ("name", "version"), required=("name",))
        if named is None or "name" not in named:
            return None
        name = self._checker.text(named["name"], step(at, "name"), pattern=SLUG, form=_NAMED)
        wanted = named.get("version", LATEST)
        version = self._checker.text(wanted, step(at, "version"), pattern=_VERSION, form=_VERSIONED)
        if name is None or version is None:
            return None
        if name == document.name and version in (LATEST, document.version):
            self._checker.refuse(at, "a workflow may not undo itself")
        return document.namespace, name, version
