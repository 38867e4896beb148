"""Whose rows a transaction may touch: written into each as it begins, read by row-level security."""

from __future__ import annotations

from uuid import UUID

import msgspec


class Scope(msgspec.Struct, frozen=True):
    """Exactly one of the three is set. Make one from what the caller was proven to be, never from what it sent."""

    tenant_id: UUID | None = None
    partner_id: UUID | None = None
    is_operator: bool = False

    def __post_init__(self) -> None:
        if (self.tenant_id is not None) + (self.partner_id is not None) + self.is_operator != 1:
            raise ValueError("a scope is a tenant, a partner or the operator")

    @classmethod
    def tenant(cls, tenant_id: UUID) -> Scope:
        return cls(tenant_id=tenant_id)

    @classmethod
    def partner(cls, partner_id: UUID) -> Scope:
        return cls(partner_id=partner_id)

    @classmethod
    def operator(cls) -> Scope:
        return cls(is_operator=True)

    def settings(self) -> dict[str, str]:
        """All three settings, the unset ones empty: what an earlier transaction left never counts (S-09)."""
        return {
            "app.tenant_id": str(self.tenant_id or ""),
            "app.partner_id": str(self.partner_id or ""),
            "app.operator": "on" if self.is_operator else "",
        }

    def statement(self) -> str:
        """One SELECT that writes the settings for the open transaction. Holds UUIDs and no text of a caller's."""
        calls = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in self.settings().items())
        return f"SELECT {calls}"
