"""Which log: a tenant's, a partner's, or the operator's own; and what of it is wanted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, or_

from infra import ids
from infra.database import Scope
from tenants.audit.lines import OPERATOR, log_name
from tenants.audit.models import AuditRecord, OrganizationAuditRecord

ENGINE: Final = "engine"
_KINDS_OF_PEOPLE: Final = ("account:{}", "acting:{}", "key:{}", "{}")
_SKEW: Final = timedelta(hours=1)
"""Ids are made by clocks of processes, times by that of the database: by so much they may differ."""


class Log(msgspec.Struct, frozen=True):
    """`rows`: the scope of who reads it."""

    kind: Literal["tenant", "partner", "operator"]
    log_id: UUID
    rows: Scope

    @classmethod
    def of(cls, rows: Scope) -> Log:
        """The log that this scope writes to."""
        if rows.tenant_id is not None:
            return cls("tenant", rows.tenant_id, rows)
        if rows.partner_id is not None:
            return cls("partner", rows.partner_id, rows)
        return cls("operator", OPERATOR, rows)

    @property
    def name(self) -> str:
        return log_name(self.kind, self.log_id)

    @property
    def model(self) -> type[AuditRecord | OrganizationAuditRecord]:
        return AuditRecord if self.kind == "tenant" else OrganizationAuditRecord

    def owned(self) -> ColumnElement[bool]:
        """Written in every query, beside row-level security."""
        if self.kind == "tenant":
            return AuditRecord.tenant_id == self.log_id
        if self.kind == "partner":
            return OrganizationAuditRecord.partner_id == self.log_id
        return OrganizationAuditRecord.partner_id.is_(None)


class Wanted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which rows; what is None is not asked for. All that is compared reaches an index under row-level security.

    `about`: an id, of what somebody did, or of what was done to somebody or something. `until` is not in it.
    """

    action: str | None = None
    actor: str | None = None
    target: str | None = None
    about: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_all(self) -> bool:
        return not msgspec.to_builtins(self)

    def conditions(self, log: Log) -> list[ColumnElement[bool]]:
        row: Any = log.model
        found: list[ColumnElement[bool]] = [log.owned()]
        if self.action is not None:
            found.append(row.action == self.action)
        if self.actor is not None:
            found.append(row.actor == self.actor)
            if self.actor != ENGINE:
                found.append(row.actor != ENGINE)  # as the index has it
        if self.target is not None:
            found.append(row.target == self.target)
        if self.about is not None:
            who = [form.format(self.about) for form in _KINDS_OF_PEOPLE]
            found.append(or_(row.target == self.about, row.actor.in_(who) & (row.actor != ENGINE)))
        if self.since is not None:
            found += [row.at >= self.since, row.audit_id >= ids.least_of(self.since - _SKEW)]
        if self.until is not None:
            found += [row.at < self.until, row.audit_id < ids.least_of(self.until + _SKEW)]
        return found


ALL: Final = Wanted()
