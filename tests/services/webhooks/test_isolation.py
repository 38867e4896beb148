"""F-24: dead, slow and many endpoints are in nobody's way; the night has a thousand of them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from infra.database import Scope
from infra.encryption.secret import Secret
from services.worker import webhooks
from tenants.connections.sealing import Row
from tests.patience import PATIENCE
from tests.services.webhooks.desk import Desk
from tests.services.webhooks.receiver import OK, Receiver, receiving
from tests.world import make_tenant


async def test_F_24_two_tries_of_an_endpoint_are_under_way_at_most_for_all_workers(
    desk: Desk, receiver: Receiver
) -> None:
    free = asyncio.Event()

    async def held(writer: asyncio.StreamWriter) -> None:
        await free.wait()
        writer.write(OK)
        await writer.drain()

    receiver.answer = held
    await desk.add(receiver.url)
    await desk.announce(count=7)
    workers = [desk.deliverer() for _ in range(3)]
    begun = sum([await one.round() for one in workers])
    assert begun == webhooks.PER_ENDPOINT == 2
    async with asyncio.timeout(PATIENCE):
        while receiver.at_once < 2:
            await asyncio.sleep(0.01)
    assert sum([await one.round() for one in workers]) == 0
    free.set()
    await asyncio.gather(*(one.idle() for one in workers))
    assert await desk.deliver() == 5
    assert receiver.most == 2


async def test_F_24_dead_and_slow_endpoints_are_in_nobodys_way(desk: Desk) -> None:
    """A small one of the night's: here every second endpoint holds its callers, and all the others have theirs."""
    never = asyncio.Event()

    async def hold(writer: asyncio.StreamWriter) -> None:
        await never.wait()
        writer.write(OK)
        await writer.drain()

    async with AsyncExitStack() as stack:
        receivers = [await stack.enter_async_context(receiving()) for _ in range(10)]
        for number, one in enumerate(receivers):
            if number % 2:
                one.answer = hold
            await desk.add(one.url)
        await desk.announce(count=5)
        deliverer = desk.deliverer()
        running = asyncio.create_task(deliverer.run())
        async with asyncio.timeout(PATIENCE):
            while sum(len(one.got) for one in receivers[::2]) < 25:
                await asyncio.sleep(0.02)
            while sum(one.at_once for one in receivers[1::2]) < 10:
                await asyncio.sleep(0.02)
        assert [one.most for one in receivers[1::2]] == [2] * 5
        never.set()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_F_24_one_tenants_dead_endpoints_leave_places_for_the_others(desk: Desk, receiver: Receiver) -> None:
    """Sixteen tries of a tenant at most, however many endpoints it has; and those that fail share a part."""
    never = asyncio.Event()

    async def hold(writer: asyncio.StreamWriter) -> None:
        await never.wait()
        writer.write(OK)
        await writer.drain()

    receiver.answer = hold
    for _ in range(12):
        await desk.add(receiver.url)
    await desk.announce(count=2)
    neighbour = msgspec.structs.replace(desk, tenant=(await make_tenant(desk.app, "other")).tenant_id)
    async with receiving() as healthy:
        await neighbour.add(healthy.url)
        await neighbour.announce()
        deliverer = desk.deliverer()
        assert await deliverer.round() == webhooks.PER_TENANT + 1
        async with asyncio.timeout(PATIENCE):
            while not healthy.got:
                await asyncio.sleep(0.01)
        never.set()
        await deliverer.idle()


async def test_F_24_two_workers_that_take_at_once_have_sixteen_of_a_tenant_together(
    desk: Desk, receiver: Receiver
) -> None:
    for _ in range(12):
        await desk.add(receiver.url)
    await desk.announce(count=2)
    take = "SELECT count(*) FROM app.take_webhooks(256, 64, 2, 16, 45)"
    async with desk.worker.doors() as first, first.transaction():
        assert await first.fetchval(take) == webhooks.PER_TENANT
        async with desk.worker.doors() as second:
            assert await second.fetchval(take) == 0


async def test_F_24_those_that_fail_share_a_part_of_the_places(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "HINDERED", 3)
    async with AsyncExitStack() as stack:
        receivers = [await stack.enter_async_context(receiving()) for _ in range(5)]
        for one in receivers:
            await desk.add(one.url)
        await desk.fail_since(datetime.now(UTC))
        await desk.announce(count=2)
        deliverer = desk.deliverer()
        assert await deliverer.round() == 3
        await deliverer.idle()
        # Of the two that were tried, which fail no more, one has a message left; of the others three are tried again.
        assert await deliverer.round() == 4
        await deliverer.idle()


async def test_nothing_goes_out_for_a_client_that_is_suspended(desk: Desk, receiver: Receiver) -> None:
    await desk.add(receiver.url)
    await desk.announce()
    async with desk.app.session(Scope.operator()) as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE app.client SET status = 'suspended'")
        await session.commit()
    assert await desk.deliver() == 0
    assert receiver.got == []


async def test_F_24_F_27_a_key_service_that_hangs_holds_no_transaction_and_no_other_endpoint(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, opening, waiting = asyncio.Event(), desk.sealer.open, set()
    hung = {(await desk.add(receiver.url))[0] for _ in range(3)}

    async def slow(row: Row, *rest: Any) -> Secret:
        if row.connection_id in hung:
            waiting.add(row.connection_id)
            await free.wait()
        return await opening(row, *rest)

    monkeypatch.setattr(desk.sealer, "open", slow)
    await desk.announce()
    deliverer = desk.deliverer()
    assert await deliverer.round() == 3
    async with asyncio.timeout(PATIENCE):
        while waiting != hung:
            await asyncio.sleep(0.01)
    await desk.add(receiver.url, "other.*")
    await desk.announce("other.kind")
    async with asyncio.timeout(PATIENCE):
        assert await deliverer.round() >= 1
        while not receiver.got:
            await asyncio.sleep(0.01)
    free.set()
    await deliverer.idle()
    assert await desk.rows("SELECT 1 FROM app.webhook_delivery WHERE state <> 'delivered'") == []
