"""Any HTTP API below one base URL: one operation, `http.request`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from infra.egress import Response
from infra.encryption.secret import Secret
from services.connectors.sdk.answers import expect_success, read_json
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Refusal
from services.connectors.sdk.manifest import Care, Manifest, Operation, SecretField, age
from services.connectors.sdk.settings import base_url_settings
from services.engine import values as json

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_IDEMPOTENT: Final = frozenset({"PUT", "DELETE"})
_SIGNED_BY: Final = {
    "none": "the setting `authentication`: it sends none",
    "basic": "the setting `user` and the secret `password`",
    "bearer": "the secret `token`",
    "header": "the setting `header` and the secret `value`",
}
_TEXT: Final[dict[str, Any]] = {"type": "object", "additionalProperties": {"type": "string"}}
_REQUEST: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "method": {"enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"], "default": "GET"},
        "path": {"type": "string", "maxLength": 4000, "description": "joined to the base URL, never resolved"},
        "query": {
            "type": "object",
            "additionalProperties": {"type": ["string", "number", "boolean"]},
        },
        "headers": _TEXT,
        "body": {"description": "sent as JSON"},
    },
    "additionalProperties": False,
}
_ANSWER: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"status": {"type": "integer"}, "headers": _TEXT, "body": {}},
    "required": ["status", "headers", "body"],
    "additionalProperties": False,
}


class Http:
    """Authentication by `settings.authentication`: none, basic (user + password), bearer (token) or header (value).

    The run's key travels as `Idempotency-Key`. Only where `idempotency_keys` says that the system honours it is a POST
    or PATCH of unknown outcome repeated, for as long as `key_valid_for` says; elsewhere it is sent once, and a person
    decides.
    """

    manifest = Manifest(
        name="http",
        version="1.0.0",
        title="HTTP API",
        settings=base_url_settings(
            authentication={"enum": ["none", "basic", "bearer", "header"], "default": "none"},
            user={"type": "string", "maxLength": 200},
            header={"type": "string", "pattern": "^[A-Za-z0-9-]{1,100}$", "description": "for the method `header`"},
            idempotency_keys={"type": "boolean", "default": False, "title": "The system honours Idempotency-Key"},
            key_valid_for={
                "type": "string",
                "pattern": "^P([1-9][0-9]{0,2}D|T[1-9][0-9]{0,3}[HM])$",
                "title": "For how long it knows a key, such as PT24H",
                "description": "Without it, for ever.",
            },
        ),
        secrets=(
            SecretField(name="password", title="Password (basic)", required=False),
            SecretField(name="token", title="Token (bearer)", required=False),
            SecretField(name="value", title="Header value (header)", required=False),
        ),
        operations=(
            # What it writes is the other system's to know: rules take it for a write of anything.
            Operation(
                name="http.request",
                title="Send a request",
                mode="by-call",
                input=_REQUEST,
                output=_ANSWER,
                reading=("method", tuple(sorted(_SAFE))),
            ),
        ),
        traps=("It knows nothing of the system there: what its credentials may do cannot be told.",),
    )

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        del operation
        answer = await _send(values.get("method", "GET"), values, context)
        expect_success(answer, context, change=_SIGNED_BY[context.settings.get("authentication", "none")])
        return {"status": answer.status, "headers": answer.headers, "body": _body(answer)}

    def care(self, operation: str, values: Any, settings: Mapping[str, Any]) -> Care:
        """By the method (RFC 9110), and by whether the system honours the key."""
        del operation
        method = values.get("method", "GET")
        if method in _SAFE:
            return Care("read")
        if method in _IDEMPOTENT:
            return Care("keyed")
        if not settings.get("idempotency_keys", False):
            return Care("once-or-ask")
        known = settings.get("key_valid_for")
        return Care("keyed", None if known is None else age(known))


async def _send(method: str, values: Any, context: Context) -> Response:
    path = values.get("path", "")
    if query := values.get("query"):
        path += ("&" if "?" in path else "?") + urlencode({name: _text(value) for name, value in query.items()})
    headers = {"Accept": "application/json", **values.get("headers", {})}
    body = b""
    if "body" in values:
        body = json.encode(values["body"])
        headers.setdefault("Content-Type", "application/json")
    if method not in _SAFE:
        headers["Idempotency-Key"] = context.key
    return await context.send(method, path, headers=headers, credentials=_credentials(context), body=body)


def _text(value: Any) -> str:
    """As JSON writes it: `true`, and a number with all its digits."""
    return value if isinstance(value, str) else json.encode(value).decode()


def _credentials(context: Context) -> Mapping[str, Secret]:
    settings, kind = context.settings, context.settings.get("authentication", "none")
    if kind == "none":
        return {}
    field = {"basic": "password", "bearer": "token", "header": "value"}[kind]
    secret = context.secrets.get(field)
    if secret is None:
        raise Refusal(f"The connection lacks its secret `{field}`", name="configuration", title="A secret is missing")
    if kind == "basic":
        pair = f"{settings.get('user', '')}:{secret.reveal()}".encode()
        return {"Authorization": Secret(f"Basic {base64.b64encode(pair).decode()}")}
    if kind == "bearer":
        return {"Authorization": Secret(f"Bearer {secret.reveal()}")}
    return {settings.get("header", "X-API-Key"): secret}


def _body(answer: Response) -> Any:
    if not answer.body:
        return None
    if "json" in answer.headers.get("content-type", ""):
        return read_json(answer)
    return answer.body.decode("utf-8", "replace")
