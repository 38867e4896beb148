"""What only a real server shows: granian in front of the application."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from infra.embedded.stack import Stack
from tests.patience import PATIENCE
from tests.served import ask, served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the server's log."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def port(stack: Stack, migrated: str, folder: Path) -> Iterator[int]:
    """One server for all: no request changes anything."""
    with served(folder, stack.create_database("waybill_server", template=migrated)) as (port, _):
        yield port


def raw(port: int, request: bytes) -> bytes:
    """What the server answers to these bytes, until it closes."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)) as line:
        line.sendall(request)
        answer = b""
        while part := line.recv(65_536):
            answer += part
        return answer


def test_the_server_names_no_product_and_answers_problems(port: int, folder: Path) -> None:
    answer, body = ask(port, "GET", "/v1/me")
    assert (answer.status, answer.headers.get_all("server")) == (401, ["api"])
    assert msgspec.json.decode(body)["type"] == "/problems/unauthorized"
    head, nothing = ask(port, "HEAD", "/health/live")
    assert (head.status, nothing) == (200, b"")
    trace, _ = ask(port, "TRACE", "/v1/me", Cookie="a=b")
    assert (trace.status, trace.headers["allow"]) == (405, "GET")
    foreign, _ = ask(port, "GET", "/v1/me", Host="evil.example")
    assert foreign.status == 404
    for line in (folder / "api.log").read_text().splitlines():
        if line.startswith("{"):
            assert msgspec.json.decode(line)["level"] in {"info", "warning"}


END = b"Host: localhost\r\nConnection: close\r\n\r\n"
SMUGGLED = (
    b"POST /v1/partners HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n"
    + END
    + b"0\r\n\r\nGET /v1/me HTTP/1.1\r\n"
    + END
)


@pytest.mark.parametrize(
    ("request_bytes", "statuses"),
    [
        (b"GET /v1/me HTTP/1.0\r\n\r\n", {b"400"}),
        (b"GET /v1/me HTTP/1.1\r\nHost: evil.example\r\n" + END, {b"400"}),
        (SMUGGLED, {b"400", b"401"}),
        (b"GET //v1/me HTTP/1.1\r\n" + END, {b"404"}),
        (b"GET http://evil.example/v1/me HTTP/1.1\r\n" + END, {b"400", b"401", b"404"}),
        (b"GET /v1/%2e%2e/health/live HTTP/1.1\r\n" + END, {b"404"}),
    ],
    ids=["no host", "two hosts", "smuggled", "double slash", "absolute form", "dots"],
)
def test_S_97_crooked_requests_are_refused(port: int, request_bytes: bytes, statuses: set[bytes]) -> None:
    answer = raw(port, request_bytes)
    assert answer.split(b" ")[1] in statuses
    # One request, one answer: nothing was smuggled behind the first.
    assert answer.count(b"HTTP/1.") == 1
