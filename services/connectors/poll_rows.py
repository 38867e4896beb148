from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key


class PollRow(Base):
    """How far a connection's trigger was asked; a trigger of the database makes it of the connection's settings."""

    __tablename__ = "poll"

    tenant_id: Mapped[UUID] = tenant_key()
    connection_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    trigger: Mapped[str] = mapped_column(Text, primary_key=True)
    cursor: Mapped[Any] = mapped_column(JSON, nullable=True)
    seen: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("''"))
    began_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    fence: Mapped[int] = mapped_column(BigInteger, server_default="0")
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    failure: Mapped[str | None] = mapped_column(Text)
    polled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "connection_id"], [f"app.connection.{c}" for c in ("tenant_id", "connection_id")]
        ),
        Index("poll_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )
