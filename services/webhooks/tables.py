"""Webhooks as the control plane knows them. Messages are written by triggers, attempts by the worker (ADR 0059)."""

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
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key


class EndpointRow(Base):
    """Where a tenant's events go."""

    __tablename__ = "webhook_endpoint"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    endpoint_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default="")
    types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    status: Mapped[str] = mapped_column(Text, server_default="active")
    why: Mapped[str | None] = mapped_column(Text)
    secret_version: Mapped[int] = mapped_column(server_default=text("1"))
    failing_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    is_slow: Mapped[bool] = mapped_column(server_default=text("false"))
    told_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())


class SecretRow(Base):
    """What an endpoint's messages are signed with. The control plane's role may write `sealed` and not read it."""

    __tablename__ = "webhook_secret"

    tenant_id: Mapped[UUID] = tenant_key()
    endpoint_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    key_version: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    ends_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "endpoint_id"], ["app.webhook_endpoint.tenant_id", "app.webhook_endpoint.endpoint_id"]
        ),
        ForeignKeyConstraint(["tenant_id", "key_version"], ["app.tenant_key.tenant_id", "app.tenant_key.version"]),
    )


class MessageRow(Base):
    """An event that some endpoint wanted."""

    __tablename__ = "webhook_message"

    tenant_id: Mapped[UUID] = tenant_key()
    message_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    content: Mapped[Any] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (Index("webhook_message_age", "created_at"),)


class DeliveryRow(Base):
    """One message on its way to one endpoint."""

    __tablename__ = "webhook_delivery"

    tenant_id: Mapped[UUID] = tenant_key()
    endpoint_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    message_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    state: Mapped[str] = mapped_column(Text, server_default="pending")
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    taken_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "message_id"], ["app.webhook_message.tenant_id", "app.webhook_message.message_id"]
        ),
        Index(
            "webhook_delivery_due",
            "tenant_id",
            "endpoint_id",
            "due_at",
            postgresql_where=text("state = 'pending'"),
        ),
        Index("webhook_delivery_taken", "tenant_id", "endpoint_id", postgresql_where=text("taken_until IS NOT NULL")),
        Index("webhook_delivery_message", "tenant_id", "message_id"),
    )


class AttemptRow(Base):
    """What came of one try."""

    __tablename__ = "webhook_attempt"

    tenant_id: Mapped[UUID] = tenant_key()
    endpoint_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    message_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    milliseconds: Mapped[int]
    status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text, server_default="")

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "endpoint_id", "message_id"],
            [
                "app.webhook_delivery.tenant_id",
                "app.webhook_delivery.endpoint_id",
                "app.webhook_delivery.message_id",
            ],
        ),
    )
