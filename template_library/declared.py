"""The exceptions of a package as its document declares them: what is published needs no folder (ADR 0130)."""

from __future__ import annotations

import json
from typing import Any, Final

from template_library.catalog import Package
from template_library.dsl import reader
from template_library.dsl.durations import milliseconds
from template_library.dsl.model import ExceptionKind
from template_library.dsl.positions import Source
from template_library.manifest import ExceptionType

_DOCUMENT: Final = "/document"
_METADATA: Final = "/document/metadata"


def kinds(package: Package) -> dict[str, ExceptionKind]:
    """By name; of one whose runbook is no file the text is empty, which the package's check refuses."""
    return {
        name: ExceptionKind(
            title=one.title,
            owner=one.owner,
            runbook=package.runbooks.get(name, ""),
            within=None if one.within is None else milliseconds(one.within),
            category=one.category,
        )
        for name, one in sorted(package.manifest.exceptions.items())
    }


def document(package: Package) -> str:
    """The workflow with its forms, its mails, its parameters, and the manifest's exceptions with their runbooks.

    Where the workflow declares exceptions or parameters itself, they stay, and the package's are not added.
    """
    named = {name: _written(one, package.runbooks.get(name, "")) for name, one in package.manifest.exceptions.items()}
    text = _with(package, package.document, "exceptions", named)
    return _with(package, text, "parameters", package.parameters if package.parameters.get("properties") else {})


def _with(package: Package, text: str, name: str, value: Any) -> str:
    """`text` with the member `name` of its metadata, unless there is one or `value` is empty."""
    if not value:
        return text
    source = reader.read(text, filename=str(package.folder / "workflow.yaml"))
    metadata = (source.value.get("document") or {}).get("metadata")
    if not isinstance(metadata, dict):
        return _first(text, source, _DOCUMENT, "metadata", {name: value})
    return text if name in metadata else _first(text, source, _METADATA, name, value)


def _written(one: ExceptionType, runbook: str) -> dict[str, Any]:
    members = {"title": one.title, "owner": one.owner, "within": one.within, "category": one.category}
    return {name: value for name, value in members.items() if value is not None} | {"runbook": runbook}


def _first(text: str, source: Source, pointer: str, name: str, value: Any) -> str:
    """`text` with one member more in the object at `pointer`, ahead of its others."""
    at = source.value_at(pointer)
    lines = text.split("\n")
    line, begin = lines[at.line - 1], at.column - 1
    said = json.dumps(value, ensure_ascii=False)
    if line[begin] == "{":
        comma = "" if line[begin + 1 :].lstrip().startswith("}") else ","
        lines[at.line - 1] = f'{line[: begin + 1]} "{name}": {said}{comma}{line[begin + 1 :]}'
    else:
        lines.insert(at.line - 1, f"{' ' * begin}{name}: {said}")
    return "\n".join(lines)
