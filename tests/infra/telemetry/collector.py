"""A collector that takes OTLP over HTTP on loopback, and can be as bad as a real one."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import msgspec
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One exported span; ids in hex, `parent` empty for a root."""

    trace: str
    id: str
    parent: str
    name: str
    attributes: dict[str, str]
    service: str
    is_error: bool


class Collector:
    """Use as `with Collector() as collector`. `hangs`: no answer until it ends; `status`: what it answers.

    `asked`: exports that came, whatever became of them.
    """

    def __init__(self) -> None:
        self.spans: list[Seen] = []
        self.metrics: set[str] = set()
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.asked = 0
        self.status = 200
        self.hangs = False
        self._go = threading.Event()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.take(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._go.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["content-length"]))
        self.asked += 1
        if self.hangs:
            self._go.wait()
            return
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        if self.status == 200:
            self._keep(request.path, body)
        request.send_response(self.status)
        request.send_header("content-length", "0")
        request.end_headers()

    def _keep(self, path: str, body: bytes) -> None:
        self.bodies.append(body)
        if path == "/v1/metrics":
            found = ExportMetricsServiceRequest.FromString(body)
            self.metrics |= {m.name for r in found.resource_metrics for s in r.scope_metrics for m in s.metrics}
            return
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            about = _attributes(resource.resource.attributes)
            for scope in resource.scope_spans:
                self.spans += [_seen(span, about["service.name"]) for span in scope.spans]


def _seen(span: Any, service: str) -> Seen:
    return Seen(
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        name=span.name,
        attributes=_attributes(span.attributes),
        service=service,
        is_error=span.status.code == 2,
    )


def _attributes(pairs: Any) -> dict[str, str]:
    return {one.key: str(getattr(one.value, one.value.WhichOneof("value"))) for one in pairs}


def assert_one_tree(spans: list[Seen]) -> Seen:
    """One trace, one root, every other span below one that is there; answers the root."""
    assert len({span.trace for span in spans}) == 1, spans
    known = {span.id for span in spans}
    roots = {span.id: span for span in spans if not span.parent}
    assert len(roots) == 1, spans
    assert not [span for span in spans if span.parent and span.parent not in known], spans
    return next(iter(roots.values()))
