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
from services.api import deprecations
from services.api.call import Call
from services.api.conditions import CHANGING, KEYED
from services.api.fields import ENVIRONMENT_PATTERN
from services.api.inbound_policy import REPLAY
from services.api.kept_answers import HEADER
from services.api.oauth_description import describe
from services.api.policy import POLICY, Route, Rule
from services.api.problem_schema import PROBLEM
from services.api.scim import description as scim
from services.api.scim.errors import is_scim
from services.api.tags import TAGGED
from services.api.throttle import TOKEN_ROUTE
from services.api.timing import COUNTED, PARAMETER, TIMED
from services.api.timing import HEADER as ACTIVE

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
    "410": "The run is in an archive.",
    "412": "It is another version now than `If-Match` names.",
    "413": "The body is too large.",
    "415": "The body's media type is not read here.",
    "422": "The payload breaks a rule.",
    "429": "Too many requests, or streams of changes.",
    "503": "Temporarily unavailable; send again after `Retry-After` seconds.",
}
_PATH_PARAMETERS: Final = {
    "address": "What the endpoint was made with.",
    "archived": "Id of the run.",
    "client": "Slug or id of the client.",
    "environment": "dev, test, live, or another that the client has.",
    "event_type": "Type of event, such as `order.captured`.",
    "partner": "Slug or id of the partner.",
    "resource_type": "`User` or `Group`.",
    "schema": "URN of the schema.",
    "site": "Slug or id of the site.",
}
# Read by hand, since an event comes in two forms (CloudEvents 1.0, HTTP binding).
FILE_BODY: Final = {"required": True, "content": {"application/octet-stream": {"schema": {"format": "binary"}}}}
_EVENT_BODY: Final = {
    "required": True,
    "content": {
        "application/cloudevents+json": {
            "schema": {
                "type": "object",
                "title": "CloudEvent",
                "description": "Structured mode: attributes and data in one object. Further attributes are kept.",
                "required": ["specversion", "id", "source", "type"],
                "properties": {
                    "specversion": {"const": "1.0"},
                    "id": {"type": "string", "minLength": 1, "maxLength": 512, "description": "Unique in its source."},
                    "source": {"type": "string", "minLength": 1, "maxLength": 512, "format": "uri-reference"},
                    "type": {"type": "string", "minLength": 1, "maxLength": 512, "examples": ["order.captured"]},
                    "subject": {"type": "string", "maxLength": 512, "description": "The business key of its runs."},
                    "time": {"type": "string", "format": "date-time"},
                    "datacontenttype": {"const": "application/json"},
                    "data": {"description": "Any JSON; in the runs that it starts it is `.[0].data` of their input."},
                },
            }
        },
        "application/json": {"schema": {"description": "Binary mode: the data alone, attributes in `ce-` headers."}},
    },
}
_EVENT_HEADERS: Final = [
    {"name": f"ce-{name}", "in": "header", "required": False, "schema": {"type": "string"}}
    for name in ("specversion", "id", "source", "type", "subject", "time")
]
_REFERENCE: Final = re.compile(r"#/components/schemas/([A-Za-z0-9_.-]+)")
_WORD: Final = re.compile(r"[^a-zA-Z0-9]+")
_DOCUMENTS: Final = frozenset({"/v1/openapi.json", "/v1/asyncapi.json"})
_WELL_KNOWN: Final = "/.well-known/"
_WORKFLOWS: Final = "/workflows"
_HOOKS: Final = "/hooks/{address}"
_STREAM: Final = "/runs/changes"
_LIFECYCLE: Final = "/lifecycle"
_EXPORT: Final = "/audit/export"
_CONTENT: Final = "/documents/{document}/content"
_LAST_EVENT_ID: Final = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "With a stream: `id` of the last event that the reader has.",
}
_IDEMPOTENCY_KEY: Final = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "The same request under the same key is done once in 24 hours and always gets the same answer.",
}
_IF_MATCH: Final = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "`ETag` of the version that is to be changed; another one is left as it is (412).",
}
_ETAG: Final = {"description": "Names this version of the resource.", "schema": {"type": "string"}}
_TOLD: Final = {
    "application/cloudevents-batch+json": {
        "schema": {
            "type": "array",
            "items": {
                "type": "object",
                "title": "LifecycleEvent",
                "description": "A CloudEvent. `data` as the workflow language's reference has it for the `type`.",
                "required": ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"],
                "properties": {
                    "specversion": {"const": "1.0"},
                    "id": {"type": "string", "description": "The same whoever tells of it, and however often."},
                    "source": {"type": "string", "format": "uri-reference"},
                    "type": {"type": "string", "examples": ["io.serverlessworkflow.task.completed.v1"]},
                    "subject": {"type": "string", "description": "Id of the run."},
                    "time": {"type": "string", "format": "date-time"},
                    "datacontenttype": {"const": "application/json"},
                    "data": {"type": "object"},
                },
            },
        }
    },
    "text/event-stream": {
        "schema": {"type": "string", "description": "Events `lifecycle`, whose data is one of the batch's."}
    },
}
_PROBLEM_REFERENCE: Final = {"$ref": "#/components/schemas/Problem"}
_REFUSAL: Final = {MEDIA_TYPE: {"schema": _PROBLEM_REFERENCE}}


