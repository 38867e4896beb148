"""Which events become messages: written with the event or not at all, once, as large as they may be (A18, I10)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from infra import ids
from infra.ids import TenantId
from infra.strict_json import decode
from services.engine import starter
from services.engine.emission import Emitted
from services.events import cloud_event
from services.events.intake import Intake
from services.webhooks.content import body
from services.worker.outlets import Outlets
from tests.services.webhooks.desk import ENDED, Desk
from tests.services.webhooks.receiver import Receiver
from tests.world import make_tenant

URL = "https://hooks.acme.example/"


def event(place: int, kind: str, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": str(place), "source": "/flow", "type": kind, "subject": f"SO-{place}",
        "data": data,
    }  # fmt: skip


async def emit(desk: Desk, told: dict[str, Any]) -> None:
    """As the relay hands on what a run emitted."""
    outlets = Outlets(desk.worker, lambda: None, judge=lambda: None)
    message = Emitted(ids.show("run", ids.new()), 1, msgspec.Raw(msgspec.json.encode(told)))
    await outlets.emit(desk.tenant, ids.new(), msgspec.json.encode(message).decode())


async def messages(desk: Desk) -> list[Any]:
    return await desk.rows("SELECT type, subject, content::text FROM app.webhook_message ORDER BY message_id")


async def test_A18_what_a_run_emits_is_announced_and_what_others_send_in_is_not(desk: Desk) -> None:
    await desk.add(URL)
    await emit(desk, event(1, "order.shipped", number="SO-1"))
    sent = cloud_event.read(
        {"content-type": cloud_event.STRUCTURED}, msgspec.json.encode(event(2, "order.captured", number="SO-2"))
    )
    intake = Intake(desk.app, starter.follow, lambda: None, judge=lambda: None)
    await intake.receive(desk.tenant, sent, "test")
    assert [(one["type"], one["subject"]) for one in await messages(desk)] == [("order.shipped", "SO-1")]
    await emit(desk, event(1, "order.shipped", number="SO-1"))
    assert len(await messages(desk)) == 1, "the relay handed it on twice"


@pytest.mark.parametrize(
    ("types", "wanted"),
    [
        (["*"], ["order.shipped", "order.held.twice", "invoice.posted", ENDED]),
        (["order.*"], ["order.shipped", "order.held.twice"]),
        (["order.shipped", "invoice.posted"], ["order.shipped", "invoice.posted"]),
        (["order"], []),
        (["io.serverlessworkflow.workflow.completed.v1"], [ENDED]),
        (["invoice.*", "order.shipped", "*"], ["order.shipped", "order.held.twice", "invoice.posted", ENDED]),
    ],
)
async def test_A18_an_endpoint_hears_of_the_types_that_it_takes(
    desk: Desk, types: list[str], wanted: list[str]
) -> None:
    await desk.add(URL, *types)
    for number, kind in enumerate(("order.shipped", "order.held.twice", "invoice.posted")):
        await emit(desk, event(number, kind))
    await desk.announce()
    assert [one["type"] for one in await messages(desk)] == wanted
    assert await desk.states() == [("pending", 0)] * len(wanted)


async def test_A18_a_message_is_rolled_back_with_its_event(desk: Desk) -> None:
    await desk.add(URL)

    async def fail() -> None:
        async with desk.worker.tenant(desk.tenant) as connection:
            await connection.execute(
                "INSERT INTO app.outbox (tenant_id, outbox_id, topic, body) VALUES ($1, $2, 'runs', $3)",
                desk.tenant,
                ids.new(),
                msgspec.json.encode({"type": ENDED, "subject": "run_x"}).decode(),
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await messages(desk) == []


async def test_A18_nothing_is_kept_where_nobody_listens_and_nothing_reaches_another_tenant(desk: Desk) -> None:
    await desk.announce()
    await emit(desk, event(1, "order.shipped"))
    neighbour = msgspec.structs.replace(desk, tenant=TenantId((await make_tenant(desk.app, "other")).tenant_id))
    await neighbour.add(URL)
    await desk.announce()
    assert await messages(desk) == await messages(neighbour) == []
    await neighbour.announce()
    assert (len(await messages(desk)), len(await messages(neighbour))) == (0, 1)


async def test_A18_a_large_event_is_announced_without_its_data(desk: Desk, receiver: Receiver) -> None:
    await desk.add(receiver.url)
    await emit(desk, event(1, "order.shipped", note="x" * 19_000))
    await emit(desk, event(2, "order.shipped", note="x" * 21_000))
    await desk.deliver()
    whole, thin = (msgspec.json.decode(one.body) for one in sorted(receiver.got, key=lambda one: one.id))
    assert len(whole["data"]["note"]) == 19_000
    assert "dataref" not in whole
    assert "data" not in thin
    assert thin["dataref"].startswith("/v1/events/evt_")
    assert (thin["type"], thin["subject"], thin["id"]) == ("order.shipped", "SO-2", "2")


async def test_A18_the_notices_of_the_house_are_nobodys_events(desk: Desk) -> None:
    await desk.add(URL)
    async with desk.worker.tenant(desk.tenant) as connection:
        for topic in ("notices", "start", "emit"):
            await connection.execute(
                "INSERT INTO app.outbox (tenant_id, outbox_id, topic, body) VALUES ($1, $2, $3, $4)",
                desk.tenant,
                ids.new(),
                topic,
                msgspec.json.encode({"type": ENDED}).decode(),
            )
    assert await messages(desk) == []


def test_A18_numbers_keep_their_digits_and_an_events_own_sequence_stays() -> None:
    message, now = ids.new(), datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    data = '{"price":1.10,"big":12345678901234567890}'
    told = f'{{"id":"run_x-12.3","type":"io.serverlessworkflow.task.completed.v1","data":{data}}}'
    made = body(message, told, now)
    assert b'"price":1.10,"big":12345678901234567890' in made
    assert made == body(message, told, now), "each try has the same bytes"
    assert decode(made)["sequence"] == "0000000012"
    own = decode(body(message, '{"id":"a-7","type":"order.shipped","sequence":"5","time":"2026-01-31T00:00:00Z"}', now))
    assert (own["sequence"], own["timestamp"]) == ("5", "2026-01-31T00:00:00Z")
    plain = decode(body(message, '{"id":"a-7","type":"order.shipped"}', now))
    assert plain["sequence"] == ids.show("msg", message)
    assert plain["timestamp"] == "2026-01-31T09:30:00.000Z"
