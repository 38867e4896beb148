"""Slow names take threads of their own, and never more than there are (S-52)."""

from __future__ import annotations

import asyncio
import threading
from uuid import UUID

import pytest

from infra.egress import Client, Failed, Guard, Request
from infra.egress.resolver import Resolver
from tests.patience import PATIENCE


class Slow:
    """A resolver that answers no name that begins with `slow` until it is told to."""

    def __init__(self) -> None:
        self.answer = threading.Event()
        self.asked: list[str] = []
        self.threads: set[str] = set()

    def __call__(self, host: str, port: int) -> list[str]:
        del port
        self.asked.append(host)
        self.threads.add(threading.current_thread().name)
        if host.startswith("slow"):
            self.answer.wait()
        return ["192.0.2.1"]


async def test_slow_names_keep_no_other_work_of_the_process_waiting(
    monkeypatch: pytest.MonkeyPatch, tenant: UUID
) -> None:
    monkeypatch.setattr("infra.egress.guard.RESOLVE_SECONDS", 0.05)
    slow = Slow()
    try:
        async with Client(Guard(resolve=Resolver(2, slow))) as client:
            calls = [
                client.send(tenant, Request(method="GET", url=f"https://slow{each}.example/", headers={}))
                for each in range(50)
            ]
            found = await asyncio.gather(*calls, return_exceptions=True)
            assert {error.kind for error in found if isinstance(error, Failed)} == {"resolve"}
            assert len(slow.asked) == 2, "the others gave up waiting for a thread, and left no question behind"
            async with asyncio.timeout(PATIENCE):
                assert await asyncio.to_thread(lambda: 1) == 1
                assert await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 80)
    finally:
        slow.answer.set()
    assert all(name.startswith("resolve") for name in slow.threads)


async def test_a_thread_serves_again_when_its_name_was_given_up() -> None:
    slow = Slow()
    resolver = Resolver(1, slow)
    given_up = asyncio.create_task(resolver("slow.example", 443))
    next_one = asyncio.create_task(resolver("quick.example", 443))
    while not slow.asked:
        await asyncio.sleep(0)
    given_up.cancel()
    done, _ = await asyncio.wait([given_up, next_one], timeout=0.05)
    assert done == {given_up}, "the thread is still with the first name"
    slow.answer.set()
    async with asyncio.timeout(PATIENCE):
        assert await next_one == ["192.0.2.1"]
    assert len(slow.threads) == 1


async def test_the_systems_answer_is_each_address_once() -> None:
    async with asyncio.timeout(PATIENCE):
        assert await Resolver()("127.0.0.1", 443) == ["127.0.0.1"]
