"""The tables of holds as SQLAlchemy knows them (ADR 0104)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key

_NOW: Final = func.clock_timestamp()
_ACTIVE: Final = text("status = 'active'")


class HoldTypeVersion(Base):
    """What kinds of holds an environment has, as somebody said it; the newest is in force."""

    __tablename__ = "hold_type_version"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    types: Mapped[Any] = mapped_column(JSON)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)


class HoldSubject(Base):
    """An order or a customer of which a hold or a release was ever told."""

    __tablename__ = "hold_subject"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    customer: Mapped[str | None] = mapped_column(Text)
    site: Mapped[str | None] = mapped_column(Text)
    entity_id: Mapped[UUID | None] = mapped_column(Uuid)
    released_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    released_by: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("hold_subject_customer", "tenant_id", "customer", postgresql_where=text("customer IS NOT NULL")),
        Index("hold_subject_entity", "tenant_id", "entity_id", postgresql_where=text("entity_id IS NOT NULL")),
    )


class HoldRow(Base):
    """Why an order may not go out, from when it was raised until somebody cleared it."""

    __tablename__ = "hold"

    tenant_id: Mapped[UUID] = tenant_key()
    hold_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    line: Mapped[str] = mapped_column(Text, server_default="")
    type: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    words: Mapped[str | None] = mapped_column(Text)
    run_id: Mapped[UUID | None] = mapped_column(Uuid)
    raised_by: Mapped[str] = mapped_column(Text)
    raisers: Mapped[list[str]] = mapped_column(ARRAY(Text))
    raised_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    raise_keys: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    owner_role: Mapped[str] = mapped_column(Text)
    due: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default="infinity")
    value: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(Text)
    worth: Mapped[int] = mapped_column(BigInteger, server_default="-9223372036854775808")
    facts: Mapped[Any] = mapped_column(JSON, server_default="{}")
    decision: Mapped[str | None] = mapped_column(Text)
    run_may_clear: Mapped[bool] = mapped_column(server_default="false")
    status: Mapped[str] = mapped_column(Text, server_default="active")
    consents: Mapped[Any] = mapped_column(JSON, server_default="[]")
    cleared_by: Mapped[str | None] = mapped_column(Text)
    cleared_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    why: Mapped[str | None] = mapped_column(Text)
    after_release: Mapped[bool] = mapped_column(server_default="false")
    salt: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("uuid_send(gen_random_uuid())"))
    version: Mapped[int] = mapped_column(Integer, server_default="1")

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "kind", "key"],
            ["app.hold_subject.tenant_id", "app.hold_subject.kind", "app.hold_subject.key"],
        ),
        Index(
            "hold_active", "tenant_id", "kind", "key", "line", "type", "reason", unique=True, postgresql_where=_ACTIVE
        ),
        Index("hold_subject_holds", "tenant_id", "kind", "key", "hold_id"),
        Index("hold_run", "tenant_id", "run_id", postgresql_where=text("run_id IS NOT NULL")),
        Index("hold_age", "tenant_id", "status", "hold_id"),
        Index("hold_value", "tenant_id", "status", "worth", "hold_id"),
        Index("hold_due", "tenant_id", "status", "due", "hold_id"),
    )


class HoldWait(Base):
    """A run that is parked until an order may go out."""

    __tablename__ = "hold_wait"

    tenant_id: Mapped[UUID] = tenant_key()
    run_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    order_key: Mapped[str] = mapped_column(Text)
    customer: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    wake_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("hold_wait_order", "tenant_id", "order_key"),
        Index("hold_wait_customer", "tenant_id", "customer"),
        Index("hold_wait_wake", "wake_at", postgresql_where=text("wake_at IS NOT NULL")),
    )


class OrderSale(Base):
    """Which run makes a sale of an order, or has made it (ADR 0140)."""

    __tablename__ = "order_sale"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    customer: Mapped[str] = mapped_column(Text, primary_key=True)
    order_key: Mapped[str] = mapped_column(Text, primary_key=True)
    run_id: Mapped[UUID] = mapped_column(Uuid)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    taken_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    sold_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sale: Mapped[str | None] = mapped_column(Text)
