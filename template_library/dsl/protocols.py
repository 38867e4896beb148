"""Calls of functions that the language knows itself: `openapi`, `grpc`, `asyncapi`, `a2a`, `mcp`.

Their arguments keep the form of the language, with two changes that functions can rely on: an endpoint or an external
resource is an object with `uri`, and a duration is milliseconds or what `durations.milliseconds` reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from template_library.dsl.arguments import Arguments
from template_library.dsl.checker import spoken
from template_library.dsl.grammar import Grammar, Scope
from template_library.dsl.model import Constant, Iterator, ProtocolCallTask, Subscription, Task
from template_library.dsl.positions import step

PROTOCOLS: Final = ("openapi", "grpc", "asyncapi", "a2a", "mcp")
_FORMATS: Final = ("raw", "content", "response")
_BROKERS: Final = (
    "amqp", "amqp1", "anypointmq", "googlepubsub", "http", "ibmmq", "jms", "kafka", "mercure", "mqtt", "mqtt5", "nats",
    "pulsar", "redis", "sns", "solace", "sqs", "stomp", "ws",
)  # fmt: skip
_A2A: Final = (
    "message/send", "message/stream", "tasks/get", "tasks/list", "tasks/cancel", "tasks/resubscribe",
    "tasks/pushNotificationConfig/set", "tasks/pushNotificationConfig/get", "tasks/pushNotificationConfig/list",
    "tasks/pushNotificationConfig/delete", "agent/getAuthenticatedExtendedCard",
)  # fmt: skip
_MCP: Final = (
    "tools/list", "tools/call", "prompts/list", "prompts/get", "resources/list", "resources/read",
    "resources/templates/list",
)  # fmt: skip
MCP_VERSIONS: Final = ("2025-03-26", "2025-06-18", "2025-11-25")
MCP_MILLISECONDS: Final = 600_000
"""The longest `timeout` of a call."""
A2A_SENDING: Final = ("message/send", "message/stream")
_HOST: Final = re.compile(r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_PORTS: Final = 65_535


class Protocols:
    def __init__(self, grammar: Grammar) -> None:
        self._checker = grammar.checker
        self._grammar = grammar
        self.iterator: Callable[[Any, str, Scope], Iterator | None] | None = None
        self._readers: Final = {
            "openapi": self._openapi,
            "grpc": self._grpc,
            "asyncapi": self._asyncapi,
            "a2a": self._a2a,
            "mcp": self._mcp,
        }

    def task(self, protocol: str, value: Any, head: dict[str, Any], scope: Scope) -> Task | None:
        found = Arguments(self._grammar, value, step(head["path"], "with"), scope.definition)
        before = len(self._checker.violations)
        subscription = self._readers[protocol](found, scope)
        if len(self._checker.violations) > before:
            return None
        arguments, sealed = found.templates()
        return ProtocolCallTask(
            **head,
            protocol=protocol,  # type: ignore[arg-type]
            arguments=arguments,
            sealed=sealed,
            subscription=subscription,
        )

    def _openapi(self, found: Arguments, _: Scope) -> None:
        names = ("document", "operationId", "parameters", "authentication", "output", "redirect")
        found.admit(names, required=("document", "operationId"))
        found.resource("document")
        found.text("operationId")
        found.secret_mapping("parameters")
        found.policy("authentication")
        if not found.sealed.keys().isdisjoint(("authentication", "parameters")):
            found.settled_url("document")
        found.choice("output", _FORMATS)
        found.boolean("redirect")

    def _grpc(self, found: Arguments, _: Scope) -> None:
        found.admit(("proto", "service", "method", "arguments"), required=("proto", "service", "method"))
        found.resource("proto")
        found.text("method")
        found.mapping("arguments")
        service = found.object("service", ("name", "host", "port", "authentication"), required=("name", "host"))
        service.text("name")
        service.text("host", pattern=_HOST, form="a host's name")
        service.integer("port", most=_PORTS)
        service.policy("authentication")
        if "authentication" in service.sealed:
            service.settled("host", "port")

    def _asyncapi(self, found: Arguments, scope: Scope) -> Subscription | None:
        names = ("document", "channel", "operation", "server", "protocol", "message", "subscription", "authentication")
        found.admit(names, required=("document",))
        found.resource("document")
        found.one_of("operation", "channel")
        found.one_of("message", "subscription")
        for name in ("operation", "channel"):
            found.text(name)
        found.choice("protocol", _BROKERS)
        protocol = found.members.get("protocol")
        if protocol in _BROKERS:
            self._checker.uses(step(found.pointer, "protocol"), f"protocol: {protocol}")
        found.policy("authentication")
        server = found.object("server", ("name", "variables"), required=("name",))
        server.text("name")
        server.mapping("variables")
        if "authentication" in found.sealed:
            found.settled_url("document")
            server.settled("name", "variables")
        message = found.object("message", ("payload", "headers"))
        message.mapping("payload")
        message.mapping("headers")
        if "subscription" not in found.members:
            return None
        return self._subscription(found.members["subscription"], step(found.pointer, "subscription"), scope)

    def _subscription(self, value: Any, pointer: str, scope: Scope) -> Subscription | None:
        found = Arguments(self._grammar, value, pointer, scope.definition)
        found.admit(("filter", "consume", "foreach"), required=("consume",))
        at = step(pointer, "consume")
        consume = Arguments(self._grammar, found.members.get("consume", {}), at, scope.definition)
        consume.admit(("amount", "for", "while", "until"))
        if "consume" in found.members:
            consume.one_of("amount", "while", "until")
        consume.integer("amount", least=1)
        consume.duration("for")
        foreach = None
        if "foreach" in found.members and self.iterator is not None:
            foreach = self.iterator(found.members["foreach"], step(pointer, "foreach"), scope)
        while_, until = consume.expression("while"), consume.expression("until")
        goes_on = (while_ is not None and while_.program == "true") or (until is not None and until.program == "false")
        return Subscription(
            filter=found.expression("filter"),
            amount=consume.found.get("amount"),
            within=consume.found.get("for"),
            while_=while_,
            until=until,
            foreach=foreach,
            forever=goes_on and foreach is not None and "for" not in consume.members,
        )

    def _a2a(self, found: Arguments, _: Scope) -> None:
        found.admit(("agentCard", "server", "method", "parameters"), required=("method",))
        if not {"agentCard", "server"} & found.members.keys():
            found.one_of("agentCard", "server")
        found.resource("agentCard")
        found.endpoint("server")
        found.choice("method", _A2A)
        found.mapping("parameters", least=1)
        method, parameters = found.members.get("method"), found.members.get("parameters", {})
        if method in A2A_SENDING and isinstance(parameters, dict) and "message" not in parameters:
            self._checker.never(found.pointer, f"`{method}` needs `parameters.message`")

    def _mcp(self, found: Arguments, _: Scope) -> None:
        names = ("protocolVersion", "method", "parameters", "timeout", "transport", "client")
        found.admit(names, required=("method", "transport"))
        found.text("protocolVersion")
        version = found.found.get("protocolVersion")
        if isinstance(version, Constant) and version.value not in MCP_VERSIONS:
            self._checker.never(step(found.pointer, "protocolVersion"), f"must be {spoken(MCP_VERSIONS, 'or')}")
        found.choice("method", _MCP)
        found.mapping("parameters")
        found.duration("timeout")
        timeout = found.found.get("timeout")
        if isinstance(timeout, Constant) and isinstance(timeout.value, int) and timeout.value > MCP_MILLISECONDS:
            self._checker.never(step(found.pointer, "timeout"), f"must be at most {MCP_MILLISECONDS // 1000} s")
        transport = found.object("transport", ("http", "stdio", "options"))
        if "transport" in found.members:
            transport.one_of("http", "stdio")
        transport.mapping("options", texts=True)
        http = transport.object("http", ("endpoint", "headers"), required=("endpoint",))
        http.endpoint("endpoint")
        http.headers("headers")
        if "headers" in http.sealed:
            http.settled_url("endpoint")
        if "stdio" in transport.members:
            self._checker.uses(step(transport.pointer, "stdio"), "transport: stdio")
        stdio = transport.object("stdio", ("command", "arguments", "environment"), required=("command",))
        stdio.text("command", evaluated=True)
        stdio.texts("arguments")
        stdio.mapping("environment", texts=True)
        client = found.object("client", ("name", "version"), required=("name", "version"))
        client.text("name")
        client.text("version")
