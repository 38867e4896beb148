from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, DateTime, Index, Integer, LargeBinary, SmallInteger, Text, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key


class EventKey(Base):
    __tablename__ = "event_key"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    source: Mapped[str] = mapped_column(Text, primary_key=True)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    event_id: Mapped[UUID] = mapped_column(Uuid)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())

    __table_args__ = (Index("event_key_age", "received_at"),)


class Event(Base):
    __tablename__ = "event"

    tenant_id: Mapped[UUID] = tenant_key()
    event_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    id: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    content: Mapped[Any] = mapped_column(JSON)
    depth: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())


class EventSchema(Base):
    """A version of what a tenant demands of the data of its events. Only `enforced` ever changes."""

    __tablename__ = "event_schema"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    type: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    schema: Mapped[Any] = mapped_column(JSON)
    enforced: Mapped[bool] = mapped_column(Boolean)
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
