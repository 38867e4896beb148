"""The engine's tables as SQLAlchemy knows them, for the test that holds migrations and models equal and for lists.

The engine writes them through its doors alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key
from services.engine.approval_table import ApprovalRow
from services.engine.continuity_tables import ContinuityRow, EntryRow
from services.engine.effect_table import EffectRow
from services.engine.payload_table import Payload
from services.engine.peak_table import PeakRow
from services.engine.timeline_table import TimelineRow

__all__ = ["ApprovalRow", "ContinuityRow", "EffectRow", "EntryRow", "Payload", "PeakRow", "TimelineRow"]
_NOW = func.clock_timestamp()


class Run(Base):
    __tablename__ = "run"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    run_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    deployment_id: Mapped[UUID] = mapped_column(Uuid)
    revision: Mapped[int] = mapped_column(Integer)
    program: Mapped[str | None] = mapped_column(Text)
    event_id: Mapped[UUID | None] = mapped_column(Uuid)
    depth: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    business_key: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    lane: Mapped[int | None] = mapped_column(SmallInteger)
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    turn: Mapped[float] = mapped_column(Double)
    fence: Mapped[int] = mapped_column(BigInteger, server_default="0")
    seq: Mapped[int] = mapped_column(Integer, server_default="0")
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    claimed_by: Mapped[str | None] = mapped_column(Text)
    suspect: Mapped[bool] = mapped_column(server_default=text("false"))
    solo_claims: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    attempt: Mapped[int] = mapped_column(Integer, server_default="1")
    input: Mapped[Any] = mapped_column(JSON, nullable=True)
    snapshot: Mapped[bytes | None] = mapped_column(LargeBinary)
    output: Mapped[Any] = mapped_column(JSON, nullable=True)
    error: Mapped[Any] = mapped_column(JSON, nullable=True)
    error_type: Mapped[str | None] = mapped_column(Text)
    waiting_for: Mapped[Any] = mapped_column(JSON, nullable=True)
    asked: Mapped[Any] = mapped_column(JSON, nullable=True)
    trace: Mapped[bytes | None] = mapped_column(LargeBinary)
    value_amount: Mapped[int | None] = mapped_column(BigInteger)
    value_currency: Mapped[str | None] = mapped_column(Text)
    deadline: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    customer_class: Mapped[str | None] = mapped_column(Text)
    writer: Mapped[str | None] = mapped_column(Text)
    writer_of: Mapped[str | None] = mapped_column(Text)
    compensates: Mapped[UUID | None] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "deployment_id", "revision"],
            [f"app.deployment_revision.{c}" for c in ("tenant_id", "deployment_id", "revision")],
        ),
        Index("run_error_type", "tenant_id", "error_type", "run_id", postgresql_where=text("error_type IS NOT NULL")),
        Index("run_ready", "lane", "turn", "run_id", postgresql_where=text("lane IS NOT NULL")),
        Index("run_ready_of", "tenant_id", "turn", "run_id", postgresql_where=text("lane = 0")),
        Index("run_aside", "tenant_id", "turn", "run_id", postgresql_where=text("lane = 2")),
        Index("run_leased", "lease_until", postgresql_where=text("lease_until IS NOT NULL")),
        Index("run_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("run_parked", "run_id", postgresql_where=text("state = 'waiting' AND lane IS NULL AND due_at IS NULL")),
        Index("run_suspended", "run_id", postgresql_where=text("state = 'suspended'")),
        Index("run_asked", "run_id", postgresql_where=text("asked IS NOT NULL AND state <> 'suspended'")),
        Index(
            "run_waiting_for",
            "tenant_id",
            text("(waiting_for ->> 'ref')"),
            text("coalesce(deadline, 'infinity'::timestamptz)"),
            *("created_at", "run_id"),
            postgresql_where=text(
                "state = 'waiting' AND lane IS NULL "
                "AND waiting_for ->> 'kind' IN ('connection', 'slot', 'quota', 'playbook')"
            ),
        ),
        Index("run_held", "tenant_id", "run_id", postgresql_where=text("state = 'completed' AND app.is_held(output)")),
        Index("run_state", "tenant_id", "state", "run_id"),
        Index("run_business_key", "tenant_id", "business_key", "run_id"),
        Index("run_event", "tenant_id", "event_id"),
        Index("run_compensates", "tenant_id", "compensates", unique=True, postgresql_where=compensates.is_not(None)),
    )


class RunKey(Base):
    __tablename__ = "run_key"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    run_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str] = mapped_column(Text)

    __table_args__ = (Index("run_key_value", "tenant_id", "name", "value", "run_id"),)


class Signal(Base):
    __tablename__ = "signal"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    event_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    value: Mapped[str] = mapped_column(Text)
    runs: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))


class KeyWriter(Base):
    __tablename__ = "key_writer"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    run_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    value: Mapped[str] = mapped_column(Text)
    place: Mapped[int] = mapped_column(BigInteger)
    holds: Mapped[bool]
    is_over: Mapped[bool] = mapped_column(server_default=text("false"))
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)

    __table_args__ = (
        Index("key_writer_one", "tenant_id", "name", "value", unique=True, postgresql_where=text("holds")),
        Index("key_writer_place", "tenant_id", "name", "value", "place", unique=True),
        Index("key_writer_over", "since", postgresql_where=text("is_over")),
    )


class JournalLine(Base):
    __tablename__ = "journal"

    tenant_id: Mapped[UUID] = tenant_key()
    run_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    kind: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    data: Mapped[Any] = mapped_column(JSON, nullable=True)


class TenantClock(Base):
    __tablename__ = "tenant_clock"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    turn: Mapped[float] = mapped_column(Double)
    interactive: Mapped[float | None] = mapped_column(Double)
    bulk: Mapped[float | None] = mapped_column(Double)
    minute: Mapped[int] = mapped_column(Integer, server_default="0")
    started: Mapped[int] = mapped_column(Integer, server_default="0")


class Subscription(Base):
    __tablename__ = "subscription"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    run_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    place: Mapped[int] = mapped_column(Integer, primary_key=True)
    type: Mapped[str | None] = mapped_column(Text)
    attributes: Mapped[Any] = mapped_column(JSONB)
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    settled: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        Index("subscription_type", "tenant_id", "type"),
        Index("subscription_fresh", "made_at", postgresql_where=text("NOT settled")),
    )


class OutageRow(Base):
    __tablename__ = "outage"

    tenant_id: Mapped[UUID] = tenant_key()
    connection_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    revision: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text)
    probe_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    probes: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    refused: Mapped[int] = mapped_column(BigInteger, server_default="0")
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    draining: Mapped[bool] = mapped_column(server_default=text("false"))
    drained_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "connection_id"], [f"app.connection.{c}" for c in ("tenant_id", "connection_id")]
        ),
        Index("outage_draining", "drained_at", postgresql_where=text("draining")),
        Index("outage_lasting", "probe_at", postgresql_where=text("ended_at IS NULL")),
    )


class LineRow(Base):
    __tablename__ = "connection_line"

    tenant_id: Mapped[UUID] = tenant_key()
    connection_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    at_once: Mapped[int] = mapped_column(Integer)
    calls: Mapped[int | None] = mapped_column(Integer)
    seconds: Mapped[float | None] = mapped_column(Double)
    calls_left: Mapped[int] = mapped_column(Integer, server_default="0")
    filled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    waits_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    called_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "connection_id"], [f"app.connection.{c}" for c in ("tenant_id", "connection_id")]
        ),
        Index("connection_line_waits", "waits_until", postgresql_where=text("waits_until IS NOT NULL")),
    )


class NoticeRow(Base):
    __tablename__ = "notice"

    tenant_id: Mapped[UUID] = tenant_key()
    notice_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    kind: Mapped[str] = mapped_column(Text)
    connection_id: Mapped[UUID | None] = mapped_column(Uuid)
    run_id: Mapped[UUID | None] = mapped_column(Uuid)
    owner: Mapped[str | None] = mapped_column(Text)
    body: Mapped[Any] = mapped_column(JSON)

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "connection_id"], [f"app.connection.{c}" for c in ("tenant_id", "connection_id")]
        ),
        Index("notice_connection", "tenant_id", "connection_id", "notice_id"),
        Index("notice_at", "at"),
        Index("notice_run", "tenant_id", "run_id", "notice_id", postgresql_where=text("run_id IS NOT NULL")),
    )


class WorkerRow(Base):
    """A worker process that lives."""

    __tablename__ = "worker"

    worker: Mapped[str] = mapped_column(Text, primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)


class InboxEntry(Base):
    __tablename__ = "inbox"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    run_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    event_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    posted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    is_read: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        Index("inbox_unread", "tenant_id", "run_id", "event_id", postgresql_where=text("NOT is_read")),
        Index("inbox_age", "posted_at"),
    )


class OutboxMessage(Base):
    __tablename__ = "outbox"

    tenant_id: Mapped[UUID] = tenant_key()
    outbox_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    topic: Mapped[str] = mapped_column(Text)
    body: Mapped[Any] = mapped_column(JSON)
    taken_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)

    __table_args__ = (Index("outbox_order", "outbox_id"),)
