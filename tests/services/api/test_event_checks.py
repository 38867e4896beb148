"""Holding events to schemas costs what is used of them, whatever a tenant has registered (F-37, S-17)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.events import checks as event_checks
from services.events.checks import EventChecks
from services.events.cloud_event import CloudEvent
from services.events.errors import EventBreaksSchema
from template_library.dsl.schemas import compile_schema
from tests.services.api.parties import Parties

KINDS = [f"parcel.weighed-{number}" for number in range(6)]


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every schema that was compiled."""
    seen: list[Any] = []

    def counted(schema: Any) -> Any:
        seen.append(schema)
        return compile_schema(schema)

    monkeypatch.setattr(event_checks, "compile_schema", counted)
    return seen


@pytest.fixture
async def tenants(parties: Parties) -> list[TenantId]:
    """Two, each with as many schemas as there are kinds; those of the second want another member."""
    for caller, member in ((parties.acme, "parcel"), (parties.foreign, "box")):
        for kind in KINDS:
            body = {"type": kind, "schema": {"type": "object", "required": [member]}}
            assert (await caller.post("/v1/event-schemas", body)).status == 201
    return [TenantId(ids.read("ten", parties.ids[one])) for one in ("acme:live", "foreign:live")]


def event(kind: str, **data: str) -> CloudEvent:
    told = {"id": "1", "source": "/shop", "type": kind}
    attributes = {"specversion": "1.0", **told}
    return CloudEvent(**told, subject=None, attributes=attributes, data=data, digest=bytes(32))


async def holds(checks: EventChecks, tenant: TenantId, kind: str, **data: str) -> bool:
    try:
        await checks.check(tenant, event(kind, **data))
    except EventBreaksSchema:
        return False
    return True


async def test_F_37_only_what_an_event_is_held_to_is_compiled_and_once(
    app_database: Database, tenants: list[TenantId], compiled: list[Any]
) -> None:
    checks = EventChecks(app_database)
    assert await holds(checks, tenants[0], "order.lost")
    assert compiled == []
    answers = await asyncio.gather(*(holds(checks, tenants[0], KINDS[0], parcel="P") for _ in range(20)))
    assert all(answers)
    assert len(compiled) == 1
    checks.forget()
    assert not await holds(checks, tenants[0], KINDS[0], box="B")
    assert len(compiled) == 1, "it was learned again, and nothing was compiled"


async def test_S_17_of_more_schemas_than_are_kept_each_holds_its_own_tenants_events(
    app_database: Database, tenants: list[TenantId], compiled: list[Any]
) -> None:
    checks = EventChecks(app_database, compiled=3)
    for _ in range(2):
        for kind in KINDS:
            for tenant, own, other in zip(tenants, ("parcel", "box"), ("box", "parcel"), strict=True):
                assert await holds(checks, tenant, kind, **{own: "1"})
                assert not await holds(checks, tenant, kind, **{other: "1"})
    # One at a time is compiled for the event that needs it, never all that a tenant has.
    assert len(compiled) == 2 * 2 * len(KINDS)
