"""Who calls, as proven by the credential."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from infra import ids
from tenants.identity.permissions import Permission, Scope


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """The holder of a live API key. Below the operator with its partner; a client's key with its tenant too.

    `expires_at` is the key's end, None for a key without one.
    """

    scope: Scope
    key_id: UUID
    key_name: str
    permissions: frozenset[Permission]
    partner_id: UUID | None = None
    partner_slug: str | None = None
    client_id: UUID | None = None
    client_slug: str | None = None
    tenant_id: UUID | None = None
    environment: str | None = None
    expires_at: datetime | None = None

    @property
    def actor(self) -> str:
        """How audit records name it."""
        return f"key:{ids.show('key', self.key_id)}"
