"""S-93 at a server that dies, and with callers who hang up: what was made is made once, and its answer is kept."""

from __future__ import annotations

import contextlib
import socket
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra.database import Database, Scope
from infra.embedded.stack import Endpoints
from tenants.identity import service as identity
from tests.patience import PATIENCE
from tests.served import served

KILLED = {"WAYBILL_CRASH_POINTS": "true", "WAYBILL_CRASH_POINT": "creation.committed"}


class Asker:
    """Sends as the operator, on a line of its own each time."""

    def __init__(self, port: int, key: str) -> None:
        self.port = port
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def make(self, slug: str) -> tuple[HTTPResponse, Any]:
        return self.ask("POST", "/v1/partners", body(slug), {"Idempotency-Key": slug})

    def ask(
        self, method: str, target: str, raw: bytes | None = None, more: dict[str, str] | None = None
    ) -> tuple[HTTPResponse, Any]:
        with contextlib.closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as line:
            line.request(method, target, raw, {**self.headers, **(more or {})})
            answer = line.getresponse()
            return answer, msgspec.json.decode(answer.read())

    def hang_up(self, slug: str, *, after: int) -> None:
        """Closes the line once so many bytes of the body are sent."""
        raw = body(slug)
        head = {**self.headers, "Host": "127.0.0.1", "Content-Length": str(len(raw)), "Idempotency-Key": slug}
        lines = ["POST /v1/partners HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        with contextlib.closing(socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)) as line:
            line.sendall("\r\n".join(lines).encode() + raw[:after])

    def slugs(self) -> list[str]:
        return sorted(one["slug"] for one in self.ask("GET", "/v1/partners")[1]["items"])


def body(slug: str) -> bytes:
    return msgspec.json.encode({"slug": slug, "name": "Example Parts"})


async def test_S_93_a_server_that_dies_before_its_answer_and_callers_who_hang_up_make_one_thing(
    tmp_path: Path, endpoints: Endpoints, app_database: Database
) -> None:
    async with app_database.session(Scope.operator()) as session:
        _, key = await identity.create_operator(session, "first", actor="test")
        await session.commit()
    with served(tmp_path, endpoints, **KILLED) as (port, _):
        with pytest.raises((OSError, HTTPException)):
            Asker(port, key).make("north")
        assert "crash point creation.committed" in (tmp_path / "api.log").read_text()
    with served(tmp_path, endpoints) as (port, _):
        asker = Asker(port, key)
        assert asker.slugs() == ["north"], "it was committed, and nobody was told"
        answer, made = asker.make("north")
        assert (answer.status, answer.headers["idempotent-replayed"]) == (HTTPStatus.CREATED, "true")
        assert made["slug"] == "north"
        asker.hang_up("half", after=5)
        asker.hang_up("whole", after=len(body("whole")))
        assert asker.make("whole")[0].status == HTTPStatus.CREATED, "the first time, or the same answer again"
        assert asker.make("half")[0].headers["idempotent-replayed"] is None, "half a request made nothing"
        assert asker.slugs() == ["half", "north", "whole"]
