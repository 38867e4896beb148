"""The function `a2a` (DSL reference, A2A Call): methods of agents that speak the A2A protocol by JSON-RPC."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Final
from urllib.parse import urljoin, urlsplit
from uuid import NAMESPACE_URL, uuid5

import msgspec

from services.engine.functions import Call
from services.protocols import errors, rpc
from services.protocols.exchange import Exchange
from services.protocols.function import ProtocolFunction, bounded, read
from services.protocols.resources.fetching import Reference, Resources
from template_library.dsl.protocols import A2A_SENDING

SECONDS: Final = 300.0
"""Of one call: agents take their time."""
_CARD: Final = "/.well-known/agent-card.json"
_STREAMING: Final = frozenset({"message/stream", "tasks/resubscribe"})


class Arguments(msgspec.Struct, frozen=True, rename={"agent_card": "agentCard"}):
    """The evaluated `with`."""

    method: str
    agent_card: Reference | None = None
    server: Reference | None = None
    parameters: dict[str, Any] | None = None


class A2aCall(ProtocolFunction):
    """Fills `a2a` in the table of functions. The output is the result; of a stream, all results in their order.

    Credentials belong to the origin of the card or server that names them: an agent elsewhere gets none.
    """

    name: ClassVar[str] = "a2a"

    def __init__(self, exchange: Exchange, resources: Resources) -> None:
        self._exchange = exchange
        self._resources = resources

    async def perform(self, call: Call) -> Any:
        arguments = read(call.arguments, Arguments)
        url, holder = await self._agent(call, arguments)
        identity = self._exchange.identity(call.tenant, holder.authentication, holder.uri)
        message: dict[str, Any] = {"jsonrpc": "2.0", "id": call.key[:32], "method": arguments.method}
        parameters = _parameters(call, arguments)
        if parameters is not None:
            message["params"] = parameters
        peer = rpc.Peer(self._exchange, call.tenant, identity, url, SECONDS)
        try:
            async with asyncio.timeout(SECONDS):
                return bounded(await _results(peer, message, streams=arguments.method in _STREAMING))
        except TimeoutError as error:
            raise errors.timeout(f"the agent gave no answer within {SECONDS:.0f} s") from error

    async def may_repeat(self, call: Call) -> bool:
        """Whether nothing is said to the agent: a message has the same id again, but not every agent minds it."""
        return call.arguments.get("method") not in A2A_SENDING

    async def _agent(self, call: Call, arguments: Arguments) -> tuple[str, Reference]:
        """The agent's address, and who named it."""
        if arguments.agent_card is None:
            if arguments.server is None:
                raise errors.configuration("Unusable arguments", "set `agentCard` or `server`")
            return arguments.server.uri, arguments.server
        card = arguments.agent_card
        if urlsplit(card.uri).path in {"", "/"}:
            card = msgspec.structs.replace(card, uri=card.uri.rstrip("/") + _CARD)
        resource, value = await self._resources.document(call.tenant, card)
        found = _address(value)
        if found is None:
            raise errors.configuration("Unusable agent card", "it names no address for JSON-RPC", sent=True)
        return urljoin(resource.uri, found), card


def _address(card: Any) -> str | None:
    """Where the agent speaks JSON-RPC: of cards 1.0 (`supportedInterfaces`), 0.3 and before."""
    if not isinstance(card, dict):
        return None
    known: list[Any] = [{"url": card.get("url"), "transport": card.get("preferredTransport")}]
    for name in ("supportedInterfaces", "additionalInterfaces"):
        known += card[name] if isinstance(card.get(name), list) else []
    spoken = [one for one in known if isinstance(one, dict) and isinstance(one.get("url"), str) and _is_json_rpc(one)]
    # The language's methods are those of 0.3; an agent of 1.0 may answer them at an address of their own.
    spoken.sort(key=lambda one: not str(one.get("protocolVersion", "0")).startswith("0"))
    return str(spoken[0]["url"]) if spoken else None


def _is_json_rpc(interface: dict[str, Any]) -> bool:
    return str(interface.get("protocolBinding") or interface.get("transport") or "JSONRPC").upper() == "JSONRPC"


def _parameters(call: Call, arguments: Arguments) -> dict[str, Any] | None:
    """A message without an id gets the call's own, the same in every repetition."""
    given = arguments.parameters
    if arguments.method not in A2A_SENDING:
        return given
    message = (given or {}).get("message")
    if not isinstance(message, dict):
        raise errors.configuration("Unusable arguments", f"{arguments.method} needs `parameters.message`")
    defaults = {"kind": "message", "messageId": str(uuid5(NAMESPACE_URL, call.key)), "role": "user"}
    return {**(given or {}), "message": {**defaults, **message}}


async def _results(peer: rpc.Peer, message: dict[str, Any], *, streams: bool) -> Any:
    found = []
    async with rpc.exchanged(peer, message, {}) as answer:
        async for one in answer.messages:
            found.append(rpc.result(one, peer.identity))
            if not streams:
                break
    if not streams and not found:
        raise errors.unreadable("the agent gave no answer")
    return found if streams else found[0]
