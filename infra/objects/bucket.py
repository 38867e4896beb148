"""A bucket of S3, or of what speaks its protocol; over the guarded way out, to that origin alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import quote, urlsplit
from uuid import UUID
from xml.etree import ElementTree as ET

from infra import clock
from infra.egress import Client, Destination, Failed, OneOrigin, Refused, Request, Response, canonical_origin
from infra.egress.sigv4 import Signer
from infra.objects.store import StoreAway

MISSING: Final = 404
_NOBODYS: Final = UUID(int=0)
_OK: Final = frozenset({200, 204, 206})


class Bucket:
    """One a process and event loop.

    Args:
        url: of the bucket, such as `https://s3.eu-central-1.amazonaws.com/documents`, perhaps with a prefix behind it.
        client: replaces the one that lets that origin through and no other.
    """

    def __init__(self, url: str, signer: Signer, client: Client | None = None) -> None:
        self.url = url.rstrip("/")
        self._signer = signer
        self._client = client or Client(OneOrigin(url))
        self._destination = Destination(allowed_origins=(canonical_origin(url),), allow_http=True)
        parts = urlsplit(self.url)
        bucket, _, prefix = parts.path.strip("/").partition("/")
        self._bucket_url = f"{parts.scheme}://{parts.netloc}/{bucket}"
        self._prefix = f"{prefix}/" if prefix else ""

    async def keys(self, below: str, most: int = 1000) -> list[str]:
        """The first keys that begin with `below`, in their order; both without the prefix. Raises StoreAway."""
        prefix = f"{self._prefix}{below}"
        query = f"list-type=2&max-keys={most}&prefix={quote(prefix, safe='')}"
        answer = await self._listed(query)
        keys = [key for key in texts(answer.body, "Key") if key.startswith(prefix)]
        return [key.removeprefix(self._prefix) for key in keys]

    async def folders(self, below: str) -> list[str]:
        """The next parts of keys behind `below`, which ends with a slash. Raises StoreAway."""
        prefix, after, found = f"{self._prefix}{below}", "", list[str]()
        while True:
            query = f"list-type=2&delimiter=%2F&max-keys=1000&prefix={quote(prefix, safe='')}"
            query += f"&start-after={quote(after, safe='')}" if after else ""
            answer = await self._listed(query)
            page = [one for one in texts(answer.body, "Prefix") if one.startswith(prefix) and one != prefix]
            found += [one.removeprefix(prefix).rstrip("/") for one in page]
            if texts(answer.body, "IsTruncated") != ["true"] or not page:
                return found
            # Behind all that lies below the last: keys hold letters, digits and hyphens.
            after = f"{page[-1]}~"

    async def _listed(self, query: str) -> Response:
        answer = await self.send("GET", f"{self._bucket_url}?{query}")
        if answer.status == MISSING:
            raise StoreAway  # no such bucket, which is not the same as an empty one
        return answer

    async def close(self) -> None:
        await self._client.close()

    async def send(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        fine: Collection[int] = (),
    ) -> Response:
        """`fine`: further statuses that are the caller's to judge, as a 404 of a GET always is.

        Raises:
            StoreAway: no answer, or none that says that it was done.
        """
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
        if answer.status in _OK or answer.status in fine or (answer.status == MISSING and method == "GET"):
            return answer
        raise StoreAway


def texts(body: bytes, name: str) -> list[str]:
    """Texts of the elements of that name, in whichever namespace; expat expands no entity that it was not told of."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise StoreAway
    try:
        root = ET.fromstring(body)  # noqa: S314 (no declaration, so nothing to expand or load)
    except ET.ParseError as error:
        raise StoreAway from error
    return [one.text or "" for one in root.iter() if str(one.tag).rpartition("}")[2] == name]
