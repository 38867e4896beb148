from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, DateTime, FetchedValue, ForeignKey, ForeignKeyConstraint, Index, Integer, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base


class PolicyVersion(Base):
    """What an owner has said of writes, once; the newest version holds (ADR 0063)."""

    __tablename__ = "policy_version"

    owner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    level: Mapped[str] = mapped_column(Text)
    partner_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"))
    client_id: Mapped[UUID | None] = mapped_column(Uuid)
    rules: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        ForeignKeyConstraint(
            ["partner_id", "client_id"], ["app.client.partner_id", "app.client.client_id"], onupdate="CASCADE"
        ),
        Index("policy_version_client", "partner_id", "client_id"),
    )
