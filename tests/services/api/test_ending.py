"""An API that is told to stop keeps nobody waiting."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import time
from pathlib import Path

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints
from infra.ids import TenantId
from services.api.ending import told_of_end
from tests.patience import PATIENCE
from tests.served import ask, served
from tests.services.api.parties import Parties
from tests.world import deploy, start_runs

ASKED = 30
"""Seconds that a request waits for a run at most; one that is let go is answered sooner."""
DOCUMENT = "document: {dsl: 1.0.3, namespace: tests, name: w, version: 1.0.0}\ndo: [{a: {set: {ok: true}}}]\n"


async def pending_run(parties: Parties, database: Database) -> str:
    """A run that no worker takes."""
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    await deploy(database, tenant, DOCUMENT, event_type="order.captured")
    (run,) = await start_runs(database, tenant, 1)
    return ids.show("run", run)


async def test_a_request_that_waits_for_a_run_does_not_hold_up_the_servers_end(
    parties: Parties, app_database: Database, endpoints: Endpoints, tmp_path: Path
) -> None:
    run = await pending_run(parties, app_database)
    head = f"Host: localhost\r\nAuthorization: Bearer {parties.acme.key}\r\nConnection: close\r\n\r\n"
    line = socket.socket()
    with contextlib.closing(line):
        with served(tmp_path / "home", endpoints) as (port, _):
            line.connect(("127.0.0.1", port))
            began = time.monotonic()
            line.sendall(f"GET /v1/runs/{run}?wait={ASKED} HTTP/1.1\r\n{head}".encode())
            # Requests that came later are answered, so that this one is being served.
            for _ in range(20):
                assert ask(port, "GET", "/v1/me", Authorization=f"Bearer {parties.acme.key}")[0].status == 200
        assert time.monotonic() - began < ASKED, "else it waited to the end"
        assert line.recv(32).startswith(b"HTTP/1.1 200 ")


async def test_a_run_that_is_waited_for_is_answered_as_it_stands(parties: Parties, app_database: Database) -> None:
    run = await pending_run(parties, app_database)
    followers = parties.nobody.app.app.state.resources.followers
    began = time.monotonic()
    waiting = asyncio.create_task(parties.acme.get(f"/v1/runs/{run}?wait={ASKED}"))
    while not followers._waiting:
        await asyncio.sleep(0)
    followers.release()
    answer = await waiting
    assert (answer.status, answer.json["state"]) == (200, "pending")
    later = await parties.acme.get(f"/v1/runs/{run}?wait={ASKED}")
    assert later.json["state"] == "pending"
    assert time.monotonic() - began < ASKED, "else it waited to the end"


async def test_the_servers_own_handler_is_called_too_and_stays_afterwards() -> None:
    heard: list[str] = []
    told = asyncio.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: heard.append("server"))
    try:
        own = signal.getsignal(signal.SIGTERM)
        with told_of_end(told.set):
            signal.raise_signal(signal.SIGTERM)
            await asyncio.wait_for(told.wait(), PATIENCE)
        assert heard == ["server"]
        assert signal.getsignal(signal.SIGTERM) is own
    finally:
        signal.signal(signal.SIGTERM, before)
