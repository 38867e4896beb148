"""Descriptions of services that a document names: OpenAPI, AsyncAPI, proto, agent cards, functions, made to fit it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlsplit

from template_library.dsl import Workflow, elsewhere
from template_library.dsl.model import Constant, Expression, MapTemplate, ProtocolCallTask, Template
from tests.conformance.samples import HOST

Evaluate = Callable[[Expression], Awaitable[Any]]
"""What an expression of the document comes to on the sample input."""
_TYPES: Final = {bool: "bool", int: "int64", float: "double", str: "string"}


async def of_document(workflow: Workflow, evaluate: Evaluate) -> dict[str, Any]:
    """What is served at each URI, as JSON or as text.

    Raises:
        ElsewhereError: a function is elsewhere in a way that cannot be pinned.
    """
    found: dict[str, Any] = dict.fromkeys(elsewhere.functions(workflow).values(), "set:\n  called: true\n")
    for task in workflow.tasks.values():
        if isinstance(task, ProtocolCallTask):
            with_ = await _value(task.arguments, evaluate)
            if task.subscription is not None:
                with_["subscription"] = {}
            _describe(found, task.protocol, with_)
    return found


def _describe(found: dict[str, Any], protocol: str, with_: dict[str, Any]) -> None:
    if protocol == "openapi":
        uri = _uri(with_["document"])
        known = found.setdefault(uri, _openapi(uri))
        known["paths"][f"/{with_['operationId']}"] = {"get": _operation(with_)}
    elif protocol == "asyncapi":
        uri = _uri(with_["document"])
        found[uri] = _asyncapi(uri, with_, found.get(uri))
    elif protocol == "grpc":
        uri = _uri(with_["proto"])
        found[uri] = _proto(with_, found.get(uri, ""))
    elif protocol == "a2a" and "agentCard" in with_:
        uri = _uri(with_["agentCard"])
        found[uri] = {"name": "agent", "url": f"{_origin(uri)}/agent", "preferredTransport": "JSONRPC"}


async def _value(template: Template, evaluate: Evaluate) -> Any:
    if isinstance(template, Constant):
        # What is made of it is changed; the document stays as it is.
        return dict(template.value) if isinstance(template.value, dict) else template.value
    if isinstance(template, Expression):
        return await evaluate(template)
    if isinstance(template, MapTemplate):
        return {name: await _value(member, evaluate) for name, member in template.members}
    return [await _value(item, evaluate) for item in template.items]


def _uri(resource: Any) -> str:
    endpoint = resource["endpoint"] if isinstance(resource, dict) and "endpoint" in resource else resource
    return str(endpoint["uri"] if isinstance(endpoint, dict) else endpoint)


def _origin(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"


def _openapi(uri: str) -> dict[str, Any]:
    info = {"title": "double", "version": "1"}
    return {"openapi": "3.0.3", "info": info, "servers": [{"url": _origin(uri)}], "paths": {}}


def _operation(with_: dict[str, Any]) -> dict[str, Any]:
    names = with_.get("parameters") if isinstance(with_.get("parameters"), dict) else {}
    parameters = [{"name": name, "in": "query", "schema": {}} for name in names or {}]
    answers = {"200": {"description": "ok"}}
    return {"operationId": with_["operationId"], "parameters": parameters, "responses": answers}


def _asyncapi(uri: str, with_: dict[str, Any], known: dict[str, Any] | None) -> dict[str, Any]:
    name = str((with_.get("server") or {}).get("name", "double"))
    protocol = str(with_.get("protocol") or ("ws" if "subscription" in with_ else "http"))
    host = urlsplit(uri).netloc or urlsplit(HOST).netloc
    info = {"title": "double", "version": "1"}
    if "channel" in with_:
        way = "subscribe" if "subscription" in with_ else "publish"
        server = {"url": host, "protocol": protocol}
        return {
            "asyncapi": "2.6.0", "info": info, "servers": {name: server},
            "channels": {with_["channel"]: {way: {"message": {}}}},
        }  # fmt: skip
    made = known or {"asyncapi": "3.0.0", "info": info, "servers": {}, "channels": {}, "operations": {}}
    operation = with_["operation"]
    made["servers"][name] = {"host": host, "protocol": protocol}
    made["channels"][operation] = {"address": f"/{operation}"}
    action = "receive" if "subscription" in with_ else "send"
    made["operations"][operation] = {"action": action, "channel": {"$ref": f"#/channels/{operation}"}}
    return made


def _proto(with_: dict[str, Any], known: str) -> str:
    """One method of one service; a second call of the same description is put into the same text."""
    package, _, service = str(with_["service"]["name"]).rpartition(".")
    method, arguments = with_["method"], with_.get("arguments")
    asked = f"Asked{service}{method}"
    head = f"package {package};\n" if package else ""
    text = known or f'syntax = "proto3";\n{head}message Told {{string message = 1;}}\n'
    if f"message {asked} " in text:
        return text
    text += _message(asked, arguments if isinstance(arguments, dict) else {})
    rpc = f"rpc {method} ({asked}) returns (Told);"
    opening = f"service {service} {{"
    return text.replace(opening, f"{opening} {rpc}") if opening in text else f"{text}{opening} {rpc} }}\n"


def _message(name: str, members: dict[str, Any]) -> str:
    fields, inner = "", ""
    for number, (field, value) in enumerate(members.items(), 1):
        item = value[0] if isinstance(value, list) and value else value
        kind = _TYPES.get(type(item), "string")
        if isinstance(item, dict):
            kind = f"{name}{number}"
            inner += _message(kind, item)
        fields += f"{'repeated ' if isinstance(value, list) else ''}{kind} {field} = {number}; "
    return f"{inner}message {name} {{ {fields}}}\n"
