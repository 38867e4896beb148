"""Answers as they read: what is packed is looked into, so that no walk passes by a file."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import Any

import msgspec

from tests.asgi import Answer

PACKED = "application/zip"
LINES = "application/jsonl"


def text_of(answer: Answer) -> str:
    """The body as text; of an archive that of all its members, those that are packed again, too."""
    if answer.headers.get("content-type") != PACKED:
        return answer.body.decode()
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    return "\n".join(f"{name}\n{_plain(content).decode()}" for name, content in members)


def values_of(answer: Answer) -> Any:
    """The JSON value of the body; of lines, and of an archive, all that they hold."""
    if answer.headers.get("content-type") == LINES:
        return [msgspec.json.decode(line) for line in answer.body.splitlines()]
    if answer.headers.get("content-type") != PACKED:
        return answer.json
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        packed = [archive.read(name) for name in archive.namelist() if ".jsonl" in name]
    return [msgspec.json.decode(line) for one in packed for line in _plain(one).splitlines()]


def _plain(content: bytes) -> bytes:
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
