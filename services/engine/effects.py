"""What the ledger says of an effect: the data of its lines in the journal, which the database keeps as rows. Pure.

The rows of `app.effect` follow from these lines by a trigger (`47_effects.sql`), so that no line is without its row.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from services.engine import values
from services.engine.functions import Call, ErrorDetails, Terms, Unknown

SENT: Final = "task.sent"
CONFIRMED: Final = "effect.confirmed"
FAILED: Final = "effect.failed"
UNKNOWN: Final = "effect.unknown"
INTENDED: Final = "effect.intended"
TOPIC: Final = "notices"
"""Of messages that somebody has to look at something."""
LARGEST: Final = 32 * 1024
"""Bytes of a payload that the ledger keeps; of a larger one it says how large it is."""
_DEPTH: Final = values.DEPTH + 8
_PRIVATE: Final = frozenset({"headers", "authentication"})
"""Arguments of a protocol's call that may hold what somebody signs in with."""


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line's data.

    Attributes:
        key: the effect's idempotency key.
        mode, operation, connection: of what is sent; a line that adds nothing to them leaves them out.
        sent: what was sent, as far as the run knows: never a secret.
        answer: what was answered, or is known of it.
        error: why it failed, or is not known.
        by: how it became known where nothing was answered: `read-back`.
        asked: whether it is a person's question; `notice`: id of what its owner is told, as row and as message.
    """

    key: str
    mode: str = ""
    operation: str = ""
    connection: UUID | None = None
    sent: Any = None
    answer: Any = None
    error: ErrorDetails | None = None
    by: str = ""
    asked: bool = False
    notice: UUID | None = None

    def text(self) -> str:
        return text({"effect": self})


def text(value: Any) -> str:
    """JSON as the database can look into it: NUL is the one character that it cannot hold."""
    encoded = values.encode(value).decode()
    return values.encode(_plain(values.decode(encoded, depth=_DEPTH))).decode() if "\\u0000" in encoded else encoded


def sent(call: Call, terms: Terms | None) -> Fact:
    """`terms` None: it was sent under others, and they are in its row."""
    known = terms or Terms(mode="once-or-ask", operation=call.function)
    mode = "keyed" if known.key_valid_for is not None else known.mode
    return Fact(
        key=call.key,
        mode=mode,
        operation=known.operation,
        connection=known.connection,
        sent=bounded({name: one for name, one in call.arguments.items() if name not in _PRIVATE}),
    )


def unknown(call: Call, terms: Terms | None, answer: Unknown) -> Fact:
    """A person's question."""
    return msgspec.structs.replace(
        sent(call, terms), answer=bounded(answer.answer), error=answer.error, asked=True, notice=ids.new()
    )


def bounded(value: Any) -> Any:
    """`value`, or how large it is."""
    size = len(values.encode(value))
    return value if size <= LARGEST else {"omitted": size}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return values.plain(value)
    if isinstance(value, dict):
        return {values.plain(name): _plain(member) for name, member in value.items()}
    return [_plain(member) for member in value] if isinstance(value, list) else value


def notice(tenant: UUID, run: UUID, moment: str, fact: Fact) -> str:
    """A CloudEvent in JSON: a run waits for a person. It holds no payload."""
    shown = ids.show("run", run)
    return values.encode(
        {
            "specversion": "1.0",
            "id": ids.show("ntc", fact.notice or ids.new()),
            "source": f"urn:tenant:{ids.show('ten', tenant)}",
            "type": "run.effect-uncertain.v1",
            "subject": shown,
            "time": moment,
            "datacontenttype": "application/json",
            "data": {"run": shown, "effect": fact.key, "operation": fact.operation, "since": moment},
        }
    ).decode()
