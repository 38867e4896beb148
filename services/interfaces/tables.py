"""Interfaces as the control plane knows them; what is seen of them a worker's door writes (ADR 0052)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, DateTime, FetchedValue, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key

_NONE = text("'{}'")


class InterfaceRow(Base):
    """What was said of an interface."""

    __tablename__ = "interface"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    publisher: Mapped[str] = mapped_column(Text)
    version: Mapped[str | None] = mapped_column(Text)
    retired: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=_NONE)
    policy: Mapped[str] = mapped_column(Text, server_default="declared")
    consumers: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=_NONE)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())


class TrafficRow(Base):
    """Who was seen to use one, by version."""

    __tablename__ = "interface_traffic"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    role: Mapped[str] = mapped_column(Text, primary_key=True)
    party: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[str] = mapped_column(Text, primary_key=True, server_default="")
    first_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    times: Mapped[int] = mapped_column(BigInteger)


class ToldRow(Base):
    """A finding that its owner was told."""

    __tablename__ = "interface_told"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    finding: Mapped[str] = mapped_column(Text, primary_key=True)
    party: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[str] = mapped_column(Text, primary_key=True)
    told_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())


class MarkRow(Base):
    """Up to where a tenant's traffic is counted."""

    __tablename__ = "interface_mark"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    event_id: Mapped[UUID] = mapped_column(Uuid)
    run_id: Mapped[UUID] = mapped_column(Uuid)
    turn_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("'-infinity'"))
