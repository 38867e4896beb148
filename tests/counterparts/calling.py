"""Calls of a manifest that ships, as the engine makes them, and a note of every exchange."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID, uuid4

import msgspec

from infra import egress
from infra.encryption.secret import Secret
from services.connectors.declared import library
from services.connectors.declared.connector import Declared
from services.connectors.function import ConnectorFunction
from services.connectors.registry import Registry
from services.connectors.sdk.connector import Connector
from services.connectors.sdk.context import Granted, OpenConnection
from services.engine.expressions.protocol import Evaluator
from services.engine.functions import Answer, Call, Done, Later
from template_library import schemas

TENANT: Final = UUID(int=1)
CONNECTION: Final = UUID(int=2)
_CONDITIONS: Final = frozenset({"If-Match", "Idempotency-Key"})
_PATIENCE: Final = 20
_ERRORS: Final = 400
_OLD: Final = 120.0
"""Seconds since the first request of a call, behind which none of it is on its way any more."""


class Noting:
    """The way out, with what went and came: the form of a connector's declared tests."""

    def __init__(self, client: egress.Client) -> None:
        self._client = client
        self.noted: list[dict[str, Any]] = []

    def plugged(self, tenant: UUID, dial: egress.Dial) -> AbstractAsyncContextManager[socket.socket]:
        """What goes and comes there is no HTTP, and is not noted."""
        return self._client.plugged(tenant, dial)

    def dial(self, tenant: UUID, dial: egress.Dial) -> AbstractAsyncContextManager[egress.Wire]:
        """Likewise."""
        return self._client.dial(tenant, dial)

    async def send(self, tenant: UUID, request: egress.Request) -> egress.Response:
        response = await self._client.send(tenant, request)
        parts = urlsplit(request.url)
        asked: dict[str, Any] = {"method": request.method, "path": unquote(parts.path).lstrip("/")}
        if parts.query:
            given = parse_qs(parts.query, keep_blank_values=True)
            asked["query"] = {name: values[0] if len(values) == 1 else values for name, values in given.items()}
        sent = {name: value for name, value in request.headers.items() if name in _CONDITIONS}
        if sent:
            asked["headers"] = sent
        if request.body:
            asked["body"] = _decoded(request.body)
        kept = {name: response.headers[name] for name in ("etag", "link", "location") if name in response.headers}
        told: dict[str, Any] = {"status": response.status, "headers": kept} if kept else {"status": response.status}
        kind = response.headers.get("content-type", "")
        if response.body and "json" in kind:
            told["body"] = json.loads(response.body)
        elif response.body and (response.status < _ERRORS or "html" not in kind):
            told["text"] = response.body.decode(errors="replace")
            told["headers"] = {**kept, "content-type": kind}
        self.noted.append({"request": asked, "answer": told})
        return response


class Caller:
    """One connection to a real system by the manifest of that name; `revision` is new with each change of it."""

    def __init__(
        self,
        name: str,
        url: str,
        client: egress.Client,
        evaluator: Evaluator,
        *,
        settings: Mapping[str, Any],
        secrets: Mapping[str, str],
        connector: Connector | None = None,
    ) -> None:
        """`connector`: one that is code, in place of the manifest."""
        documents = (one for one in library.documents() if one.name == name)
        found: Any = connector or Declared(next(documents), evaluator)
        self.connector: Declared = found
        self.noting = Noting(client)
        given = {"base_url": url, "timeout_seconds": 30, **settings}
        if "allow_http" in self.connector.manifest.settings["properties"]:
            given.setdefault("allow_http", True)
        self._settings = schemas.with_defaults(self.connector.manifest.settings, given)
        self._secrets = dict(secrets)
        self._function = ConnectorFunction(Registry([self.connector]), self, self.noting)
        self._revision = 0
        self.granted: Granted | None = None

    @property
    def settings(self) -> Mapping[str, Any]:
        return dict(self._settings)

    def change(self, *, secrets: Mapping[str, str] | None = None, **settings: Any) -> None:
        self._revision += 1
        self._settings |= settings
        self._secrets |= secrets or {}

    async def open(self, _tenant: UUID, _connection: UUID) -> OpenConnection:
        return OpenConnection(
            id=CONNECTION,
            connector=self.connector.manifest.name,
            settings=dict(self._settings),
            secrets={name: Secret(value) for name, value in self._secrets.items()},
            revision=self._revision,
            ref="con_0",
            granted=self.granted,
        )

    async def call(self, operation: str, values: Any, key: str = "") -> Answer:
        return await self._function(self._call(operation, values, key or uuid4().hex))

    async def triggered(self, operation: str, values: Any, trigger: str) -> Answer:
        """As the poller asks for the trigger."""
        call = self._call(operation, values, uuid4().hex)
        return await self._function(msgspec.structs.replace(call, reference=f"/triggers/{trigger}"))

    async def done(self, operation: str, values: Any, key: str = "") -> Any:
        """The output of a call that is well."""
        answer = await self.call(operation, values, key)
        assert isinstance(answer, Done), answer
        return answer.output

    async def settled(self, operation: str, values: Any, key: str, age: float = _OLD) -> Answer:
        """What became of an uncertain call, looked for as the engine does, `age` seconds after it was first sent."""
        call = msgspec.structs.replace(self._call(operation, values, key), age=age)
        return await self._function.settle(call)

    async def through(self, operation: str, values: Any, key: str) -> Answer:
        """As the engine: again with the same key while it is to come later, past a look where that is uncertain."""
        for _ in range(_PATIENCE):
            answer = await self.call(operation, values, key)
            if isinstance(answer, Later) and answer.uncertain:
                answer = await self.settled(operation, values, key)
            if not isinstance(answer, Later):
                return answer
        raise AssertionError(f"no end after {_PATIENCE} calls")

    @staticmethod
    def _call(operation: str, values: Any, key: str) -> Call:
        return Call(
            function="connector:1.0.0@default",
            arguments={"connection": "other", "operation": operation, "input": values},
            reference="/do/0/call",
            key=key,
            tenant=TENANT,
            run=uuid4(),
            bindings={"other": CONNECTION},
        )


def _decoded(body: bytes) -> Any:
    """JSON, or a text where it is none."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()
