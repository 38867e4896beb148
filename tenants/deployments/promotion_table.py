from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, JSON, DateTime, FetchedValue, ForeignKeyConstraint, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Base, tenant_key


class Promotion(Base):
    """A deployment of another environment that is to run here, and what somebody said to it (`59_promotions.sql`)."""

    __tablename__ = "promotion"

    tenant_id: Mapped[UUID] = tenant_key(references=True)
    promotion_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    environment: Mapped[str] = mapped_column(Text)
    source_revision: Mapped[int]
    workflow_version_id: Mapped[UUID] = mapped_column(Uuid)
    site_id: Mapped[UUID | None] = mapped_column(Uuid)
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    bindings: Mapped[dict[str, str]] = mapped_column(JSON)
    groups: Mapped[dict[str, str]] = mapped_column(JSON)
    note: Mapped[str | None] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(Text)
    answers_for: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    proposed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    status: Mapped[str] = mapped_column(Text, server_default=text("'proposed'"))
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_note: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    deployment_id: Mapped[UUID | None] = mapped_column(Uuid)
    revision: Mapped[int | None]

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "workflow_version_id"],
            ["app.workflow_version.tenant_id", "app.workflow_version.workflow_version_id"],
        ),
        ForeignKeyConstraint(
            ["tenant_id", "deployment_id"], ["app.deployment.tenant_id", "app.deployment.deployment_id"]
        ),
    )
