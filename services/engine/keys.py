"""What a run is found by, ordered by and lined up by: declared by its workflow, taken from its input (ADR 0028)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from services.engine import values
from services.engine.expressions import trivial
from template_library.dsl.model import RunKeys

LONGEST: Final = 200
_MOST_AMOUNT: Final = 2**63 - 1
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """What the declared expressions told of one run; what they did not tell is absent.

    Attributes:
        amount: in minor units of `currency`; both or neither.
        serialize: name of the key of which the run is to be the one writer; it is among `texts`.
    """

    texts: dict[str, str] = {}
    amount: int | None = None
    currency: str | None = None
    deadline: dt.datetime | None = None
    customer_class: str | None = None
    serialize: str | None = None


NOTHING: Final = Filed()


def at_start(declared: RunKeys, text: str) -> Filed:
    """What simple expressions tell of a run whose input is `text`, in the transaction that starts it.

    The others need jq, which no transaction waits for: the run's first claim asks them.
    """
    try:
        # The data of events may be as deep as values may, and lies in an event in an array.
        value = values.decode(text, depth=values.DEPTH + 2)
    except values.ValueRefused:
        return NOTHING  # its first claim says so in the run
    late = dict(late_programs(declared))
    told = {
        name: trivial.evaluate(program, value, {}) for name, program in declared.programs() if name not in late
    }  # fmt: skip
    found = read({name: result for name, result in told.items() if result is not trivial.NOT_TRIVIAL})
    return replace(found, serialize=declared.serialize) if declared.serialize in found.texts else found


def late_programs(declared: RunKeys) -> list[tuple[str, str]]:
    """Those that need jq; amount and currency come together."""
    late = {name for name, program in declared.programs() if not trivial.is_trivial(program)}
    if late & {"/amount", "/currency"}:
        late |= {"/amount", "/currency"}
    return [(name, program) for name, program in declared.programs() if name in late]


def read(told: Mapping[str, Any]) -> Filed:
    """Values of expressions by their name in `RunKeys.programs`."""
    texts = dict(_texts((name, value) for name, value in told.items() if not name.startswith("/")))
    amount, currency = _amount(told.get("/amount")), told.get("/currency")
    if amount is None or not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        amount, currency = None, None
    return Filed(
        texts=texts,
        amount=amount,
        currency=currency,
        deadline=_moment(told.get("/deadline")),
        customer_class=_text(told.get("/customer_class")),
    )


def _texts(told: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, str]]:
    for name, value in told:
        text = _text(value)
        if text is not None:
            yield name, text


def _text(value: Any) -> str | None:
    """A text of at most `LONGEST` characters, or a whole number as one; anything else is no key."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or values.plain(value) != value:
        return None
    text = value.strip()
    return text if 0 < len(text) <= LONGEST else None


def _amount(value: Any) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _MOST_AMOUNT:
        return None
    return value


def _moment(value: Any) -> dt.datetime | None:
    """A moment with its offset; a date counts to its end in UTC."""
    if not isinstance(value, str):
        return None
    try:
        if _DATE.fullmatch(value):
            return dt.datetime.fromisoformat(value).replace(tzinfo=dt.UTC) + dt.timedelta(days=1)
        moment = dt.datetime.fromisoformat(value)
    except (ValueError, OverflowError):
        return None
    return None if moment.tzinfo is None else moment
