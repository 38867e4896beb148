"""Credentials that are asked for with those of a connection: once for all who wait, and again when they end."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from infra import clock
from infra.encryption.secret import Secret
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Away
from services.connectors.sdk.grant import Grant

_MOST: Final = 2_048
_SPARE: Final = 0.1
_MOST_SPARE: Final = 30.0
LONGEST: Final = 10 * 366 * 86_400.0
"""Seconds; whoever says more means for ever, and dates have an end."""
SHORTEST: Final = 1.0
"""Whoever says less has given nothing that could be used."""

Key = tuple[UUID, UUID, int]
"""Tenant, connection and its revision: no token of one is another's, nor one of other settings."""


class Fetched(msgspec.Struct, frozen=True):
    """`seconds`: how long it holds; None: until it is refused. `scopes`: see `Grant`."""

    value: Secret
    seconds: float | None = None
    scopes: frozenset[str] = frozenset()


class _Kept(msgspec.Struct, frozen=True):
    value: Secret
    until: float | None
    grant: Grant


class Fetching:
    """What was fetched in this process. `fetch` raises Refusal or Away."""

    def __init__(self, fetch: Callable[[Context], Awaitable[Fetched]]) -> None:
        self._fetch = fetch
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._flights: dict[Key, asyncio.Task[Fetched]] = {}

    async def get(self, context: Context) -> Secret:
        """What holds now, or is fetched.

        Raises:
            Refusal: the other side, or its own rules, refuse.
            Away: not now. The call itself has not been sent, whatever became of this.
        """
        key = _key(context)
        kept = self._kept.get(key)
        if kept is not None and (kept.until is None or clock.monotonic() < kept.until):
            context.grant = kept.grant
            return kept.value
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._begin(context))
            self._flights[key] = flight
            flight.add_done_callback(lambda ended: self._land(key, ended))
        # Whoever gives up leaves the others' on its way.
        found = await asyncio.shield(flight)
        context.grant = _grant(found)
        return found.value

    def forget(self, context: Context) -> bool:
        """Whether there was anything."""
        return self._kept.pop(_key(context), None) is not None

    async def _begin(self, context: Context) -> Fetched:
        was_sent = context.sent
        try:
            return await self._fetch(context)
        except Away as away:
            raise Away(away.reason, seconds=away.seconds, sent=False, name=away.name) from away
        finally:
            context.sent = was_sent

    def _land(self, key: Key, flight: asyncio.Task[Fetched]) -> None:
        del self._flights[key]
        if flight.cancelled() or flight.exception() is not None:
            return
        found = flight.result()
        until = None
        if found.seconds is not None:
            until = clock.monotonic() + found.seconds - min(found.seconds * _SPARE, _MOST_SPARE)
        self._kept[key] = _Kept(found.value, until, _grant(found))
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)


def _grant(found: Fetched) -> Grant:
    ends_at = None if found.seconds is None else clock.now() + timedelta(seconds=min(found.seconds, LONGEST))
    return Grant(ends_at, found.scopes)


def _key(context: Context) -> Key:
    return context.tenant, context.connection.id, context.connection.revision
