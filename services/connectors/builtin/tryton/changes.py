"""Documents of Tryton that changed since a moment, and the sales that they belong to. It has no webhooks: it is asked.

A cursor is an RFC 3339 instant, two minutes before the latest change that was read: what was committed late is told,
and what was told comes once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from services.connectors.builtin.tryton.session import Rpc
from services.connectors.capabilities import records
from services.connectors.sdk.errors import Misread, Refusal

_LATE: Final = timedelta(minutes=2)
_PAGE: Final = 200
_PAGES: Final = 50
_MARK: Final = re.compile(r" #[0-9a-f]{16}$")
_PARTS: Final = ("year", "month", "day", "hour", "minute", "second", "microsecond")
_UNITS: Final = {
    "u": "EA", "kg": "KGM", "g": "GRM", "lb": "LBR", "oz": "ONZ", "m": "MTR", "cm": "CMT", "mm": "MMT", "ft": "FOT",
    "in": "INH", "l": "LTR", "h": "HUR", "d": "DAY",
}  # fmt: skip
"""Codes of UN/ECE Recommendation 20 by the symbols of the units that Tryton comes with."""


async def since(rpc: Rpc, model: str, domain: list[Any], fields: Iterable[str], cursor: str | None) -> list[Any]:
    """Those of `domain` that were written after the cursor, the oldest first, with `write_date`.

    Raises:
        Refusal: the cursor is none of ours.
        Misread: there are more than a call can read; an earlier cursor would bring them no sooner.
    """
    later = [["write_date", ">", _tagged(_moment(cursor))]] if cursor else []
    found: list[Any] = []
    order = [["write_date", "ASC"], ["id", "ASC"]]
    for page in range(_PAGES):
        named = [*fields, "write_date"]
        read = await rpc.model(f"{model}.search_read", [*domain, *later], page * _PAGE, _PAGE, order, named)
        found += read
        if len(read) < _PAGE:
            return found
    raise Misread(f"{model} has more than {_PAGE * _PAGES} changes since the cursor")


def following(found: list[Any], cursor: str | None) -> str | None:
    """The cursor that comes next: it never goes back."""
    moments = [instant(one["write_date"]) for one in found]
    known = [_moment(cursor)] if cursor else []
    latest = max([*known, *(one - _LATE for one in moments)], default=None)
    return None if latest is None else shown(latest)


async def sales(rpc: Rpc, member: str, ids: list[int]) -> list[dict[str, Any]]:
    """The sales whose documents these are, each with its `order`: the reference that it was created with.

    `member`: `shipments` or `invoices`.
    """
    if not ids:
        return []
    fields = ["reference", "number", "lines", member]
    found = await rpc.model("sale.sale.search_read", [[member, "in", ids]], 0, None, [["id", "ASC"]], fields)
    # A sale that a person made may have no reference; its own number is what is known of it then.
    return [{**one, "order": _MARK.sub("", one["reference"] or "") or one["number"]} for one in found]


async def read(rpc: Rpc, model: str, ids: Iterable[int], fields: list[str]) -> dict[int, dict[str, Any]]:
    """Records by their id."""
    wanted = sorted(set(ids))
    found = await rpc.model(f"{model}.read", wanted, fields) if wanted else []
    return {one["id"]: one for one in found}


def made(facts: dict[str, Any]) -> dict[str, Any]:
    """An output with its records. Raises Misread: something is in them that no record holds."""
    try:
        return records.completed(None, facts)
    except ValueError as error:
        raise Misread(str(error)) from error


def quantity(value: float, unit: Any) -> dict[str, str]:
    """Of a record. Raises Refusal: nobody has said what the unit is."""
    symbol = (unit or {}).get("symbol")
    if symbol not in _UNITS:
        raise Refusal(f"The unit {symbol!r} of the ERP has no code here", title="Unknown unit")
    text = repr(value)
    return {"value": text.removesuffix(".0"), "unit": _UNITS[symbol]}


def instant(value: Any) -> datetime:
    """Tryton's moments are in UTC, as tagged objects. Raises Misread."""
    try:
        hour, minute, second, parts = (value[name] for name in _PARTS[3:])
        return datetime(value["year"], value["month"], value["day"], hour, minute, second, parts, UTC)
    except (TypeError, KeyError, ValueError) as error:
        raise Misread("a moment of the ERP is none", value) from error


def day(value: Any) -> str:
    """ISO 8601, of Tryton's tagged object. Raises Misread."""
    try:
        return f"{value['year']:04}-{value['month']:02}-{value['day']:02}"
    except (TypeError, KeyError, ValueError) as error:
        raise Misread("a day of the ERP is none", value) from error


def shown(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _moment(cursor: str) -> datetime:
    try:
        read = datetime.fromisoformat(cursor)
    except ValueError:
        raise Refusal("The cursor is none that this connector gives", name="validation") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _tagged(moment: datetime) -> dict[str, Any]:
    at = moment.astimezone(UTC)
    return {"__class__": "datetime", **{name: getattr(at, name) for name in _PARTS}}
