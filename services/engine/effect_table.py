"""The effects that need a row, as SQLAlchemy knows them (`47_effects.sql`); one of the engine's tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, DateTime, Index, Integer, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key


class EffectRow(Base):
    __tablename__ = "effect"

    tenant_id: Mapped[UUID] = tenant_key()
    run_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    reference: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(Text)
    operation: Mapped[str] = mapped_column(Text)
    connection_id: Mapped[UUID | None] = mapped_column(Uuid)
    status: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    seq: Mapped[int] = mapped_column(Integer)
    intended_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    first_sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    asked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sent: Mapped[Any] = mapped_column(JSON, nullable=True)
    answer: Mapped[Any] = mapped_column(JSON, nullable=True)
    error: Mapped[Any] = mapped_column(JSON, nullable=True)
    settled_by: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index("effect_asked", "tenant_id", "asked_at", postgresql_where=text("asked_at IS NOT NULL")),)
