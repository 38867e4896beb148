"""What of the language this version does not run yet. Who lands a construct in the engine takes its word away here."""

from __future__ import annotations

from typing import Final

PROCESSES: Final = ("container", "script", "shell")
"""Kinds of programs that an isolating runner of the operator's may start; without one documents may not."""
UNREADY: Final = frozenset({
    "run: script", "run: shell", "run: container",
    "transport: stdio",
    # Of AsyncAPI's protocols the reference names more than there are connections for.
    "protocol: amqp", "protocol: amqp1", "protocol: anypointmq", "protocol: googlepubsub", "protocol: ibmmq",
    "protocol: jms", "protocol: kafka", "protocol: mercure", "protocol: nats", "protocol: pulsar",
    "protocol: sns", "protocol: solace", "protocol: sqs", "protocol: stomp",
})  # fmt: skip
"""The words by which the parser tells the constructs apart; `parse(..., whole=True)` lets all of them pass."""

_PROCESS: Final = (
    "is refused: it starts a program, and the operator has configured no isolating runner that would run it"
)
_REASONS: Final = {
    **{f"run: {kind}": _PROCESS for kind in PROCESSES},
    "transport: stdio": (
        "is refused: it would start a program on workers that clients share; call the server over `http`"
    ),
}
_LATER: Final = "is part of the language but this version does not run it yet"


def reason(word: str) -> str:
    """Why a construct is refused, for its author."""
    if word.startswith("protocol: "):
        return "is refused: there is no connection for it; `http`, `ws`, `mqtt`, `mqtt5` and `redis` have one"
    return _REASONS.get(word, _LATER)
