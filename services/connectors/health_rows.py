from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, DateTime, ForeignKeyConstraint, Index, Integer, Text, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key


class HealthRow(Base):
    """How a connection is; a trigger of the database begins it anew with each change of the connection."""

    __tablename__ = "connection_health"

    tenant_id: Mapped[UUID] = tenant_key()
    connection_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    fence: Mapped[int] = mapped_column(BigInteger, server_default="0")
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    checked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    good_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    took: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)
    quota_left: Mapped[int | None] = mapped_column(BigInteger)
    quota_most: Mapped[int | None] = mapped_column(BigInteger)
    quota_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ends: Mapped[str | None] = mapped_column(Text)
    renews: Mapped[bool] = mapped_column(server_default=text("false"))
    warned_of: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    excess: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    rights_told: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "connection_id"], [f"app.connection.{c}" for c in ("tenant_id", "connection_id")]
        ),
        Index("connection_health_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )
