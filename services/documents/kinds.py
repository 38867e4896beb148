"""Of which kind a file is, read off its first bytes; what its sender says of it is not believed (S-101)."""

from __future__ import annotations

import re
from typing import Final

HEAD: Final = 4096
"""Bytes that are looked at."""
_SIGNATURES: Final[tuple[tuple[bytes, int, str], ...]] = (
    (b"%PDF-", 0, "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF87a", 0, "image/gif"),
    (b"GIF89a", 0, "image/gif"),
    (b"II*\x00", 0, "image/tiff"),
    (b"MM\x00*", 0, "image/tiff"),
    (b"WEBP", 8, "image/webp"),
)
_OFFICE: Final = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_OFFICE_HEAD: Final = re.compile(rb"PK\x03\x04.{26}(?:\[Content_Types\]\.xml|_rels/|docProps/|word/|xl/)", re.DOTALL)
# What a browser would run, whatever it is called.
_MARKUP: Final = re.compile(
    rb"<\s*(?:!doctype\s+html|html|head|body|script|svg|iframe|object|embed|style|link|meta|\?xml-stylesheet|\?php)"
    rb"|<\w+:(?:html|svg|script)",
    re.IGNORECASE,
)
TAKEN: Final = "PDF, PNG, JPEG, GIF, TIFF, WebP, text, CSV, XML, JSON, EDI, DOCX or XLSX"
_BOM: Final = b"\xef\xbb\xbf"


def kind_of(head: bytes, name: str) -> str | None:
    """The media type; None: of no kind that is taken. `name` tells only one kind of text from another."""
    for signature, at, kind in _SIGNATURES:
        if head[at : at + len(signature)] == signature and (kind != "image/webp" or head[:4] == b"RIFF"):
            return kind
    ending = f".{name.rpartition('.')[2].lower()}" if "." in name else ""
    if head[:4] == b"PK\x03\x04":
        return _OFFICE.get(ending) if _OFFICE_HEAD.match(head) else None
    return _text(head, ending)


def _text(head: bytes, ending: str) -> str | None:
    body = head.removeprefix(_BOM)
    if b"\x00" in body or _MARKUP.search(body) or not _is_text(body):
        return None
    stripped = body.lstrip()
    if stripped.startswith(b"<?xml"):
        return "application/xml"
    if ending == ".json" and stripped[:1] in {b"{", b"["}:
        return "application/json"
    return "text/csv" if ending == ".csv" else "text/plain"


def _is_text(body: bytes) -> bool:
    """UTF-8, whose last letter the look may have cut; without control characters but those that set text apart."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        if len(body) < HEAD - 3 or error.start < len(body) - 3:
            return False
        text = body[: error.start].decode()
    return all(letter.isprintable() or letter in "\t\r\n\x0c\x1c\x1d\x1e\x1f" for letter in text)
