"""Searches everything that an installation writes and answers for secrets that were planted in it."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import redis.asyncio

from infra import redaction
from infra.embedded import psql
from infra.embedded.stack import Stack

SHOWN = 60
_GZIP = b"\x1f\x8b\x08"
_LARGEST = 64 * 1024 * 1024


class Gathered:
    """What was written and answered, by where; what is packed with gzip, anywhere in it, stands unpacked beside."""

    def __init__(self) -> None:
        self.contents: dict[str, list[bytes]] = {}

    def look(self, where: str, content: bytes) -> None:
        for one in (content, *_inflated(content)):
            self.contents.setdefault(where, []).append(one)

    def files(self, where: str, files: Iterable[Path]) -> None:
        for file in sorted(one for one in files if one.is_file()):
            self.look(where, file.read_bytes())

    def archive(self, where: str, content: bytes) -> None:
        """A ZIP file, as it is and each of its members."""
        self.look(where, content)
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            for name in opened.namelist():
                self.look(f"{where}, members", opened.read(name))

    def places(self) -> set[str]:
        """Where there was anything to be looked through."""
        return {where for where, found in self.contents.items() if any(found)}


class Canaries:
    """`planted`: each secret by whose it is."""

    def __init__(self, planted: Mapping[str, str]) -> None:
        self._forms: dict[bytes, str] = {}
        for name, value in planted.items():
            for form in redaction.forms(value):
                self._forms[form.encode()] = name
        self._any = re.compile(b"|".join(re.escape(one) for one in sorted(self._forms, key=len, reverse=True)))

    def hits(self, gathered: Gathered) -> list[str]:
        """Each as whose it is, where, and what stands before it."""
        return [f"{name} in {where}, behind {around!r}" for where, name, around in self._found(gathered)]

    def places(self, gathered: Gathered) -> set[str]:
        return {where for where, _, _ in self._found(gathered)}

    def _found(self, gathered: Gathered) -> Iterator[tuple[str, str, bytes]]:
        for where, contents in gathered.contents.items():
            for content in contents:
                for found in self._any.finditer(content):
                    around = content[max(found.start() - SHOWN, 0) : found.start()]
                    yield where, self._forms[found[0]], around


def _inflated(content: bytes) -> Iterator[bytes]:
    """What is packed with gzip, wherever in `content` it begins, once more where that is packed."""
    at = content.find(_GZIP)
    while at >= 0:
        try:
            found = zlib.decompressobj(31).decompress(content[at:], _LARGEST)
        except zlib.error:
            found = b""
        if found:
            yield found
            yield from _inflated(found)
        at = content.find(_GZIP, at + 1)


def packed(content: bytes) -> bytes:
    return gzip.compress(content)


def dump(stack: Stack, name: str) -> bytes:
    """All that the database holds, as text: `pg_dump --inserts`, with the bytes of packed values unpacked beside."""
    file = stack.home.folder / "dump.sql"
    command = [str(stack.postgres.bin / "pg_dump"), "--inserts", "--no-owner", f"--file={file}", name]
    psql.program(command, stack.postgres.admin_environment(name))
    content = file.read_bytes()
    file.unlink()
    return content


def unpacked(content: bytes) -> bytes:
    """What a dump shows as hexadecimals, as it is and unpacked."""
    found = []
    for match in re.finditer(rb"\\x([0-9a-f]{16,})", content):
        raw = bytes.fromhex(match[1].decode())
        found.append(raw)
        for form in (-15, 15, 31):
            try:
                found.append(zlib.decompress(raw, form))
            except zlib.error:
                continue
    return b"\n".join(found)


async def valkey(url: str) -> bytes:
    """Every key that Valkey has, with its values as they were given: what it serialises may be packed its own way."""
    client: Any = redis.asyncio.Redis.from_url(url)
    read = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"zset": lambda key: client.zrange(key, 0, -1),
        b"stream": client.xrange,
    }
    try:
        found: list[bytes] = []
        async for key in client.scan_iter():
            found += [key, *_flat(await read[await client.type(key)](key))]
        return b"\n".join(found)
    finally:
        await client.aclose()


def _flat(value: Any) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        yield from _flat([*value, *value.values()])
    elif isinstance(value, list | tuple | set):
        for one in value:
            yield from _flat(one)
