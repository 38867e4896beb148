"""Schemas that a tenant registers for its events. A session is the caller's, of the tenant's scope; it commits."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra.database import take_turn
from services.events.catalogue.compatibility import breaks
from services.events.catalogue.registry import DIALECT, find
from services.events.errors import (
    IncompatibleEventSchema,
    TooManyEventSchemas,
    UnknownEventType,
    UnusableEventSchema,
)
from services.events.tables import EventSchema
from template_library.dsl.schemas import SchemaError, compile_schema
from tenants.audit import service as audit

OWN_URN: Final = "urn:own-event-schema:"
MOST: Final = 200
"""Schemas of a tenant, each version counted."""
MOST_BYTES: Final = 32 * 1024
_DEPTH: Final = 32
# A reference may lead round in a circle, and what it leads to would escape the comparison of versions.
_REFUSED: Final = frozenset({"$ref", "$dynamicRef", "$recursiveRef", "$id", "$anchor", "$dynamicAnchor", "$defs"})
_PLAIN: Final = frozenset({"const", "enum", "default", "examples"})
"""Keywords whose values are data."""
_NAMED: Final = frozenset({"properties", "patternProperties", "dependentSchemas"})
"""Keywords whose members are named by whoever writes the schema."""


def own_urn(kind: str, version: int) -> str:
    return f"{OWN_URN}{kind}:{version}"


async def register(  # noqa: PLR0913 (what is registered, for whom and by whom)
    session: AsyncSession, tenant_id: UUID, kind: str, schema: dict[str, Any] | None, *, enforced: bool, actor: str
) -> tuple[EventSchema, bool]:
    """The newest version of what the tenant's events of type `kind` are held to, and whether it was made now.

    `schema` None: the catalogue's. Safe to repeat: an equal schema makes no version.

    Raises:
        UnknownEventType: no schema, and the catalogue has none.
        UnusableEventSchema: it is none, or uses what is not taken.
        IncompatibleEventSchema: it breaks the version before, or what the catalogue says of the type.
        TooManyEventSchemas: there are as many as there may be.
    """
    wanted = _usable(kind, schema)
    await take_turn(session, "event-schemas", tenant_id)
    last = await _newest(session, tenant_id, kind)
    if last is not None and _text(last.schema) == _text(wanted):
        if last.enforced is not enforced:
            last.enforced = enforced
            await _tell(session, "event-schema.changed", last, actor)
        return last, False
    before: Any = last.schema if last is not None else _catalogues(kind)
    if before is not None:
        errors = [msgspec.structs.asdict(one) for one in breaks(before, wanted)]
        if errors:
            first = errors[0]
            raise IncompatibleEventSchema(f"{first['pointer'] or 'the schema'} {first['detail']}", errors=errors)
    values = {
        "tenant_id": tenant_id,
        "type": kind,
        "version": 1 if last is None else last.version + 1,
        "schema": wanted,
        "enforced": enforced,
        "made_by": actor,
    }
    made = await _add(session, values)
    await _tell(session, "event-schema.registered", made, actor)
    return made, True


async def newest(session: AsyncSession, tenant_id: UUID) -> list[EventSchema]:
    """The newest version of each of the tenant's schemas, by type."""
    last = select(EventSchema.type, func.max(EventSchema.version)).where(EventSchema.tenant_id == tenant_id)
    query = select(EventSchema).where(
        EventSchema.tenant_id == tenant_id,
        tuple_(EventSchema.type, EventSchema.version).in_(last.group_by(EventSchema.type)),
    )
    return list((await session.scalars(query.order_by(EventSchema.type))).all())


async def names(connection: Any, tenant_id: UUID) -> list[Any]:
    """Every version of a tenant's schemas: type, version, whether it is enforced; the oldest first."""
    return list(
        await connection.fetch(
            "SELECT type, version, enforced FROM app.event_schema WHERE tenant_id = $1 ORDER BY type, version",
            tenant_id,
        )
    )


async def text_of(connection: Any, tenant_id: UUID, kind: str, version: int) -> str | None:
    """A schema as JSON, which never changes under its version; None: it is gone with its tenant."""
    found: str | None = await connection.fetchval(
        "SELECT schema::text FROM app.event_schema WHERE tenant_id = $1 AND type = $2 AND version = $3",
        tenant_id,
        kind,
        version,
    )
    return found


async def _add(session: AsyncSession, values: dict[str, Any]) -> EventSchema:
    count = await session.scalar(select(func.count()).where(EventSchema.tenant_id == values["tenant_id"]))
    if (count or 0) >= MOST:
        raise TooManyEventSchemas(f"An environment has at most {MOST} schemas, each version counted")
    return (await session.scalars(insert(EventSchema).values(**values).returning(EventSchema))).one()


async def _newest(session: AsyncSession, tenant_id: UUID, kind: str) -> EventSchema | None:
    query = select(EventSchema).where(EventSchema.tenant_id == tenant_id, EventSchema.type == kind)
    return (await session.scalars(query.order_by(EventSchema.version.desc()).limit(1))).one_or_none()


async def _tell(session: AsyncSession, action: str, row: EventSchema, actor: str) -> None:
    after = {"version": row.version, "enforced": row.enforced}
    await audit.record(session, actor=actor, action=action, target=row.type, after=after)


def _catalogues(kind: str) -> dict[str, Any] | None:
    known = find(kind)
    return None if known is None else known.schema


def _usable(kind: str, schema: dict[str, Any] | None) -> dict[str, Any]:
    if schema is None:
        known = _catalogues(kind)
        if known is None:
            raise UnknownEventType(f"The catalogue knows no type {kind!r}; send its `schema`")
        return known
    errors = [{"pointer": f"/schema{at}", "detail": said} for at, said in _faults(schema)]
    if not errors:
        try:
            compile_schema(schema)
        except SchemaError as error:
            errors.append({"pointer": "/schema", "detail": str(error)[:300]})
    if errors:
        raise UnusableEventSchema(f"{errors[0]['pointer']} {errors[0]['detail']}", errors=errors)
    return schema


def _faults(schema: dict[str, Any]) -> list[tuple[str, str]]:
    if len(_text(schema)) > MOST_BYTES:
        return [("", f"has more than {MOST_BYTES} bytes")]
    if schema.get("$schema", DIALECT) != DIALECT:
        return [("/$schema", f"must be {DIALECT}, or absent")]
    found: list[tuple[str, str]] = []
    waiting: list[tuple[Any, str, int, bool]] = [(schema, "", 0, False)]
    while waiting:
        node, at, depth, is_names = waiting.pop()
        if depth > _DEPTH:
            return [("", f"is nested more than {_DEPTH} deep")]
        below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for name, value in below:
            if isinstance(node, dict) and not is_names and name in _REFUSED:
                found.append((f"{at}/{name}", "is not taken: write the schema out whole"))
            elif is_names or name not in _PLAIN:
                names = isinstance(node, dict) and not is_names and name in _NAMED
                waiting.append((value, f"{at}/{str(name).replace('~', '~0').replace('/', '~1')}", depth + 1, names))
    return found


def _text(schema: Any) -> bytes:
    return msgspec.json.encode(schema, order="sorted")
