from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, FetchedValue, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base


class ApiKey(Base):
    """A key of the operator, of a partner or of a tenant. Only the SHA-256 of its text is stored."""

    __tablename__ = "api_key"

    key_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    scope: Mapped[str] = mapped_column(Text)
    partner_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"))
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    name: Mapped[str] = mapped_column(Text)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    rotated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(["partner_id", "tenant_id"], ["app.tenant.partner_id", "app.tenant.tenant_id"]),
        Index("api_key_partner", "partner_id", "key_id"),
        Index("api_key_tenant", "tenant_id", "key_id"),
    )
