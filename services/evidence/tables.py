"""The tables of evidence as SQLAlchemy knows them (ADR 0114)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import (
    JSON,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key

_NOW: Final = func.clock_timestamp()
_CASE: Final = ["app.evidence_case.tenant_id", "app.evidence_case.case_id"]
State = Literal["asked", "made", "refused"]
Refusal = Literal["too-large", "too-many", "no-home", "unreadable"]


class EvidenceCase(Base):
    """What a dispute or a claim is to be proven with."""

    __tablename__ = "evidence_case"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    case_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    key: Mapped[str] = mapped_column(Text)
    about_kind: Mapped[str] = mapped_column(Text)
    about_key: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    required: Mapped[Any] = mapped_column(JSON)
    run_id: Mapped[UUID | None] = mapped_column(Uuid)
    opened_by: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    last_run: Mapped[UUID | None] = mapped_column(Uuid)
    last_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)

    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        Index("evidence_case_last", "last_at"),
        Index("evidence_case_about", "tenant_id", "about_kind", "about_key", "case_id"),
    )


class EvidenceDocument(Base):
    """A document that somebody said counts as a paper of a case, or as none."""

    __tablename__ = "evidence_document"

    tenant_id: Mapped[UUID] = tenant_key()
    case_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    document_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    paper: Mapped[str | None] = mapped_column(Text)
    added_by: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)

    __table_args__ = (ForeignKeyConstraint(["tenant_id", "case_id"], _CASE),)


class EvidencePack(Base):
    """A pack that is asked for, and what became of it."""

    __tablename__ = "evidence_pack"

    tenant_id: Mapped[UUID] = tenant_key()
    pack_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    case_id: Mapped[UUID] = mapped_column(Uuid)
    key: Mapped[str] = mapped_column(Text)
    run_id: Mapped[UUID | None] = mapped_column(Uuid)
    asked_by: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    taken_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    state: Mapped[State] = mapped_column(Text, server_default="asked")
    document_id: Mapped[UUID | None] = mapped_column(Uuid)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    parts: Mapped[int | None] = mapped_column(Integer)
    missing: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    why: Mapped[Refusal | None] = mapped_column(Text)
    made_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        UniqueConstraint("tenant_id", "case_id", "key"),
        ForeignKeyConstraint(["tenant_id", "case_id"], _CASE),
        Index("evidence_pack_asked", "asked_at", postgresql_where=text("state = 'asked'")),
    )
