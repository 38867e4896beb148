"""Tables of documents (ADR 0062, ADR 0085)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, Index, Integer, LargeBinary, Text, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key

_ENTITY = ["app.entity.tenant_id", "app.entity.entity_id"]
_NOW = func.clock_timestamp()
Class = Literal["standard", "proof", "financial"]
Seen = Literal["held", "clean", "unscanned", "infected"]
State = Literal[Seen, "coming", "going"]


class DocumentKey(Base):
    """A tenant's key for documents, wrapped."""

    __tablename__ = "document_key"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)


class Document(Base):
    """A file of a run or an entity. `name` is shown and never a path; `media_type` was found, and not believed."""

    __tablename__ = "document"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    document_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    run_id: Mapped[UUID | None] = mapped_column(Uuid)
    entity_id: Mapped[UUID | None] = mapped_column(Uuid)
    class_: Mapped[Class] = mapped_column("class", Text)
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    key_version: Mapped[int] = mapped_column(Integer)
    sealed_key: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[State] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    keep_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "entity_id"], _ENTITY),
        Index("document_run", "tenant_id", "run_id", "document_id"),
        Index("document_entity", "tenant_id", "entity_id", "document_id"),
        Index("document_over", "keep_until"),
        Index("document_unfinished", "changed_at", postgresql_where=text("state IN ('coming', 'held', 'going')")),
    )


class KeptEntity(Base):
    """One whose documents are kept whatever their age, with those of what was merged into it."""

    __tablename__ = "kept_entity"

    tenant_id: Mapped[UUID] = tenant_key()
    entity_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    kept_by: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)

    __table_args__ = (ForeignKeyConstraint(["tenant_id", "entity_id"], _ENTITY),)
