"""What of the language this version does not run yet. Who lands a construct in the engine takes its word away here."""

from __future__ import annotations

from typing import Final

UNREADY: Final = frozenset({
    "run: script", "run: shell", "run: container",
    "transport: stdio",
    "schedule.on.correlate", "schedule.on.expression", "schedule.on.until",
    # Of AsyncAPI's protocols the reference names more than there are connections for.
    "protocol: amqp", "protocol: amqp1", "protocol: anypointmq", "protocol: googlepubsub", "protocol: ibmmq",
    "protocol: jms", "protocol: kafka", "protocol: mercure", "protocol: nats", "protocol: pulsar",
    "protocol: sns", "protocol: solace", "protocol: sqs", "protocol: stomp",
})  # fmt: skip
"""The words by which the parser tells the constructs apart; `parse(..., whole=True)` lets all of them pass."""
