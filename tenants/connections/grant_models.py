from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, FetchedValue, ForeignKeyConstraint, Index, LargeBinary, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key


class ConnectionGrant(Base):
    """What a person has authorised a connection to do (ADR 0086); the control plane's role does not read `sealed`.

    `by_machine`: nobody did; it is what the connection's own credentials were exchanged for.
    """

    __tablename__ = "connection_grant"

    tenant_id: Mapped[UUID] = tenant_key()
    connection_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    key_version: Mapped[int | None]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)
    until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str | None] = mapped_column(Text)
    authorized_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    refreshed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    by_machine: Mapped[bool]

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "connection_id"], ["app.connection.tenant_id", "app.connection.connection_id"]
        ),
        ForeignKeyConstraint(["tenant_id", "key_version"], ["app.tenant_key.tenant_id", "app.tenant_key.version"]),
    )


class ConnectionLink(Base):
    """The link by which somebody authorises a connection, the newest alone; `sealed` is a code that is exchanged."""

    __tablename__ = "connection_link"

    tenant_id: Mapped[UUID] = tenant_key()
    connection_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    opener_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    host: Mapped[str] = mapped_column(Text)
    maker: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    attempt: Mapped[int]
    key_version: Mapped[int | None]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    opened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    moved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "connection_id"], ["app.connection.tenant_id", "app.connection.connection_id"]
        ),
        ForeignKeyConstraint(["tenant_id", "key_version"], ["app.tenant_key.tenant_id", "app.tenant_key.version"]),
        Index("connection_link_brought", "moved_at", postgresql_where=text("state IN ('returned', 'taken')")),
    )
