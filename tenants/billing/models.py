from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, FetchedValue, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key


class Usage(Base):
    """What a run consumed, written by the transaction that it describes: never lost, never counted twice."""

    __tablename__ = "usage"

    tenant_id: Mapped[UUID] = tenant_key()
    run_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    quantity: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
