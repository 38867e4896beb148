"""The tables of touches and workarounds as SQLAlchemy knows them (ADR 0105)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, Index, Integer, Text, UniqueConstraint, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key

_STANDS: Final = text("retired_at IS NULL")


class TouchRow(Base):
    """Something that a person had to do by hand. The audit's trigger writes most of them (`59_touches.sql`)."""

    __tablename__ = "touch"

    tenant_id: Mapped[UUID] = tenant_key()
    touch_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    kind: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    run_id: Mapped[UUID | None] = mapped_column(Uuid)
    step: Mapped[str] = mapped_column(Text)
    actor_kind: Mapped[str] = mapped_column(Text)
    account_id: Mapped[UUID] = mapped_column(Uuid)
    act: Mapped[int] = mapped_column(BigInteger, server_default=text("pg_current_xact_id()::text::bigint"))
    seconds_active: Mapped[int | None] = mapped_column(Integer)
    seconds_estimated: Mapped[int | None] = mapped_column(Integer)
    source: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("tenant_id", "act", "account_id", "kind", "key"),
        Index("touch_run", "tenant_id", "run_id", postgresql_where=text("run_id IS NOT NULL")),
        Index("touch_of", "tenant_id", "kind", "key", "touch_id"),
    )


class WorkaroundRow(Base):
    """What people do beside the systems (`59_workarounds.sql`)."""

    __tablename__ = "workaround"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    workaround_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    way: Mapped[str] = mapped_column(Text)
    step: Mapped[str] = mapped_column(Text)
    words: Mapped[str | None] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(Text)
    retire_on: Mapped[date] = mapped_column(Date)
    uses: Mapped[int] = mapped_column(Integer, server_default="1")
    changes: Mapped[int] = mapped_column(Integer, server_default="0")
    made_by: Mapped[str] = mapped_column(Text)
    noted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    last_by: Mapped[str] = mapped_column(Text)
    last_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    retired_by: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("workaround_open", "tenant_id", "way", "step", unique=True, postgresql_where=_STANDS),
        Index("workaround_due", "tenant_id", "retire_on", "workaround_id", postgresql_where=_STANDS),
        Index("workaround_retired", "tenant_id", "workaround_id", postgresql_where=text("retired_at IS NOT NULL")),
    )
