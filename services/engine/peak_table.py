from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Double, Integer, Text, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key


class PeakRow(Base):
    """A tenant's rule for peaks, and the one that lasts. A worker writes what is not the rule."""

    __tablename__ = "peak"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    mode: Mapped[str] = mapped_column(Text)
    from_runs: Mapped[int] = mapped_column(Integer)
    classes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    ship_key: Mapped[str | None] = mapped_column(Text)
    cut_off_key: Mapped[str | None] = mapped_column(Text)
    began_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    dealt_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    dealt_clock: Mapped[float | None] = mapped_column(Double)
    rests_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    seen_turn: Mapped[float | None] = mapped_column(Double)
    seen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    speed: Mapped[float | None] = mapped_column(Double)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
