from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    FetchedValue,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Text,
    Uuid,
)
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key


class QuotaRow(Base):
    """The most that may be pushed into all that is below its owner (ADR 0033); a worker counts and tells."""

    __tablename__ = "quota"

    owner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    level: Mapped[str] = mapped_column(Text)
    partner_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"))
    client_id: Mapped[UUID | None] = mapped_column(Uuid)
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    amount: Mapped[int] = mapped_column(BigInteger)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    told: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    told_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    counted: Mapped[int] = mapped_column(BigInteger, server_default="0")
    counted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["partner_id", "client_id"], ["app.client.partner_id", "app.client.client_id"], onupdate="CASCADE"
        ),
        ForeignKeyConstraint(
            ["partner_id", "tenant_id"], ["app.tenant.partner_id", "app.tenant.tenant_id"], onupdate="CASCADE"
        ),
        Index("quota_client", "partner_id", "client_id"),
        Index("quota_tenant", "partner_id", "tenant_id"),
    )


class TenantLoad(Base):
    """What quotas of bytes are measured against; the doors write it."""

    __tablename__ = "tenant_load"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    day: Mapped[date] = mapped_column(Date)
    bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
