"""Tables of retention and archives (ADR 0034)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, Index, Integer, LargeBinary, Text, Uuid, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key

_NOW = func.clock_timestamp()


class Retention(Base):
    """`subject` is a deployment, or the tenant itself."""

    __tablename__ = "retention"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    subject: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    days: Mapped[int] = mapped_column(Integer)


class KeptRun(Base):
    __tablename__ = "kept_run"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    run_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    kept_by: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)


class Archive(Base):
    __tablename__ = "archive"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    archive_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    month: Mapped[date] = mapped_column(Date)
    file: Mapped[str] = mapped_column(Text)
    runs: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    first_id: Mapped[UUID] = mapped_column(Uuid)
    last_id: Mapped[UUID] = mapped_column(Uuid)
    size: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)

    __table_args__ = (Index("archive_last", "tenant_id", "last_id"),)


class ArchiveRound(Base):
    __tablename__ = "archive_round"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    behind: Mapped[UUID | None] = mapped_column(Uuid)
    looked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
