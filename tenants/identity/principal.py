"""Who calls, as proven by the credential."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from infra import ids
from tenants.identity.networks import Network
from tenants.identity.permissions import Permission, Scope


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """The holder of a live API key, or an account that is signed in: exactly one of the two ids is set.

    Below the operator with its partner; a client's with its tenant too. `expires_at` is the key's end, None for a key
    without one and for an account. `networks`: from where the key may be used; none: from everywhere.
    `is_suspended`: its client is, so it may read and nothing else. `proved_at`: when the account last proved itself;
    None for a key. `is_acting`: somebody of the partner's own who works as the client.
    """

    scope: Scope
    permissions: frozenset[Permission]
    key_id: UUID | None = None
    key_name: str = ""
    account_id: UUID | None = None
    partner_id: UUID | None = None
    partner_slug: str | None = None
    client_id: UUID | None = None
    client_slug: str | None = None
    tenant_id: UUID | None = None
    environment: str | None = None
    expires_at: datetime | None = None
    networks: tuple[Network, ...] = ()
    is_suspended: bool = False
    proved_at: datetime | None = None
    is_acting: bool = False

    @property
    def actor(self) -> str:
        """How audit records and logs name it."""
        if self.account_id is not None:
            return f"{'acting' if self.is_acting else 'account'}:{ids.show('acc', self.account_id)}"
        return f"key:{ids.show('key', self.key_id)}" if self.key_id is not None else "nobody"
