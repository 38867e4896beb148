"""Signed heads in the bucket of documents, which keeps them whatever a worker's machine and the database come to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from infra.objects.bucket import Bucket
from infra.objects.choosing import signer_of
from infra.objects.series import S3Series
from infra.settings import Settings
from tenants.audit.heads import FOLDER, NONE, FolderHeads, Heads, Newest, Place, last_of, name_of, place_of, raw
from tenants.audit.verifier import Line


def heads_of(settings: Settings) -> Heads | None:
    """Where the operator's settings have them go; None: nowhere."""
    goal = settings.audit_heads
    if goal != "objects":
        return None if goal is None else FolderHeads(goal)
    signer = signer_of(settings)
    if signer is None:
        raise ValueError("settings are read only with a bucket where one is needed")
    return ObjectHeads(S3Series(Bucket(settings.objects_s3_url, signer), FOLDER))


class ObjectHeads:
    """A series of objects for each log; each has the lines of one round. Raises StoreAway."""

    def __init__(self, series: S3Series) -> None:
        self._series = series

    async def places(self) -> list[Place]:
        return [place for place in map(place_of, await self._series.names()) if place is not None]

    async def newest(self, place: Place) -> Newest:
        found = await self._series.newest(name_of(place))
        return NONE if found is None else last_of(found[1])

    async def append(self, place: Place, behind: Newest, lines: Sequence[Line]) -> int:
        if not lines:
            return 0
        found = await self._series.newest(name_of(place))
        number, last = (0, NONE) if found is None else (found[0], last_of(found[1]))
        # Whoever writes this number first wins, and the other one looks again in the next round.
        if last != behind or not await self._series.add(name_of(place), number + 1, raw(lines)):
            return 0
        return len(lines)

    async def lines(self, place: Place) -> AsyncIterator[bytes]:
        async for part in self._series.all(name_of(place)):
            yield part

    async def close(self) -> None:
        await self._series.close()
