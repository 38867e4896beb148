"""S-72: a system that sends back what it was given gives it to nobody: not to the run, an error, a log or a person."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from io import StringIO
from typing import Any

import msgspec
import pytest

from infra import logs, redaction
from infra.egress import Client
from infra.encryption.secret import Secret
from services.connectors.builtin import all_connectors
from services.connectors.function import ConnectorFunction
from services.connectors.registry import Registry
from services.connectors.sdk.context import Context
from services.connectors.sdk.manifest import Manifest, Operation
from services.engine.functions import Answer, Done, Failed, Unknown
from tests.echo import Echo
from tests.services.connectors.conftest import CONNECTION, Desk

CANARY = "canary/8c1f+d=\"q w'&é"


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    async with Echo() as echo:
        yield echo


@pytest.fixture(params=["basic", "bearer", "header"])
def given(request: pytest.FixtureRequest, desk: Desk, echo: Echo) -> Desk:
    """A connection of the connector `http` whose credential goes out in each way that there is."""
    kind = request.param
    canary = CANARY.encode("ascii", "ignore").decode() if kind != "basic" else CANARY
    settings: dict[str, Any] = {"base_url": echo.url, "timeout_seconds": 5, "authentication": kind}
    settings |= {"basic": {"user": "somebody"}, "bearer": {}, "header": {"header": "X-Key"}}[kind]
    field = {"basic": "password", "bearer": "token", "header": "value"}[kind]
    desk.connection = msgspec.structs.replace(
        desk.connection, connector="http", settings=settings, secrets={field: Secret(canary)}
    )
    return desk


def shown(answer: Answer) -> str:
    return msgspec.json.encode(msgspec.to_builtins(answer), enc_hook=str).decode()


def assert_hidden(text: str) -> None:
    """In no form; the canary without what headers cannot carry is looked for as well."""
    for value in (CANARY, CANARY.encode("ascii", "ignore").decode()):
        for form in redaction.forms(value):
            assert form not in text, form
    assert "canary" not in text


@pytest.mark.parametrize("path", ["json", "unauthorized", "redirect", "markup", "text", "form"])
async def test_S_72_no_answer_holds_the_credential_that_the_system_echoes(given: Desk, echo: Echo, path: str) -> None:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        answer = await given.call("http.request", {"path": path, "headers": {"X-Open": "open words"}})
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
    assert "canary" in echo.seen[-1], "it was sent, or nothing is proven"
    assert isinstance(answer, Done if path == "json" else Failed)
    assert_hidden(shown(answer))
    assert_hidden(stream.getvalue())
    if path == "json":
        assert "open words" in shown(answer), "what is no secret stays"
        assert "[redacted]" in shown(answer)


class Careless:
    """A connector whose mistake holds what it was answered."""

    def __init__(self) -> None:
        write = Operation(name="write", title="", mode="once-or-ask", input={}, output={})
        self.manifest = Manifest(name="careless", version="1.0.0", title="", settings={}, operations=(write,))

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        del operation, values
        token = context.secrets["token"]
        credentials = {"Authorization": Secret(f"Bearer {token.reveal()}")}
        answer = await context.send("POST", "json", credentials=credentials)
        raise KeyError(answer.body.decode())


async def test_S_73_the_traceback_of_a_mistake_behind_the_request_is_logged_without_it(
    desk: Desk, echo: Echo, client: Client
) -> None:
    desk.function = ConnectorFunction(Registry([*all_connectors(), Careless()]), desk, client)
    settings = {"base_url": echo.url, "timeout_seconds": 5}
    canary = {"token": Secret(CANARY.encode("ascii", "ignore").decode())}
    desk.connection = msgspec.structs.replace(
        desk.connection, connector="careless", settings=settings, secrets=canary, id=CONNECTION
    )
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    log = logging.getLogger("tests.careless")
    log.propagate = False
    log.addHandler(handler)
    try:
        answer = await desk.call("write", {})
        assert isinstance(answer, Unknown)
    except KeyError:
        # As the engine does with a mistake that nobody can look into.
        log.exception("a function failed")
        assert "KeyError" in stream.getvalue()
    log.removeHandler(handler)
    assert echo.seen
    assert_hidden(stream.getvalue())
