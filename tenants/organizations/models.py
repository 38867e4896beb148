from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    REAL,
    BigInteger,
    Date,
    DateTime,
    FetchedValue,
    ForeignKey,
    ForeignKeyConstraint,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key

ENVIRONMENTS: Final = ("dev", "test", "live")


class Installation(Base):
    """This deployment of the product; its id is bound into every sealed secret. One row, written by the migrations."""

    __tablename__ = "installation"

    installation_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())


class Partner(Base):
    """Who sells and runs the product for clients of its own."""

    __tablename__ = "partner"

    partner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="active")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())


class Client(Base):
    """A distributor that a partner serves. Its slug is unique within the partner (S-13)."""

    __tablename__ = "client"

    partner_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"), primary_key=True)
    client_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    slug: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="active")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (UniqueConstraint("partner_id", "slug"),)


class Tenant(Base):
    """A client in one environment: what owns runs, connections, secrets, records and audit."""

    __tablename__ = "tenant"

    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    partner_id: Mapped[UUID] = mapped_column(Uuid)
    client_id: Mapped[UUID] = mapped_column(Uuid)
    environment: Mapped[str] = mapped_column(Text)
    weight: Mapped[float] = mapped_column(REAL, server_default="1")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        ForeignKeyConstraint(["partner_id", "client_id"], ["app.client.partner_id", "app.client.client_id"]),
        UniqueConstraint("partner_id", "client_id", "environment"),
        UniqueConstraint("partner_id", "tenant_id"),
    )


class Brand(Base):
    """How a partner looks to its clients: tokens and a logo, no markup and no styles of its own (S-102)."""

    __tablename__ = "brand"

    partner_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    accent: Mapped[str] = mapped_column(Text)
    font: Mapped[str] = mapped_column(Text, server_default="system")
    logo: Mapped[str | None] = mapped_column(Text)
    support_email: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())


class PortalHost(Base):
    """A host name on which a partner's clients find the portal; lower case, no port."""

    __tablename__ = "portal_host"

    host: Mapped[str] = mapped_column(Text, primary_key=True)
    partner_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (UniqueConstraint("partner_id", "host"),)


class PartnerQuota(Base):
    """The most that a partner's environments may take together, as the operator set it."""

    __tablename__ = "partner_quota"

    partner_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    told: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    told_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class TenantQuota(Base):
    """The most that one environment may take, as its partner set it."""

    __tablename__ = "tenant_quota"

    tenant_id: Mapped[UUID] = tenant_key()
    partner_id: Mapped[UUID] = mapped_column(Uuid)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    told: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    told_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "partner_id"], ["app.tenant.tenant_id", "app.tenant.partner_id"]),
    )


class TenantLoad(Base):
    """What quotas are measured against; the doors write it."""

    __tablename__ = "tenant_load"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    open_runs: Mapped[int] = mapped_column(BigInteger, server_default="0")
    counted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    day: Mapped[date] = mapped_column(Date)
    bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
