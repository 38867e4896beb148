"""An event becomes a record: jq, then what a mapping declares, then the record's schema (ADR 0080). Writes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from collections.abc import Mapping as Members
from copy import deepcopy
from typing import Any, Final, Literal

import msgspec

from services.engine.expressions.protocol import Evaluator, ExpressionFailed
from services.events.catalogue import registry as catalogue
from services.records.keys import ID
from services.records.mapping.document import ORDER, Mapping, default_identity
from template_library import schemas
from template_library.records import registry
from template_library.status_maps import StatusMap, UnmappedStatus
from template_library.values import decimals, units
from template_library.values.conversions import Contradiction, Conversion, Conversions, NoConversion, Quantity

Cause = Literal["mapping-failed", "record-refused", "unmapped-status", "no-conversion", "not-translated"]
Packs = Callable[[Iterable[str]], Awaitable[Members[str, Any]]]
"""By item the record `unit-of-measure` that is known of it; whoever has none is left out."""
FLOOR: Final = "captured"
"""What an order is at least that a system knows and says nothing of."""
_FIRST: Final = 5
_ANY_ORDER: Final = "order.substituted"
"""Its schema is that of every order's event, whatever state it tells."""


class Made(msgspec.Struct, frozen=True):
    """What came of an event. `record` None: the mapping takes nothing of it.

    Attributes:
        identity: the record's id in its system.
        states: of an order by line, `""` for the order itself; None: the system says nothing of it.
        tells: the data of the event that follows, where the mapping makes them.
    """

    record: dict[str, Any] | None = None
    identity: str = ""
    states: dict[str, str | None] = {}
    tells: dict[str, Any] | None = None


class NotMade(Exception):
    """No record comes of this event as its mapping is. Repeating it will not help.

    Attributes:
        about: what makes it the same as another: the status or the item that is in the way; else empty.
        errors: `{pointer, detail}` of each fault in the record; its words hold no value of it.
    """

    def __init__(
        self, cause: Cause, detail: str, *, about: str = "", errors: list[dict[str, str]] | None = None
    ) -> None:
        super().__init__(detail)
        self.cause: Cause = cause
        self.detail = detail
        self.about = about
        self.errors = errors or []


async def apply(
    evaluator: Evaluator, mapping: Mapping, event: Members[str, Any], *, packs: Packs, lane: str = ""
) -> Made:
    """`event`: in the JSON format, with its `data`.

    Raises:
        NotMade: see there.
        ExpressionsUnavailable: nothing was done; try again.
    """
    record = await _evaluated(evaluator, mapping, event, lane)
    if record is None:
        return Made()
    if not isinstance(record, dict):
        raise NotMade("mapping-failed", "the program makes no object")
    # What a program picks out of the data is the data's own: what is changed below is a record and no event.
    record = deepcopy(record) | mapping.always
    _rename_units(record, mapping.units)
    states = _states(record, mapping.statuses) if mapping.record == ORDER else {}
    await _convert(record, mapping, packs)
    _check(mapping, record)
    identity = mapping.identity_of(record)
    if ID.fullmatch(identity) is None:
        raise NotMade("record-refused", "its id has to have 1 to 200 characters, without spaces around it")
    tells = await _told(evaluator, mapping, record, event, lane)
    if mapping.only:
        record, states = _taken(record, states, mapping)
    return Made(record, identity, states, tells)


async def _evaluated(evaluator: Evaluator, mapping: Mapping, event: Members[str, Any], lane: str) -> Any:
    data = event.get("data")
    about = {"event": _attributes(event)}
    try:
        (record,) = await evaluator.evaluate([mapping.program], data, about, lane=lane)
        if mapping.also and record is not None:
            (record,) = await evaluator.evaluate([mapping.also], record, {**about, "data": data}, lane=lane)
    except ExpressionFailed as error:
        # What jq says may hold a value of the event.
        raise NotMade("mapping-failed", "the program fails on it", errors=[_error("", error.detail)]) from error
    return record


async def _told(
    evaluator: Evaluator, mapping: Mapping, record: dict[str, Any], event: Members[str, Any], lane: str
) -> dict[str, Any] | None:
    if not mapping.tell:
        return None
    given = {"event": _attributes(event), "data": event.get("data")}
    try:
        (told,) = await evaluator.evaluate([mapping.tell], record, given, lane=lane)
    except ExpressionFailed as error:
        raise NotMade("mapping-failed", "what it tells fails", errors=[_error("", error.detail)]) from error
    type_ = mapping.events.get(str(event.get("type"))) or (_ANY_ORDER if mapping.record == ORDER else None)
    known = None if type_ is None else catalogue.find(type_)
    if known is None:
        return None
    broken = schemas.check(known.schema, told)
    if broken:
        errors = [_error(one.pointer, one.detail) for one in broken]
        raise NotMade("record-refused", f"what it tells breaks the schema of {type_}", errors=errors)
    found: dict[str, Any] = told
    return found


