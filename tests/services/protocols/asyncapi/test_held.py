"""Subscriptions that stay open between batches, and end when nobody fetches from them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from services.protocols.asyncapi import held
from services.protocols.asyncapi.held import Held
from services.protocols.asyncapi.link import Incoming, Link, Outgoing, Target
from services.protocols.asyncapi.subscription import STORED, Subscription
from services.protocols.errors import Refusal, unreadable
from services.protocols.exchange import Exchange
from tests.patience import PATIENCE

TENANT = UUID(int=1)


class Endless:
    """Gives numbers without end, or fails after some; counts those that it gave and the subscriptions that ended."""

    def __init__(self, fails_after: int | None = None) -> None:
        self.given = 0
        self.ended = asyncio.Event()
        self._fails_after = fails_after

    async def publish(self, link: Link, message: Outgoing) -> None: ...

    async def subscribe(self, _link: Link) -> AsyncIterator[Incoming | None]:
        try:
            yield None
            while self._fails_after is None or self.given < self._fails_after:
                self.given += 1
                yield Incoming(str(self.given).encode())
            raise unreadable("enough")
        finally:
            self.ended.set()


@pytest.fixture
def link(exchange: Exchange) -> Link:
    target = Target(kind="redis", host="127.0.0.1", port=1, tls=False, path="", address="a")
    return Link(exchange, TENANT, exchange.identity(TENANT, None, target.origin), target, "key")


def _numbers(messages: list[dict[str, Any]]) -> list[int]:
    return [message["payload"] for message in messages]


async def test_the_other_side_waits_while_nobody_fetches(link: Link) -> None:
    endless = Endless()
    async with Subscription(endless, link) as subscription:
        async with asyncio.timeout(PATIENCE):
            while endless.given <= STORED:
                await asyncio.sleep(0.01)
        for _ in range(100):
            await asyncio.sleep(0)
        assert endless.given == STORED + 1, "one is in hand"
        assert _numbers(await subscription.collect(STORED + 10, 5)) == list(range(1, STORED + 11))
    assert endless.ended.is_set()


async def test_what_came_before_a_failure_is_given_first(link: Link) -> None:
    async with Subscription(Endless(fails_after=3), link) as subscription:
        assert _numbers(await subscription.collect(3, 5)) == [1, 2, 3]
        with pytest.raises(Refusal):
            await subscription.take(1, 5)


async def test_one_that_nobody_fetches_from_ends(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "IDLE_SECONDS", 0.05)
    endless, kept = Endless(), Held()
    key = (TENANT, "one")
    kept.keep(key, await kept.get(key, endless, link))
    async with asyncio.timeout(PATIENCE):
        await endless.ended.wait()


async def test_one_tenant_keeps_few_and_the_one_that_waited_longest_makes_room(
    link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "MOST", 1)
    first, second, other, kept = Endless(), Endless(), Endless(), Held()
    for key, one in (((TENANT, "1"), first), ((UUID(int=2), "1"), other), ((TENANT, "2"), second)):
        kept.keep(key, await kept.get(key, one, link))
    assert (first.ended.is_set(), other.ended.is_set(), second.ended.is_set()) == (True, False, False)
    for key in ((UUID(int=2), "1"), (TENANT, "2")):
        await kept.close(key)
