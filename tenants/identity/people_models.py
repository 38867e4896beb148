"""Roles, providers to sign in at, second factors and invitations, as they are stored."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    DateTime,
    FetchedValue,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base


def _of_account() -> tuple[ForeignKeyConstraint, ForeignKeyConstraint]:
    """The second holds only where there is a tenant; the first always."""
    return (
        ForeignKeyConstraint(
            ["partner_id", "account_id"], ["app.account.partner_id", "app.account.account_id"], onupdate="CASCADE"
        ),
        ForeignKeyConstraint(
            ["partner_id", "account_id", "tenant_id"],
            ["app.account.partner_id", "app.account.account_id", "app.account.tenant_id"],
            onupdate="CASCADE",
        ),
    )


def _of_tenant() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["partner_id", "tenant_id"], ["app.tenant.partner_id", "app.tenant.tenant_id"], onupdate="CASCADE"
    )


def _of_provider() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["partner_id", "provider_id"],
        ["app.identity_provider.partner_id", "app.identity_provider.provider_id"],
        onupdate="CASCADE",
    )


def _of_host() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["partner_id", "host"], ["app.portal_host.partner_id", "app.portal_host.host"], ondelete="CASCADE"
    )


class Role(Base):
    """A named set of permissions. Without a partner it comes with the product; without a tenant it is for all."""

    __tablename__ = "role"

    role_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    partner_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"))
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    level: Mapped[str] = mapped_column(Text)
    slug: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    status: Mapped[str] = mapped_column(Text, server_default="active")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        _of_tenant(),
        UniqueConstraint("partner_id", "tenant_id", "level", "slug", postgresql_nulls_not_distinct=True),
        Index("role_tenant", "tenant_id", "role_id"),
    )


class AccountRole(Base):
    __tablename__ = "account_role"

    partner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    role_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("app.role.role_id"), primary_key=True)
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    given_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (*_of_account(), Index("account_role_role", "role_id", "partner_id", "account_id"))


class IdentityProvider(Base):
    """An OpenID provider of a partner, or of one tenant. `secret` is sealed; `role_id` is what newcomers get.

    `vouched_by`: who stands for newcomers, as audit records call them; without, nobody new enters (S-68).

    `subject_claim`: of its tokens. `provisions`: its directory says over SCIM who the people of this scope are.
    """

    __tablename__ = "identity_provider"

    partner_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"), primary_key=True)
    provider_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    name: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(Text)
    client_id: Mapped[str] = mapped_column(Text)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    algorithm: Mapped[str] = mapped_column(Text)
    subject_claim: Mapped[str] = mapped_column(Text, server_default="sub")
    role_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("app.role.role_id"))
    vouched_by: Mapped[str | None] = mapped_column(Text)
    provisions: Mapped[bool] = mapped_column(Boolean, server_default="false")
    status: Mapped[str] = mapped_column(Text, server_default="active")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        _of_tenant(),
        Index("identity_provider_tenant", "tenant_id", "provider_id"),
        Index(
            "identity_provider_provisions",
            "partner_id",
            "tenant_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("provisions"),
        ),
    )


class AccountIdentity(Base):
    """Who a provider's subject is here (S-58)."""

    __tablename__ = "account_identity"

    partner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    provider_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid)
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    linked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        *_of_account(),
        _of_provider(),
        Index("account_identity_account", "partner_id", "account_id"),
    )


class ProvisionedAccount(Base):
    """Somebody whom the directory behind `provider_id` provisions; `subject` is who they are there (ADR 0053)."""

    __tablename__ = "provisioned_account"

    partner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    provider_id: Mapped[UUID] = mapped_column(Uuid)
    subject: Mapped[str] = mapped_column(Text)
    user_name: Mapped[str] = mapped_column(Text)
    user_key: Mapped[str] = mapped_column(Text)
    formatted_name: Mapped[str | None] = mapped_column(Text)
    given_name: Mapped[str | None] = mapped_column(Text)
    family_name: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        *_of_account(),
        ForeignKeyConstraint(
            ["partner_id", "provider_id", "subject"],
            ["app.account_identity.partner_id", "app.account_identity.provider_id", "app.account_identity.subject"],
            onupdate="CASCADE",
        ),
        UniqueConstraint("partner_id", "provider_id", "user_key"),
        UniqueConstraint("partner_id", "provider_id", "subject"),
        Index("provisioned_account_tenant", "tenant_id", "account_id"),
    )


class SignInFlow(Base):
    """A sign-in that is under way at a provider, found by the SHA-256 of its state."""

    __tablename__ = "sign_in_flow"

    partner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    state_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    provider_id: Mapped[UUID] = mapped_column(Uuid)
    host: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    account_id: Mapped[UUID | None] = mapped_column(Uuid)
    invitation_id: Mapped[UUID | None] = mapped_column(Uuid)
    leads_to: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (_of_provider(), _of_host(), Index("sign_in_flow_end", "partner_id", "expires_at"))


class Totp(Base):
    """An account's time-based code; it counts once it is confirmed."""

    __tablename__ = "totp"

    partner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = _of_account()


class RecoveryCode(Base):
    __tablename__ = "recovery_code"

    partner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)

    __table_args__ = _of_account()


class Passkey(Base):
    """A person's passkey on one host."""

    __tablename__ = "passkey"

    partner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid)
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    host: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (*_of_account(), Index("passkey_account", "partner_id", "account_id"))


class PasskeyChallenge(Base):
    """What a passkey is to sign now."""

    __tablename__ = "passkey_challenge"

    partner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    challenge_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    host: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    account_id: Mapped[UUID | None] = mapped_column(Uuid)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (_of_host(), Index("passkey_challenge_end", "partner_id", "expires_at"))


class Invitation(Base):
    """Somebody is asked in. `opener_hash`: of the cookie of the browser that opened the link last.

    `is_first`: a client's first administrator, with more than the inviter could give (ADR 0065).
    """

    __tablename__ = "invitation"

    partner_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"), primary_key=True)
    invitation_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    host: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    roles: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    inviter: Mapped[str] = mapped_column(Text)
    is_first: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    opener_hash: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    opened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    account_id: Mapped[UUID | None] = mapped_column(Uuid)

    __table_args__ = (
        _of_tenant(),
        UniqueConstraint("partner_id", "token_hash"),
        Index("invitation_tenant", "tenant_id", "invitation_id"),
    )
