"""Holds the data of events to their schemas: that which an event names, that which its tenant asked for (ADR 0047)."""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache
from typing import Any, Final

import msgspec

from infra import clock
from infra.database import Database
from infra.ids import TenantId
from services.events import schemas, store
from services.events.catalogue.registry import SCHEMA_URN, find, released_schemas
from services.events.cloud_event import CloudEvent
from services.events.errors import EventBreaksSchema, UnknownEventSchema
from template_library.dsl.schemas import Validator, compile_schema
from template_library.schemas import breaches

REMEMBERED_SECONDS: Final = 4.0
"""What a tenant asks for holds within five seconds in every process."""
COMPILED: Final = 4_096
"""Schemas of tenants that are kept compiled, those that were used last."""
_REMEMBERED_TENANTS: Final = 1_000
_LINE: Final = 300


class _Known(msgspec.Struct, frozen=True):
    """What a tenant registered: names of schemas with type and version, and the name of what each type is held to."""

    until: float
    names: dict[str, tuple[str, int]]
    enforced: dict[str, str]


class EventChecks:
    """One for the process.

    Two hundred schemas of 32 KiB take 0.4 s to compile, so what a tenant has is learned by name, and only what an event
    is held to is read and compiled, once: it never changes under its version.
    """

    def __init__(self, database: Database, compiled: int = COMPILED) -> None:
        self._database = database
        self._known: dict[TenantId, _Known] = {}
        self._compiled: OrderedDict[tuple[TenantId, str], Validator] = OrderedDict()
        self._most = compiled

    def forget(self) -> None:
        """Ask the database again for every tenant."""
        self._known.clear()

    async def check(self, tenant: TenantId, event: CloudEvent) -> None:
        """Compare the data with the schema that the event names, and with what its tenant holds the type to.

        An event that was stored before is answered as then, whatever its type is held to since.

        Raises:
            EventBreaksSchema: they are not of it.
            UnknownEventSchema: it names one that there is not, or that of another type.
        """
        try:
            await self._compare(tenant, event)
        except (EventBreaksSchema, UnknownEventSchema):
            async with self._database.tenant(tenant) as connection:
                if not await store.is_known(connection, tenant, event):
                    raise

    async def _compare(self, tenant: TenantId, event: CloudEvent) -> None:
        known = self._known.get(tenant)
        if known is None or known.until <= clock.monotonic():
            known = await self._learn(tenant)
        named = event.attributes.get("dataschema", "")
        if named.startswith(SCHEMA_URN):
            _hold(event, named, _of_catalogue(event.type, named))
        elif named.startswith(schemas.OWN_URN):
            if not named.startswith(f"{schemas.OWN_URN}{event.type}:") or named not in known.names:
                raise _unknown(event.type, named)
            _hold(event, named, await self._validator(tenant, named, known))
        held_to = known.enforced.get(event.type)
        if held_to is not None and held_to != named:
            _hold(event, held_to, await self._validator(tenant, held_to, known))

    async def _learn(self, tenant: TenantId) -> _Known:
        until = clock.monotonic() + REMEMBERED_SECONDS
        async with self._database.tenant(tenant) as connection:
            rows = await schemas.names(connection, tenant)
        names: dict[str, tuple[str, int]] = {}
        enforced: dict[str, str] = {}
        for row in rows:
            name = schemas.own_urn(row["type"], row["version"])
            names[name] = (row["type"], row["version"])
            enforced.pop(row["type"], None)
            if row["enforced"]:
                enforced[row["type"]] = name
        known = _Known(until, names, enforced)
        if len(self._known) >= _REMEMBERED_TENANTS:
            self._known.clear()
        self._known[tenant] = known
        return known

    async def _validator(self, tenant: TenantId, name: str, known: _Known) -> Validator:
        key = (tenant, name)
        if key not in self._compiled:
            async with self._database.tenant(tenant) as connection:
                text = await schemas.text_of(connection, tenant, *known.names[name])
            if text is None:
                raise _unknown(known.names[name][0], name)
            # Somebody else may have compiled it meanwhile.
            if key not in self._compiled:
                self._compiled[key] = compile_schema(msgspec.json.decode(text))
        self._compiled.move_to_end(key)
        found = self._compiled[key]
        while len(self._compiled) > self._most:
            self._compiled.popitem(last=False)
        return found


def _of_catalogue(kind: str, named: str) -> Validator:
    known = find(kind)
    name, _, version = named.removeprefix(SCHEMA_URN).rpartition(":")
    if known is None or name != known.name or version not in released_schemas()[name]:
        raise _unknown(kind, named)
    return _released(name, version)


@lru_cache(1024)
def _released(name: str, version: str) -> Validator:
    return compile_schema(released_schemas()[name][version])


def _hold(event: CloudEvent, named: str, validator: Validator) -> None:
    found = breaches(validator, event.data)
    if found:
        errors: list[dict[str, Any]] = [{"pointer": f"/data{one.pointer}", "detail": one.detail} for one in found]
        raise EventBreaksSchema(f"{errors[0]['pointer']}: {errors[0]['detail']}"[:_LINE], schema=named, errors=errors)


def _unknown(kind: str, named: str) -> UnknownEventSchema:
    return UnknownEventSchema(f"There is no schema {named!r} of events of type {kind!r}")
