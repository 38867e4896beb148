"""The table of links as SQLAlchemy knows it (`59_links.sql`)."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import DateTime, Index, LargeBinary, Text, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import UniqueConstraint

from infra.database import Base, tenant_key

_NOW: Final = func.clock_timestamp()


class MailedLink(Base):
    """What one recipient may open by a mail."""

    __tablename__ = "link"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    link_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    purpose: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(Text)
    occasion: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    is_lasting: Mapped[bool]
    made_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("tenant_id", "token_hash"),
        UniqueConstraint("tenant_id", "purpose", "subject", "recipient", "occasion"),
        Index("link_subject", "tenant_id", "subject", postgresql_where=text("ended_at IS NULL")),
        Index("link_recipient", "tenant_id", "recipient", "created_at"),
        Index("link_expired", "expires_at"),
    )
