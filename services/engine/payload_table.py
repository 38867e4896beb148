"""Large values of runs, as SQLAlchemy knows their table; see `payloads`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Integer, LargeBinary, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key


class Payload(Base):
    __tablename__ = "payload"

    tenant_id: Mapped[UUID] = tenant_key()
    owner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    size: Mapped[int] = mapped_column(Integer)
    codec: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary)
