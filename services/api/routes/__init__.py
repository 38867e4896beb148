"""Every handler of the API, in one list. A new route file adds its module here, and its rows to the policy."""

from __future__ import annotations

from typing import Final

from services.api.routes import (
    audit,
    changes,
    clients,
    connections,
    deployments,
    documentation,
    events,
    health,
    keys,
    lifecycle,
    me,
    migrations,
    notices,
    operating_runs,
    outages,
    partners,
    problems,
    redrive,
    run_workflow,
    runs,
    signals,
    templates,
    usage,
    workflows,
)

HANDLERS: Final = (
    *health.HANDLERS,
    *problems.HANDLERS,
    *documentation.HANDLERS,
    *me.HANDLERS,
    *partners.HANDLERS,
    *clients.HANDLERS,
    *keys.HANDLERS,
    *audit.HANDLERS,
    *templates.HANDLERS,
    *connections.HANDLERS,
    *outages.HANDLERS,
    *notices.HANDLERS,
    *workflows.HANDLERS,
    *deployments.HANDLERS,
    *migrations.HANDLERS,
    *usage.HANDLERS,
    *events.HANDLERS,
    *signals.HANDLERS,
    *runs.HANDLERS,
    *operating_runs.HANDLERS,
    *redrive.HANDLERS,
    *changes.HANDLERS,
    *run_workflow.HANDLERS,
    *lifecycle.HANDLERS,
)
