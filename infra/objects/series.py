"""Series of small objects in a bucket: each is added behind the one before, once, and never changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote

from infra.objects.bucket import MISSING, Bucket
from infra.objects.store import ObjectMissing

_GREATEST: Final = 9_999_999_999
_TAKEN: Final = frozenset({409, 412})


class S3Series:
    """One a process and event loop.

    Keys count down, so that the newest of a series is the first that a listing answers. An object is written only where
    none is (`If-None-Match: *`): the bucket must know that, as S3 does. Names are of letters, digits and hyphens.
    """

    def __init__(self, bucket: Bucket, folder: str) -> None:
        self._bucket = bucket
        self._folder = folder

    async def names(self) -> list[str]:
        """Raises StoreAway."""
        return await self._bucket.folders(f"{self._folder}/")

    async def newest(self, name: str) -> tuple[int, bytes] | None:
        """Number and content of the last; None: there is none. Raises StoreAway."""
        keys = await self._bucket.keys(f"{self._folder}/{name}/", most=1)
        return (_number(keys[0]), await self._read(keys[0])) if keys else None

    async def add(self, name: str, number: int, content: bytes) -> bool:
        """The next behind `number - 1`; False: somebody was first. Raises StoreAway."""
        url = f"{self._bucket.url}/{quote(self._key(name, number))}"
        answer = await self._bucket.send("PUT", url, content, headers={"if-none-match": "*"}, fine=_TAKEN)
        return answer.status not in _TAKEN

    async def all(self, name: str) -> AsyncIterator[bytes]:
        """From the first on. Raises StoreAway, ObjectMissing."""
        newest = await self.newest(name)
        for number in range(1, 1 if newest is None else newest[0] + 1):
            yield await self._read(self._key(name, number))

    async def close(self) -> None:
        await self._bucket.close()

    def _key(self, name: str, number: int) -> str:
        return f"{self._folder}/{name}/{_GREATEST - number:010d}"

    async def _read(self, key: str) -> bytes:
        answer = await self._bucket.send("GET", f"{self._bucket.url}/{quote(key)}")
        if answer.status == MISSING:
            raise ObjectMissing
        return bytes(answer.body)


def _number(key: str) -> int:
    return _GREATEST - int(key.rpartition("/")[2])
