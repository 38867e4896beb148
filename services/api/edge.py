"""The outermost layer: what is refused before routing, and what every answer carries."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from litestar.types import ASGIApp, Message, Receive, Send

from infra import ids
from infra.problems import BadRequest, NotFound, Problem
from infra.telemetry import instruments, trace, working_for
from services.api.limited_body import Body, check_length
from services.api.rendering import note, problem_of, rendered
from services.api.strangers import Strangers
from services.api.throttle import HEADERS

ACCESS: Final = logging.getLogger("api.access")
BODY_SECONDS: Final = 15.0
DOCUMENT_SECONDS: Final = 300.0
_DOCUMENTS: Final = re.compile(r"/v1(?:/clients/[^/]+/[^/]+)?/(?:runs|entities)/[^/]+/documents|/portal/link/documents")
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_METHODS: Final = _WITH_BODY | {"GET", "HEAD", "OPTIONS"}
_CLIENT_REQUEST_ID: Final = re.compile(rb"[\x21-\x7e]{1,128}")
_ODD_PATH: Final = re.compile(r"//|/\.{1,2}(?:/|$)|[\\\x00-\x1f\x7f]|.(?<!^/)/$")
_ODD_RAW_PATH: Final = re.compile(rb"%(?:2f|5c|00|2[de]|3\d|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])", re.IGNORECASE)
"""What a path never needs to spell so: separators, the end of a string, and the unreserved of RFC 3986, section 2.3."""
_HEALTH: Final = "/health/"
_HOSTS_REMEMBERED: Final = 256
_MAX_TARGET: Final = 8192

SECURITY_HEADERS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"strict-transport-security", b"max-age=31536000"),
    (b"server", b"api"),
)
_DEFAULTS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


class Edge:
    """Wraps the application.

    Args:
        hosts: names that it answers to, without port; any other is 404 (house: an unknown host is nobody's).
        max_body: bytes of a request body.
        max_document: of one that is a document; None: as any other.
        strangers: counts what is answered to nobody that is known.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str],
        max_body: int,
        max_document: int | None = None,
        strangers: Strangers | None = None,
    ) -> None:
        self.app = app
        self._strangers = strangers
        self._hosts = frozenset(host.lower() for host in hosts)
        self._max_body = max_body
        self._max_document = max_document or max_body
        self._judged: dict[bytes, bool] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Any, receive: Receive, send: Send) -> None:
        working_for(None)
        if scope["path"].startswith(_HEALTH):
            await self._handle(scope, receive, send, trace.NOTHING)
            return
        with trace.serve(scope["headers"]) as span:
            await self._handle(scope, receive, send, span)

    async def _handle(self, scope: Any, receive: Receive, send: Send, span: trace.Span | trace.Nothing) -> None:
        began = time.perf_counter()
        answer = Answer(send, secrets.token_hex(12), is_head=scope["method"] == "HEAD")
        scope["state"] = {"request_id": answer.request_id, "is_head": answer.is_head, HEADERS: answer.further}
        client_request_id, host = None, ""
        try:
            headers = _headers(scope["headers"])
            host = name_of(headers[b"host"])
            client_request_id = _sanitised(headers.get(b"x-request-id"))
            self._check_host(scope, headers)
            await self.enter(scope, headers, answer)
            self.check_target(scope)
            if answer.is_head:
                scope["method"] = "GET"
            if scope["method"] in _WITH_BODY:
                is_document = scope["method"] == "POST" and _DOCUMENTS.fullmatch(scope["path"]) is not None
                limit = self._max_document if is_document else self._max_body
                check_length(headers, limit)
                receive = Body(receive, limit, DOCUMENT_SECONDS if is_document else BODY_SECONDS)
            await self.app(scope, receive, answer)
        except Exception as error:
            if answer.status:
                raise
            problem = problem_of(error)
            note(problem, error, answer.request_id)
            await answer.problem(problem, scope["path"])
        finally:
            seconds = time.perf_counter() - began
            if self._strangers is not None and host:
                self._strangers.note(scope, answer.status, host)
            _log(scope, answer, client_request_id, seconds)
            _tell(scope, answer, seconds, span)

    def _check_host(self, scope: Any, headers: Mapping[bytes, bytes]) -> None:
        # Probes come by address, so health answers under any name; it says nothing that is anyone's.
        if not scope["path"].startswith(_HEALTH) and not self.is_ours(headers.get(b"host", b"")):
            raise NotFound

    def check_target(self, scope: Any) -> None:
        """Refuse a target that is too long, or whose path is spelt in a second way.

        Raises:
            BadRequest, NotFound: so it is.
        """
        path: str = scope["path"]
        raw: bytes = scope.get("raw_path") or b""
        if len(path) + len(scope["query_string"]) > _MAX_TARGET:
            raise BadRequest(f"Path and query have at most {_MAX_TARGET} bytes")
        # Two spellings of one path would be two things to a proxy's rules and one thing here (S-97).
        if _ODD_PATH.search(path) or _ODD_RAW_PATH.search(raw):
            raise NotFound

    async def enter(self, scope: Any, headers: Mapping[bytes, bytes], answer: Answer) -> None:
        """What another kind of edge finds out or refuses before routing; nothing here."""

    def is_ours(self, host: bytes) -> bool:
        """Whether a `Host` header names this application."""
        judged = self._judged.get(host)
        if judged is None:
            judged = name_of(host) in self._hosts
            if len(self._judged) >= _HOSTS_REMEMBERED:
                self._judged.clear()
            self._judged[host] = judged
        return judged


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    headers: dict[bytes, bytes] = {}
    for name, value in pairs:
        if name in headers and name in {b"host", b"content-length", b"content-type", b"content-encoding"}:
            raise BadRequest(f"The header {name.decode()} is given twice")
        headers[name] = value
    if not headers.get(b"host"):
        raise BadRequest("The header Host is missing")
    return headers


