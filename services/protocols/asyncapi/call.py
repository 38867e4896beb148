"""The function `asyncapi`."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import msgspec

from services.engine.functions import Call
from services.protocols import errors
from services.protocols.asyncapi import document, messages
from services.protocols.asyncapi.held import Held
from services.protocols.asyncapi.http import Http
from services.protocols.asyncapi.link import Kind, Link, Transport
from services.protocols.asyncapi.mqtt import Mqtt
from services.protocols.asyncapi.redis import Redis
from services.protocols.asyncapi.subscription import Subscription
from services.protocols.asyncapi.websocket import WebSockets
from services.protocols.exchange import Exchange
from services.protocols.function import ProtocolFunction, bounded, read
from services.protocols.resources.fetching import Reference, Resources

LONGEST_SECONDS: Final = 600.0
"""Of one call. What takes longer is fetched in batches."""
MOST: Final = 1_000
_TRANSPORTS: Final[dict[Kind, Transport]] = {
    "http": Http(),
    "ws": WebSockets(),
    "mqtt": Mqtt(),
    "redis": Redis(),
}


class Server(msgspec.Struct, frozen=True):
    name: str
    variables: dict[str, Any] = {}


class Batch(msgspec.Struct, frozen=True):
    """The next messages of a subscription that stays open between calls.

    Attributes:
        id: the same for all calls of one task's subscription.
        most: messages at once.
        within: milliseconds to wait for the first of them.
        close: end the subscription instead.
    """

    id: str
    most: int = 32
    within: int = 20_000
    close: bool = False


class Consumption(msgspec.Struct, frozen=True):
    """Either `amount` and `within` (milliseconds) for everything in this call, or `batch`."""

    amount: int | None = None
    within: int | None = None
    batch: Batch | None = None


class Arguments(msgspec.Struct, frozen=True):
    """The evaluated `with`; `subscription` in the form of `Consumption`."""

    document: Reference
    channel: str | None = None
    operation: str | None = None
    server: Server | None = None
    protocol: str | None = None
    message: dict[str, Any] | None = None
    subscription: Consumption | None = None
    authentication: dict[str, Any] | None = None


class AsyncApiCall(ProtocolFunction):
    """Fills `asyncapi` in the table of functions.

    A message that is published gives null. A subscription gives its messages, or with `batch` an object of `messages`
    and `ended`, which is true when the other side ended it. Between two batches of one id the subscription stays open
    for two minutes in this process; in another process it begins anew, and what came between is missed, unless the
    broker keeps it.
    """

    name: ClassVar[str] = "asyncapi"

    def __init__(self, exchange: Exchange, resources: Resources) -> None:
        self._exchange = exchange
        self._resources = resources
        self._held = Held()

    async def perform(self, call: Call) -> Any:
        arguments = read(call.arguments, Arguments)
        batch = arguments.subscription.batch if arguments.subscription else None
        if batch is not None and batch.close:
            await self._held.close((call.tenant, batch.id))
            return {"messages": [], "ended": True}
        link = await self._link(call, arguments)
        transport = _TRANSPORTS[link.target.kind]
        if arguments.message is not None:
            await transport.publish(link, messages.outgoing(arguments.message, link.target.content_type))
            return None
        if arguments.subscription is None:
            raise errors.configuration("Unusable arguments", "set `message` or `subscription`")
        if batch is not None:
            return await self._batch(call, batch, transport, link)
        return await self._all(arguments.subscription, transport, link)

    async def may_repeat(self, call: Call) -> bool:
        """Whether it subscribes: a message that may have been published is not published again."""
        return call.arguments.get("subscription") is not None

    async def _link(self, call: Call, arguments: Arguments) -> Link:
        _, value = await self._resources.document(call.tenant, arguments.document)
        wanted = {
            "channel": arguments.channel,
            "operation": arguments.operation,
            "server": arguments.server.name if arguments.server else None,
            "variables": arguments.server.variables if arguments.server else {},
            "protocol": arguments.protocol,
            "publishes": arguments.message is not None,
            "message": arguments.message,
        }
        target = document.target(value, wanted)
        identity = self._exchange.identity(call.tenant, arguments.authentication, target.origin)
        return Link(self._exchange, call.tenant, identity, target, call.key)

    @staticmethod
    async def _all(wanted: Consumption, transport: Transport, link: Link) -> list[Any]:
        if wanted.amount is None or not 0 < wanted.amount <= MOST:
            raise errors.configuration("Unusable arguments", f"`amount` is from 1 to {MOST}")
        seconds = LONGEST_SECONDS if wanted.within is None else wanted.within / 1000
        if seconds > LONGEST_SECONDS:
            raise errors.configuration("Unusable arguments", f"`for` is at most {LONGEST_SECONDS:.0f} s here")
        async with Subscription(transport, link) as subscription:
            found = await subscription.collect(wanted.amount, seconds)
        if len(found) < wanted.amount and wanted.within is None:
            raise errors.timeout(f"{len(found)} of {wanted.amount} messages came within {seconds:.0f} s; set `for`")
        bounded(found)
        return found

    async def _batch(self, call: Call, batch: Batch, transport: Transport, link: Link) -> dict[str, Any]:
        key = (call.tenant, batch.id)
        subscription = await self._held.get(key, transport, link)
        try:
            seconds = min(batch.within / 1000, LONGEST_SECONDS)
            found = await subscription.take(max(1, min(batch.most, MOST)), seconds)
        except BaseException:
            await subscription.close()
            raise
        if subscription.has_ended:
            await subscription.close()
        else:
            self._held.keep(key, subscription)
        bounded(found)
        return {"messages": found, "ended": subscription.has_ended}
