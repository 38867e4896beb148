"""Searches everything that an installation writes and answers for secrets that were planted in it."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import redis.asyncio

from infra import redaction
from infra.embedded import psql
from infra.embedded.stack import Stack

SHOWN = 60


class Canaries:
    """`planted`: each secret by whose it is. Whatever is handed to `look` is searched for each, in every form."""

    def __init__(self, planted: Mapping[str, str]) -> None:
        self._forms: dict[bytes, str] = {}
        for name, value in planted.items():
            for form in redaction.forms(value):
                raw = form.encode()
                # A dump shows bytes as hexadecimals, in which a form stands once more.
                self._forms |= {raw: name, raw.hex().encode(): name}
        self._any = re.compile(b"|".join(re.escape(one) for one in sorted(self._forms, key=len, reverse=True)))
        self.looked: dict[str, int] = {}
        self.hits: list[str] = []

    def look(self, where: str, content: bytes) -> None:
        self.looked[where] = self.looked.get(where, 0) + len(content)
        for found in self._any.finditer(content):
            around = content[max(found.start() - SHOWN, 0) : found.start()]
            self.hits.append(f"{self._forms[found[0]]} in {where}, behind {around!r}")

    def files(self, where: str, files: Iterable[Path]) -> None:
        for file in sorted(one for one in files if one.is_file()):
            content = file.read_bytes()
            self.look(where, content)
            if file.suffix in {".gz", ".zst"}:
                self.look(f"{where}, unpacked", gzip.decompress(content) if file.suffix == ".gz" else content)

    def archive(self, where: str, content: bytes) -> None:
        """A ZIP file, as it is and each of its members."""
        self.look(where, content)
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            for name in opened.namelist():
                self.look(f"{where}, members", opened.read(name))


def dump(stack: Stack, name: str) -> bytes:
    """All that the database holds, as text: `pg_dump --inserts`, with the bytes of packed values unpacked beside."""
    file = stack.home.folder / "dump.sql"
    command = [str(stack.postgres.bin / "pg_dump"), "--inserts", "--no-owner", f"--file={file}", name]
    psql.program(command, stack.postgres.admin_environment(name))
    content = file.read_bytes()
    file.unlink()
    return content


def unpacked(content: bytes) -> bytes:
    """What stands packed in a dump's hexadecimals."""
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
    """Every key that Valkey has, with its value as it serialises it."""
    client = redis.asyncio.Redis.from_url(url)
    try:
        found = []
        async for key in client.scan_iter():
            found += [key, await client.dump(key) or b""]
        return b"\n".join(found)
    finally:
        await client.aclose()
