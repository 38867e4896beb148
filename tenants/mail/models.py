from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    JSON,
    DateTime,
    FetchedValue,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base

State = Literal["waiting", "sent", "kept", "bounced", "suppressed", "dead", "void"]
"""`kept`: no mail server is set; `void`: what it announces is over; the rest is told in ADR 0061."""


def _of_tenant() -> ForeignKeyConstraint:
    of = ["app.tenant.partner_id", "app.tenant.tenant_id"]
    return ForeignKeyConstraint(["partner_id", "tenant_id"], of, onupdate="CASCADE")


class MailSetting(Base):
    """From which address a partner's mail comes, and in which language; the operator's to set."""

    __tablename__ = "mail_setting"

    partner_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"), primary_key=True)
    sender: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text, server_default="en")
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())


class Mail(Base):
    """One mail to one person (ADR 0061); of a partner's own people where no tenant is named."""

    __tablename__ = "mail"

    partner_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"), primary_key=True)
    mail_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    kind: Mapped[str] = mapped_column(Text)
    about: Mapped[UUID | None] = mapped_column(Uuid)
    language: Mapped[str | None] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(Text)
    recipient_name: Mapped[str] = mapped_column(Text)
    # Neither is the API's to read: the worker fills the template and opens what is sealed.
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    state: Mapped[State] = mapped_column(Text, server_default="waiting")
    tries: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    taken_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), deferred=True)
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        _of_tenant(),
        Index("mail_id", "mail_id", unique=True),
        Index("mail_due", "due_at", postgresql_where=text("state = 'waiting'")),
        Index("mail_tenant", "tenant_id", "mail_id"),
        Index("mail_about", "about", postgresql_where=text("state IN ('waiting', 'kept') AND about IS NOT NULL")),
        Index(
            "mail_outside",
            "tenant_id",
            "recipient",
            "created_at",
            postgresql_where=text("kind IN ('task.outside', 'task.outside-reminder')"),
        ),
        Index("mail_ended", "created_at", postgresql_where=text("state <> 'waiting'")),
    )


class MailSuppression(Base):
    """An address that nothing is sent to, of one tenant or of a partner's own people."""

    __tablename__ = "mail_suppression"

    partner_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"), primary_key=True)
    suppression_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    address: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        _of_tenant(),
        UniqueConstraint("partner_id", "tenant_id", "address", postgresql_nulls_not_distinct=True),
        Index("mail_suppression_tenant", "tenant_id", "suppression_id"),
    )
