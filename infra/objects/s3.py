"""Objects in a bucket of S3, or of what speaks its protocol; over the guarded way out, to that origin alone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Final
from urllib.parse import quote, urlsplit
from uuid import UUID
from xml.etree import ElementTree as ET

from infra import clock
from infra.egress import Client, Destination, Failed, OneOrigin, Refused, Request, Response, canonical_origin
from infra.egress.sigv4 import Signer
from infra.objects.store import ObjectMissing, StoreAway, folder_of, key_of

PART: Final = 8 * 1024 * 1024
"""Bytes of a part; S3 wants 5 MiB at least of all but the last, and our own client lets 10 through."""
_NOBODYS: Final = UUID(int=0)
_OK: Final = frozenset({200, 204, 206})
_MISSING: Final = 404
_RANGE: Final = re.compile(r"bytes \d+-(\d+)/(\d+)")


class S3Store:
    """One a process and event loop.

    Args:
        url: of the bucket, such as `https://s3.eu-central-1.amazonaws.com/documents`, perhaps with a prefix behind it.
        client: replaces the one that lets that origin through and no other.
    """

    def __init__(self, url: str, signer: Signer, client: Client | None = None) -> None:
        self._url = url.rstrip("/")
        self._signer = signer
        self._client = client or Client(OneOrigin(url))
        self._destination = Destination(allowed_origins=(canonical_origin(url),), allow_http=True)
        parts = urlsplit(self._url)
        bucket, _, prefix = parts.path.strip("/").partition("/")
        self._bucket_url = f"{parts.scheme}://{parts.netloc}/{bucket}"
        self._prefix = f"{prefix}/" if prefix else ""

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
                await self._sent("PUT", url, bytes(held))
                return
            tags.append(await self._part(url, upload, len(tags) + 1, bytes(held)))
            await self._finish(url, upload, tags)
        except BaseException:
            if upload is not None:
                await self._sent("DELETE", f"{url}?uploadId={quote(upload, safe='')}", missing_is_fine=True)
            raise

    async def get(self, tenant: UUID, name: UUID) -> AsyncIterator[bytes]:
        begin, size = 0, 1
        while begin < size:
            wanted = {"range": f"bytes={begin}-{begin + PART - 1}"}
            answer = await self._sent("GET", self._at(tenant, name), headers=wanted)
            if answer.status == _MISSING:
                raise ObjectMissing
            found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
            if found is None or int(found[1]) - begin + 1 != len(answer.body):
                raise StoreAway
            yield answer.body
            begin, size = int(found[1]) + 1, int(found[2])

    async def remove(self, tenant: UUID, name: UUID) -> None:
        await self._sent("DELETE", self._at(tenant, name), missing_is_fine=True)

    async def clear(self, tenant: UUID) -> int:
        prefix, gone = f"{self._prefix}{folder_of(tenant)}/", 0
        while True:
            query = f"list-type=2&max-keys=1000&prefix={quote(prefix, safe='')}"
            answer = await self._sent("GET", f"{self._bucket_url}?{query}")
            keys = [key for key in _texts(answer.body, "Key") if key.startswith(prefix)]
            for key in keys:
                await self._sent("DELETE", f"{self._bucket_url}/{quote(key)}", missing_is_fine=True)
            gone += len(keys)
            if not keys:
                return gone

    async def close(self) -> None:
        await self._client.close()

    def _at(self, tenant: UUID, name: UUID) -> str:
        return f"{self._url}/{key_of(tenant, name)}"

    async def _begin(self, url: str) -> str:
        answer = await self._sent("POST", f"{url}?uploads=")
        found = _texts(answer.body, "UploadId")
        if len(found) != 1:
            raise StoreAway
        return found[0]

    async def _part(self, url: str, upload: str, number: int, content: bytes) -> str:
        answer = await self._sent("PUT", f"{url}?partNumber={number}&uploadId={quote(upload, safe='')}", content)
        return answer.headers.get("etag", "")

    async def _finish(self, url: str, upload: str, tags: list[str]) -> None:
        root = ET.Element("CompleteMultipartUpload")
        for number, tag in enumerate(tags, start=1):
            part = ET.SubElement(root, "Part")
            ET.SubElement(part, "PartNumber").text = str(number)
            ET.SubElement(part, "ETag").text = tag
        answer = await self._sent("POST", f"{url}?uploadId={quote(upload, safe='')}", ET.tostring(root))
        # It answers 200 as it begins to put the parts together, and tells there what went wrong then.
        if not _texts(answer.body, "ETag"):
            raise StoreAway

    async def _sent(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        missing_is_fine: bool = False,
    ) -> Response:
        """Raises StoreAway: no answer, or none that says that it was done. A 404 of a GET is the caller's to judge."""
        given = headers or {}
        signed = self._signer.sign(method, url, given, body, clock.now())
        request = Request(
            method=method,
            url=url,
            headers={**given, **signed.headers},
            credentials=signed.credentials,
            body=body,
            destination=self._destination,
        )
        try:
            answer = await self._client.send(_NOBODYS, request)
        except (Failed, Refused) as error:
            raise StoreAway from error
        is_fine = answer.status in _OK or (answer.status == _MISSING and (missing_is_fine or method == "GET"))
        if not is_fine:
            raise StoreAway
        return answer


def _texts(body: bytes, name: str) -> list[str]:
    """Texts of the elements of that name, in whichever namespace; expat expands no entity that it was not told of."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise StoreAway
    try:
        root = ET.fromstring(body)  # noqa: S314 (no declaration, so nothing to expand or load)
    except ET.ParseError as error:
        raise StoreAway from error
    return [one.text or "" for one in root.iter() if str(one.tag).rpartition("}")[2] == name]
