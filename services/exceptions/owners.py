"""Who may own an exception: a role, or somebody who signs in."""

from __future__ import annotations

import re
from typing import Any, Final

from infra import ids
from infra.ids import TenantId
from services.exceptions.errors import UnknownOwner
from tenants.deployments.ownership import PATTERN

__all__ = ["PATTERN", "check"]

_FORM: Final = re.compile(PATTERN)


async def check(connection: Any, tenant: TenantId, owner: str | None) -> None:
    """`role:<slug>`, `account:acc_…` or None, for nobody; `connection` is in a transaction of the tenant.

    Raises:
        UnknownOwner: it is none of these, or no active account that sees this tenant.
    """
    if owner is None:
        return
    if _FORM.fullmatch(owner) is None:
        raise _unknown("an owner is a role (role:credit), or an account (account:acc_…)")
    if owner.startswith("role:"):
        return
    try:
        account = ids.read("acc", owner.removeprefix("account:"))
    except ids.MalformedId:
        raise _unknown("no account has this id") from None
    if not await connection.fetchval(
        "SELECT true FROM app.account WHERE tenant_id = $1 AND account_id = $2 AND status = 'active'", tenant, account
    ):
        raise _unknown("no active account of this client has this id")


def _unknown(detail: str) -> UnknownOwner:
    return UnknownOwner.at("/owner", detail)
