"""Why Tryton did not do what it was asked: which group its user lacks, or which module or version it is.

What its books refuse, and what its user has no access to, it says in the same form, in the language of the user. Of an
access that is missing it names beside it the groups that the user has.
"""

from __future__ import annotations

from typing import Final

from services.connectors.builtin.tryton import rights
from services.connectors.builtin.tryton.session import Denied, Rpc
from services.connectors.sdk.errors import Away, Misread, Refusal

_READ: Final = ("sale.sale", "stock.shipment.out", "account.invoice")
"""Models, one of each group that every operation of the books needs."""
_FORBIDDEN: Final = 403
_BROKEN: Final = 502
MODULES: Final = ("sale", "stock", "account_invoice_stock", "sale_credit_limit")


async def explained(denied: Denied, rpc: Rpc) -> Refusal:
    """`denied` as it is, or with the groups that help."""
    try:
        if not denied.description or not await _names_its_groups(denied.description, rpc):
            return denied
        return await _forbidden(denied.detail or "It lets the user not do this", rpc)
    except (Refusal, Away, Misread):
        return denied


async def expect_reading(rpc: Rpc) -> None:
    """For a check: who has no group at all may still read customers.

    Raises:
        Refusal: the user may not read what most operations read. What groups of an administrator's own give it counts.
    """
    known = await rpc.model("ir.model.access.get_access", list(_READ))
    unread = [name for name in _READ if not known[name]["read"]]
    if unread:
        raise await _forbidden(f"Its user may not read {' and '.join(unread)}", rpc)


async def _forbidden(words: str, rpc: Rpc) -> Refusal:
    missing = sorted({*rpc.scopes} - {*await rights.listed({}, rpc)})
    what = f"the groups {', '.join(missing)}" if missing else "the access that it lacks"
    detail = f"{words}. Give the user in the setting `user` {what}"
    return Refusal(detail, name="authorization", status=_FORBIDDEN, title="A right is missing")


def lacking() -> Refusal:
    """What is read has a model or field that this Tryton has not."""
    modules = f"{', '.join(MODULES[:-1])} and {MODULES[-1]}"
    detail = f"The ERP does not know what it is asked for. Has it the modules {modules}"
    detail += ", and does the setting `base_url` lead to a Tryton 8.2?"
    return Refusal(detail, name="configuration", status=_BROKEN, title="The ERP lacks a part")


async def _names_its_groups(description: str, rpc: Rpc) -> bool:
    known = await rpc.model("res.user.get_preferences", True)
    groups = await rpc.model("res.group.read", known.get("groups") or [], ["rec_name"])
    return all(one["rec_name"] in description for one in groups)
