"""The OpenAPI 3.1 document: made from the handlers, completed with what the framework cannot know."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.types import ControllerRouterHandler

from infra.problems import MEDIA_TYPE
from services.api.call import Call
from services.api.policy import POLICY, Rule

_DESCRIPTION: Final = """\
Every answer carries a `Request-Id`. Errors are problem details (RFC 9457); `GET` their `type` to read what it means.
Lists answer `items` and `next`; send `next` as `cursor` for the following page.
Unknown fields and query parameters are refused.
A client's own key may leave out `/clients/{client}/{environment}` in a path.
"""
_WHY: Final = {
    "400": "The request cannot be read.",
    "401": "No live API key.",
    "403": "The key may not do that.",
    "404": "Nothing is there, or nothing that the key may see.",
    "408": "The body arrived too slowly.",
    "409": "The present state forbids it.",
    "413": "The body is too large.",
    "415": "The body's media type is not read here.",
    "422": "The payload breaks a rule.",
    "503": "Temporarily unavailable; send again after `Retry-After` seconds.",
}
_PATH_PARAMETERS: Final = {
    "client": "Slug or id of the client.",
    "environment": "dev, test or live.",
    "partner": "Slug or id of the partner.",
}
_WORD: Final = re.compile(r"[^a-zA-Z0-9]+")
_PROBLEM_REFERENCE: Final = {"$ref": "#/components/schemas/Problem"}
_PROBLEM: Final = {
    "type": "object",
    "title": "Problem",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "Stable; GET it to read what it means."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong here, and what to do."},
        "request_id": {"type": "string", "description": "Name it when you ask for help."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer (RFC 6901) to the field."},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


def document(handlers: Sequence[ControllerRouterHandler]) -> bytes:
    """The document as JSON. Costs some 100 ms: make it once."""
    config = OpenAPIConfig(
        title="API", version="1", description=_DESCRIPTION, path="/schema", use_handler_docstrings=True
    )
    described = Litestar(route_handlers=handlers, request_class=Call, openapi_config=config, logging_config=None)
    schema: dict[str, Any] = described.openapi_schema.to_schema()
    schema["servers"] = [{"url": "/"}]
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "An API key."}}
    for path in list(schema["paths"]):
        for method, operation in schema["paths"][path].items():
            rule = POLICY.get((method.upper(), path))
            if rule is not None:
                _complete(path, method, operation, rule)
    return msgspec.json.encode(schema)


def _complete(path: str, method: str, operation: dict[str, Any], rule: Rule) -> None:
    named = "_".join(part for part in _WORD.split(path.removeprefix("/v1")) if part)
    operation["operationId"] = f"{method}_{named}"
    _add_path_parameters(path, operation)
    responses: dict[str, Any] = operation.setdefault("responses", {})
    responses.pop("400", None)
    for status in _statuses(path, operation, rule):
        responses.setdefault(
            status, {"description": _WHY[status], "content": {MEDIA_TYPE: {"schema": _PROBLEM_REFERENCE}}}
        )
    if not rule.is_public:
        operation["security"] = [{"key": []}]
        needs = rule.permission or "any live key"
        operation["description"] = f"{operation.get('description') or ''}\n\nNeeds: `{needs}`.".strip()


def _statuses(path: str, operation: dict[str, Any], rule: Rule) -> list[str]:
    found = ["400"]
    if not rule.is_public:
        found += ["401", "403", "503"]
    if "{" in path or rule.is_tenant or not rule.is_public:
        found.append("404")
    if "requestBody" in operation:
        found += ["408", "413", "415", "422"]
    if not rule.is_public and operation["operationId"].startswith(("post", "put", "patch", "delete")):
        found.append("409")
    return sorted(set(found))


def _add_path_parameters(path: str, operation: dict[str, Any]) -> None:
    """A handler that takes a path parameter from `request` does not declare it; a document must."""
    parameters: list[dict[str, Any]] = operation.setdefault("parameters", [])
    declared = {one["name"]: one for one in parameters if one["in"] == "path"}
    for name in re.findall(r"{(\w+)}", path):
        schema: dict[str, Any] = {"type": "string"}
        if name == "environment":
            schema["enum"] = ["dev", "test", "live"]
        if name not in declared:
            parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
        entry = declared.get(name) or parameters[-1]
        entry.setdefault("description", _PATH_PARAMETERS.get(name, f"Id of the {name}."))
    if not parameters:
        del operation["parameters"]
