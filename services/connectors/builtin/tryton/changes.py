"""Documents of Tryton that changed since a cursor, and the sales that they belong to. It has no webhooks: it is asked.

The next page begins behind the last document of the one before, and not at a number of documents: one that changes
meanwhile moves to the end, and none moves into the gap. A cursor stands two minutes before the latest change that was
read: what was committed late is told, and what was told comes once more. Each document is judged by itself: one that
no record can be made of is told with its reason, keeps no other back, and is looked at again with every call.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

import msgspec

from infra import clock
from services.connectors.builtin.tryton.place import Place, instant
from services.connectors.builtin.tryton.session import Rpc
from services.connectors.capabilities import records
from services.connectors.sdk.errors import Misread, Refusal
from template_library.status_maps import UnmappedStatus

_LATE: Final = timedelta(minutes=2)
_PAGE: Final = 200
_PAGES: Final = 10
"""Of one call; what is behind them is told by the next one."""
READ: Final = 1000
"""Records of one request."""
_MARK: Final = re.compile(r" #[0-9a-f]{16}$")
_UNITS: Final = {
    "u": "EA", "kg": "KGM", "g": "GRM", "lb": "LBR", "oz": "ONZ", "m": "MTR", "cm": "CMT", "mm": "MMT", "ft": "FOT",
    "in": "INH", "l": "LTR", "h": "HUR", "d": "DAY",
}  # fmt: skip
"""Codes of UN/ECE Recommendation 20 by the symbols of the units that Tryton comes with."""


class Changes(msgspec.Struct, frozen=True):
    """What was read behind `place`, the oldest first; each document once, as it was read last.

    Attributes:
        lasted: from the first page to the last; what was written meanwhile may have come too late for its page.
        cut: the last place that was read, where more is behind it.
    """

    documents: list[Any]
    place: Place | None
    lasted: timedelta
    cut: Place | None = None


async def since(rpc: Rpc, model: str, domain: list[Any], fields: Iterable[str], cursor: str | None) -> Changes:
    """Those of `domain` that were written behind the cursor, with `write_date`.

    Raises:
        Refusal: the cursor is none of ours.
    """
    place = Place.of(cursor) if cursor else None
    order, named = [["write_date", "ASC"], ["id", "ASC"]], [*fields, "write_date"]
    found: dict[int, Any] = {}
    began, at, is_cut = clock.monotonic(), place, True
    for _ in range(_PAGES):
        behind = [["write_date", "!=", None]] if at is None else at.behind()
        page = await rpc.model(f"{model}.search_read", [*domain, *behind], 0, _PAGE, order, named)
        for one in page:
            found.pop(one["id"], None)
            found[one["id"]] = one
        if len(page) < _PAGE:
            is_cut = False
            break
        at = Place(instant(page[-1]["write_date"]), page[-1]["id"])
    # One page is of one moment.
    lasted = timedelta() if at is place else timedelta(seconds=clock.monotonic() - began)
    left = [] if place is None else [one for one in place.again if one not in found]
    if left:
        # In the order of their changes, which are before all others.
        again = await rpc.model(f"{model}.search_read", [*domain, ["id", "in", left]], 0, None, order, named)
        found = {one["id"]: one for one in again} | found
    return Changes(list(found.values()), place, lasted, at if is_cut else None)


def told(member: str, changes: Changes, make: Callable[[Any], dict[str, Any]], documents: list[Any]) -> dict[str, Any]:
    """An output of a capability: what is made of `documents`, those of which nothing can be, and the next cursor."""
    fit: list[dict[str, Any]] = []
    unfit: list[dict[str, str]] = []
    again: list[int] = []
    for one in documents:
        status = None
        try:
            fit.append(make(one))
        except UnmappedStatus as error:
            why, status = str(error), error.status
        except (Refusal, Misread) as error:
            why = error.detail
        except records.NoRecord as error:
            why = error.hidden
        except (KeyError, TypeError, ValueError):
            why = "what the ERP says of it has another form"
        else:
            continue
        unfit.append(records.unfit(one["number"] or one["id"], why, status))
        again.append(one["id"])
    found: dict[str, Any] = {member: fit, "cursor": following(changes, again)}
    found |= {"more": True} if changes.cut is not None else {}
    return {**found, "unfit": unfit} if unfit else found


def following(changes: Changes, again: Iterable[int] = ()) -> str | None:
    """The cursor that comes next. It never goes back, and goes on wherever there is more to be read.

    Where a call reads no more than what was written within some minutes, the next one begins at the very place where it
    ended, or it would read most of it anew, for ever. What is committed late there is told with its next change.
    """
    place = _ahead(changes) if changes.cut is None else _onwards(changes.place, changes.cut)
    return None if place is None else msgspec.structs.replace(place, again=tuple(again)).text()


def _ahead(changes: Changes) -> Place | None:
    """Of a reading to the end."""
    latest = max((instant(one["write_date"]) for one in changes.documents), default=None)
    place, early = changes.place, None if latest is None else Place(latest - _LATE - changes.lasted)
    return early if place is None or (early is not None and early.at > place.at) else place


def _onwards(place: Place | None, cut: Place) -> Place:
    """Of one that was cut there."""
    early = Place(cut.at - _LATE)
    return early if place is None or cut.at - place.at >= 2 * _LATE else cut


async def sales(rpc: Rpc, member: str, ids: list[int]) -> list[dict[str, Any]]:
    """The sales whose documents these are, each with its `order`: the reference that it was created with.

    `member`: `shipments` or `invoices`.
    """
    if not ids:
        return []
    fields = ["reference", "number", "lines", member]
    found = await rpc.model("sale.sale.search_read", [[member, "in", ids]], 0, None, [["id", "ASC"]], fields)
    # A sale that a person made may have no reference; its own number is what is known of it then.
    return [{**one, "order": order_of(one)} for one in found]


def order_of(sale: Mapping[str, Any]) -> str:
    """The reference that a sale was created with."""
    return str(_MARK.sub("", sale["reference"] or "") or sale["number"])


def is_marked(reference: str | None) -> bool:
    """Whether a call of ours made the sale of this reference."""
    return _MARK.search(reference or "") is not None


async def sold(rpc: Rpc, order: str) -> dict[str, Any]:
    """The sale that was created with this reference, with its `invoices`.

    Raises:
        Refusal: there is none.
    """
    named = ["OR", ["reference", "=", order], ["reference", "like", f"{escaped(order)} #%"]]
    domain = [named, ["state", "in", ["confirmed", "processing", "done"]]]
    found = await rpc.model("sale.sale.search_read", domain, 0, None, [["id", "ASC"]], ["reference", "invoices"])
    for one in found:
        if _MARK.sub("", one["reference"]) == order:
            sale: dict[str, Any] = one
            return sale
    raise Refusal(f"The ERP has no sale of the order {order!r}", title="Unknown order")


def escaped(text: str) -> str:
    """For `like`, whose `%` and `_` stand for others."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def read(rpc: Rpc, model: str, ids: Iterable[int], fields: list[str]) -> dict[int, dict[str, Any]]:
    """Records by their id; who is gone is missing."""
    wanted = sorted(set(ids))
    found: dict[int, dict[str, Any]] = {}
    for at in range(0, len(wanted), READ):
        # By a search: `read` refuses all of them where one is gone.
        within = [["id", "in", wanted[at : at + READ]]]
        page = await rpc.model(f"{model}.search_read", within, 0, None, None, fields)
        found |= {one["id"]: one for one in page}
    return found


def parts(known: Mapping[int, dict[str, Any]], ids: Iterable[int]) -> list[dict[str, Any]]:
    """Of what was read those of one document. Raises Misread: one of them is gone, or hidden from the user."""
    try:
        return [known[one] for one in ids]
    except KeyError:
        raise Misread("one of its lines cannot be read") from None


def quantity(value: Any, unit: Any) -> dict[str, str]:
    """Of a record. Raises Refusal: nobody has said what the unit is."""
    symbol = (unit or {}).get("symbol")
    if symbol not in _UNITS:
        raise Refusal(f"The unit {symbol!r} of the ERP has no code here", title="Unknown unit")
    text = repr(value)
    return {"value": text.removesuffix(".0"), "unit": _UNITS[symbol]}


def day(value: Any) -> str:
    """ISO 8601, of Tryton's tagged object. Raises Misread."""
    try:
        return f"{value['year']:04}-{value['month']:02}-{value['day']:02}"
    except (TypeError, KeyError, ValueError) as error:
        raise Misread("a day of the ERP is none", value) from error
