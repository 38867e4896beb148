"""The protocol functions by name, for the engine's table."""

from __future__ import annotations

from infra.egress import Client
from services.engine.functions import Cautious
from services.protocols.a2a import A2aCall
from services.protocols.asyncapi.call import AsyncApiCall
from services.protocols.exchange import Exchange
from services.protocols.function import ProtocolFunction
from services.protocols.grpc.call import GrpcCall
from services.protocols.http_call import HttpCall
from services.protocols.mcp import McpCall
from services.protocols.openapi.call import OpenApiCall
from services.protocols.process_call import ContainerCall, ScriptCall, ShellCall
from services.protocols.resources.fetching import Resources
from services.protocols.runner import Runner


def functions(client: Client, runner: Runner | None = None) -> dict[str, Cautious]:
    """All of them, on one way out, with one memory of tokens and documents. Programs are started by `runner` alone."""
    exchange = Exchange(client)
    resources = Resources(exchange)
    made: tuple[ProtocolFunction, ...] = (
        HttpCall(exchange),
        OpenApiCall(exchange, resources),
        GrpcCall(exchange, resources),
        AsyncApiCall(exchange, resources),
        A2aCall(exchange, resources),
        McpCall(exchange),
        *(process(runner, resources) for process in (ScriptCall, ShellCall, ContainerCall)),
    )
    return {function.name: function for function in made}
