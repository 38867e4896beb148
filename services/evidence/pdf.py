"""A pack as one PDF: a cover, the list of papers, and each document attached byte for byte, with hashes of all of them.

Documents are attached and not taken apart: what a PDF or a picture from outside holds is opened by nobody here, keeps
its own hash and signature, and comes out again as it was. The same input gives the same bytes. Pure.
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfdoc
from reportlab.pdfgen.canvas import Canvas

MANIFEST: Final = "manifest.sha256"
CASE: Final = "case.json"
_MARGIN: Final = 56.0
_WIDTH: Final = 96
"""Letters of a line of the list."""
_NARROW: Final = 60
_LINE: Final = 15.0
_SMALL: Final = 9
_PLAIN: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST: Final = 80


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A document with what is in it."""

    paper: str
    name: str
    media_type: str
    id: str
    added: str
    by: str
    content: bytes


class Cover(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on the first page: whose pack it is, and of what."""

    brand: str
    accent: str
    support: str
    case: str
    about_kind: str
    about_key: str
    reason: str
    opened: str
    required: dict[str, str]


class Made(msgspec.Struct, frozen=True):
    """The file, and its SHA-256."""

    content: bytes
    digest: bytes


def make(cover: Cover, parts: Sequence[Part]) -> Made:
    """Deterministic: no clock, no id of the file's own."""
    names = [_file_name(place, part) for place, part in enumerate(parts, 1)]
    digests = [hashlib.sha256(part.content).hexdigest() for part in parts]
    case = msgspec.json.format(_case(cover, parts, names, digests), indent=2) + b"\n"
    listed = [*zip(digests, names, strict=True), (hashlib.sha256(case).hexdigest(), CASE)]
    manifest = "".join(f"{digest}  {name}\n" for digest, name in listed).encode()
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1, pageCompression=0, pdfVersion=(1, 7), lang="en")
    for tell in (canvas.setAuthor, canvas.setCreator, canvas.setProducer):
        tell(cover.brand)
    canvas.setTitle(f"Evidence {cover.case}")
    canvas.setSubject(f"{cover.about_kind} {cover.about_key}")
    page = _Page(canvas, cover)
    _front(page, cover, parts)
    _list(page, cover, parts, names, digests)
    page.end()
    contents = [(MANIFEST, manifest), (CASE, case), *zip(names, (part.content for part in parts), strict=True)]
    _attach(canvas, sorted(contents))
    canvas.save()
    content = out.getvalue()
    return Made(content, hashlib.sha256(content).digest())


class _Page:
    """Where the next line goes; a full page is followed by another one."""

    def __init__(self, canvas: Any, cover: Cover) -> None:
        self._canvas, self._cover, self._number = canvas, cover, 0
        self._begin()

    def line(self, text: str, *, size: int = 11, bold: bool = False, indent: float = 0.0, above: float = 0.0) -> None:
        """One line of text, of which the fonts show what they have."""
        if self._y - above - _LINE < 2 * _MARGIN:
            self.end()
            self._begin()
        self._y -= above + max(_LINE, size * 1.35)
        self._canvas.setFillColor(HexColor("#1a1a1a"))
        self._canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
        self._canvas.drawString(_MARGIN + indent, self._y, shown(text))

    def end(self) -> None:
        """The foot, and the page is done."""
        canvas = self._canvas
        canvas.setFillColor(HexColor("#595959"))
        canvas.setFont("Helvetica", _SMALL)
        canvas.drawString(_MARGIN, _MARGIN * 0.7, shown(f"{self._cover.brand}   {self._cover.support}".strip()))
        canvas.drawRightString(A4[0] - _MARGIN, _MARGIN * 0.7, str(self._number))
        canvas.showPage()

    def _begin(self) -> None:
        self._number += 1
        self._canvas.setFillColor(HexColor(self._cover.accent))
        self._canvas.rect(0, A4[1] - 8, A4[0], 8, stroke=0, fill=1)
        self._y = A4[1] - _MARGIN


