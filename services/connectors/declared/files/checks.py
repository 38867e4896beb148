"""Whether what a manifest says of files fits together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.connectors.declared.document import Document, RequestPart, Ssh
from services.connectors.declared.mistakes import Mistake, near
from services.connectors.declared.request_parts import FilePart
from services.connectors.files import layout
from services.connectors.files.layout import LayoutRefused
from template_library.dsl.positions import step
from template_library.dsl.templates import DELIMITED


def mistakes(document: Document) -> Iterator[Mistake]:
    """Of layouts, and of every request."""
    is_files = isinstance(document.authentication, Ssh)
    if document.layouts and not is_files:
        yield Mistake("/layouts", "only a system that is reached over SSH has files: authentication ssh")
    for name, given in document.layouts.items():
        try:
            layout.read(given)
        except LayoutRefused as refused:
            yield Mistake(step("/layouts", name), refused.detail)
    for name, part in document.operations.items():
        if part.request.file is not None and part.pages is not None:
            yield Mistake(step("/operations", name) + "/pages", "a file comes as a whole, and in no pages")
    for pointer, request in _requests(document):
        if is_files != (request.file is not None):
            right = "a system that is reached over SSH has files: write `file`" if is_files else "write no `file`"
            yield Mistake(pointer, right)
        if request.file is not None:
            yield from _file(document, request.file, f"{pointer}/file")


def named(document: Document, given: Any, pointer: str) -> Iterator[Mistake]:
    """The layout that a part names."""
    if isinstance(given, str) and not DELIMITED.fullmatch(given) and given not in document.layouts:
        yield Mistake(pointer, f"there is no layout `{given}`{near(given, document.layouts)}")


def _requests(document: Document) -> Iterator[tuple[str, RequestPart]]:
    for name, part in document.operations.items():
        pointer = step("/operations", name)
        yield f"{pointer}/request", part.request
        if part.read_back is not None:
            yield f"{pointer}/read_back/request", part.read_back.request
        yield from ((step(f"{pointer}/also", each), one) for each, one in part.also.items())
        for index, check in enumerate(part.checks):
            if check.request is not None:
                yield f"{pointer}/checks/{index}/request", check.request


def _file(document: Document, part: FilePart, pointer: str) -> Iterator[Mistake]:
    yield from named(document, part.layout, f"{pointer}/layout")
    if part.do != "list" and not part.name:
        yield Mistake(pointer, "a file that is read or written has a name")
    if (part.do == "write") != bool(part.rows):
        yield Mistake(pointer, "a file that is written has rows, and no other")
    if part.elsewhere and part.do != "read":
        yield Mistake(f"{pointer}/elsewhere", "only a file that is read is looked for elsewhere")
