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
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

import tenants.organizations.models  # noqa: F401 (the tables that tenants and clients are rows of)
from infra.database import Base, tenant_key


class WorkflowVersion(Base):
    """A published document. It never changes.

    `template` says which package it came from (`name@version`), `elsewhere` holds what it takes from others, as it was.
    """

    __tablename__ = "workflow_version"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    workflow_version_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    namespace: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    template: Mapped[str | None] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text, deferred=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    elsewhere: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True, deferred=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (UniqueConstraint("tenant_id", "namespace", "name", "version"),)


class Deployment(Base):
    __tablename__ = "deployment"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    deployment_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, default="active")
    revision: Mapped[int]
    priority: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    site_id: Mapped[UUID | None] = mapped_column(Uuid)
    domain: Mapped[str] = mapped_column(Text, server_default="other")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "site_id"], ["app.site.tenant_id", "app.site.site_id"]),
        UniqueConstraint("tenant_id", "name"),
    )


class Owner(Base):
    """Who answers for a domain, an entity, an integration or the architecture, and who does meanwhile (ADR 0051)."""

    __tablename__ = "owner"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    owner: Mapped[str] = mapped_column(Text)
    deputy: Mapped[str] = mapped_column(Text)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())


class DeploymentRevision(Base):
    """What a run is pinned to. Written once; a change is another revision."""

    __tablename__ = "deployment_revision"

    tenant_id: Mapped[UUID] = tenant_key()
    deployment_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    workflow_version_id: Mapped[UUID] = mapped_column(Uuid)
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    sources: Mapped[dict[str, str]] = mapped_column(JSON, server_default=text("'{}'"))
    bindings: Mapped[dict[str, str]] = mapped_column(JSON)
    groups: Mapped[dict[str, str]] = mapped_column(JSON, server_default=text("'{}'"))
    workflows: Mapped[dict[str, str]] = mapped_column(JSON, server_default=text("'{}'"))
    keys: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    exceptions: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    trigger_type: Mapped[str | None] = mapped_column(Text)
    trigger: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "deployment_id"], ["app.deployment.tenant_id", "app.deployment.deployment_id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "workflow_version_id"],
            ["app.workflow_version.tenant_id", "app.workflow_version.workflow_version_id"],
        ),
        Index(
            "deployment_revision_trigger",
            "tenant_id",
            "trigger_type",
            postgresql_where=text("trigger_type IS NOT NULL"),
        ),
    )


class Schedule(Base):
    """A way in which an active deployment begins runs by itself; the worker moves its time on."""

    __tablename__ = "schedule"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    deployment_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    revision: Mapped[int]
    milliseconds: Mapped[int | None] = mapped_column(BigInteger)
    cron: Mapped[str | None] = mapped_column(Text)
    next_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    run_id: Mapped[UUID | None] = mapped_column(Uuid)

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "deployment_id", "revision"],
            [f"app.deployment_revision.{name}" for name in ("tenant_id", "deployment_id", "revision")],
        ),
        Index("schedule_due", "next_at", postgresql_where=text("next_at IS NOT NULL")),
        Index("schedule_following", "tenant_id", "run_id", postgresql_where=text("kind = 'after' AND next_at IS NULL")),
    )


class DeploymentTrigger(Base):
    """A filter of events that start runs of a revision, where one event with written attributes does not tell all.

    Attributes:
        type: None: any, or one that only an expression can tell.
        judged: expressions decide, once the event is stored.
    """

    __tablename__ = "deployment_trigger"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    deployment_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    places: Mapped[int]
    strategy: Mapped[str] = mapped_column(Text)
    type: Mapped[str | None] = mapped_column(Text)
    attributes: Mapped[dict[str, str]] = mapped_column(JSON)
    judged: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "deployment_id", "revision"],
            [f"app.deployment_revision.{name}" for name in ("tenant_id", "deployment_id", "revision")],
        ),
        Index("deployment_trigger_type", "tenant_id", "type"),
    )


class PendingEvent(Base):
    """An event that waits in a set for others; `keys` are its values by correlation."""

    __tablename__ = "pending_event"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    deployment_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    gathering_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    event_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    place: Mapped[int]
    keys: Mapped[dict[str, Any]] = mapped_column(JSON, server_default=text("'{}'"))


class Candidate(Base):
    """An event that may begin runs of a deployment, once its filters have been evaluated."""

    __tablename__ = "candidate"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    deployment_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    event_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    actor: Mapped[str] = mapped_column(Text)
    trace: Mapped[bytes | None] = mapped_column(LargeBinary)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    tries: Mapped[int] = mapped_column(server_default=text("0"))
