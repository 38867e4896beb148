from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Index, LargeBinary, Text, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key


class ApprovalRow(Base):
    """What was decided about a task of a run (`59_approvals.sql`)."""

    __tablename__ = "approval"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    approval_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    run_id: Mapped[UUID] = mapped_column(Uuid)
    reference: Mapped[str] = mapped_column(Text)
    event_source: Mapped[str] = mapped_column(Text)
    event_key: Mapped[str] = mapped_column(Text)
    is_approved: Mapped[bool]
    note: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    task_id: Mapped[UUID | None] = mapped_column(Uuid)
    decision: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(Text)
    shown_digest: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (Index("approval_run", "tenant_id", "run_id", "approval_id"),)
