"""S-30, S-32, S-42, S-44, S-46 over sockets: what only a real server shows of webhooks that come in."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra.database import Database, Scope
from infra.embedded.stack import Stack
from tenants.identity import service as identity
from tests.first_keys import first_keys
from tests.patience import PATIENCE
from tests.served import served
from tests.services.api.attempts import CONNECTION
from tests.services.api.senders import BODY, EVENT, STANDARD, standard
from tests.services.api.test_server import raw

MEBIBYTE = 1_048_576
SLOW_SECONDS = 15
JSON = {"content-type": "application/json"}


def ask(port: int, key: str, method: str, path: str, body: Any = None) -> Any:
    headers = {"authorization": f"Bearer {key}", **(JSON if body is not None else {})}
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as line:
        line.request(method, path, None if body is None else msgspec.json.encode(body), headers)
        answer = line.getresponse()
        read = answer.read()
        assert answer.status < 300, read
        return msgspec.json.decode(read)


class Served:
    """An endpoint of acme's at a server of its own, and what acme sees of it."""

    def __init__(self, port: int, operator: str, database_url: str) -> None:
        self.port = port
        ask(port, operator, "POST", "/v1/partners", {"slug": "north", "name": "North"})
        north = ask(port, operator, "POST", "/v1/keys", {"name": "x", "partner": "north"})["key"]
        ask(port, north, "POST", "/v1/clients", {"slug": "acme", "name": "Acme"})
        (self.acme,) = asyncio.run(first_keys(database_url, "north/acme/live"))
        connection = ask(port, self.acme, "POST", "/v1/connections", CONNECTION)["id"]
        new = {"name": "shop", "connection": connection, "verification": STANDARD, "event": EVENT}
        self.made = ask(port, self.acme, "POST", "/v1/inbound-webhooks", new)

    def head(self, sent_id: str, body: bytes, **headers: str) -> bytes:
        """What stands before a body, signed for it; a header of the value '' is left out."""
        given = {"host": "localhost", "connection": "close", **JSON, "content-length": str(len(body))}
        given |= standard(self.made["secret"], sent_id, body)
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{name}: {value}" for name, value in given.items() if value]
        return "\r\n".join([f"POST {self.made['path']} HTTP/1.1", *lines, "", ""]).encode("latin-1")

    def deliver(self, sent_id: str, body: bytes = BODY, **headers: str) -> int:
        return status(raw(self.port, self.head(sent_id, body, **headers) + body))

    def received(self) -> list[str]:
        """The ids of what was stored."""
        path = f"/v1/inbound-webhooks/{self.made['id']}/received?limit=200"
        return [one["sent_id"] for one in ask(self.port, self.acme, "GET", path)["items"]]


def status(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), answer[:100]
    return int(answer.split(b" ", 2)[1])


async def _operator(url: str) -> str:
    database = await Database(url).open()
    try:
        async with database.session(Scope.operator()) as session:
            _, text = await identity.create_operator(session, "first", actor="test")
            await session.commit()
            return text
    finally:
        await database.close()


