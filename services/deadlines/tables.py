from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, JSON, BigInteger, DateTime, ForeignKeyConstraint, Index, Integer, Text, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key


class DeadlineRow(Base):
    """What is to be done about a subject, and when; see `59_deadlines.sql`."""

    __tablename__ = "deadline"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    deadline_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    subject_kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID] = mapped_column(Uuid)
    run_id: Mapped[UUID | None] = mapped_column(Uuid)
    calendar: Mapped[str] = mapped_column(Text)
    calendar_version: Mapped[int] = mapped_column(Integer)
    zone_mark: Mapped[str] = mapped_column(Text)
    began_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    done_at: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)), server_default=text("'{}'"))
    next_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    wake_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    fence: Mapped[int] = mapped_column(BigInteger, server_default="0")
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    failure: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    outcome: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "calendar", "calendar_version"],
            [f"app.calendar_version.{column}" for column in ("tenant_id", "name", "version")],
        ),
        Index(
            "deadline_open",
            "tenant_id",
            "subject_kind",
            "subject_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("deadline_subject", "tenant_id", "subject_kind", "subject_id", "deadline_id"),
        Index("deadline_wake", "wake_at", postgresql_where=text("wake_at IS NOT NULL")),
        Index("deadline_due", "tenant_id", "due_at", "deadline_id", postgresql_where=text("ended_at IS NULL")),
        Index("deadline_calendar", "tenant_id", "calendar", "deadline_id", postgresql_where=text("ended_at IS NULL")),
        Index("deadline_list", "tenant_id", "deadline_id", postgresql_where=text("ended_at IS NULL")),
        Index("deadline_list_ended", "tenant_id", "deadline_id", postgresql_where=text("ended_at IS NOT NULL")),
        Index("deadline_run", "tenant_id", "run_id", "deadline_id", postgresql_where=text("run_id IS NOT NULL")),
        Index("deadline_ended", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    )


class CalendarChange(Base):
    """Open deadlines of a calendar are being computed anew."""

    __tablename__ = "calendar_change"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    calendar: Mapped[str] = mapped_column(Text, primary_key=True)
    began_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    looked: Mapped[int] = mapped_column(Integer, server_default="0")
    moved: Mapped[int] = mapped_column(Integer, server_default="0")
    behind: Mapped[UUID | None] = mapped_column(Uuid)
    wake_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    fence: Mapped[int] = mapped_column(BigInteger, server_default="0")

    __table_args__ = (Index("calendar_change_wake", "wake_at"),)
