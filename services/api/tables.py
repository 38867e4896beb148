"""The API's own table as SQLAlchemy knows it (ADR 0037)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Index, LargeBinary, SmallInteger, Text, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base


class KeptAnswer(Base):
    """What a creating request was answered, sealed. Of the tenant or partner whose rows it made; nil: the operator."""

    __tablename__ = "kept_answer"

    owner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    actor: Mapped[str] = mapped_column(Text, primary_key=True)
    target: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None] = mapped_column(SmallInteger)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())

    __table_args__ = (Index("kept_answer_age", "created_at"),)
