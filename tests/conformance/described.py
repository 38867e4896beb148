"""Descriptions of services that a document names: OpenAPI, AsyncAPI, proto, agent cards, functions, made to fit it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tests.conformance.samples import HOST


def of_document(definition: Any) -> dict[str, Any]:
    """What is served at each URI, as JSON or as text."""
    found: dict[str, Any] = {}
    for task in _tasks(definition):
        given = task.get("with")
        with_: dict[str, Any] = given if isinstance(given, dict) else {}
        call = task.get("call")
        if call == "openapi":
            uri = _uri(with_["document"])
            known = found.setdefault(uri, _openapi(uri))
            known["paths"][f"/{with_['operationId']}"] = {"get": _operation(with_)}
        elif call == "asyncapi":
            uri = _uri(with_["document"])
            found[uri] = _asyncapi(uri, with_, found.get(uri))
        elif call == "grpc":
            found[_uri(with_["proto"])] = _proto(with_)
        elif call == "a2a" and "agentCard" in with_:
            uri = _uri(with_["agentCard"])
            found[uri] = {"name": "agent", "url": f"{_origin(uri)}/agent", "preferredTransport": "JSONRPC"}
        elif isinstance(call, str) and "://" in call:
            found[call] = "set:\n  called: true\n"
    return found


def _tasks(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [task for one in value for task in _tasks(one)]
    if not isinstance(value, dict):
        return []
    inner = [task for one in value.values() for task in _tasks(one)]
    return [value, *inner] if "call" in value else inner


def _uri(resource: Any) -> str:
    endpoint = resource["endpoint"] if isinstance(resource, dict) else resource
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


def _proto(with_: dict[str, Any]) -> str:
    package, _, service = str(with_["service"]["name"]).rpartition(".")
    arguments = with_.get("arguments") if isinstance(with_.get("arguments"), dict) else {}
    fields = "".join(f"  string {name} = {number};\n" for number, name in enumerate(arguments or {}, 1))
    head = f"package {package};\n" if package else ""
    return (
        f'syntax = "proto3";\n{head}message Asked {{\n{fields}}}\nmessage Told {{\n  string message = 1;\n}}\n'
        f"service {service} {{\n  rpc {with_['method']} (Asked) returns (Told);\n}}\n"
    )
