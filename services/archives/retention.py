"""How long the ended runs of each deployment are kept: what is set for it, for its client, by its template, or here."""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra.ids import TenantId
from infra.settings import Settings
from template_library import catalog, retention
from template_library.catalog import UnknownTemplate

Source = Literal["deployment", "client", "template", "installation"]


class Rules(msgspec.Struct, frozen=True):
    """Of the installation, in days: what counts where nothing is set, and the least that ever counts."""

    days: int
    floor: int

    @classmethod
    def of(cls, settings: Settings) -> Rules:
        return cls(settings.retention_days, settings.retention_floor_days)


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """`days` that ended runs of a deployment are kept, and who says so."""

    deployment: UUID
    name: str
    days: int
    source: Source


_DEPLOYMENTS: Final = """
SELECT d.deployment_id, d.name, w.template, own.days AS own, whole.days AS whole
FROM app.deployment d
JOIN app.deployment_revision r USING (tenant_id, deployment_id, revision)
JOIN app.workflow_version w USING (tenant_id, workflow_version_id)
LEFT JOIN app.retention own ON own.tenant_id = d.tenant_id AND own.subject = d.deployment_id
LEFT JOIN app.retention whole ON whole.tenant_id = d.tenant_id AND whole.subject = d.tenant_id
WHERE d.tenant_id = $1 ORDER BY d.name
"""


async def periods(connection: Any, tenant: TenantId, rules: Rules) -> list[Period]:
    """Of every deployment of the tenant; `connection` is in its transaction."""
    return [_period(row, rules) for row in await connection.fetch(_DEPLOYMENTS, tenant)]


def _period(row: Any, rules: Rules) -> Period:
    found: list[tuple[int | None, Source]] = [
        (row["own"], "deployment"),
        (row["whole"], "client"),
        (_of_template(row["template"]), "template"),
    ]
    days, source = next(((days, source) for days, source in found if days is not None), (rules.days, "installation"))
    return Period(deployment=row["deployment_id"], name=row["name"], days=max(days, rules.floor), source=source)


def _of_template(reference: str | None) -> int | None:
    """What the package says, where this installation has it."""
    name, _, version = (reference or "").partition("@")
    try:
        kept = catalog.builtin().find(name, version).manifest.retention if version else None
    except UnknownTemplate:
        return None
    return None if kept is None else retention.days(kept)
