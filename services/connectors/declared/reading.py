"""A manifest's text → its document, or everything that is wrong with its form, each with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from services.connectors.declared.document import Document
from services.connectors.declared.form import Form
from template_library.dsl import reader
from template_library.dsl.errors import DocumentError, Violation
from template_library.dsl.positions import Source

FILE: Final = "manifest.yaml"
SCHEMA: Final = Path(__file__).with_name("manifest.schema.json")
_FORM: Final = Form(SCHEMA)


class Manuscript(msgspec.Struct, frozen=True):
    """A manifest that has its form, with where everything in it stands."""

    document: Document
    source: Source
    filename: str


def read(text: str, *, filename: str = FILE) -> Manuscript:
    """The manifest in `text`.

    Raises:
        DocumentError: with all that breaks the manifest's schema, at most 50.
    """
    source = reader.read(text, filename=filename)
    wrong = list(_FORM.violations(source))
    if wrong:
        raise DocumentError(filename, wrong)
    return Manuscript(msgspec.convert(source.value, Document), source, filename)


def read_file(file: Path) -> Manuscript:
    """Raises DocumentError, OSError."""
    return read(text_of(file), filename=str(file))


def text_of(file: Path) -> str:
    """Raises DocumentError, where it is no UTF-8, and OSError."""
    content = file.read_bytes()
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        broken = Violation("", line, column, "this byte is no UTF-8: save the file as UTF-8")
        raise DocumentError(str(file), [broken]) from error


def schema() -> dict[str, Any]:
    """The JSON Schema of manifests."""
    return _FORM.schema
