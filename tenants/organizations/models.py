from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    JSON,
    REAL,
    Boolean,
    DateTime,
    FetchedValue,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key

ENVIRONMENTS: Final = ("dev", "test", "live")
"""What every client begins with; others are rows beside them."""


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
    status_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (UniqueConstraint("partner_id", "slug"),)


def _of_client() -> ForeignKeyConstraint:
    of = ["app.client.partner_id", "app.client.client_id"]
    return ForeignKeyConstraint(["partner_id", "client_id"], of, onupdate="CASCADE")


class Tenant(Base):
    """A client in one environment: what owns runs, connections, secrets, records and audit."""

    __tablename__ = "tenant"

    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    partner_id: Mapped[UUID] = mapped_column(Uuid)
    client_id: Mapped[UUID] = mapped_column(Uuid)
    environment: Mapped[str] = mapped_column(Text)
    weight: Mapped[float] = mapped_column(REAL, server_default="1")
    needs_owners: Mapped[bool | None] = mapped_column(Boolean)
    hold: Mapped[int | None] = mapped_column(SmallInteger)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        _of_client(),
        UniqueConstraint("partner_id", "client_id", "environment"),
        UniqueConstraint("partner_id", "tenant_id"),
        Index("tenant_hold", "tenant_id", postgresql_where=text("hold IS NOT NULL")),
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
    use: Mapped[str] = mapped_column(Text, server_default="portal")
    is_claimed: Mapped[bool] = mapped_column(Boolean, server_default="false")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (UniqueConstraint("partner_id", "host"),)


class DomainClaim(Base):
    """A name that a partner says is its own, and what became of its proof; only the doors change one (ADR 0050)."""

    __tablename__ = "domain_claim"

    partner_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"), primary_key=True)
    claim_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    domain: Mapped[str] = mapped_column(Text)
    use: Mapped[str] = mapped_column(Text)
    token: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="pending")
    held_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    usable_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    failing_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    released_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    found: Mapped[str | None] = mapped_column(Text)
    checked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    check_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    made_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        Index("domain_claim_id", "claim_id", unique=True),
        Index("domain_claim_open", "partner_id", "domain", unique=True, postgresql_where=text("state <> 'released'")),
        Index(
            "domain_claim_held",
            "domain",
            unique=True,
            postgresql_where=text("state IN ('quarantined', 'active', 'failing')"),
        ),
        Index(
            "domain_claim_left",
            "domain",
            "released_at",
            postgresql_where=text("state = 'released' AND held_at IS NOT NULL"),
        ),
        Index("domain_claim_due", "check_at", postgresql_where=text("state <> 'released'")),
    )


class Site(Base):
    """A place of a client's, such as a warehouse. A scope inside a tenant."""

    __tablename__ = "site"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    site_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    slug: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text, server_default="UTC")
    status: Mapped[str] = mapped_column(Text, server_default="active")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (UniqueConstraint("tenant_id", "slug"),)


class Parameter(Base):
    """A value that is inherited by all that is below its owner (ADR 0041)."""

    __tablename__ = "parameter"

    owner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    level: Mapped[str] = mapped_column(Text)
    partner_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"))
    client_id: Mapped[UUID | None] = mapped_column(Uuid)
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    value: Mapped[Any] = mapped_column(JSON)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        _of_client(),
        ForeignKeyConstraint(
            ["partner_id", "tenant_id"], ["app.tenant.partner_id", "app.tenant.tenant_id"], onupdate="CASCADE"
        ),
        Index("parameter_client", "partner_id", "client_id"),
        Index("parameter_tenant", "partner_id", "tenant_id"),
    )


class PrivateNetwork(Base):
    """A private network that the operator opened to a tenant's calls (ADR 0058)."""

    __tablename__ = "private_network"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    network: Mapped[str] = mapped_column(Text, primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    opened_by: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())


class FleetRow(Base):
    """What a partner is told of one environment: numbers that the sweep keeps."""

    __tablename__ = "fleet"

    tenant_id: Mapped[UUID] = tenant_key()
    partner_id: Mapped[UUID] = mapped_column(Uuid)
    open_runs: Mapped[int] = mapped_column(Integer)
    suspended_runs: Mapped[int] = mapped_column(Integer)
    faulted_runs: Mapped[int] = mapped_column(Integer)
    exceptions: Mapped[int] = mapped_column(Integer)
    oldest_exception: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    outages: Mapped[int] = mapped_column(Integer)
    deployments: Mapped[int] = mapped_column(Integer)
    last_run_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    counted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "partner_id"], ["app.tenant.tenant_id", "app.tenant.partner_id"], onupdate="CASCADE"
        ),
        Index("fleet_partner", "partner_id", "tenant_id"),
        Index("fleet_age", "counted_at"),
    )


class Deletion(Base):
    """A client that was deleted, and what became of what it had (ADR 0042). The doors write it."""

    __tablename__ = "deletion"

    client_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    partner_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("app.partner.partner_id"))
    asked_by: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    keys: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    sealed: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    removed: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=text("'{}'"))
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    backups_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (Index("deletion_open", "asked_at", postgresql_where=text("done_at IS NULL")),)
