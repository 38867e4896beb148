"""What seals the audit (ADR 0056). The doors write these tables; the API's role reads what is of its own log."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, FetchedValue, ForeignKeyConstraint, Index, Integer, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key
from tenants.audit.models import Xid8


def _log() -> Mapped[UUID]:
    """Whose log: a tenant's id, a partner's, or nobody's for the operator's own."""
    return mapped_column(Uuid, primary_key=True)


def _batch() -> Mapped[int]:
    return mapped_column(Integer, primary_key=True)


def _of_seal() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["log_id", "n"], ["app.audit_seal.log_id", "app.audit_seal.n"])


class AuditSeal(Base):
    """A batch of rows that is sealed: its root, and the signed head that takes in the one before."""

    __tablename__ = "audit_seal"

    log_id: Mapped[UUID] = _log()
    n: Mapped[int] = _batch()
    kind: Mapped[str] = mapped_column(Text)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    count: Mapped[int] = mapped_column(Integer)
    first_id: Mapped[UUID] = mapped_column(Uuid)
    last_id: Mapped[UUID] = mapped_column(Uuid)
    prev: Mapped[bytes | None] = mapped_column(LargeBinary)
    head: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    key: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)


class AuditLeaves(Base):
    """The rows of a batch in its order. Without this its rows were dropped, as `AuditFloor` says."""

    __tablename__ = "audit_leaves"

    log_id: Mapped[UUID] = _log()
    n: Mapped[int] = _batch()
    least_id: Mapped[UUID] = mapped_column(Uuid)
    greatest_id: Mapped[UUID] = mapped_column(Uuid)
    ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    leaves: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (_of_seal(), Index("audit_leaves_greatest", "log_id", "greatest_id"))


class AuditMark(Base):
    """How far a log is sealed, and up to which batch workers say to have published its heads."""

    __tablename__ = "audit_mark"

    log_id: Mapped[UUID] = _log()
    kind: Mapped[str] = mapped_column(Text)
    cluster: Mapped[int] = mapped_column(BigInteger)
    xid: Mapped[int] = mapped_column(Xid8)
    audit_id: Mapped[UUID] = mapped_column(Uuid)
    n: Mapped[int] = mapped_column(Integer)
    head: Mapped[bytes | None] = mapped_column(LargeBinary)
    published_n: Mapped[int] = mapped_column(Integer, server_default=FetchedValue())
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class AuditFloor(Base):
    """Signed: the batches up to `n` were dropped, since their time was over."""

    __tablename__ = "audit_floor"

    log_id: Mapped[UUID] = _log()
    n: Mapped[int] = _batch()
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    key: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (_of_seal(),)


class AuditRollback(Base):
    """The database was found behind what was published of this log (F-31)."""

    __tablename__ = "audit_rollback"

    log_id: Mapped[UUID] = _log()
    found_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    published_n: Mapped[int] = mapped_column(Integer, primary_key=True)
    published_head: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    own_n: Mapped[int] = mapped_column(Integer)
    accepted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    accepted_by: Mapped[str | None] = mapped_column(Text)


class AuditKeeping(Base):
    """How long a tenant's audit is kept, and whether it is held."""

    __tablename__ = "audit_keeping"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    days: Mapped[int | None] = mapped_column(Integer)
    hold_reason: Mapped[str | None] = mapped_column(Text)
    held_by: Mapped[str | None] = mapped_column(Text)
    held_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class AuditKeepingAbove(Base):
    """The same of a partner's log, or of the operator's own, whose id is nobody's."""

    __tablename__ = "audit_keeping_above"

    log_id: Mapped[UUID] = _log()
    days: Mapped[int | None] = mapped_column(Integer)
    hold_reason: Mapped[str | None] = mapped_column(Text)
    held_by: Mapped[str | None] = mapped_column(Text)
    held_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
