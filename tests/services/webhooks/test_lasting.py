"""What is kept of messages, and for how long; what a death leaves behind (A18, F-03)."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

from infra import ids
from infra.embedded.stack import Endpoints, Stack
from services.worker.housekeeping import keep_house
from tests.services.webhooks.desk import Desk
from tests.services.webhooks.receiver import Receiver
from tests.superuser import connected


async def test_A18_messages_are_kept_for_30_days(
    desk: Desk, receiver: Receiver, stack: Stack, endpoints: Endpoints
) -> None:
    await desk.add(receiver.url)
    [old, young] = await desk.announce(count=2)
    await desk.deliver()
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as superuser:
        for message, days in ((old, 31), (young, 29)):
            await superuser.execute(
                "UPDATE app.webhook_message SET created_at = clock_timestamp() - make_interval(days => $2) "
                "WHERE message_id = $1",
                message,
                days,
            )
    await keep_house(desk.worker)
    assert [row["message_id"] for row in await desk.rows("SELECT message_id FROM app.webhook_message")] == [young]
    assert await desk.rows("SELECT count(*) FROM app.webhook_attempt") == [(1,)]


async def test_F_03_a_worker_killed_between_sending_and_recording_leaves_a_message_that_is_sent_again(
    desk: Desk, receiver: Receiver, kek: Path, endpoints: Endpoints
) -> None:
    await desk.add(receiver.url)
    [message] = await desk.announce()
    killed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.services.webhooks.one_round", endpoints.worker_database_url, str(kek)],
        check=False,
        capture_output=True,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert [got.id for got in receiver.got] == [ids.show("msg", message)]
    assert await desk.deliver() == 0, "it is the dead one's until its time is over"
    async with desk.app.tenant(desk.tenant) as connection:
        await connection.execute("UPDATE app.webhook_delivery SET taken_until = clock_timestamp()")
    assert await desk.deliver() == 1
    assert [got.id for got in receiver.got] == [ids.show("msg", message)] * 2
    assert len({got.body for got in receiver.got}) == 1
    assert await desk.states() == [("delivered", 1)]
