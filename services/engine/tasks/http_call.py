"""The function `http` (DSL reference, HTTP Call). Not part of the interpreter: it reaches the network."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from infra import clock
from infra.egress import IDEMPOTENT_METHODS, Client, Destination, Refused, Request, Response
from infra.egress import Failed as EgressFailed
from infra.telemetry import instruments
from services.engine import values
from services.engine.faults import standard
from services.engine.functions import Answer, Call, Done, Failed

KEY_HEADER: Final = "Idempotency-Key"
_STATUS: Final = {"resolve": 503, "connect": 503, "timeout": 504}
_BROKEN_ANSWER: Final = 502
_HIDDEN: Final = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})


class HttpCall:
    """Fills `http` in the table of functions, and Cautious. Sends once; what the other side answers is final.

    `destination` says which ports and schemes documents may call; it binds no credentials.
    """

    def __init__(self, client: Client, destination: Destination | None = None) -> None:
        self._client = client
        self._destination = destination or Destination()

    async def __call__(self, call: Call) -> Answer:
        began = clock.monotonic()
        answer = await self._answer(call, _request(call, self._destination))
        outcome = "done" if isinstance(answer, Done) else "failed"
        instruments.CONNECTOR_CALLS.record(clock.monotonic() - began, "http", "request", outcome)
        return answer

    async def may_repeat(self, call: Call) -> bool:
        """Whether the method is idempotent, or the document sends a key of its own and so says that it is honoured."""
        if call.arguments["method"].upper() in IDEMPOTENT_METHODS:
            return True
        return any(name.lower() == KEY_HEADER.lower() for name, value in call.arguments["headers"].items() if value)

    async def _answer(self, call: Call, request: Request) -> Done | Failed:
        try:
            response = await self._client.send(call.tenant, request)
        except Refused as error:
            return Failed(error=standard("configuration", error.title, error.detail), sent=False)
        except EgressFailed as error:
            status = _STATUS.get(error.kind, _BROKEN_ANSWER)
            return Failed(
                error=standard("communication", "The service gave no usable answer", str(error), status=status),
                sent=error.sent,
            )
        if not _is_success(response.status, redirect=call.arguments["redirect"]):
            return Failed(error=_refusal(request, response))
        try:
            return Done(output=_output(call.arguments["output"], request, response))
        except values.ValueRefused as error:
            detail = f"the answer is not the JSON it claims to be: {error}"
            return Failed(error=standard("communication", "Unreadable answer", detail, status=_BROKEN_ANSWER))


def _request(call: Call, destination: Destination) -> Request:
    arguments = call.arguments
    headers = {name: _text(value) for name, value in arguments["headers"].items() if value is not None}
    names = {name.lower() for name in headers}
    body = b""
    if arguments.get("body") is not None:
        content_type = next((value for name, value in headers.items() if name.lower() == "content-type"), None)
        body, implied = _body(arguments["body"], content_type)
        if content_type is None:
            headers["Content-Type"] = implied
    if "accept" not in names:
        headers["Accept"] = "application/json, */*;q=0.5"
    if KEY_HEADER.lower() not in names:
        headers[KEY_HEADER] = call.key
    return Request(
        method=arguments["method"].upper(),
        url=_url(arguments["endpoint"], arguments["query"]),
        headers=headers,
        body=body,
        destination=destination,
    )


def _url(endpoint: str, query: Mapping[str, Any]) -> str:
    pairs = [
        (name, _text(value))
        for name, given in query.items()
        for value in (given if isinstance(given, list) else [given])
        if value is not None
    ]
    if not pairs:
        return endpoint
    whole, mark, fragment = endpoint.partition("#")
    return f"{whole}{'&' if '?' in whole else '?'}{urlencode(pairs)}{mark}{fragment}"


def _body(value: Any, content_type: str | None) -> tuple[bytes, str]:
    """The bytes, and the content type that they imply when the document names none."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded" and isinstance(value, dict):
        return urlencode([(name, _text(member)) for name, member in value.items()]).encode(), kind
    if isinstance(value, str) and not _is_json(kind):
        return value.encode(), "text/plain; charset=utf-8"
    return values.encode(value), "application/json"


def _is_success(status: int, *, redirect: bool) -> bool:
    return HTTPStatus.OK <= status < (HTTPStatus.BAD_REQUEST if redirect else HTTPStatus.MULTIPLE_CHOICES)


def _refusal(request: Request, response: Response) -> Any:
    try:
        title = HTTPStatus(response.status).phrase
    except ValueError:
        title = "Unknown status"
    detail = f"{request.method} {request.url.partition('?')[0]} was answered with status {response.status}"
    return standard("communication", title, detail, status=response.status)


def _output(form: str, request: Request, response: Response) -> Any:
    if form == "raw":
        return base64.b64encode(response.body).decode()
    content = _content(response)
    if form == "content":
        return content
    sent = {name: value for name, value in request.headers.items() if name.lower() not in _HIDDEN}
    return {
        "request": {"method": request.method, "uri": request.url, "headers": sent},
        "statusCode": response.status,
        "headers": response.headers,
        "content": content,
    }


def _content(response: Response) -> Any:
    """JSON as a value, text as a string, anything else in base64, nothing as null."""
    if not response.body:
        return None
    kind, _, parameters = response.headers.get("content-type", "application/json").partition(";")
    kind = kind.strip().lower()
    if _is_json(kind):
        return values.decode(response.body)
    if kind.startswith("text/") or kind.endswith(("/xml", "+xml")):
        charset = parameters.lower().partition("charset=")[2].strip(' "') or "utf-8"
        try:
            return response.body.decode(charset)
        except (LookupError, UnicodeDecodeError):
            pass
    return base64.b64encode(response.body).decode()


def _is_json(kind: str) -> bool:
    return kind == "application/json" or kind.endswith("+json")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return values.encode(value).decode()
