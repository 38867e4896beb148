"""The cross-reference as the control plane knows it (ADR 0072)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    JSON,
    DateTime,
    FetchedValue,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key

_ENTITY = ["app.entity.tenant_id", "app.entity.kind", "app.entity.entity_id"]
_PLAIN = ["app.entity.tenant_id", "app.entity.entity_id"]


class EntityRow(Base):
    """A customer, an item, an order: one, whatever each system calls it."""

    __tablename__ = "entity"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    entity_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    created_by: Mapped[str] = mapped_column(Text)

    __table_args__ = (UniqueConstraint("tenant_id", "kind", "entity_id"),)


class KeyRow(Base):
    """What one system knows it by."""

    __tablename__ = "entity_key"

    tenant_id: Mapped[UUID] = tenant_key()
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    system: Mapped[str] = mapped_column(Text, primary_key=True)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    entity_id: Mapped[UUID] = mapped_column(Uuid)
    is_preferred: Mapped[bool] = mapped_column(server_default=text("false"))
    linked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    linked_by: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "kind", "entity_id"], _ENTITY),
        Index("entity_key_entity", "tenant_id", "entity_id", "system"),
        Index("entity_key_id", "tenant_id", "id"),
        Index(
            "entity_key_preferred",
            "tenant_id",
            "entity_id",
            "system",
            unique=True,
            postgresql_where=text("is_preferred"),
        ),
    )


class MergeRow(Base):
    """Which entity another one turned out to be."""

    __tablename__ = "entity_merge"

    tenant_id: Mapped[UUID] = tenant_key()
    entity_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    into_id: Mapped[UUID] = mapped_column(Uuid)
    merged_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "kind", "entity_id"], _ENTITY),
        ForeignKeyConstraint(["tenant_id", "kind", "into_id"], _ENTITY),
        Index("entity_merge_into", "tenant_id", "into_id"),
    )


class ChangeRow(Base):
    """What became of entities."""

    __tablename__ = "entity_change"

    tenant_id: Mapped[UUID] = tenant_key()
    change_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    entity_id: Mapped[UUID] = mapped_column(Uuid)
    what: Mapped[str] = mapped_column(Text)
    other_id: Mapped[UUID | None] = mapped_column(Uuid)
    keys: Mapped[Any] = mapped_column(JSON, server_default=text("'[]'"))
    reason: Mapped[str | None] = mapped_column(Text)
    by: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "entity_id"], _PLAIN),
        ForeignKeyConstraint(["tenant_id", "other_id"], _PLAIN),
        Index("entity_change_entity", "tenant_id", "entity_id", "change_id"),
        Index("entity_change_other", "tenant_id", "other_id", "change_id"),
    )


class SightingRow(Base):
    """What a system said of a record. Written by `services.records.sightings`."""

    __tablename__ = "sighting"

    tenant_id: Mapped[UUID] = tenant_key()
    sighting_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    entity_id: Mapped[UUID] = mapped_column(Uuid)
    event_id: Mapped[UUID] = mapped_column(Uuid)
    mapping: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column()
    system: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    states: Mapped[Any | None] = mapped_column(JSON)
    told: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    made: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")
    taken_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        UniqueConstraint("tenant_id", "event_id", "mapping"),
        ForeignKeyConstraint(["tenant_id", "entity_id"], _PLAIN),
        ForeignKeyConstraint(
            ["tenant_id", "mapping", "version"], ["app.mapping.tenant_id", "app.mapping.name", "app.mapping.version"]
        ),
        Index("sighting_entity_at", "tenant_id", "entity_id", "at", "sighting_id"),
        Index("sighting_mapping", "tenant_id", "mapping", "version"),
        Index(
            "sighting_told_by",
            "tenant_id",
            "mapping",
            "system",
            "source",
            postgresql_ops={"source": "text_pattern_ops"},
            postgresql_where=text("source LIKE '/connections/%'"),
        ),
    )


class AboutRow(Base):
    """Whom a sighting is about besides: the order that a shipment is of."""

    __tablename__ = "sighting_about"

    tenant_id: Mapped[UUID] = tenant_key()
    entity_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    sighting_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)

    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "entity_id"], _PLAIN),
        ForeignKeyConstraint(["tenant_id", "sighting_id"], ["app.sighting.tenant_id", "app.sighting.sighting_id"]),
        Index("sighting_about_sighting", "tenant_id", "sighting_id"),
    )


class ViewRow(Base):
    """What one system says of a record now, member by member."""

    __tablename__ = "record_view"

    tenant_id: Mapped[UUID] = tenant_key()
    entity_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    system: Mapped[str] = mapped_column(Text, primary_key=True)
    members: Mapped[Any] = mapped_column(JSON)

    __table_args__ = (ForeignKeyConstraint(["tenant_id", "entity_id"], _PLAIN),)