def _front(page: _Page, cover: Cover, parts: Sequence[Part]) -> None:
    page.line(cover.brand, size=13, bold=True)
    page.line("Evidence", size=24, bold=True, above=40)
    for name, value in (
        ("Case", cover.case),
        ("About", f"{cover.about_kind.replace('-', ' ')} {cover.about_key}"),
        ("Reason", cover.reason.replace("-", " ")),
        ("Opened", cover.opened),
        ("Documents", str(len(parts))),
    ):
        for place, piece in enumerate(_pieces(value, _NARROW)):
            page.line(f"{name}:  {piece}" if not place else piece, above=4 if not place else 0)
    page.line("Papers that are asked for", size=14, bold=True, above=24)
    there = {part.paper for part in parts}
    for paper, title in cover.required.items():
        for place, piece in enumerate(_pieces(title, _NARROW)):
            mark = "" if place else ("[x] " if paper in there else "[ ] ")
            page.line(f"{mark}{piece}", indent=0 if not place else 16)
    if not cover.required:
        page.line("None")


def _list(page: _Page, cover: Cover, parts: Sequence[Part], names: Sequence[str], digests: Sequence[str]) -> None:
    page.line("Documents in this file", size=14, bold=True, above=24)
    page.line("Each is attached to this file as it was given. Their SHA-256 are in manifest.sha256:", size=_SMALL)
    page.line("pdfdetach -saveall FILE && sha256sum -c manifest.sha256", size=_SMALL, indent=12)
    for part, name, digest in zip(parts, names, digests, strict=True):
        page.line(name, bold=True, above=8, size=10)
        title = cover.required.get(part.paper, "Another document")
        for piece in _pieces(f"{title}; called {part.name}; {part.media_type}, {len(part.content)} bytes", _WIDTH):
            page.line(piece, size=_SMALL, indent=12)
        page.line(f"{part.id}, added {part.added} by {part.by}", size=_SMALL, indent=12)
        page.line(digest, size=_SMALL, indent=12)


def _attach(canvas: Any, files: Sequence[tuple[str, bytes]]) -> None:
    """As embedded files (ISO 32000-1, 7.11.4), stored as they are."""
    document = canvas._doc  # noqa: SLF001 (reportlab's canvas has no verb for attachments; its document's parts have)
    names: list[Any] = []
    for name, content in files:
        about = pdfdoc.PDFDictionary(
            {
                "Type": pdfdoc.PDFName("EmbeddedFile"),
                "Params": pdfdoc.PDFDictionary({"Size": len(content)}),
            }
        )
        stream = document.Reference(pdfdoc.PDFStream(about, content, filters=[]))
        said = pdfdoc.PDFString(name)
        spec = {"Type": pdfdoc.PDFName("Filespec"), "F": said, "UF": said, "EF": pdfdoc.PDFDictionary({"F": stream})}
        names += [said, document.Reference(pdfdoc.PDFDictionary(spec))]
    tree = pdfdoc.PDFDictionary({"Names": pdfdoc.PDFArray(names)})
    document.Catalog.Names = pdfdoc.PDFDictionary({"EmbeddedFiles": tree})


def _case(cover: Cover, parts: Sequence[Part], names: Sequence[str], digests: Sequence[str]) -> bytes:
    """Everything as it is called, which the fonts of the pages may not have."""
    documents = [
        {"file": name, "paper": part.paper or None, "name": part.name, "media_type": part.media_type,
         "document": part.id, "added": part.added, "added_by": part.by, "size": len(part.content), "sha256": digest}
        for part, name, digest in zip(parts, names, digests, strict=True)
    ]  # fmt: skip
    about = {"kind": cover.about_kind, "key": cover.about_key}
    there = {part.paper for part in parts}
    told = {
        "case": cover.case, "about": about, "reason": cover.reason, "opened": cover.opened, "by": cover.brand,
        "required": cover.required, "missing": [name for name in cover.required if name not in there],
        "documents": documents,
    }  # fmt: skip
    return msgspec.json.encode(told)


def _file_name(place: int, part: Part) -> str:
    """Plain, and of its own in this file, so that no name leads anywhere."""
    stem, dot, ending = part.name.rpartition(".")
    folded = unicodedata.normalize("NFKD", stem if dot else part.name).encode("ascii", "ignore").decode()
    plain = _PLAIN.sub("-", folded).strip(".-")[:_LONGEST] or "document"
    kept = _PLAIN.sub("", ending)[:8].lower() if dot else ""
    return f"{place:02}-{part.paper or 'other'}-{plain}{'.' + kept if kept else ''}"


def _pieces(text: str, width: int) -> list[str]:
    return [text[begin : begin + width] for begin in range(0, max(len(text), 1), width)]


def shown(text: str) -> str:
    """`text` in the letters that every reader's own fonts have; a mark for each other one."""
    seen = "".join(letter if letter.isprintable() else " " for letter in text)
    return seen.encode("cp1252", "replace").decode("cp1252")
