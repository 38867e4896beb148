"""How far documents of Tryton were read: what is written into a cursor, and read of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from services.connectors.sdk.errors import Misread, Refusal

MOST_AGAIN: Final = 80
"""Documents that are looked at again with each call; a cursor has at most 1000 characters."""
_FORM: Final = re.compile(r"([^;]+)(?:;([0-9]{0,18})(?:;([0-9]{1,18}(?:,[0-9]{1,18})*))?)?")
_PARTS: Final = ("year", "month", "day", "hour", "minute", "second", "microsecond")


class Place(msgspec.Struct, frozen=True):
    """Behind it is what was written after `at`.

    Attributes:
        id: of what was written at that very moment, what has a higher id is behind it, too; None: nothing of it.
        again: ids of documents before it that no record could be made of: what hinders may be mended elsewhere, such
            as the unit of an item, which leaves no trace in them.
    """

    at: datetime
    id: int | None = None
    again: tuple[int, ...] = ()

    @classmethod
    def of(cls, cursor: str) -> Place:
        """Raises Refusal: it is none that `text` gave, and no RFC 3339 instant either."""
        found = _FORM.fullmatch(cursor)
        try:
            read = datetime.fromisoformat(found[1] if found else "")
        except ValueError:
            raise Refusal("The cursor is none that this connector gives", name="validation") from None
        assert found is not None  # noqa: S101 (an empty text is no instant)
        again = tuple(int(one) for one in (found[3] or "").split(",") if one)
        return cls(read if read.tzinfo else read.replace(tzinfo=UTC), int(found[2]) if found[2] else None, again)

    def text(self) -> str:
        """At most 1000 characters. Of very many documents that are looked at again, the newest."""
        kept = sorted(self.again)[-MOST_AGAIN:]
        parts = [shown(self.at), "" if self.id is None else str(self.id), ",".join(map(str, kept))]
        return ";".join(parts).rstrip(";")

    def behind(self) -> list[Any]:
        """As a condition of Tryton's. The order of what is read by it is `write_date`, then `id`."""
        later: list[Any] = ["write_date", ">", tagged(self.at)]
        if self.id is None:
            return [later]
        return [["OR", later, [["write_date", "=", tagged(self.at)], ["id", ">", self.id]]]]


def instant(value: Any) -> datetime:
    """Tryton's moments are in UTC, as tagged objects. Raises Misread."""
    try:
        hour, minute, second, parts = (value[name] for name in _PARTS[3:])
        return datetime(value["year"], value["month"], value["day"], hour, minute, second, parts, UTC)
    except (TypeError, KeyError, ValueError) as error:
        raise Misread("a moment of the ERP is none", value) from error


def shown(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def tagged(moment: datetime) -> dict[str, Any]:
    at = moment.astimezone(UTC)
    return {"__class__": "datetime", **{name: getattr(at, name) for name in _PARTS}}
