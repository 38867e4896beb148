from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    DateTime,
    FetchedValue,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column

from infra.database import Base


class ApiKey(Base):
    """A key of the operator, of a partner or of a tenant. Only the SHA-256 of its text is stored."""

    __tablename__ = "api_key"

    key_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    scope: Mapped[str] = mapped_column(Text)
    partner_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"))
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    name: Mapped[str] = mapped_column(Text)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    networks: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    rotated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    made_by: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(
            ["partner_id", "tenant_id"], ["app.tenant.partner_id", "app.tenant.tenant_id"], onupdate="CASCADE"
        ),
        Index("api_key_partner", "partner_id", "key_id"),
        Index("api_key_tenant", "tenant_id", "key_id"),
    )


class Account(Base):
    """A person who signs in on a partner's host and sees one tenant; without one, a person of the partner's own.

    Only the argon2id hash of the password is kept; None: the person signs in at a provider.
    """

    __tablename__ = "account"

    partner_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    email: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str | None] = mapped_column(Text, deferred=True)
    has_password: Mapped[bool] = column_property(password_hash.is_not(None))
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    status: Mapped[str] = mapped_column(Text, server_default="active")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        ForeignKeyConstraint(
            ["partner_id", "tenant_id"], ["app.tenant.partner_id", "app.tenant.tenant_id"], onupdate="CASCADE"
        ),
        UniqueConstraint("partner_id", "account_id", "tenant_id"),
        Index("account_email", "partner_id", "email", unique=True, postgresql_where=text("password_hash IS NOT NULL")),
        Index("account_tenant", "tenant_id", "account_id"),
    )


class PortalSession(Base):
    """A browser that is signed in on one host. The cookie's text is nowhere; its SHA-256 is the key."""

    __tablename__ = "portal_session"

    partner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid)
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    host: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    proved_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    acting_tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    acting_reason: Mapped[str | None] = mapped_column(Text)
    provider_id: Mapped[UUID | None] = mapped_column(Uuid)
    vouched_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sid_hash: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        ForeignKeyConstraint(
            ["partner_id", "provider_id"],
            ["app.identity_provider.partner_id", "app.identity_provider.provider_id"],
            onupdate="CASCADE",
        ),
        Index(
            "portal_session_provider",
            "partner_id",
            "provider_id",
            "sid_hash",
            postgresql_where=text("provider_id IS NOT NULL"),
        ),
        ForeignKeyConstraint(["partner_id", "acting_tenant_id"], ["app.tenant.partner_id", "app.tenant.tenant_id"]),
        ForeignKeyConstraint(["partner_id", "account_id"], ["app.account.partner_id", "app.account.account_id"]),
        ForeignKeyConstraint(
            ["partner_id", "account_id", "tenant_id"],
            ["app.account.partner_id", "app.account.account_id", "app.account.tenant_id"],
        ),
        ForeignKeyConstraint(
            ["partner_id", "host"], ["app.portal_host.partner_id", "app.portal_host.host"], ondelete="CASCADE"
        ),
        Index("portal_session_account", "partner_id", "account_id"),
        Index("portal_session_host", "partner_id", "host"),
        Index("portal_session_end", "partner_id", "expires_at"),
    )


class ProviderLogout(Base):
    """A provider told that somebody's session there ended; without `sid_hash` every one that the account has by it."""

    __tablename__ = "provider_logout"

    partner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    provider_id: Mapped[UUID] = mapped_column(Uuid)
    account_id: Mapped[UUID | None] = mapped_column(Uuid)
    sid_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    heard_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        ForeignKeyConstraint(
            ["partner_id", "provider_id"],
            ["app.identity_provider.partner_id", "app.identity_provider.provider_id"],
            onupdate="CASCADE",
        ),
        ForeignKeyConstraint(
            ["partner_id", "account_id"], ["app.account.partner_id", "app.account.account_id"], onupdate="CASCADE"
        ),
        Index("provider_logout_provider", "partner_id", "provider_id"),
        Index("provider_logout_account", "partner_id", "account_id"),
        Index("provider_logout_end", "partner_id", "heard_at"),
    )


class KnownDevice(Base):
    """A browser in which an account has signed in on a host. Only the SHA-256 of its cookie is kept."""

    __tablename__ = "known_device"

    partner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    host: Mapped[str] = mapped_column(Text)
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        ForeignKeyConstraint(["partner_id", "account_id"], ["app.account.partner_id", "app.account.account_id"]),
        ForeignKeyConstraint(
            ["partner_id", "account_id", "tenant_id"],
            ["app.account.partner_id", "app.account.account_id", "app.account.tenant_id"],
        ),
        ForeignKeyConstraint(
            ["partner_id", "host"], ["app.portal_host.partner_id", "app.portal_host.host"], ondelete="CASCADE"
        ),
        Index("known_device_account", "partner_id", "account_id"),
        Index("known_device_host", "partner_id", "host"),
        Index("known_device_seen", "partner_id", "seen_at"),
    )


class SignInAttempt(Base):
    """Tries to sign in that count against one budget, since when. The subject is a digest of what it is of."""

    __tablename__ = "sign_in_attempt"

    partner_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"), primary_key=True)
    subject: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    attempts: Mapped[int] = mapped_column(Integer)
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (Index("sign_in_attempt_since", "partner_id", "since"),)