def document(handlers: Sequence[ControllerRouterHandler]) -> bytes:
    """The document as JSON. Costs some 100 ms: make it once."""
    config = OpenAPIConfig(
        title="API", version="1", description=_DESCRIPTION, path="/schema", use_handler_docstrings=True
    )
    described = Litestar(route_handlers=handlers, request_class=Call, openapi_config=config, logging_config=None)
    schema: dict[str, Any] = described.openapi_schema.to_schema()
    schema["servers"] = [{"url": "/"}]
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {}).update({"Problem": PROBLEM, scim.COMPONENT: scim.ERROR_SCHEMA})
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "An API key."}}
    for path in list(schema["paths"]):
        for method, operation in schema["paths"][path].items():
            rule = POLICY.get((method.upper(), path))
            if rule is not None:
                _complete(path, method, operation, rule)
    _close_bodies(schema)
    return msgspec.json.encode(schema)


def _close_bodies(schema: dict[str, Any]) -> None:
    """Say of everything that is sent that it takes no further members: the API refuses them (S-67)."""
    components: dict[str, Any] = schema["components"]["schemas"]
    bodies = [operation.get("requestBody") for methods in schema["paths"].values() for operation in methods.values()]
    waiting = _REFERENCE.findall(repr(bodies))
    closed: set[str] = set()
    while waiting:
        name = waiting.pop()
        component = components[name]
        if name not in closed and component.get("type") == "object" and "properties" in component:
            component["additionalProperties"] = False
            waiting += _REFERENCE.findall(repr(component))
        closed.add(name)


def _complete(path: str, method: str, operation: dict[str, Any], rule: Rule) -> None:
    named = "_".join(part for part in _WORD.split(path.removeprefix("/v1")) if part)
    operation["operationId"] = f"{method}_{named}"
    # The framework has those of a path in no order, so that the document would differ from process to process.
    order = {name: place for place, name in enumerate(re.findall(r"{(\w+)}", path))}
    operation.get("parameters", []).sort(
        key=lambda one: order.get(one["name"], -1) if one["in"] == "path" else len(order)
    )
    _describe_path_parameters(operation)
    if method == "post" and path.endswith("/events"):
        operation["requestBody"] = _EVENT_BODY
        operation.setdefault("parameters", []).extend(_EVENT_HEADERS)
    if method == "post" and path.endswith("/documents"):
        # Of one that takes JSON the framework has said so.
        operation.setdefault("requestBody", FILE_BODY)
    responses: dict[str, Any] = operation.setdefault("responses", {})
    responses.pop("400", None)
    if is_scim(path):
        scim.describe(method, path, operation)
    _describe_conditions((method.upper(), path), operation)
    if (method.upper(), path) == TOKEN_ROUTE:
        describe(operation)
    _describe_answers(method, path, responses)
    if path.endswith(_LIFECYCLE):
        operation.setdefault("parameters", []).append(_LAST_EVENT_ID)
        link = {"description": "`rel=next`, where more follows.", "schema": {"type": "string"}}
        responses["200"] |= {"content": _TOLD, "headers": {"Link": link}}
        responses["204"] = {"description": "The run's end was told before."}
    refused = scim.refusal() if is_scim(path) else _REFUSAL
    for status in _statuses(path, operation, rule):
        responses.setdefault(status, {"description": _WHY[status], "content": refused})
    deprecation = deprecations.of((method.upper(), path))
    if deprecation is not None:
        operation["deprecated"] = True
        operation["description"] = f"{operation.get('description') or ''}\n\n{deprecation.words()}".strip()
    if not rule.is_public:
        operation["security"] = [{"key": []}]
        needs = rule.permission or "any live key"
        operation["description"] = f"{operation.get('description') or ''}\n\nNeeds: `{needs}`.".strip()


