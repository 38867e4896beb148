"""Playbooks and what was done by them, as SQLAlchemy knows them (`53_continuity.sql`); of the engine's tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
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

_UNLOOKED = "state = 'answered' AND resolution IS NULL AND found IS NULL AND posting IS NULL AND look_at IS NULL"


class ContinuityRow(Base):
    __tablename__ = "continuity"

    tenant_id: Mapped[UUID] = tenant_key()
    connection_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    changes: Mapped[int] = mapped_column(server_default="1")
    entered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    entered_by: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    moved_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    moved_by: Mapped[str] = mapped_column(Text)
    first_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    left_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    settled: Mapped[bool] = mapped_column(server_default="false")
    spread_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    spread_to: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "connection_id"], ["app.connection.tenant_id", "app.connection.connection_id"]
        ),
        Index("continuity_unsettled", "spread_at", postgresql_where=text("NOT settled")),
        Index("continuity_reconciling", "tenant_id", "connection_id", postgresql_where=text("state = 'reconciling'")),
    )


class EntryRow(Base):
    __tablename__ = "entry"

    tenant_id: Mapped[UUID] = tenant_key()
    entry_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    connection_id: Mapped[UUID] = mapped_column(Uuid)
    run_id: Mapped[UUID] = mapped_column(Uuid)
    key: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    operation: Mapped[str] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(Text)
    way: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(server_default="1")
    request: Mapped[Any] = mapped_column(JSON)
    file: Mapped[str | None] = mapped_column(Text)
    written: Mapped[str | None] = mapped_column(Text)
    prepared_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    business_key: Mapped[str | None] = mapped_column(Text)
    value_amount: Mapped[int | None] = mapped_column(BigInteger)
    value_currency: Mapped[str | None] = mapped_column(Text)
    deadline: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    taken_by: Mapped[str | None] = mapped_column(Text)
    taken_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    answer: Mapped[Any] = mapped_column(JSON, nullable=True)
    answered_by: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    note: Mapped[str | None] = mapped_column(Text)
    found: Mapped[str | None] = mapped_column(Text)
    found_answer: Mapped[Any] = mapped_column(JSON, nullable=True)
    found_why: Mapped[str | None] = mapped_column(Text)
    looked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    posting: Mapped[str | None] = mapped_column(Text)
    posting_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    resolution: Mapped[str | None] = mapped_column(Text)
    resolved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    resolved_by: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    wake_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    look_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        UniqueConstraint("tenant_id", "run_id", "key"),
        ForeignKeyConstraint(
            ["tenant_id", "connection_id"], ["app.connection.tenant_id", "app.connection.connection_id"]
        ),
        Index("entry_open", "tenant_id", "connection_id", "entry_id", postgresql_where=text("resolution IS NULL")),
        Index("entry_connection", "tenant_id", "connection_id", "entry_id"),
        Index("entry_wake", "wake_at", postgresql_where=text("wake_at IS NOT NULL")),
        Index("entry_look", "look_at", postgresql_where=text("look_at IS NOT NULL")),
        Index("entry_unlooked", "tenant_id", "connection_id", postgresql_where=text(_UNLOOKED)),
    )
