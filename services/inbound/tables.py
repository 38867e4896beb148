from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    JSON,
    DateTime,
    FetchedValue,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key


class HookRow(Base):
    """An endpoint that another system sends webhooks to."""

    __tablename__ = "inbound_webhook"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    hook_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    connection_id: Mapped[UUID] = mapped_column(Uuid)
    name: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    verification: Mapped[dict[str, Any]] = mapped_column(JSON)
    event: Mapped[dict[str, Any]] = mapped_column(JSON)
    media_types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    status: Mapped[str] = mapped_column(Text, server_default="active")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "connection_id"], ["app.connection.tenant_id", "app.connection.connection_id"]
        ),
        Index("inbound_webhook_name", "tenant_id", "name", unique=True, postgresql_where=text("status <> 'deleted'")),
        Index("inbound_webhook_address", "address"),
    )


class HookSecret(Base):
    """What a sender signs with, sealed. `ends_at` None: the present one."""

    __tablename__ = "inbound_secret"

    tenant_id: Mapped[UUID] = tenant_key()
    hook_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)
    last4: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    ends_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "hook_id"], ["app.inbound_webhook.tenant_id", "app.inbound_webhook.hook_id"]
        ),
    )


class RequestRow(Base):
    """A request whose sender was proven, as it came. Written by `services.inbound.store`."""

    __tablename__ = "inbound_request"

    tenant_id: Mapped[UUID] = tenant_key()
    request_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    hook_id: Mapped[UUID] = mapped_column(Uuid)
    sent_id: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text)
    event_id: Mapped[UUID | None] = mapped_column(Uuid)
    event_type: Mapped[str | None] = mapped_column(Text)
    problem: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)
    headers: Mapped[Any] = mapped_column(JSON)
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    replays: Mapped[int] = mapped_column(server_default="0")
    replay_key: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        UniqueConstraint("tenant_id", "hook_id", "sent_id"),
        ForeignKeyConstraint(
            ["tenant_id", "hook_id"], ["app.inbound_webhook.tenant_id", "app.inbound_webhook.hook_id"]
        ),
        Index("inbound_request_age", "received_at"),
        Index("inbound_request_hook", "tenant_id", "hook_id", "request_id"),
    )
