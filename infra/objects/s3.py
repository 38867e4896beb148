"""Objects in a bucket of S3, or of what speaks its protocol."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote
from uuid import UUID
from xml.etree import ElementTree as ET

from infra.egress import Client
from infra.egress.sigv4 import Signer
from infra.objects.bucket import MISSING, Bucket, texts
from infra.objects.store import ObjectMissing, StoreAway, folder_of, key_of

PART: Final = 8 * 1024 * 1024
"""Bytes of a part; S3 wants 5 MiB at least of all but the last, and our own client lets 10 through."""
_RANGE: Final = re.compile(r"bytes \d+-(\d+)/(\d+)")
_GONE: Final = frozenset({MISSING})


class S3Store:
    """One a process and event loop; see `Bucket`."""

    def __init__(self, url: str, signer: Signer, client: Client | None = None) -> None:
        self._bucket = Bucket(url, signer, client)

    async def put(self, tenant: UUID, name: UUID, content: AsyncIterator[bytes]) -> None:
        """One request for what fits into a part, else an upload in parts, which is dropped when anything fails."""
        url, held, tags = self._at(tenant, name), bytearray(), list[str]()
        upload: str | None = None
        try:
            async for piece in content:
                held += piece
                while len(held) > PART:
                    upload = upload or await self._begin(url)
                    tags.append(await self._part(url, upload, len(tags) + 1, bytes(held[:PART])))
                    del held[:PART]
            if upload is None:
                await self._bucket.send("PUT", url, bytes(held))
                return
            tags.append(await self._part(url, upload, len(tags) + 1, bytes(held)))
            await self._finish(url, upload, tags)
        except BaseException:
            if upload is not None:
                await self._bucket.send("DELETE", f"{url}?uploadId={quote(upload, safe='')}", fine=_GONE)
            raise

    async def get(self, tenant: UUID, name: UUID) -> AsyncIterator[bytes]:
        begin, size = 0, 1
        while begin < size:
            wanted = {"range": f"bytes={begin}-{begin + PART - 1}"}
            answer = await self._bucket.send("GET", self._at(tenant, name), headers=wanted)
            if answer.status == MISSING:
                raise ObjectMissing
            found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
            if found is None or int(found[1]) - begin + 1 != len(answer.body):
                raise StoreAway
            yield answer.body
            begin, size = int(found[1]) + 1, int(found[2])

    async def remove(self, tenant: UUID, name: UUID) -> None:
        await self._bucket.send("DELETE", self._at(tenant, name), fine=_GONE)

    async def clear(self, tenant: UUID) -> int:
        below, gone = f"{folder_of(tenant)}/", 0
        while keys := await self._bucket.keys(below):
            for key in keys:
                await self._bucket.send("DELETE", f"{self._bucket.url}/{quote(key)}", fine=_GONE)
            gone += len(keys)
        return gone

    async def close(self) -> None:
        await self._bucket.close()

    def _at(self, tenant: UUID, name: UUID) -> str:
        return f"{self._bucket.url}/{key_of(tenant, name)}"

    async def _begin(self, url: str) -> str:
        answer = await self._bucket.send("POST", f"{url}?uploads=")
        found = texts(answer.body, "UploadId")
        if len(found) != 1:
            raise StoreAway
        return found[0]

    async def _part(self, url: str, upload: str, number: int, content: bytes) -> str:
        answer = await self._bucket.send("PUT", f"{url}?partNumber={number}&uploadId={quote(upload, safe='')}", content)
        return answer.headers.get("etag", "")

    async def _finish(self, url: str, upload: str, tags: list[str]) -> None:
        root = ET.Element("CompleteMultipartUpload")
        for number, tag in enumerate(tags, start=1):
            part = ET.SubElement(root, "Part")
            ET.SubElement(part, "PartNumber").text = str(number)
            ET.SubElement(part, "ETag").text = tag
        answer = await self._bucket.send("POST", f"{url}?uploadId={quote(upload, safe='')}", ET.tostring(root))
        # It answers 200 as it begins to put the parts together, and tells there what went wrong then.
        if not texts(answer.body, "ETag"):
            raise StoreAway
