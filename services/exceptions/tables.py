"""The table of exceptions as SQLAlchemy knows it; triggers and people write it (ADR 0030)."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Double, Index, Integer, Text, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key

_NOW: Final = func.clock_timestamp()
_OPEN: Final = text("state = 'open'")
_LATE: Final = text("state = 'open' AND is_late")
_EARLY: Final = text("state = 'open' AND NOT is_late")
_OPEN_OF_RUN: Final = text("state = 'open' AND mark IS NULL")


class ExceptionRow(Base):
    __tablename__ = "exception"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    exception_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    category: Mapped[str] = mapped_column(Text)
    mark: Mapped[str | None] = mapped_column(Text)
    run_id: Mapped[UUID | None] = mapped_column(Uuid)
    deployment_id: Mapped[UUID | None] = mapped_column(Uuid)
    revision: Mapped[int | None] = mapped_column(Integer)
    cause: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text, server_default="")
    connection: Mapped[str | None] = mapped_column(Text)
    entity: Mapped[str | None] = mapped_column(Text)
    entity_id: Mapped[UUID | None] = mapped_column(Uuid)
    value: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(Text)
    deadline: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    worth: Mapped[int] = mapped_column(BigInteger, server_default="-9223372036854775808")
    due: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default="infinity")
    owner: Mapped[str | None] = mapped_column(Text)
    is_assigned: Mapped[bool] = mapped_column(server_default="false")
    note: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="open")
    outcome: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    times: Mapped[int] = mapped_column(Integer, server_default="1")
    changes: Mapped[int] = mapped_column(Integer, server_default="0")
    fence: Mapped[int | None] = mapped_column(BigInteger)
    takes_skip: Mapped[bool] = mapped_column(server_default="false")
    compensation: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str | None] = mapped_column(Text)
    warehouse: Mapped[str | None] = mapped_column(Text)
    channel: Mapped[str | None] = mapped_column(Text)
    order_type: Mapped[str | None] = mapped_column(Text)
    segment: Mapped[str | None] = mapped_column(Text)
    stage: Mapped[str | None] = mapped_column(Text)
    breach_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    within: Mapped[int | None] = mapped_column(BigInteger)
    count_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    stake: Mapped[float] = mapped_column(Double)
    pressure: Mapped[float] = mapped_column(Double)
    is_late: Mapped[bool] = mapped_column(server_default="false")
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    last_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closed_by: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("exception_open_of_run", "tenant_id", "run_id", unique=True, postgresql_where=_OPEN_OF_RUN),
        Index("exception_open_mark", "tenant_id", "mark", unique=True, postgresql_where=_OPEN),
        Index("exception_run", "tenant_id", "run_id", "exception_id"),
        Index("exception_entity", "tenant_id", "entity_id", postgresql_where=text("entity_id IS NOT NULL")),
        Index("exception_age", "tenant_id", "state", "exception_id"),
        Index("exception_value", "tenant_id", "state", "worth", "exception_id"),
        Index("exception_deadline", "tenant_id", "state", "due", "exception_id"),
        Index("exception_late", "tenant_id", "stake", "exception_id", postgresql_where=_LATE),
        Index("exception_early", "tenant_id", "pressure", "exception_id", postgresql_where=_EARLY),
        Index("exception_owned_late", "tenant_id", "owner", "stake", "exception_id", postgresql_where=_LATE),
        Index("exception_owned_early", "tenant_id", "owner", "pressure", "exception_id", postgresql_where=_EARLY),
        Index("exception_count", "count_at", postgresql_where=text("count_at IS NOT NULL")),
        Index("exception_breach", "breach_at", postgresql_where=_EARLY),
        Index("exception_turned", "tenant_id", "breach_at", postgresql_where=_LATE),
        Index("exception_closed", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
    )
