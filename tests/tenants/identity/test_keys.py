from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from infra.database import Database, Scope
from tenants.identity import repository, tokens
from tests.world import make_tenant


async def test_S_12_a_partner_cannot_write_a_key_into_anothers_tenant(app_database: Database) -> None:
    """Even by SQL of its own: the tenant of a key is referred to together with its partner."""
    mine, other = await make_tenant(app_database, "mine"), await make_tenant(app_database, "other")
    token = tokens.make()
    key = {"key_id": token.key_id, "scope": "client", "name": "x", "secret_hash": token.digest, "permissions": []}
    async with app_database.session(Scope.partner(mine.partner_id)) as session:
        with pytest.raises(IntegrityError):
            await repository.add(session, {**key, "partner_id": mine.partner_id, "tenant_id": other.tenant_id})
    async with app_database.session(Scope.partner(mine.partner_id)) as session:
        await repository.add(session, {**key, "partner_id": mine.partner_id, "tenant_id": mine.tenant_id})
        await session.commit()