def _describe_answers(method: str, path: str, responses: dict[str, Any]) -> None:
    """Answers that handlers make by hand."""
    if path in _DOCUMENTS:
        responses["200"]["content"] = {"application/json": {"schema": {"type": "object"}}}
    if (method, path.endswith(_WORKFLOWS)) == ("post", True):
        responses["200"] = {**responses["201"], "description": "It was published before, and is the same."}
    if path == _HOOKS:
        responses["200"] = {**responses["202"], "description": "It came before; nothing was taken again."}
        responses["410"] = {"description": "Closed, and you are its sender.", "content": _REFUSAL}
        responses["401"] = {"description": "It is not proven from whom it is.", "content": _REFUSAL}
    if path.endswith(_STREAM):
        events = {"type": "string", "description": "Events `run`, whose data is a RunSummary, and `reload`."}
        responses["200"]["content"] = {"text/event-stream": {"schema": events}}
    if path.endswith(_EXPORT) and method == "get":
        responses["200"]["content"] = {one: {"schema": {"type": "string"}} for one in ("application/jsonl", "text/csv")}
    if path.endswith(_CONTENT) and method == "get":
        # As it was sent in, whatever that is.
        responses["200"]["content"] = {"*/*": {"schema": {"format": "binary"}}}


def _describe_conditions(route: Route, operation: dict[str, Any]) -> None:
    """Headers by which a request is made once, or only of the version that was seen (ADR 0037), and that time it."""
    if route in KEYED:
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    if route in CHANGING:
        operation.setdefault("parameters", []).append(_IF_MATCH)
    if route in TIMED:
        operation.setdefault("parameters", []).append(PARAMETER)
        for answer in operation["responses"].values():
            answer.setdefault("headers", {})[ACTIVE] = COUNTED
    if route in TAGGED:
        for answer in operation["responses"].values():
            answer.setdefault("headers", {})["ETag"] = _ETAG


def _statuses(path: str, operation: dict[str, Any], rule: Rule) -> list[str]:
    found = ["400"]
    if not rule.is_public:
        found += ["401", "403", "429", "503"]
    if "{" in path or not rule.is_public or path.startswith(_WELL_KNOWN):
        found.append("404")
    if "/runs/{run}" in path:
        found.append("410")
    if path.endswith(REPLAY):
        found.append("422")
    if path == _HOOKS:
        found += ["408", "409", "413", "415", "422", "429", "503"]
    if "requestBody" in operation:
        found += ["408", "413", "415"] + ([] if is_scim(path) else ["422"])
    if not rule.is_public and operation["operationId"].startswith(("post", "put", "patch", "delete")):
        found.append("409")
    if (operation["operationId"].partition("_")[0].upper(), path) in CHANGING:
        found.append("412")
    return sorted(set(found))


def _describe_path_parameters(operation: dict[str, Any]) -> None:
    """The same words for the same parameter in every path."""
    for parameter in operation.get("parameters", []):
        name = parameter["name"]
        if parameter["in"] == "path":
            parameter.setdefault("description", _PATH_PARAMETERS.get(name, f"Id of the {name}."))
            if name == "environment":
                parameter["schema"] = {"type": "string", "pattern": ENVIRONMENT_PATTERN, "examples": ["live"]}
