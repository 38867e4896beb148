"""Three partners with three clients each, whose calls meet on eight connections of one API, and what each should see.

Every value that is written names whose it is, so that a foreign one is known wherever it shows.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final, Literal
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from infra import ids
from infra.database import Database, Scope
from tests.asgi import Answer, Caller
from tests.services.api.parties import first_key

PARTNERS: Final = 3
CLIENTS: Final = 3
SECRETS: Final = {"token": "t" * 12}
NAMES: Final = ("erp", "shop", "carrier")
Act = Literal["put", "list", "read", "steal", "foreign", "fail", "cancel", "careless", "cursor", "partner", "nobody"]


class Tenant(msgspec.Struct):
    """One client of one partner; `rows` is what was committed: connection by name, as id and value."""

    number: int
    tenant_id: UUID
    caller: Caller
    rows: dict[str, tuple[str, str]]

    @property
    def mark(self) -> str:
        return f"mark{self.number}x"


class Op(msgspec.Struct, frozen=True):
    """What the tenant `who` does; `whom` is another one, at whose things it grasps."""

    act: Act
    who: int
    whom: int
    name: str


class World(msgspec.Struct):
    database: Database
    partners: list[tuple[UUID, Caller]]
    tenants: list[Tenant]
    done: int = 0


async def make_world(operator: Caller, database: Database) -> World:
    partners: list[tuple[UUID, Caller]] = []
    tenants: list[Tenant] = []
    for number in range(PARTNERS):
        made = await operator.post("/v1/partners", {"slug": f"p{number}", "name": f"P{number}"})
        key = await operator.post("/v1/keys", {"name": "p", "partner": f"p{number}"})
        partner = operator.having(key.json["key"])
        partners.append((ids.read("ptr", made.json["id"]), partner))
        for _ in range(CLIENTS):
            # Slugs are the same with every partner: only the partner tells them apart.
            slug = f"c{len(tenants) % CLIENTS}"
            client = (await partner.post("/v1/clients", {"slug": slug, "name": slug})).json
            (tenant,) = [one["id"] for one in client["tenants"] if one["environment"] == "live"]
            caller = operator.having(await first_key(operator, f"p{number}/{slug}/live"))
            tenants.append(Tenant(len(tenants), ids.read("ten", tenant), caller, {}))
    return World(database, partners, tenants)


async def do_together(world: World, ops: list[Op]) -> None:
    """All at once; each looks at its own answer. Of two that write the same, the second is left out."""
    written: set[tuple[int, str]] = set()
    todo = []
    for op in ops:
        if op.act == "put":
            if (op.who, op.name) in written:
                continue
            written.add((op.who, op.name))
        todo.append(op)
    await asyncio.gather(*(_ACTS[op.act](world, op) for op in todo))
    world.done += len(todo)


async def compare(world: World) -> None:
    """The model is what the database holds, tenant by tenant; and no tenant's rows hold another's mark."""
    for tenant in world.tenants:
        async with world.database.tenant(tenant.tenant_id) as connection:
            rows = await connection.fetch("SELECT tenant_id, name, connection_id, settings::text FROM app.connection")
        assert {row["tenant_id"] for row in rows} <= {tenant.tenant_id}
        found = {row["name"]: (ids.show("con", row["connection_id"]), row["settings"]) for row in rows}
        assert found.keys() == tenant.rows.keys()
        for name, (connection, value) in tenant.rows.items():
            assert found[name][0] == connection
            assert value in found[name][1]
            _nothing_foreign(tenant, found[name][1])


def _nothing_foreign(tenant: Tenant, words: str) -> None:
    for number in range(PARTNERS * CLIENTS):
        assert number == tenant.number or f"mark{number}x" not in words, (tenant.number, words)


def _look(tenant: Tenant, answer: Answer, *statuses: int) -> Answer:
    assert answer.status in statuses, (tenant.number, answer.status, answer.body)
    told = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    _nothing_foreign(tenant, answer.body.decode() + told)
    return answer


async def _put(world: World, op: Op) -> None:
    tenant = world.tenants[op.who]
    value = f"{tenant.mark}{world.done}"
    settings = {"base_url": f"http://127.0.0.1:9/{value}", "allow_http": True}
    known = tenant.rows.get(op.name)
    if known is None:
        body = {
            "name": op.name,
            "connector": "erp-simulator",
            "settings": settings,
            "secrets": SECRETS,
        }
        made = _look(tenant, await tenant.caller.post("/v1/connections", body), 201)
        tenant.rows[op.name] = (made.json["id"], value)
        return
    _look(
        tenant,
        await tenant.caller.send("PATCH", f"/v1/connections/{known[0]}", {"settings": settings, "secrets": SECRETS}),
        200,
    )
    tenant.rows[op.name] = (known[0], value)


async def _list(world: World, op: Op) -> None:
    tenant = world.tenants[op.who]
    before = {one[0] for one in tenant.rows.values()}
    seen = {one["id"] for one in _look(tenant, await tenant.caller.get("/v1/connections"), 200).json["items"]}
    assert before <= seen
    others = {one[0] for other in world.tenants if other is not tenant for one in other.rows.values()}
    assert not seen & others


async def _read(world: World, op: Op) -> None:
    tenant = world.tenants[op.who]
    if op.name in tenant.rows:
        answer = await tenant.caller.get(f"/v1/connections/{tenant.rows[op.name][0]}")
        assert tenant.mark in _look(tenant, answer, 200).body.decode()


async def _foreign(world: World, op: Op) -> None:
    """By the API: another's thing is nobody's, read and written alike."""
    tenant, other = world.tenants[op.who], world.tenants[op.whom]
    if tenant is other or op.name not in other.rows:
        return
    path = f"/v1/connections/{other.rows[op.name][0]}"
    _look(tenant, await tenant.caller.get(path), 404)
    _look(tenant, await tenant.caller.send("PATCH", path, {"owner": tenant.mark}), 404)
    _look(tenant, await tenant.caller.post(f"{path}/disable"), 404)


async def _steal(world: World, op: Op) -> None:
    """By prepared statements, on a connection of the pool that others used before."""
    tenant, other = world.tenants[op.who], world.tenants[op.whom]
    async with world.database.tenant(tenant.tenant_id) as connection:
        prepared = await connection.prepare("SELECT tenant_id FROM app.connection WHERE $1 OR tenant_id = $2")
        rows = await prepared.fetch(True, other.tenant_id)
        assert {row["tenant_id"] for row in rows} <= {tenant.tenant_id}
        if other is not tenant:
            taking = "UPDATE app.connection SET name = 'x' WHERE tenant_id = $1"
            changed = await connection.execute(taking, other.tenant_id)
            assert changed == "UPDATE 0"


_INSERT: Final = (
    "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) VALUES ($1, $2, $3, 'http', '{}')"
)


async def _fail(world: World, op: Op) -> None:
    """An error in the midst of a transaction that has written something of its own, and reaches for another's."""
    tenant, other = world.tenants[op.who], world.tenants[op.whom]
    with contextlib.suppress(asyncpg.PostgresError):
        async with world.database.tenant(tenant.tenant_id) as connection:
            await connection.execute(_INSERT, tenant.tenant_id, ids.new(), f"half-{ids.new()}")
            if other is tenant:
                await connection.execute("SELECT * FROM app.nothing")
            else:
                await connection.execute(_INSERT, other.tenant_id, ids.new(), "planted")
            raise AssertionError("what must fail has passed")


