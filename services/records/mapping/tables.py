"""Mappings as the control plane knows them (ADR 0080)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, JSON, DateTime, FetchedValue, ForeignKey, ForeignKeyConstraint, Index, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key


class PartnerMapping(Base):
    """A version of a partner's mapping, for its clients to build on."""

    __tablename__ = "partner_mapping"

    partner_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[Any] = mapped_column(JSON)
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    released_by: Mapped[str | None] = mapped_column(Text)
    released_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("partner_mapping_draft", "partner_id", "name", unique=True, postgresql_where=text("released_at IS NULL")),
    )


class TenantMapping(Base):
    """A version of an environment's mapping. `whole`: it and what it lies over, in one, since it was released."""

    __tablename__ = "mapping"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[Any] = mapped_column(JSON)
    whole: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    released_by: Mapped[str | None] = mapped_column(Text)
    released_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("mapping_draft", "tenant_id", "name", unique=True, postgresql_where=text("released_at IS NULL")),
    )


class EventRoute(Base):
    """A type of event that a released mapping takes."""

    __tablename__ = "event_route"

    tenant_id: Mapped[UUID] = tenant_key()
    type: Mapped[str] = mapped_column(Text, primary_key=True)
    mapping: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column()
    record: Mapped[str] = mapped_column(Text)
    system: Mapped[str] = mapped_column(Text)
    systems: Mapped[list[str]] = mapped_column(ARRAY(Text))
    leads: Mapped[list[str]] = mapped_column(ARRAY(Text))

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "mapping", "version"], ["app.mapping.tenant_id", "app.mapping.name", "app.mapping.version"]
        ),
        Index("event_route_record", "tenant_id", "record"),
        Index("event_route_mapping", "tenant_id", "mapping", "version"),
    )


class Translation(Base):
    """An event that is to become a record."""

    __tablename__ = "translation"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    event_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    mapping: Mapped[str] = mapped_column(Text, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    tries: Mapped[int] = mapped_column(server_default="0")
    problem: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)
    mark: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("translation_due", "tenant_id", "event_id", postgresql_where=text("problem IS NULL")),
        Index("translation_mark", "tenant_id", "mark", postgresql_where=text("mark IS NOT NULL")),
    )
