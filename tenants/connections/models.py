from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
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


class TenantKey(Base):
    """A tenant's key, its private half wrapped by the installation's key. Secrets name the version that sealed them."""

    __tablename__ = "tenant_key"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(Text)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    public: Mapped[bytes] = mapped_column(LargeBinary)
    vouched: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (Index("tenant_key_wrapped_by", text("substr(wrapped, 1, 8)")),)


class Connection(Base):
    """A tenant's configured connector. `revision` rises with every change; workers notice one by it."""

    __tablename__ = "connection"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    connection_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    connector: Mapped[str] = mapped_column(Text)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    limits: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    owner: Mapped[str | None] = mapped_column(Text)
    fallback_id: Mapped[UUID | None] = mapped_column(Uuid)
    playbook: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    ways_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    status: Mapped[str] = mapped_column(Text, default="active")
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        UniqueConstraint("tenant_id", "name"),
        ForeignKeyConstraint(
            ["tenant_id", "fallback_id"], ["app.connection.tenant_id", "app.connection.connection_id"]
        ),
    )


class ConnectionSecret(Base):
    """One sealed field of a connection. `version` counts its values and is part of what the seal is bound to.

    The control plane's role may write `sealed` and not read it.
    """

    __tablename__ = "connection_secret"

    tenant_id: Mapped[UUID] = tenant_key()
    connection_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    field: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int]
    key_version: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)
    last4: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "connection_id"], ["app.connection.tenant_id", "app.connection.connection_id"]
        ),
        ForeignKeyConstraint(["tenant_id", "key_version"], ["app.tenant_key.tenant_id", "app.tenant_key.version"]),
    )


class SecretUse(Base):
    """Who used one field's secret, how often and when; written by a door, read here."""

    __tablename__ = "secret_use"

    tenant_id: Mapped[UUID] = tenant_key()
    connection_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    field: Mapped[str] = mapped_column(Text, primary_key=True)
    used_by: Mapped[str] = mapped_column(Text, primary_key=True)
    uses: Mapped[int] = mapped_column(BigInteger)
    first_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_run: Mapped[UUID | None] = mapped_column(Uuid)

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "connection_id"], ["app.connection.tenant_id", "app.connection.connection_id"]
        ),
    )


class ConnectionGroup(Base):
    """Several connections of one capability; `rules` choose among them (`tenants.connections.rules`)."""

    __tablename__ = "connection_group"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    group_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    rules: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (UniqueConstraint("tenant_id", "name"),)


class ConnectionChoice(Base):
    """Which connection a run calls by a name of its workflow; written by workers before the first such call."""

    __tablename__ = "connection_choice"

    tenant_id: Mapped[UUID] = tenant_key()
    run_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    group_id: Mapped[UUID] = mapped_column(Uuid)
    group_revision: Mapped[int]
    rule: Mapped[int]
    connection_id: Mapped[UUID] = mapped_column(Uuid)
    chosen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "group_id"], ["app.connection_group.tenant_id", "app.connection_group.group_id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "connection_id"], ["app.connection.tenant_id", "app.connection.connection_id"]
        ),
    )
