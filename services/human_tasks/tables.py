"""The tables of human tasks as SQLAlchemy knows them (`59_human_tasks.sql`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
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
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import UniqueConstraint

from infra.database import Base, tenant_key

_NOW: Final = func.clock_timestamp()
_OPEN: Final = text("closed_at IS NULL")
_FREE: Final = text("closed_at IS NULL AND assignee IS NULL")
_MINE: Final = text("closed_at IS NULL AND assignee IS NOT NULL")
_CLOSED: Final = text("closed_at IS NOT NULL")
_MINE_CLOSED: Final = text("closed_at IS NOT NULL AND assignee IS NOT NULL")


def _of_task() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id", "task_id"], ["app.human_task.tenant_id", "app.human_task.task_id"])


class HumanTask(Base):
    __tablename__ = "human_task"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    task_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    run_id: Mapped[UUID] = mapped_column(Uuid)
    key: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    decision: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    assignee: Mapped[UUID | None] = mapped_column(Uuid)
    is_given: Mapped[bool] = mapped_column(server_default="false")
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    entity_kind: Mapped[str | None] = mapped_column(Text)
    entity_key: Mapped[str | None] = mapped_column(Text)
    value: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(Text)
    worth: Mapped[int] = mapped_column(BigInteger, server_default="-9223372036854775808")
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    due: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default="infinity")
    content: Mapped[Any] = mapped_column(JSON)
    outcome: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[Any] = mapped_column(JSON, nullable=True)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    wake_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    salt: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("uuid_send(gen_random_uuid())"))

    __table_args__ = (
        UniqueConstraint("tenant_id", "run_id", "key"),
        Index(
            "human_task_queue_due",
            "tenant_id",
            "role",
            "due",
            "task_id",
            postgresql_include=["assignee"],
            postgresql_where=_OPEN,
        ),
        Index("human_task_free_due", "tenant_id", "role", "due", "task_id", postgresql_where=_FREE),
        Index("human_task_free_worth", "tenant_id", "role", "worth", "task_id", postgresql_where=_FREE),
        Index("human_task_queue_worth", "tenant_id", "role", "worth", "task_id", postgresql_where=_OPEN),
        Index("human_task_mine_due", "tenant_id", "assignee", "due", "task_id", postgresql_where=_MINE),
        Index("human_task_mine_worth", "tenant_id", "assignee", "worth", "task_id", postgresql_where=_MINE),
        Index("human_task_kind_due", "tenant_id", "kind", "due", "task_id", postgresql_where=_OPEN),
        Index("human_task_due", "tenant_id", "due", "task_id", postgresql_where=_OPEN),
        Index("human_task_worth", "tenant_id", "worth", "task_id", postgresql_where=_OPEN),
        Index("human_task_closed", "tenant_id", "task_id", postgresql_where=_CLOSED),
        Index("human_task_closed_queue", "tenant_id", "role", "task_id", postgresql_where=_CLOSED),
        Index("human_task_closed_mine", "tenant_id", "assignee", "task_id", postgresql_where=_MINE_CLOSED),
        Index("human_task_closed_kind", "tenant_id", "kind", "task_id", postgresql_where=_CLOSED),
        Index(
            "human_task_entity",
            "tenant_id",
            "entity_kind",
            "entity_key",
            "task_id",
            postgresql_where=text("entity_key IS NOT NULL"),
        ),
        Index("human_task_wake", "wake_at", postgresql_where=text("wake_at IS NOT NULL")),
    )


class HumanTaskEvent(Base):
    """One act on a task, a comment or a document among them."""

    __tablename__ = "human_task_event"

    tenant_id: Mapped[UUID] = tenant_key()
    task_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    action: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    made_by: Mapped[str] = mapped_column(Text)
    behalf: Mapped[UUID | None] = mapped_column(Uuid)
    target: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (_of_task(),)


class HumanTaskDecision(Base):
    """What one person decided of a task."""

    __tablename__ = "human_task_decision"

    tenant_id: Mapped[UUID] = tenant_key()
    task_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid)
    behalf: Mapped[UUID | None] = mapped_column(Uuid)
    outcome: Mapped[str] = mapped_column(Text)
    answer: Mapped[Any] = mapped_column(JSON)
    note: Mapped[str | None] = mapped_column(Text)
    network: Mapped[str | None] = mapped_column(Text)
    shown_digest: Mapped[bytes] = mapped_column(LargeBinary)
    rule: Mapped[Any] = mapped_column(JSON, nullable=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    is_void: Mapped[bool] = mapped_column(server_default="false")
    decided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)

    __table_args__ = (_of_task(),)


class HumanTaskSkill(Base):
    """Something that somebody is good at."""

    __tablename__ = "human_task_skill"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    skill: Mapped[str] = mapped_column(Text, primary_key=True)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)


class TaskMail(Base):
    """An act on a task that somebody may have to be written to about."""

    __tablename__ = "task_mail"

    tenant_id: Mapped[UUID] = tenant_key()
    task_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "task_id", "number"],
            [f"app.human_task_event.{name}" for name in ("tenant_id", "task_id", "number")],
        ),
        Index("task_mail_due", "due_at"),
    )


class TaskMailChoice(Base):
    """How somebody wants to hear of tasks by mail."""

    __tablename__ = "task_mail_choice"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    choice: Mapped[str] = mapped_column(Text)
    digest_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    taken_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)

    __table_args__ = (Index("task_mail_choice_digest", "digest_at", postgresql_where=text("digest_at IS NOT NULL")),)


class Absence(Base):
    """When somebody is away, and who acts for them."""

    __tablename__ = "absence"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    substitute: Mapped[UUID | None] = mapped_column(Uuid)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)

    __table_args__ = (
        Index("absence_substitute", "tenant_id", "substitute", postgresql_where=text("substitute IS NOT NULL")),
    )
