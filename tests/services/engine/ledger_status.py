"""The row that lines of the journal leave of an effect, as `app.write_effect` writes it, and how it may change."""

from __future__ import annotations

from typing import Any, Final

import msgspec

_STATUS: Final = {"task.sent": "sent", "happened": "confirmed", "did-not-happen": "intended", "fail": "failed"}
_MAY_BECOME: Final = {
    "": {"sent", "unknown"},
    "intended": {"sent", "unknown"},
    "sent": {"confirmed", "failed", "unknown", "intended"},
    "unknown": {"confirmed", "failed", "unknown", "intended"},
    "failed": {"sent", "unknown"},
    "confirmed": set[str](),
}


class Effect(msgspec.Struct, frozen=True):
    status: str
    is_asked: bool
    version: int


def fold(row: Effect | None, kind: str, fact: dict[str, Any]) -> Effect:
    """The row after one line."""
    status = _STATUS.get(fact["decision"] if kind == "effect.decided" else kind) or kind.removeprefix("effect.")
    before = "" if row is None else row.status
    assert status in _MAY_BECOME[before], f"{before or 'nothing'} became {status}"
    return Effect(status, is_asked=bool(fact.get("asked")), version=1 if row is None else row.version + 1)