def _attributes(event: Members[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "data"}


def _states(record: dict[str, Any], statuses: StatusMap | None) -> dict[str, str | None]:
    """Puts states in the place of statuses."""
    found: dict[str, str | None] = {}
    lines = record.get("lines")
    held = [one for one in lines if isinstance(one, dict)] if isinstance(lines, list) else []
    for key, one in [("", record), *((str(line.get("line")), line) for line in held)]:
        status = one.get("state")
        if not isinstance(status, str):
            continue
        try:
            found[key] = status if statuses is None else statuses.state_of(status)
        except UnmappedStatus as refused:
            raise NotMade("unmapped-status", str(refused), about=refused.status) from None
        one["state"] = found[key]
        if found[key] is None:
            del one["state"]
    record.setdefault("state", FLOOR)
    return found


def _taken(
    record: dict[str, Any], states: dict[str, str | None], mapping: Mapping
) -> tuple[dict[str, Any], dict[str, str | None]]:
    """What the mapping takes of the record, and of the states: lines have theirs by the ids that they have here."""
    identity = {one.split("/")[1] for one in mapping.identity or [default_identity(mapping.record)]}
    kept = {name: value for name, value in record.items() if name in {*mapping.only, *identity}}
    of_lines = "lines" in mapping.only
    return kept, {line: state for line, state in states.items() if (of_lines if line else "state" in mapping.only)}


def _rename_units(value: Any, codes: Members[str, str]) -> None:
    if isinstance(value, dict):
        for name in ("unit", "base_unit"):
            if isinstance(value.get(name), str):
                value[name] = codes.get(value[name], value[name])
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            _rename_units(one, codes)


async def _convert(record: dict[str, Any], mapping: Mapping, packs: Packs) -> None:
    """Quantities of lines in the base unit of their item, exactly or not at all."""
    lines = [one for one in record.get("lines") or () if isinstance(one, dict) and isinstance(one.get("item"), dict)]
    wanted = [
        (line["item"].get("id"), holder, name)
        for line in lines
        for holder, name in (_place(line, path) for path in mapping.base_units)
        if isinstance(holder, dict) and name in holder
    ]
    if not wanted:
        return
    known = await packs({item for item, *_ in wanted if isinstance(item, str)})
    for item, holder, name in wanted:
        quantity = holder[name]
        if not (isinstance(quantity, dict) and isinstance(quantity.get("value"), str)):
            continue  # the schema says so
        holder[name] = _in_base_unit(item, quantity, known.get(item), mapping.base_unit)


def _place(line: dict[str, Any], path: str) -> tuple[Any, str]:
    """What holds the quantity, and its name there: of `unit_price/per` the price."""
    *above, name = path.split("/")
    holder: Any = line
    for one in above:
        holder = holder.get(one) if isinstance(holder, dict) else None
    return holder, name


def _in_base_unit(item: Any, quantity: dict[str, Any], packs: Any, else_in: str | None) -> dict[str, Any]:
    if packs is None:
        if else_in is not None and quantity.get("unit") == else_in:
            return quantity
        raise NotMade("no-conversion", f"nobody has said which units the item {item} has", about=str(item))
    said = [
        Conversion(one["unit"], decimals.read(one["holds"]["value"]), one["holds"]["unit"]) for one in packs["packs"]
    ]
    given, target = Quantity(decimals.read(quantity["value"]), quantity["unit"]), packs["base_unit"]
    try:
        converted = Conversions(said).convert(given, target)
    except (NoConversion, Contradiction, decimals.Inexact, units.UnknownUnit) as error:
        raise NotMade("no-conversion", f"item {item}: {error}", about=str(item)) from None
    return {"value": decimals.show(converted.value), "unit": converted.unit}


def _check(mapping: Mapping, record: dict[str, Any]) -> None:
    broken = registry.check(mapping.record, mapping.version, record)
    if broken:
        errors = [_error(one.pointer, one.detail) for one in broken]
        places = ", ".join(one.pointer or "/" for one in broken[:_FIRST])
        raise NotMade("record-refused", f"it breaks the record's schema at {places}", errors=errors)


def _error(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "detail": detail}
