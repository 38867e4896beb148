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
AMOUNT: Final = "/amount"
DEADLINE: Final = "/deadline"
CUSTOMER_CLASS: Final = "/customer_class"
"""Names of what has a meaning of its own, beside the texts; no text's name begins with a stroke."""
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

    def rows(self) -> dict[str, str]:
        """What `app.run_key` holds of it by name: the texts, and the rest as texts that sort as it does."""
        found = dict(self.texts)
        if self.amount is not None and self.currency is not None:
            found[AMOUNT] = amount_text(self.currency, self.amount)
        if self.deadline is not None:
            found[DEADLINE] = moment_text(self.deadline)
        if self.customer_class is not None:
            found[CUSTOMER_CLASS] = self.customer_class
        return found


NOTHING: Final = Filed()


def amount_text(currency: str, amount: int) -> str:
    """By currency, then amount. `amount` is cut to what a bigint holds."""
    return f"{currency} {min(max(amount, -_MOST_AMOUNT), _MOST_AMOUNT) + _MOST_AMOUNT:020d}"


def moment_text(moment: dt.datetime) -> str:
    """In the order of time; one that is before the first or after the last moment of UTC is that one."""
    try:
        moment = moment.astimezone(dt.UTC)
    except OverflowError:
        least, most = dt.datetime.min.replace(tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC)
        moment = least if moment.year == dt.MINYEAR else most
    return moment.isoformat(timespec="microseconds")


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
    if late & {AMOUNT, "/currency"}:
        late |= {AMOUNT, "/currency"}
    return [(name, program) for name, program in declared.programs() if name in late]


def read(told: Mapping[str, Any]) -> Filed:
    """Values of expressions by their name in `RunKeys.programs`."""
    texts = dict(_texts((name, value) for name, value in told.items() if not name.startswith("/")))
    amount, currency = _amount(told.get(AMOUNT)), told.get("/currency")
    if amount is None or not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        amount, currency = None, None
    return Filed(
        texts=texts,
        amount=amount,
        currency=currency,
        deadline=_moment(told.get(DEADLINE)),
        customer_class=_text(told.get(CUSTOMER_CLASS)),
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
        # In UTC from here on: at the ends of the calendar there is none, and its column could not hold it either.
        return None if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
