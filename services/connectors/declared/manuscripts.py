"""A whole look at a manifest: its form, its parts, its programs, and the protocols that it fills."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from services.connectors.declared import checks, programs, reading
from services.connectors.declared.connector import Declared
from services.connectors.declared.document import Document
from services.connectors.declared.mistakes import Mistake
from services.connectors.declared.programs import Compiler
from services.connectors.declared.reading import FILE, Manuscript
from services.connectors.registry import Registry
from services.engine.expressions.protocol import Evaluator
from template_library.dsl.errors import DocumentError, Violation


class Evaluating(Evaluator, Compiler, Protocol):
    """jq, to run programs and to check them."""


async def checked(folder: Path, evaluating: Evaluating) -> tuple[Manuscript, Declared]:
    """The manifest in `folder`, which is `…/<name>/<version>`, and its connector.

    Raises:
        DocumentError: with everything that is wrong.
        OSError: there is none.
    """
    manuscript = reading.read_file(folder / FILE)
    document = manuscript.document
    refuse(manuscript, [*_misplaced(document, folder), *checks.mistakes(document)])
    try:
        declared = Declared(document, evaluating)
        Registry([declared])
    except ValueError as error:
        refuse(manuscript, [Mistake("/operations", str(error))])
        raise
    refuse(manuscript, [one async for one in programs.mistakes(declared, evaluating)])
    return manuscript, declared


def refuse(manuscript: Manuscript, found: Iterable[Mistake]) -> None:
    """Raises DocumentError where there is any mistake, each with its place in the text."""
    violations = []
    for pointer, detail in found:
        position = manuscript.source.value_at(pointer)
        violations.append(Violation(pointer, position.line, position.column, detail))
    if violations:
        raise DocumentError(manuscript.filename, violations)


def _misplaced(document: Document, folder: Path) -> Iterator[Mistake]:
    version = folder.resolve()
    for pointer, said, place in (("/name", document.name, version.parent), ("/version", document.version, version)):
        if said != place.name:
            yield Mistake(pointer, f"it is `{said}` and lies in the folder `{place.name}`; name both alike")
