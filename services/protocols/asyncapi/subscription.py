"""A subscription that is open: it takes what comes into a small store, from where it is fetched in batches."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import Any, Final, Self

from infra import clock
from services.protocols.asyncapi import messages
from services.protocols.asyncapi.link import Link, Transport

STORED: Final = 64
"""Messages of one subscription that wait; then the other side waits."""


class Subscription:
    """Use as `async with`; entering returns when the subscription holds."""

    def __init__(self, transport: Transport, link: Link) -> None:
        self._transport = transport
        self._link = link
        self._stored: deque[dict[str, Any]] = deque()
        self._changed = asyncio.Condition()
        self._holds = asyncio.Event()
        self._failure: BaseException | None = None
        self._has_begun = self._has_ended = False

    async def __aenter__(self) -> Self:
        self._reading = asyncio.create_task(self._read())
        try:
            await self._holds.wait()
        except BaseException:
            await self.close()
            raise
        if self._failure is not None and not self._has_begun:
            raise self._failure
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        self._reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reading

    @property
    def has_ended(self) -> bool:
        """Whether nothing will come any more, and nothing waits."""
        return self._has_ended and not self._stored

    async def take(self, most: int, seconds: float | None) -> list[dict[str, Any]]:
        """At most `most` messages: those that wait, else the first that comes within `seconds` (None: however long).

        Raises:
            Refusal, Refused, Failed: what ended the subscription, once all before it is taken.
        """
        async with self._changed:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._changed.wait_for(lambda: self._stored or self._has_ended)
            if not self._stored and self._failure is not None:
                raise self._failure
            found = [self._stored.popleft() for _ in range(min(most, len(self._stored)))]
            self._changed.notify_all()
            return found

    async def collect(self, amount: int, seconds: float | None) -> list[dict[str, Any]]:
        """`amount` messages; fewer when `seconds` pass before, or the other side ends. Raises as `take`."""
        until = None if seconds is None else clock.monotonic() + seconds
        found: list[dict[str, Any]] = []
        while len(found) < amount and not self.has_ended:
            left = None if until is None else until - clock.monotonic()
            if left is not None and left <= 0:
                break
            found += await self.take(amount - len(found), left)
        return found

    async def _read(self) -> None:
        target = self._link.target
        try:
            async with contextlib.aclosing(self._transport.subscribe(self._link)) as coming:  # type: ignore[type-var]
                async for message in coming:
                    self._has_begun = True
                    self._holds.set()
                    if message is None:
                        continue
                    found = messages.incoming(message, target.content_type, target.correlation)
                    async with self._changed:
                        await self._changed.wait_for(lambda: len(self._stored) < STORED)
                        self._stored.append(found)
                        self._changed.notify_all()
        except Exception as error:  # noqa: BLE001 (whoever takes the next message is told)
            self._failure = error
        async with self._changed:
            self._has_ended = True
            self._holds.set()
            self._changed.notify_all()
