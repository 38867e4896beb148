"""Append-only records of who did what (S-80): the app role can insert and read them, nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, DateTime, FetchedValue, Index, LargeBinary, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from infra.database import Base, tenant_key


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id, by which a sealer knows what can no longer change."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


class AuditRecord(Base):
    """What happened inside one tenant.

    `salt` hides what is sealed of actor, target and `after`; where one was erased, `veil` has what is left (ADR 0057).
    """

    __tablename__ = "audit"

    tenant_id: Mapped[UUID] = tenant_key()
    audit_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    xid: Mapped[int] = mapped_column(Xid8, server_default=FetchedValue(), deferred=True)
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text)
    after: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    salt: Mapped[bytes | None] = mapped_column(LargeBinary, server_default=FetchedValue(), deferred=True)
    veil: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)

    __table_args__ = (
        Index("audit_order", "tenant_id", "xid", "audit_id"),
        Index("audit_target", "tenant_id", "target", "audit_id"),
        Index("audit_action", "tenant_id", "action", "audit_id"),
        Index("audit_actor", "tenant_id", "actor", "audit_id", postgresql_where=text("actor <> 'engine'")),
        Index(
            "audit_document",
            "tenant_id",
            text("(after ->> 'entity')"),
            "audit_id",
            postgresql_where=text("action IN ('document.added', 'document.removed', 'document.expired')"),
        ),
    )


class OrganizationAuditRecord(Base):
    """What was done to partners, clients and keys, above any tenant. `partner_id` is None for the operator's own."""

    __tablename__ = "organization_audit"

    audit_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    partner_id: Mapped[UUID | None] = mapped_column(Uuid)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    xid: Mapped[int] = mapped_column(Xid8, server_default=FetchedValue(), deferred=True)
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text)
    after: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    salt: Mapped[bytes | None] = mapped_column(LargeBinary, server_default=FetchedValue(), deferred=True)
    veil: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)

    __table_args__ = (
        Index("organization_audit_partner", "partner_id", "audit_id"),
        Index("organization_audit_order", "partner_id", "xid", "audit_id"),
    )
