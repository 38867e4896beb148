"""A message on its way: once, again, given up; endpoints that end; secrets; replays (A18, S-48, S-49)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from infra import ids
from infra.database import Scope
from infra.encryption.secret import Secret
from services.webhooks import deliveries, endpoints, settling
from services.webhooks.errors import EndpointDisabled, UnknownEndpoint
from tests.services.webhooks.desk import ENDED, Desk
from tests.services.webhooks.receiver import OK, Receiver, verifies


async def status_of(desk: Desk) -> list[tuple[str, str | None]]:
    rows = await desk.rows("SELECT status, why FROM app.webhook_endpoint ORDER BY endpoint_id")
    return [tuple(row) for row in rows]


async def told(desk: Desk) -> list[str]:
    """Kinds of notices, each of which stands in the audit and on its way to people as well."""
    kinds = [row["kind"] for row in await desk.rows("SELECT kind FROM app.notice ORDER BY notice_id")]
    audited = await desk.rows("SELECT action FROM app.audit WHERE actor = 'webhooks' ORDER BY audit_id")
    assert [row["action"] for row in audited] == kinds
    carried = await desk.rows(
        "SELECT body ->> 'type' AS type FROM app.outbox WHERE topic = 'notices' ORDER BY outbox_id"
    )
    assert [row["type"] for row in carried] == [f"{kind}.v1" for kind in kinds]
    return kinds


async def test_A18_a_message_is_delivered_once_and_what_came_of_it_is_known(desk: Desk, receiver: Receiver) -> None:
    receiver.says("202 Accepted", body=b"kept")
    _, secret = await desk.add(receiver.url)
    [message] = await desk.announce()
    assert await desk.deliver() == 1
    assert await desk.deliver() == 0
    [got] = receiver.got
    assert verifies(got, secret.reveal()) == 1
    assert got.path == "/hooks?token=of-the-receivers-own"
    assert msgspec.json.decode(got.body) == {
        "specversion": "1.0", "id": f"{ids.show('run', message)}-7", "source": "urn:tenant:x", "type": ENDED,
        "subject": ids.show("run", message), "time": "2026-01-31T09:30:00Z", "datacontenttype": "application/json",
        "data": {"name": "order"}, "timestamp": "2026-01-31T09:30:00Z", "sequence": "0000000007",
    }  # fmt: skip
    assert await desk.states() == [("delivered", 1)]
    [attempt] = await desk.rows("SELECT number, status, error, answer FROM app.webhook_attempt")
    assert tuple(attempt) == (1, 202, None, "kept")


async def test_A18_ten_tries_have_one_id_and_then_it_is_given_up(desk: Desk, receiver: Receiver) -> None:
    receiver.says("500 Oh")
    await desk.add(receiver.url)
    [message] = await desk.announce()
    for number in range(1, 11):
        assert await desk.deliver() == 1, number
        assert await desk.deliver() == 0, "not before its time"
        await desk.make_due()
    assert await desk.deliver() == 0
    assert {got.id for got in receiver.got} == {ids.show("msg", message)}
    assert len({got.body for got in receiver.got}) == 1
    assert await desk.states() == [("failed", 10)]
    assert await desk.rows("SELECT count(*) FROM app.webhook_attempt") == [(10,)]


async def test_S_48_retry_after_is_kept_between_a_second_and_a_day(desk: Desk, receiver: Receiver) -> None:
    receiver.says("429 Slow", "Retry-After: 999999999")
    await desk.add(receiver.url)
    await desk.announce()
    await desk.deliver()
    [row] = await desk.rows("SELECT due_at - clock_timestamp() AS wait FROM app.webhook_delivery")
    assert timedelta(hours=23, minutes=59) < row["wait"] <= timedelta(hours=24)


async def test_S_48_an_endpoint_that_is_gone_is_disabled_and_its_owner_told(desk: Desk, receiver: Receiver) -> None:
    receiver.says("410 Gone")
    endpoint, _ = await desk.add(receiver.url)
    await desk.announce()
    await desk.deliver()
    assert await status_of(desk) == [("disabled", "gone")]
    assert await told(desk) == ["webhook.disabled"]
    [found] = await desk.rows("SELECT category, cause, title, state FROM app.exception")
    assert tuple(found) == (
        "outage", "webhook-gone", f"http://127.0.0.1:{receiver.port}: It answered 410: it wants nothing more", "open",
    )  # fmt: skip
    # Nothing more goes out, whatever is due; what happens meanwhile is kept.
    await desk.make_due()
    await desk.announce()
    assert await desk.deliver() == 0
    assert len(receiver.got) == 1
    assert await desk.rows("SELECT count(*) FROM app.webhook_message") == [(2,)]
    # Somebody puts it right: what was on its way goes on, and its owner hears that it takes messages again.
    receiver.answer = OK
    await desk.enable(endpoint)
    assert await desk.deliver() == 1
    assert await told(desk) == ["webhook.disabled", "webhook.recovered"]
    [found] = await desk.rows("SELECT state, outcome, closed_by FROM app.exception")
    assert tuple(found) == ("resolved", "went-on", "webhooks")


async def test_S_48_five_days_of_failures_disable_an_endpoint_and_no_less(desk: Desk, receiver: Receiver) -> None:
    receiver.says("503 Away")
    await desk.add(receiver.url)
    await desk.announce()
    await desk.deliver()
    now = datetime.now(UTC)
    await desk.fail_since(now - timedelta(days=4, hours=23))
    await desk.make_due()
    assert await desk.deliver() == 1
    assert await status_of(desk) == [("active", None)]
    await desk.fail_since(now - settling.PATIENCE)
    await desk.make_due()
    assert await desk.deliver() == 1
    assert await status_of(desk) == [("disabled", "failing")]
    assert await told(desk) == ["webhook.disabled"]


async def test_S_48_one_delivery_in_between_begins_the_five_days_anew(desk: Desk, receiver: Receiver) -> None:
    receiver.says("503 Away")
    await desk.add(receiver.url)
    await desk.announce()
    await desk.deliver()
    await desk.fail_since(datetime.now(UTC) - timedelta(days=6))
    receiver.answer = OK
    await desk.make_due()
    await desk.deliver()
    receiver.says("503 Away")
    await desk.announce()
    await desk.deliver()
    assert await status_of(desk) == [("active", None)]
    assert await told(desk) == []


async def test_S_49_during_the_overlap_both_secrets_sign_and_then_the_new_one_alone(
    desk: Desk, receiver: Receiver
) -> None:
    endpoint, first = await desk.add(receiver.url)

    async def rotate(hours: int) -> Secret:
        async with desk.app.session(Scope.tenant(desk.tenant)) as session:
            overlap = timedelta(hours=hours)
            _, made = await endpoints.rotate(session, desk.tenant, endpoint, overlap, sealer=desk.sealer, actor="test")
            await session.commit()
        return made

    async def good(*secrets: Secret) -> list[int]:
        await desk.announce()
        await desk.deliver()
        got = receiver.got[-1]
        assert len(got.headers["webhook-signature"].split(" ")) == sum(verifies(got, one.reveal()) for one in secrets)
        return [verifies(got, one.reveal()) for one in secrets]

    second = await rotate(24)
    assert await good(first, second) == [1, 1]
    async with desk.app.tenant(desk.tenant) as connection:
        await connection.execute("UPDATE app.webhook_secret SET ends_at = clock_timestamp() WHERE ends_at IS NOT NULL")
    assert await good(first, second) == [0, 1]
    third = await rotate(24)
    fourth = await rotate(24)
    assert await good(first, second, third, fourth) == [0, 0, 1, 1], "two at most"
    last = await rotate(0)
    assert await good(third, fourth, last) == [0, 0, 1], "one that leaked signs no more at once"


async def test_S_49_every_endpoint_has_a_secret_of_its_own_that_no_row_shows(desk: Desk, receiver: Receiver) -> None:
    made = [(await desk.add(receiver.url))[1].reveal() for _ in range(3)]
    assert len(set(made)) == 3
    async with desk.worker.tenant(desk.tenant) as connection:
        rows = await connection.fetch("SELECT s::text AS row FROM app.webhook_secret s")
    assert not any(one.removeprefix("whsec_") in row["row"] for one in made for row in rows)


async def test_S_71_a_secret_of_another_endpoint_does_not_open(desk: Desk, receiver: Receiver) -> None:
    first, _ = await desk.add(receiver.url)
    second, _ = await desk.add(receiver.url, "nothing.*")
    async with desk.app.tenant(desk.tenant) as connection:
        await connection.execute("DELETE FROM app.webhook_secret WHERE endpoint_id = $1", first)
    async with desk.worker.tenant(desk.tenant) as connection:
        [row] = await connection.fetch("SELECT version, key_version, sealed FROM app.webhook_secret")
    async with desk.app.tenant(desk.tenant) as connection:
        await connection.execute(
            "INSERT INTO app.webhook_secret (tenant_id, endpoint_id, version, key_version, sealed) "
            "VALUES ($1, $2, $3, $4, $5)",
            desk.tenant,
            first,
            *row,
        )
    await desk.announce()
    await desk.deliver()
    assert receiver.got == [], f"nothing is signed with what is sealed to {second}"
    assert await desk.states() == [("pending", 1)], "a try like others, which ends some time"
    [attempt] = await desk.rows("SELECT status, error FROM app.webhook_attempt")
    assert tuple(attempt) == (None, "its secret cannot be read, so that nothing was sent")
    [alarm] = await desk.rows("SELECT actor, target FROM app.audit WHERE action = 'secret.unreadable'")
    assert tuple(alarm) == ("engine", ids.show("whe", first))


async def test_A18_a_replay_keeps_the_id_and_finds_what_was_missed(desk: Desk, receiver: Receiver) -> None:
    endpoint, _ = await desk.add(receiver.url, "io.serverlessworkflow.*")
    [delivered] = await desk.announce()
    await desk.deliver()
    await desk.enable(endpoint, "disabled")
    missed = await desk.announce(count=2)
    await desk.announce("order.shipped")
    assert await desk.deliver() == 0
    now = datetime.now(UTC)
    hour = (now - timedelta(hours=1), now + timedelta(hours=1))

    async def replayed(which: deliveries.Which, message: UUID | None = None) -> int:
        async with desk.app.session(Scope.tenant(desk.tenant)) as session:
            of = (session, desk.tenant, endpoint)
            sent = 1
            if message is None:
                sent = await deliveries.replay_range(*of, hour, which, actor="test")
            else:
                await deliveries.replay(*of, message, actor="test")
            await session.commit()
        return sent

    with pytest.raises(EndpointDisabled):
        await replayed("missed")
    await desk.enable(endpoint)
    assert await replayed("missed") == 2
    await desk.deliver()
    assert [got.id for got in receiver.got[1:]] == [ids.show("msg", one) for one in missed]
    assert await replayed("missed") == 0
    assert await replayed("all") == 3, "and nothing that it does not take"
    await desk.deliver()
    assert sorted(got.id for got in receiver.got[3:]) == sorted(ids.show("msg", one) for one in [delivered, *missed])
    assert await replayed("all", delivered) == 1
    await desk.deliver()
    assert receiver.got[-1].id == ids.show("msg", delivered)
    with pytest.raises(UnknownEndpoint):
        await replayed("all", ids.new())
    assert await desk.rows("SELECT max(attempts), max(tries) FROM app.webhook_delivery") == [(3, 1)]


async def test_A18_an_endpoint_that_is_removed_takes_its_log_along_and_disturbs_nobody(
    desk: Desk, receiver: Receiver
) -> None:
    endpoint, _ = await desk.add(receiver.url)
    other, _ = await desk.add(receiver.url)
    await desk.announce()
    deliverer = desk.deliverer()
    due = await deliverer.round()
    await desk.enable(endpoint, "disabled")
    async with desk.app.session(Scope.tenant(desk.tenant)) as session:
        await endpoints.remove(session, desk.tenant, endpoint, actor="test")
        await session.commit()
    await deliverer.idle()
    assert due == 2
    assert [row["endpoint_id"] for row in await desk.rows("SELECT endpoint_id FROM app.webhook_delivery")] == [other]
    await desk.announce()
    assert await desk.deliver() == 1
