"""Any HTTP API below one base URL: one operation, `http.request`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from infra.egress import IDEMPOTENT_METHODS, Response
from infra.encryption.secret import Secret
from services.connectors.sdk.answers import expect_success, read_json
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Away, Refusal
from services.connectors.sdk.manifest import Manifest, Operation, SecretField
from services.connectors.sdk.settings import base_url_settings
from services.engine import values as json

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
    or PATCH of unknown outcome repeated, also after a worker's death; elsewhere it fails and a person decides.
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
        ),
        secrets=(
            SecretField(name="password", title="Password (basic)", required=False),
            SecretField(name="token", title="Token (bearer)", required=False),
            SecretField(name="value", title="Header value (header)", required=False),
        ),
        operations=(
            Operation(name="http.request", title="Send a request", mode="by-call", input=_REQUEST, output=_ANSWER),
        ),
    )

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        method = values.get("method", "GET")
        try:
            answer = expect_success(await _send(method, values, context), context)
            return {"status": answer.status, "headers": answer.headers, "body": _body(answer)}
        except Away as away:
            if away.sent and not self.repeats(operation, values, context.settings):
                detail = f"{method} was sent and its outcome is unknown: {away.reason}. It is not repeated by itself"
                raise Refusal(detail, name="communication", status=502, title="The outcome is unknown") from away
            raise

    def repeats(self, operation: str, values: Any, settings: Mapping[str, Any]) -> bool:  # noqa: ARG002 (there is one)
        """Whether the method is idempotent (RFC 9110), or the system honours the key."""
        return values.get("method", "GET") in IDEMPOTENT_METHODS or bool(settings.get("idempotency_keys", False))


async def _send(method: str, values: Any, context: Context) -> Response:
    path = values.get("path", "")
    if query := values.get("query"):
        path += ("&" if "?" in path else "?") + urlencode({name: _text(value) for name, value in query.items()})
    headers = {"Accept": "application/json", **values.get("headers", {})}
    body = b""
    if "body" in values:
        body = json.encode(values["body"])
        headers.setdefault("Content-Type", "application/json")
    if method not in {"GET", "HEAD", "OPTIONS"}:
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
        raise Refusal(f"The connection lacks its secret {field!r}", name="configuration", title="A secret is missing")
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
