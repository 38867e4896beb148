"""What there may be so many of and no more is counted in turn: of two requests at once one counts the other's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from types import ModuleType
from typing import Any, Final

import pytest

from infra.database import Database, Scope
from infra.problems import Problem
from services.events import schemas
from services.events.errors import TooManyEventSchemas
from services.records.errors import TooManyMappings
from services.records.mapping import shelf
from services.records.mapping.document import read
from services.records.mapping.shelf import Shelf
from tenants.organizations import sites
from tenants.organizations.errors import InvalidField
from tests.services.records.side import mapping
from tests.world import World, make_tenant

Make = Callable[[Any, World, str], Coroutine[Any, Any, object]]


async def site(session: Any, world: World, name: str) -> object:
    return await sites.create(session, world.tenant_id, slug=name, name=name, time_zone="UTC", actor="test")


async def schema(session: Any, world: World, name: str) -> object:
    return await schemas.register(session, world.tenant_id, name, {"type": "object"}, enforced=False, actor="test")


async def of_tenant(session: Any, world: World, name: str) -> object:
    whose = Shelf(world.partner_id, world.tenant_id)
    return await shelf.put(session, whose, name, read(mapping()), actor="test")


COUNTED: Final[list[tuple[ModuleType, Make, type[Problem]]]] = [
    (sites, site, InvalidField),
    (schemas, schema, TooManyEventSchemas),
    (shelf, of_tenant, TooManyMappings),
]


@pytest.mark.parametrize(("room", "make", "refusal"), COUNTED, ids=["sites", "event schemas", "mappings"])
async def test_of_two_at_once_the_later_one_counts_the_other(
    app_database: Database, monkeypatch: pytest.MonkeyPatch, room: ModuleType, make: Make, refusal: type[Problem]
) -> None:
    monkeypatch.setattr(room, "MOST", 1)
    world = await make_tenant(app_database)
    scope = Scope.tenant(world.tenant_id)
    async with app_database.session(scope) as first, app_database.session(scope) as second:
        await make(first, world, "one")
        later = asyncio.create_task(make(second, world, "two"))
        await asyncio.wait([later], timeout=0.3)
        assert not later.done()
        await first.commit()
        with pytest.raises(refusal):
            await later
