from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, DateTime, FetchedValue, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key


class CalendarVersion(Base):
    """What a calendar was said to be, once. The newest version holds; where that has no definition, it is gone."""

    __tablename__ = "calendar_version"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    definition: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
