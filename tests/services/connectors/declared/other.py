"""The other side of a declared connector on loopback: it answers as it is told, and keeps what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, unquote
from uuid import UUID

import msgspec

from infra.egress import Client
from infra.encryption.secret import Secret
from services.connectors.declared import checks, reading
from services.connectors.declared.connector import Declared
from services.connectors.function import ConnectorFunction
from services.connectors.registry import Registry
from services.connectors.sdk.context import OpenConnection
from services.connectors.simulators.http import Answered, Asked, Connection
from services.engine.expressions.evaluator import NOWHERE
from services.engine.expressions.protocol import Evaluator
from services.engine.functions import Answer, Call

TENANT, CONNECTION = UUID(int=1), UUID(int=2)
SECRET = "canary/s3cret+value"  # noqa: S105 (loopback)

Handler = Callable[[Asked], Answered]


class Other:
    """`asked`: what came, in order."""

    def __init__(self, *answers: Answered | Handler) -> None:
        self._answers = list(answers)
        self.asked: list[Asked] = []
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Other]:
        open_ones: set[Connection] = set()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(self._answer, open_ones), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for one in list(open_ones):
                one.cut()

    async def _answer(self, asked: Asked) -> Answered:
        self.asked.append(asked)
        # The last one answers whatever else comes.
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return answer(asked) if callable(answer) else answer

    @property
    def last(self) -> Asked:
        return self.asked[-1]


def said(body: Any = None, status: int = 200, /, **headers: str) -> Answered:
    """A JSON answer."""
    given = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answered(status, b"" if body is None else json.dumps(body).encode(), given)


def path_of(asked: Asked) -> str:
    return unquote(asked.target.partition("?")[0])


def query_of(asked: Asked) -> dict[str, list[str]]:
    return parse_qs(asked.target.partition("?")[2], keep_blank_values=True)


OPEN: dict[str, Any] = {"type": "object"}


def operation(**parts: Any) -> dict[str, Any]:
    """A part of a manifest that reads, unless `parts` say otherwise."""
    return {
        "title": "Read a thing",
        "input": OPEN,
        "output": {},
        "effect": "read",
        "request": {"path": "things"},
        "answer": "${ . }",
        **parts,
    }


def manifest(*, operations: Mapping[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    """A whole manifest with one operation, `thing.read`, unless others are given."""
    return {
        "name": "sample",
        "version": "1.0.0",
        "title": "Sample",
        "secrets": {"token": {"title": "Token"}},
        "authentication": {"kind": "bearer", "secret": "token"},
        "operations": {"thing.read": operation()} if operations is None else operations,
        **parts,
    }


def declared(document: Mapping[str, Any], evaluator: Evaluator = NOWHERE) -> Declared:
    """The connector of a manifest that has its form and fits together."""
    found = reading.read(json.dumps(document)).document
    assert not list(checks.mistakes(found))
    return Declared(found, evaluator)


class Desk:
    """Calls a declared connector past the whole function, over one connection to `other`."""

    def __init__(self, client: Client, other: Other, connector: Declared, /, **settings: Any) -> None:
        secrets = {field.name: Secret(SECRET) for field in connector.manifest.secrets}
        self.connection = OpenConnection(
            id=CONNECTION,
            connector=connector.manifest.name,
            settings={"base_url": f"{other.url}/api", "timeout_seconds": 2, **settings},
            secrets=secrets,
            ref="con_0",
        )
        self.function = ConnectorFunction(Registry([connector]), self, client)

    async def open(self, tenant: UUID, connection_id: UUID) -> OpenConnection:
        assert (tenant, connection_id) == (TENANT, CONNECTION)
        return self.connection

    def change(self, **parts: Any) -> None:
        self.connection = msgspec.structs.replace(self.connection, **parts)

    async def call(self, name: str = "thing.read", values: Any = None, key: str = "key-of-the-call") -> Answer:
        return await self.function(self._call(name, values, key))

    async def settle(self, name: str, values: Any = None, *, age: float = 60.0) -> Answer:
        return await self.function.settle(msgspec.structs.replace(self._call(name, values, "key-of-the-call"), age=age))

    @staticmethod
    def _call(name: str, values: Any, key: str) -> Call:
        return Call(
            function="connector:1.0.0@default",
            arguments={"connection": "other", "operation": name, "input": values or {}},
            reference="/do/0/call",
            key=key,
            tenant=TENANT,
            run=UUID(int=3),
            bindings={"other": CONNECTION},
        )