@pytest.fixture(scope="module")
def shop(stack: Stack, migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all; each test sends under ids of its own."""
    endpoints = stack.create_database("waybill_webhooks", template=migrated)
    operator = asyncio.run(_operator(endpoints.database_url))
    with served(tmp_path_factory.mktemp("webhooks"), endpoints, WAYBILL_API_MAX_BODY="10485760") as (port, _):
        yield Served(port, operator, endpoints.database_url)


def test_S_42_raw_bytes_are_what_is_signed(shop: Served) -> None:
    body = b'{ "type":"order.captured",\r\n\t"order":{"number":"SO-1"} , "price":1.10 }'
    head = shop.head("raw", body)
    for other in (body.replace(b"\r\n", b"\n"), b"\xef\xbb\xbf" + body, body.replace(b"1.10", b"1.1"), body[:-1]):
        length = f"content-length: {len(other)}".encode()
        sent = head.replace(f"content-length: {len(body)}".encode(), length)
        assert status(raw(shop.port, sent + other)) == 401
    assert "raw" not in shop.received()
    assert status(raw(shop.port, head + body)) == 202


def test_S_32_a_body_of_more_than_a_mebibyte_is_413(shop: Served) -> None:
    """The API itself reads ten here, so that it is the webhook's own limit that holds."""
    fitting = b'{"type":"order.captured","order":{"number":"SO-1"},"pad":"%s"}'
    whole = fitting % (b"x" * (MEBIBYTE - len(fitting) + 2))
    assert len(whole) == MEBIBYTE
    assert shop.deliver("fits", whole) == 202
    assert shop.deliver("more", whole + b" ") == 413
    for size in (2 * MEBIBYTE, 11 * MEBIBYTE):
        announced = shop.head("announced", BODY, content_length=str(size))
        assert status(raw(shop.port, announced + BODY)) == 413, "at once, whatever comes of it"
    assert not {"more", "announced"} & set(shop.received())


def test_S_32_chunks_without_end_are_413(shop: Served) -> None:
    head = shop.head("chunks", BODY, content_length="", transfer_encoding="chunked")
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    with contextlib.closing(socket.create_connection(("127.0.0.1", shop.port), timeout=PATIENCE)) as line:
        line.sendall(head)
        with contextlib.suppress(OSError):  # the server closes while we send
            for _ in range(2_000):
                line.sendall(chunk)
        answer = b""
        with contextlib.suppress(OSError):
            while part := line.recv(65_536):
                answer += part
    assert not answer or status(answer) == 413
    assert "chunks" not in shop.received()
    good = shop.head("in chunks", BODY, content_length="", transfer_encoding="chunked")
    parts = b"".join(b"%x\r\n%b\r\n" % (1, bytes([byte])) for byte in BODY) + b"0\r\n\r\n"
    assert status(raw(shop.port, good + parts)) == 202


def test_S_32_a_slow_body_is_408_and_holds_nobody_up(shop: Served) -> None:
    began = time.monotonic()
    with contextlib.closing(socket.create_connection(("127.0.0.1", shop.port), timeout=40)) as line:
        line.sendall(shop.head("slow", BODY))
        answer = b""
        line.settimeout(1)
        for byte in BODY:
            with contextlib.suppress(OSError):
                line.sendall(bytes([byte]))
            with contextlib.suppress(TimeoutError):
                answer += line.recv(65_536)
            if answer:
                break
    assert status(answer) == 408
    assert time.monotonic() - began >= SLOW_SECONDS - 1
    assert "slow" not in shop.received()
    assert shop.deliver("quick") == 202


def test_S_32_a_packed_body_is_415(shop: Served) -> None:
    for encoding in ("gzip", "br", "identity, gzip"):
        assert shop.deliver("packed", content_encoding=encoding) == 415
    assert "packed" not in shop.received()


def test_S_46_crooked_types_are_refused_as_they_come(shop: Served) -> None:
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/json; charset=utf-7", "*/*", ""):
        assert shop.deliver("type", content_type=kind) == 415, kind
    head = shop.head("type", BODY).replace(b"content-type", b"content-type: text/plain\r\ncontent-type", 1)
    assert status(raw(shop.port, head + BODY)) == 400
    assert "type" not in shop.received()


def test_S_30_a_name_twice_is_refused_as_it_comes(shop: Served) -> None:
    for body in (b'{"type":"order.captured","type":"x"}', b"1 2 3", b"", BODY + b"\x00"):
        assert shop.deliver("json", body) == 400, body


def test_S_44_of_a_hundred_on_four_lines_one_is_taken(shop: Served) -> None:
    """A7: 100 answers of success, one event."""
    head, before = shop.head("hundred", BODY, connection="keep-alive") + BODY, len(_events(shop))

    def send(count: int) -> list[int]:
        with contextlib.closing(HTTPConnection("127.0.0.1", shop.port, timeout=PATIENCE)) as line:
            line.connect()
            found = []
            for _ in range(count):
                line.sock.sendall(head)
                answer = line.response_class(line.sock, method="POST")
                answer.begin()
                answer.read()
                found.append(answer.status)
            return found

    with ThreadPoolExecutor(4) as pool:
        statuses = Counter(one for found in pool.map(send, [25] * 4) for one in found)
    assert statuses == {202: 1, 200: 99}
    assert len(_events(shop)) == before + 1
    assert shop.received().count("hundred") == 1


def test_what_the_documentation_sends_works_as_it_is_pasted(shop: Served, tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/integrator/inbound-webhooks.md").read_text()
    pasted = "\n".join(re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)).replace('"shop"', '"pasted"')
    ended = subprocess.run(
        ["sh", "-eu", "-c", pasted],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "API": f"http://127.0.0.1:{shop.port}", "KEY": shop.acme},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "HTTP/1.1 202" in ended.stdout, ended.stdout + ended.stderr
    sent = [one for one in _events(shop) if one["source"] == "/webhooks/pasted"]
    assert [(one["type"], one["subject"]) for one in sent] == [("order.captured", "SO-4711")]


def _events(shop: Served) -> list[Any]:
    return list(ask(shop.port, shop.acme, "GET", "/v1/events?limit=200")["items"])
