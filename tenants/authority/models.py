from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, DateTime, FetchedValue, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key


class AuthorityMatrix(Base):
    """A version of a tenant's matrix, written once (ADR 0100)."""

    __tablename__ = "authority_matrix"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    rows: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    holds_from: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
