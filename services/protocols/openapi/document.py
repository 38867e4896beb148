"""Finds an operation in an OpenAPI document, of whatever version."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any, Final
from urllib.parse import urljoin

from msgspec.structs import replace

from services.protocols import errors
from services.protocols.openapi import swagger
from services.protocols.openapi.operation import METHODS, Body, Operation, Parameter
from services.protocols.openapi.schemas import members
from services.protocols.resources.references import follow
from services.protocols.resources.shapes import checked

_VARIABLE: Final = re.compile(r"\{([^{}]*)\}")
_STYLES: Final = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_IGNORED: Final = frozenset({"accept", "content-type", "authorization"})
_FORM: Final = "application/x-www-form-urlencoded"


def operation(document: Any, operation_id: str, uri: str) -> Operation:
    """The operation `operation_id` of the document that was found at `uri`.

    Raises:
        Refusal: `configuration`: there is none, or the document is not what it says.
    """
    try:
        return checked(_operation(document, operation_id, uri))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _unusable("the operation is not described as its format asks for") from error


def _operation(document: Any, operation_id: str, uri: str) -> Operation:
    is_old = _is_swagger(document)
    found: dict[str, tuple[str, str, Any]] = {}
    for path, given in (document.get("paths") or {}).items():
        item = follow(document, given)
        for method in METHODS:
            if isinstance(item, dict) and isinstance(item.get(method), dict):
                found.setdefault(str(item[method].get("operationId")), (path, method, item))
    if operation_id not in found:
        close = get_close_matches(operation_id, found, 1)
        raise _unusable(f"there is no operation {operation_id[:80]!r}" + (f"; meant {close[0]!r}?" if close else ""))
    path, method, item = found[operation_id]
    given = item[method]
    described = _parameters(document, item, given)
    if is_old:
        parameters = [swagger.parameter(one) for one in described if one["in"] not in {"body", "formData"}]
        body, server = swagger.body(document, given, described), swagger.server(document, given, uri)
    else:
        parameters = [_parameter(document, one) for one in described]
        body, server = _body(document, given), _server(document, item, given, uri)
    keys = {(key.name, key.place): key for key in _keys(document, is_old=is_old)}
    parameters = [replace(one, is_key=(one.name, one.place) in keys) for one in parameters]
    others = [key for key in keys.values() if key.name not in {one.name for one in parameters}]
    return Operation(method.upper(), server, path, (*parameters, *others), body)


def _is_swagger(document: Any) -> bool:
    if isinstance(document, dict):
        if str(document.get("openapi", "")).startswith(("3.0", "3.1")):
            return False
        if str(document.get("swagger", "")).startswith("2.0") or document.get("swagger") == 2:  # noqa: PLR2004
            return True
    raise _unusable("it is no OpenAPI 3.0 or 3.1 and no Swagger 2.0")


def _parameters(document: Any, item: dict[str, Any], given: dict[str, Any]) -> list[dict[str, Any]]:
    """Those of the path and of the operation; the latter's count."""
    merged: dict[tuple[str, str], dict[str, Any]] = {}
    for one in [*(item.get("parameters") or []), *(given.get("parameters") or [])]:
        described = follow(document, one)
        if described["in"] == "header" and described["name"].lower() in _IGNORED:
            continue
        merged[described["name"], described["in"]] = described
    return list(merged.values())


def _parameter(document: Any, given: dict[str, Any]) -> Parameter:
    place = given["in"]
    style = given.get("style") or _STYLES[place]
    schema = follow(document, given.get("schema") or {})
    return Parameter(
        name=given["name"],
        place=place,
        style=style,
        explode=bool(given.get("explode", style == "form")),
        required=bool(given.get("required")),
        reserved=bool(given.get("allowReserved")),
        is_json="content" in given,
        default=schema.get("default") if isinstance(schema, dict) else None,
    )


def _keys(document: Any, *, is_old: bool) -> list[Parameter]:
    """API keys: parameters that every operation may be given."""
    holder = document if is_old else (document.get("components") or {})
    found = (holder.get("securityDefinitions" if is_old else "securitySchemes") or {}).values()
    schemes = [follow(document, one) for one in found]
    return [
        Parameter(one["name"], one["in"], _STYLES[one["in"]], explode=False, is_key=True)
        for one in schemes
        if one.get("type") == "apiKey" and one["name"].lower() not in _IGNORED
    ]


def _body(document: Any, given: dict[str, Any]) -> Body | None:
    described = follow(document, given.get("requestBody"))
    if not isinstance(described, dict) or not described.get("content"):
        return None
    media = min(described["content"], key=_rank)
    known, files = members(document, follow(document, described["content"][media].get("schema") or {}))
    name = described.get("x-bodyName") or described.get("x-codegen-request-body-name") or "body"
    return Body(media, str(name), bool(described.get("required")), known, files)


def _rank(media: str) -> int:
    kind = media.partition(";")[0].strip().lower()
    known = ("application/json", _FORM, "multipart/form-data")
    if kind in known:
        return known.index(kind)
    return 0 if kind.endswith("+json") else len(known)


def _server(document: Any, item: dict[str, Any], given: dict[str, Any], uri: str) -> str:
    """The first server by https, else the first; a relative one counts from the document's own address."""
    servers = given.get("servers") or item.get("servers") or document.get("servers") or [{"url": "/"}]
    resolved = [urljoin(uri, _filled(one)) for one in servers]
    found = next((one for one in resolved if one.startswith("https:")), resolved[0])
    return found.partition("?")[0].rstrip("/")


def _filled(server: dict[str, Any]) -> str:
    variables = server.get("variables") or {}
    return _VARIABLE.sub(lambda match: str(variables[match[1]]["default"]), server["url"])


def _unusable(detail: str) -> errors.Refusal:
    return errors.configuration("Unusable OpenAPI document", detail, sent=True)
