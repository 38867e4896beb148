"""Workflows tell customers things, on the real engine: once each, in quiet hours later, and nobody who wants none."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra.database import Database
from infra.encryption.key_provider import FileKeyProvider
from services.customer_notices import reading
from services.customer_notices.errors import SaidByRecipient
from services.customer_notices.function import MOST_A_DAY, NAME, NoticeFunction
from services.engine.functions import Call, Failed, Later
from tenants.mail import letters
from tenants.mail.letters import Row
from tests.patience import PATIENCE
from tests.services.customer_notices.noticed import BUYER, DOCUMENT, FIXED, Teller, make_client, output
from tests.services.engine.running import Engine, at_work, order
from tests.world import World, deploy

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
TOLD = {"to": {"email": BUYER, "name": "Nina\r\nX", "language": "es-MX"}}


@pytest.fixture
def keys(tmp_path: Path) -> FileKeyProvider:
    kek = tmp_path / "kek"
    kek.write_bytes(bytes(range(32)))
    kek.chmod(0o600)
    return FileKeyProvider(kek)


@pytest.fixture
async def world(app_database: Database) -> World:
    return await make_client(app_database)


@pytest.fixture
async def engine(app_database: Database, worker_database: Database, keys: FileKeyProvider) -> AsyncIterator[Engine]:
    async with at_work(app_database, worker_database) as engine:
        engine.functions[NAME] = NoticeFunction(worker_database, keys)
        yield engine


async def told(engine: Engine, world: World, *values: dict[str, Any]) -> list[Any]:
    """What the calls of so many runs answered, in the order of the runs."""
    await deploy(engine.app, world.tenant_id, DOCUMENT, event_type="order")
    found: list[Any] = []
    for number, value in enumerate(values):
        await engine.intake.receive(world.tenant_id, order(number, value), "tests")
        async with asyncio.timeout(PATIENCE):
            found = await engine.ended(world, number + 1)
    return [output(one) for one in found]


async def rows(engine: Engine, world: World, query: str) -> list[Any]:
    async with engine.app.tenant(world.tenant_id) as connection:
        return list(await connection.fetch(query, world.tenant_id))


async def due(worker: Database) -> list[Row]:
    async with worker.doors() as connection:
        return [Row.of(one) for one in await connection.fetch("SELECT * FROM app.take_mails(10, 60)")]


@pytest.mark.parametrize("armed", ["!call.answered", "!checkpoint.before"])
async def test_F_01_a_customer_is_told_once_wherever_the_worker_dies(
    armed: str, app_database: Database, worker_database: Database, world: World, keys: FileKeyProvider
) -> None:
    teller = Teller(app_database, worker_database, world.tenant_id, NoticeFunction(worker_database, keys))
    flushing = asyncio.create_task(teller.flush())
    await teller.begin(1, FIXED, armed)
    async with asyncio.timeout(PATIENCE):
        while not await teller.outputs():
            await teller.go()
    flushing.cancel()
    await asyncio.gather(flushing, return_exceptions=True)
    (said,) = await teller.outputs()
    assert (said["sent"], said["why"], said["language"]) == (True, None, "es")
    (row,) = await due(worker_database)
    letter = await letters.written(row, keys, unsent="notices@mail.invalid")
    assert (letter.recipient, letter.subject, letter.language) == (BUYER, "Pedido SO-1", "es")
    assert letter.unsubscribe is not None
    assert letter.unsubscribe.startswith("https://portal.acme.example/portal/notices/")
    audited = await teller.rows("SELECT *, after::text AS after FROM app.audit WHERE action LIKE 'notice.%'")
    assert [(one["action"], one["target"], one["actor"][:8]) for one in audited] == [
        ("notice.sent", said["notice"], "run:run_")
    ]
    assert BUYER not in audited[0]["after"]


async def test_who_opts_out_by_a_link_is_told_nothing_more_not_even_what_waits_and_others_are(
    engine: Engine, world: World, app_database: Database, keys: FileKeyProvider
) -> None:
    (first,) = await told(engine, world, TOLD)
    (row,) = await due(engine.worker)
    link = str((await letters.written(row, keys, unsent="notices@mail.invalid")).unsubscribe)
    digest = hashlib.sha256(link.rpartition("/")[2].encode()).digest()
    async with app_database.doors() as doors:
        assert await reading.by_link(doors, world.partner_id, digest) is False, "looking changes nothing"
        assert await reading.by_link(doors, world.client_id, digest, is_out=True) is None, "another partner's host"
        assert await reading.by_link(doors, world.partner_id, digest, is_out=True) is True
        assert await reading.by_link(doors, world.partner_id, digest, is_out=True) is True
    (mail,) = await rows(engine, world, "SELECT state FROM app.mail WHERE tenant_id = $1")
    assert mail["state"] == "void"
    async with asyncio.timeout(PATIENCE):
        for number, value in ((7, TOLD), (8, {"to": {"email": "other@shop.example"}})):
            await engine.intake.receive(world.tenant_id, order(number, value), "tests")
        found = [output(one) for one in await engine.ended(world, 3)][1:]
    assert sorted((one["sent"], one["why"]) for one in found) == [(False, "opted-out"), (True, None)]
    told_of = await rows(engine, world, "SELECT action FROM app.audit WHERE tenant_id = $1 AND action LIKE 'notice.o%'")
    assert [one["action"] for one in told_of] == ["notice.opted-out"]
    async with app_database.tenant(world.tenant_id) as connection:
        back: dict[str, Any] = {"is_out": False, "actor": "key:x", "reason": "they called"}
        with pytest.raises(SaidByRecipient):
            await reading.set_opt_out(connection, BUYER.upper(), **back)
    assert first["sent"]


async def test_in_quiet_hours_a_notice_waits_and_a_delay_that_breaks_before_does_not(
    engine: Engine, world: World
) -> None:
    now = datetime.now(UTC)
    week = {DAYS[(now.weekday() + 3) % 7]: [{"opens": "09:00", "closes": "17:00"}]}
    definition = {"time_zone": "UTC", "week": week, "default": True}
    async with engine.app.tenant(world.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.calendar_version (tenant_id, name, version, definition, set_by) "
            "VALUES ($1, 'office', 1, $2, 'x')",
            world.tenant_id,
            msgspec.json.encode(definition).decode(),
        )
    soon, later = (f"{now + timedelta(days=days):%Y-%m-%d}" for days in (1, 9))
    waits, delay, early = await told(
        engine,
        world,
        TOLD,
        {**TOLD, "promise": {"was": soon, "now": later}},
        {**TOLD, "promise": {"was": later, "now": soon}},
    )
    assert (waits["sent"], waits["why"]) == (True, "quiet")
    at = datetime.fromisoformat(waits["at"])
    assert (at - now > timedelta(days=1), at.strftime("%H:%M")) == (True, "09:00")
    assert (delay["sent"], delay["why"]) == (True, None)
    assert (early["sent"], early["why"]) == (False, "not-late")
    assert [one.recipient for one in await due(engine.worker)] == [BUYER], "the other waits in its row"


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ({}, "no-address"),
        ({"email": "nobody"}, "bad-address"),
        ({"email": "x@y.example\r\nBcc: z@y.example"}, "bad-address"),
        ({"email": "x" * 300 + "@y.example"}, "bad-address"),
    ],
)
async def test_who_cannot_be_told_fails_no_order(engine: Engine, world: World, to: Any, why: str) -> None:
    (said,) = await told(engine, world, {"to": to})
    assert (said["sent"], said["why"], said["at"]) == (False, why, None)
    assert await due(engine.worker) == []


async def test_S_69_nobody_is_told_where_no_host_could_end_it_and_no_address_is_flooded(
    engine: Engine, world: World
) -> None:
    async with engine.app.tenant(world.tenant_id) as connection:
        await connection.execute("SELECT 1")
    async with engine.worker.tenant(world.tenant_id) as connection:
        place = await connection.fetchrow("SELECT * FROM app.notice_place()")
    assert (place["language"], place["has_host"]) == ("en", True)
    function = engine.functions[NAME]
    await told(engine, world, TOLD)
    assert MOST_A_DAY > 1
    stray = Call(
        function=NAME,
        arguments={"notice": {"name": "x", "subject": {"en": "s"}, "text": {"en": "t"}}, "to": {"email": BUYER}},
        reference="/do/0/x",
        key="k" * 64,
        tenant=world.tenant_id,
        run=world.client_id,
    )
    assert isinstance(await function(stray), Later), "a run that is in other hands tells nobody"
    wrong = await function(msgspec.structs.replace(stray, arguments={"notice": "x"}))
    assert isinstance(wrong, Failed)
    assert wrong.error.type.endswith("/validation")
    missing = await function(
        msgspec.structs.replace(stray, arguments={**stray.arguments, "quiet": {"calendar": "no-such"}})
    )
    assert isinstance(missing, Failed)
    assert missing.error.type.endswith("/configuration")
    assert len(await due(engine.worker)) == 1


STATUS = DOCUMENT.replace("on its way, {{ recipient }}.", "on its way: {{ status }}").replace(
    "'Está en camino.'", "'Está en camino: {{ status }}'"
)


async def test_S_69_a_text_that_asks_for_it_leads_to_a_status_page_by_a_link_of_which_the_hash_is_kept(
    engine: Engine, world: World, keys: FileKeyProvider
) -> None:
    await deploy(engine.app, world.tenant_id, STATUS, event_type="order")
    later = {"was": "2030-01-01", "now": "2030-01-05"}
    for number, value in enumerate(({**TOLD, "promise": later}, {"to": {"email": "none"}})):
        await engine.intake.receive(world.tenant_id, order(number, value), "tests")
        async with asyncio.timeout(PATIENCE):
            await engine.ended(world, number + 1)
    (row,) = await due(engine.worker)
    letter = await letters.written(row, keys, unsent="notices@mail.invalid")
    found = re.search(r"https://portal.acme.example/status#(\S+)", letter.text)
    assert found is not None, letter.text
    assert f'href="{found[0]}"' in letter.html
    assert letter.unsubscribe is not None
    assert found[1] not in letter.unsubscribe, "whoever is shown the way out is shown nothing else"
    query = "SELECT purpose, subject, recipient, token_hash, expires_at FROM app.link WHERE tenant_id = $1"
    (link,) = await rows(engine, world, query)
    assert (link["purpose"], link["subject"]) == ("status", "sales-order:SO-1")
    assert (link["token_hash"], BUYER in link["recipient"]) == (hashlib.sha256(found[1].encode()).digest(), False)
    query = "SELECT promise_was, promise_now FROM app.customer_notice WHERE tenant_id = $1 AND outcome = 'sent'"
    assert [tuple(one.values()) for one in await rows(engine, world, query)] == [("2030-01-01", "2030-01-05")]