async def _cancel(world: World, op: Op) -> None:
    """A caller that is gone while its statement runs."""
    tenant = world.tenants[op.who]
    written = asyncio.Event()

    async def half() -> None:
        async with world.database.tenant(tenant.tenant_id) as connection:
            await connection.execute(_INSERT, tenant.tenant_id, ids.new(), f"half-{ids.new()}")
            written.set()
            await connection.execute("SELECT pg_sleep(30)")

    task = asyncio.create_task(half())
    await written.wait()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _careless(world: World, op: Op) -> None:
    """A setting that is left on the connection: neither the next transaction nor the next user is of that scope."""
    tenant, other = world.tenants[op.who], world.tenants[op.whom]
    async with world.database.session(Scope.tenant(tenant.tenant_id)) as session:
        await session.execute(text("SELECT set_config('app.tenant_id', :t, false)"), {"t": str(other.tenant_id)})
        await session.commit()
        seen = set((await session.scalars(text("SELECT DISTINCT tenant_id FROM app.connection"))).all())
        assert seen <= {tenant.tenant_id}
        with contextlib.suppress(DBAPIError):
            await session.execute(text("SELECT 1 / 0"))
        await session.rollback()


async def _cursor(world: World, op: Op) -> None:
    """A cursor is its list's and its caller's: with another it is none."""
    tenant, other = world.tenants[op.who], world.tenants[op.whom]
    page = _look(tenant, await tenant.caller.get("/v1/connections?limit=1"), 200)
    cursor = page.json["next"]
    if cursor is not None:
        _look(tenant, await tenant.caller.get(f"/v1/connections?limit=1&cursor={cursor}"), 200)
        if other is not tenant:
            _look(other, await other.caller.get(f"/v1/connections?limit=1&cursor={cursor}"), 400)


async def _partner(world: World, op: Op) -> None:
    """A partner sees its clients and no row of theirs, by its scope; by the API it reaches each under its name."""
    partner_id, caller = world.partners[op.who // CLIENTS]
    tenant = world.tenants[op.who]
    async with world.database.session(Scope.partner(partner_id)) as session:
        assert await session.scalar(text("SELECT count(*) FROM app.client")) == CLIENTS
        assert await session.scalar(text("SELECT count(*) FROM app.connection")) == 0
    _look(tenant, await caller.get(f"/v1/clients/c{op.who % CLIENTS}/live/connections"), 200)


async def _nobody(world: World, _op: Op) -> None:
    """Without a scope there is nothing, whoever used the connection before."""
    async with world.database.doors() as connection:
        for table in ("connection", "client", "tenant", "run", "event", "audit", "api_key"):
            assert await connection.fetchval(f"SELECT count(*) FROM app.{table}") == 0, table  # noqa: S608 (from the line above)


_ACTS: Final[dict[Act, Any]] = {
    "put": _put,
    "list": _list,
    "read": _read,
    "foreign": _foreign,
    "steal": _steal,
    "fail": _fail,
    "cancel": _cancel,
    "careless": _careless,
    "cursor": _cursor,
    "partner": _partner,
    "nobody": _nobody,
}
ACTS: Final = tuple(_ACTS)