def name_of(host: bytes) -> str:
    """The host's name without port and final dot, in lower case."""
    text = host.decode("latin-1").strip().lower()
    name, separator, port = text.rpartition(":")
    if separator and port.isdigit():
        text = name
    return text.removesuffix(".").removeprefix("[").removesuffix("]")


def _sanitised(given: bytes | None) -> str | None:
    return given.decode() if given is not None and _CLIENT_REQUEST_ID.fullmatch(given) else None


class Answer:
    """Sends an answer with the headers that each one carries; `security` and `further` may change until it is sent."""

    __slots__ = ("_send", "further", "is_head", "is_stream", "request_id", "security", "status")

    def __init__(self, send: Send, request_id: str, *, is_head: bool) -> None:
        self._send = send
        self.request_id = request_id
        self.is_head = is_head
        self.is_stream = False
        self.status = 0
        self.security = SECURITY_HEADERS
        self.further: list[tuple[bytes, bytes]] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = list(message["headers"])
            names = {name.lower() for name, _ in given}
            self.is_stream = any(value.startswith(b"text/event-stream") for _, value in given)
            given += self.security
            given += self.further
            given += [pair for pair in _DEFAULTS if pair[0] not in names]
            given.append((b"request-id", self.request_id.encode()))
            message["headers"] = given
        elif self.is_head and message["type"] == "http.response.body":
            message["body"] = b""
        await self._send(message)

    async def problem(self, problem: Problem, path: str) -> None:
        found = rendered(problem, self.request_id, path)
        headers = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
        headers += [(b"content-type", found.media_type.encode()), (b"content-length", str(len(found.body)).encode())]
        await self({"type": "http.response.start", "status": found.status, "headers": headers})
        await self({"type": "http.response.body", "body": found.body, "more_body": False})


def _tell(scope: Any, answer: Answer, seconds: float, span: trace.Span | trace.Nothing) -> None:
    method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
    route = scope.get("path_template", "")
    if not answer.is_stream:
        instruments.REQUESTS.record(seconds, method, route, f"{answer.status // 100}xx")
    span.call(f"{method} {route}".strip())
    span.note("http.request.method", method)
    span.note("http.route", route)
    span.note("http.response.status_code", answer.status)
    span.note("request", answer.request_id)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        span.fail(str(answer.status))


def _log(scope: Any, answer: Answer, client_request_id: str | None, seconds: float) -> None:
    if not ACCESS.isEnabledFor(logging.INFO):
        return
    principal = scope["state"].get("principal")
    account = None if principal is None else principal.account_id
    tenant = scope["state"].get("tenant")
    ACCESS.info(
        "request",
        extra={
            "request_id": answer.request_id,
            "client_request_id": client_request_id,
            "method": scope["method"],
            # The template and not the path: ids and whatever a caller wrote there stay out of the log.
            "route": scope.get("path_template", ""),
            "status": answer.status,
            "milliseconds": round(seconds * 1000, 2),
            "key": None if principal is None or principal.key_id is None else ids.show("key", principal.key_id),
            # Of somebody who acts as a client it is their own; the tenant is the client's.
            "account": None if account is None else ids.show("acc", account),
            "tenant": None if tenant is None else ids.show("ten", tenant.tenant_id),
        },
    )
