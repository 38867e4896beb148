"""Files of archives: JSON lines, packed by gzip, each whole or not there, and read back line by line (ADR 0034).

A file is `<tenant>/<month>/<archive>.jsonl.gz` below the folder of archives, with its manifest beside it. What is here
waits for the disk; call it in a thread.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self, cast

import msgspec

from infra import folders

FORMAT: Final = 1
SUFFIX: Final = ".jsonl.gz"
MANIFEST: Final = ".manifest.json"
_LEVEL: Final = 6
_CHUNK: Final = 1024 * 1024
_PRIVATE: Final = 0o700


class ArchiveDamaged(Exception):
    """A file is missing, or is not what was written. The message says which, by its place below the folder."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds.

    Attributes:
        file: its place below the folder of archives.
        runs: how many; `first` and `last` are the public ids of the oldest and the newest.
        size, sha256: of the packed file.
    """

    format: int
    tenant: str
    month: str
    file: str
    runs: int
    first: str
    last: str
    size: int
    sha256: str


class Written(msgspec.Struct, frozen=True):
    """A file that is durable and was read back: what it holds is what was given."""

    size: int
    digest: bytes


class Writer:
    """A file in the making: it has another name until `finish`, and is gone when it was not finished."""

    def __init__(self, folder: Path, file: str) -> None:
        self._file = folder / file
        self._draft = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        self._lines = hashlib.sha256()
        self._count = 0
        self._raw: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def open(self) -> None:
        """Begin it. Raises OSError."""
        folders.make(self._file.parent, _PRIVATE)
        descriptor = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._raw = raw = cast("BinaryIO", os.fdopen(descriptor, "wb"))
        # No name and no time in it: the same lines are the same file.
        self._packed = gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=raw, mtime=0)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._raw is not None:
            with contextlib.suppress(OSError):
                self._raw.close()
        self._draft.unlink(missing_ok=True)

    def add(self, lines: list[bytes]) -> None:
        """Lines without their ends."""
        for line in lines:
            for part in (line, b"\n"):
                self._packed.write(part)
                self._lines.update(part)
            self._count += 1

    def finish(self) -> Written:
        """The file has its name and is on the disk.

        Raises:
            ArchiveDamaged: what was read back is not what was written; nothing of it stays.
        """
        if self._raw is None:
            raise ValueError("it was not opened")
        self._packed.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        found, count = hashlib.sha256(), 0
        for line in _lines_of(self._draft, self._file.name):
            found.update(line)
            count += 1
        if (found.digest(), count) != (self._lines.digest(), self._count):
            raise ArchiveDamaged(f"{self._file.name} does not read as it was written")
        digest = _digest_of(self._draft)
        size = self._draft.stat().st_size
        self._draft.replace(self._file)
        folders.sync(self._file.parent)
        return Written(size, digest)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Beside its file, in one step."""
    place = folder / (manifest.file.removesuffix(SUFFIX) + MANIFEST)
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(place)
    folders.sync(place.parent)


def manifests(folder: Path, tenant: str | None = None) -> list[Manifest]:
    """Of all files below `folder`, or of one tenant's, the oldest first. Raises ArchiveDamaged."""
    found = []
    for place in sorted(folder.glob(f"{tenant or '*'}/*/*{MANIFEST}")):
        try:
            found.append(msgspec.json.decode(place.read_bytes(), type=Manifest))
        except (msgspec.MsgspecError, OSError):
            raise ArchiveDamaged(f"the manifest {place.relative_to(folder)} cannot be read") from None
    return sorted(found, key=lambda one: (one.tenant, one.month, one.file))


def verify(folder: Path, manifest: Manifest) -> None:
    """Raises ArchiveDamaged where the file is not what its manifest says."""
    check(folder, manifest.file, bytes.fromhex(manifest.sha256))
    count = sum(1 for _ in lines(folder, manifest.file))
    if count != manifest.runs:
        raise ArchiveDamaged(f"{manifest.file} holds {count} runs, and its manifest says {manifest.runs}")


def check(folder: Path, file: str, digest: bytes) -> None:
    """Raises ArchiveDamaged where the file is missing or has another SHA-256."""
    try:
        found = _digest_of(folder / file)
    except OSError as error:
        raise ArchiveDamaged(f"{file} cannot be read: {error.strerror}") from None
    if found != digest:
        raise ArchiveDamaged(f"{file} is not what was written: its SHA-256 is another one")


def lines(folder: Path, file: str) -> Iterator[bytes]:
    """The runs in a file as JSON texts. Raises ArchiveDamaged."""
    return (line.removesuffix(b"\n") for line in _lines_of(folder / file, file))


def find(folder: Path, file: str, run: str) -> bytes | None:
    """The line of the run of this public id. Raises ArchiveDamaged."""
    start = b'{"id":"' + run.encode() + b'"'
    return next((line for line in lines(folder, file) if line.startswith(start)), None)


def _lines_of(place: Path, shown: str) -> Iterator[bytes]:
    try:
        with gzip.open(place, "rb") as stream:
            yield from stream
    except (OSError, EOFError, zlib.error):
        raise ArchiveDamaged(f"{shown} cannot be unpacked") from None


def _digest_of(place: Path) -> bytes:
    found = hashlib.sha256()
    with place.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            found.update(chunk)
    return found.digest()
