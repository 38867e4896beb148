"""Rows of `services.api.policy` for human tasks (ADR 0097): who sees queues, who works on them, who gives work out."""

from __future__ import annotations

from typing import Final

from tenants.identity.permissions import Permission

P: Final = Permission  # the table below is read by column

ONE: Final = "/tasks/{task}"
ROWS: Final = (
    ("GET", "/tasks", P.TASKS_WORK),
    ("GET", "/tasks/counts", P.TASKS_WORK),
    ("GET", ONE, P.TASKS_WORK),
    ("GET", f"{ONE}/look-up", P.TASKS_WORK),
    ("POST", f"{ONE}/act", P.TASKS_WORK),
    ("POST", f"{ONE}/complete", P.TASKS_WORK),
    ("POST", "/tasks/complete", P.TASKS_WORK),
    ("GET", "/colleagues", P.TASKS_WORK),
    ("GET", "/absences", P.TASKS_WORK),
    ("POST", "/absences", P.TASKS_WORK),
    ("GET", "/task-mail", P.TASKS_WORK),
    ("POST", "/task-mail", P.TASKS_WORK),
    ("GET", "/skills", P.TASKS_WORK),
    ("POST", "/skills", P.TASKS_MANAGE),
)
"""Method, path below a tenant's prefix, permission."""
COMPLETE: Final = f"{ONE}/complete"
VERSIONED: Final = ((ONE, ("GET",)), (COMPLETE, ("POST",)))
"""Paths whose tag is of the task's version: what a page shows beside it changes by itself."""
