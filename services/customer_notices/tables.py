"""The tables of notices to customers as SQLAlchemy knows them (ADR 0113)."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import DateTime, Index, LargeBinary, Text, UniqueConstraint, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key

_NOW: Final = func.clock_timestamp()
Outcome = Literal["sent", "withheld"]
Why = Literal[
    "quiet",
    "no-address",
    "bad-address",
    "opted-out",
    "suppressed",
    "not-wanted",
    "not-late",
    "too-many",
    "no-host",
]


class NoticeMixing(Base):
    """What a tenant's addresses are mixed with before they are hashed."""

    __tablename__ = "notice_mixing"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    digest_key: Mapped[bytes] = mapped_column(LargeBinary)


class CustomerNotice(Base):
    """What a customer was told, or why not; the address is in the mail alone."""

    __tablename__ = "customer_notice"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    notice_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    key: Mapped[str] = mapped_column(Text)
    run_id: Mapped[UUID] = mapped_column(Uuid)
    notice: Mapped[str] = mapped_column(Text)
    milestone: Mapped[str | None] = mapped_column(Text)
    about_kind: Mapped[str | None] = mapped_column(Text)
    about_key: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[Outcome] = mapped_column(Text)
    why: Mapped[Why | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    address_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    link_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    mail_id: Mapped[UUID | None] = mapped_column(Uuid)
    promise_was: Mapped[str | None] = mapped_column(Text)
    promise_now: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)

    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        Index(
            "customer_notice_about",
            "tenant_id",
            "about_kind",
            "about_key",
            "notice_id",
            postgresql_where=text("about_key IS NOT NULL"),
        ),
        Index("customer_notice_run", "tenant_id", "run_id"),
        Index(
            "customer_notice_address",
            "tenant_id",
            "address_digest",
            "created_at",
            postgresql_where=text("outcome = 'sent'"),
        ),
        Index("customer_notice_link", "link_digest", postgresql_where=text("link_digest IS NOT NULL")),
    )


class NoticeOptOut(Base):
    """An address that wants no notices of this client's any more."""

    __tablename__ = "notice_opt_out"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    address_digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    source: Mapped[Literal["link", "person"]] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
