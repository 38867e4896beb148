from __future__ import annotations

from infra.problems import Conflict


class WrongScopeError(RuntimeError):
    """A record was to be written outside the transaction's scope. A defect of ours; nothing was stored."""


class AuditHeld(Conflict):
    """A legal hold keeps the audit as it is; `detail` says why. Whoever may end holds does so first."""

    name = "audit-held"
    title = "A legal hold keeps the audit"

    @classmethod
    def because(cls, reason: str) -> AuditHeld:
        return cls(f"It is held: {reason}")


class NotHeld(Conflict):
    """The audit is under no hold. There is nothing to do."""

    name = "audit-not-held"
    title = "Nothing holds the audit"
