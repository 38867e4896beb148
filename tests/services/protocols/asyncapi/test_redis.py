"""Publish and subscribe on a real Valkey (S-50, S-56, S-57)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.embedded.home import Home
from infra.embedded.valkey import Valkey
from services.engine.functions import Done


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Any]]:
    """Host and port, and the policy that it wants."""
    folder: Path = tmp_path_factory.mktemp("valkey")
    home = Home(folder)
    home.lock()
    server = Valkey(home)
    server.start()
    policy = {"basic": {"username": "", "password": home.secret("valkey")}}
    yield f"127.0.0.1:{server.port}", policy
    server.stop()
    home.unlock()


async def test_a_message_goes_through_to_a_subscription(valkey: tuple[str, Any], speak: Any) -> None:
    host, policy = valkey
    message = {"payload": {"id": "7", "text": "é\r\n"}}
    waiting = asyncio.ensure_future(
        speak("redis", host, authentication=policy, subscription={"amount": 3, "within": 20_000})
    )
    while not waiting.done():
        assert await speak("redis", host, authentication=policy, message=message) == Done(output=None)
        await asyncio.sleep(0.01)
    assert await waiting == Done(output=[{"payload": message["payload"], "correlationId": "7"}] * 3)


async def test_who_says_nothing_or_something_wrong_is_refused(valkey: tuple[str, Any], speak: Any, fault: Any) -> None:
    for policy in (None, {"basic": {"username": "default", "password": "canary-wrong"}}):
        answer = await speak("redis", valkey[0], authentication=policy, message={"payload": {}})
        assert fault(answer) == ("authentication", 401)
        assert "canary" not in repr(answer)


async def test_headers_are_refused_since_redis_has_none(valkey: tuple[str, Any], speak: Any, fault: Any) -> None:
    message = {"payload": {}, "headers": {"a": "b"}}
    answer = await speak("redis", valkey[0], authentication=valkey[1], message=message)
    assert fault(answer) == ("configuration", 400)


async def test_batches_of_one_subscription_miss_nothing_between_them(valkey: tuple[str, Any], speak: Any) -> None:
    host, policy = valkey

    async def fetch(**more: Any) -> Any:
        batch = {"id": "task-1", "most": 2, "within": 5_000, **more}
        answer = await speak("redis", host, "batches", authentication=policy, subscription={"batch": batch})
        assert isinstance(answer, Done), answer
        return answer.output

    async def publish(number: int) -> None:
        await speak("redis", host, "batches", authentication=policy, message={"payload": {"n": number}})

    assert await fetch(within=1) == {"messages": [], "ended": False}
    for number in range(5):
        await publish(number)
    found: list[int] = []
    while len(found) < 5:
        batch = await fetch()
        assert 0 < len(batch["messages"]) <= 2
        found += [message["payload"]["n"] for message in batch["messages"]]
    assert found == [0, 1, 2, 3, 4]
    assert await fetch(close=True) == {"messages": [], "ended": True}


@pytest.mark.parametrize(
    "sent", [b"HTTP/1.1 400\r\n\r\n", b"", b"$400000000\r\n" + b"x" * 700_000, b"*1\r\n*1\r\n" * 100]
)
async def test_S_57_what_is_no_redis_is_an_error_and_no_more(speak: Any, fault: Any, sent: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(sent)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    answer = await speak("redis", host, message={"payload": {}})
    server.close()
    assert fault(answer)[0] == "communication"


@pytest.mark.parametrize("host", ["169.254.169.254", "10.0.0.1:6380", "example.com:6379", "example.com:5432"])
async def test_S_50_S_54_a_server_inside_or_without_tls_is_refused(speak: Any, fault: Any, host: str) -> None:
    assert fault(await speak("redis", host, message={"payload": {}})) == ("configuration", 400)
