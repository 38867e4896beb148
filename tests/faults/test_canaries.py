"""A15: secrets that are planted in an installation, and echoed by the systems that they go to, are found nowhere.

S-70, S-72, S-73: the database's dump, Valkey and its messages, logs at their most talkative, traces, run history,
exports, audit, and what the API answers, mistakes included; in every form.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis.asyncio

from tests.echo import Echo, forms
from tests.faults.canaries import Canaries, dump, unpacked, valkey
from tests.faults.plant import Plant
from tests.infra.telemetry.collector import Collector

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

PLANTED = {
    "basic": 'canary-1/b4&91+c="f 8',
    "bearer": "canary-2-6f1e/0d+77=aa",
    "header": "canary-3-92ab.c1~d0!x",
    "named": "canary-4-0c77+e3/19==",
    "given in vain": "canary-5-5d/20+f8=b2",
    "replaced": "canary-6-71f/aa+90=cc",
}
PATHS = ("json", "unauthorized", "redirect", "markup", "text", "form")
_FIELDS = {"basic": "password", "bearer": "token", "header": "value"}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


@pytest.fixture
async def plant(tmp_path: Path, collector: Collector) -> AsyncIterator[Plant]:
    settings = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        "OTEL_METRIC_EXPORT_INTERVAL": "500",
        "WAYBILL_LOG_LEVEL": "debug",
    }
    async with Plant(tmp_path / "home", settings=settings) as plant:
        yield plant


@asynccontextmanager
async def listening(plant: Plant) -> AsyncIterator[list[bytes]]:
    """Every message that goes over Valkey meanwhile."""
    heard: list[bytes] = []
    client = redis.asyncio.Redis.from_url(plant.stack.endpoints.redis_url)
    async with client.pubsub() as channel:
        await channel.psubscribe("*")

        async def hear() -> None:
            async for message in channel.listen():
                heard.extend(str(value).encode() for value in message.values())

        task = asyncio.create_task(hear())
        yield heard
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await client.aclose()


async def made(plant: Plant, path: str, body: Any) -> Any:
    answer = await plant.request("POST", path, body)
    assert answer.status == 201, answer.body
    return msgspec.json.decode(answer.body)


async def connect(plant: Plant, url: str, kind: str) -> str:
    settings = {"base_url": url, "allow_http": True, "authentication": kind}
    settings |= {"basic": {"user": "somebody"}, "bearer": {}, "header": {"header": "X-Key"}}[kind]
    body = {"name": kind, "connector": "http", "settings": settings, "secrets": {_FIELDS[kind]: PLANTED["replaced"]}}
    connection: str = (await made(plant, "/v1/connections", body))["id"]
    changed = {"secrets": {_FIELDS[kind]: PLANTED[kind]}}
    answer = await plant.request("PATCH", f"/v1/connections/{connection}", changed)
    assert answer.status == 200, answer.body
    return connection


async def deploy(plant: Plant, connections: dict[str, str]) -> None:
    """One workflow for each way in which a credential goes out and comes back; each ends as its call does."""
    for kind, connection in connections.items():
        for path in PATHS:
            call = {"call": "connector:1.0.0@default", "with": {"connection": "erp", "operation": "http.request"}}
            call["with"]["input"] = {"path": path}  # type: ignore[index]
            await _deploy(plant, f"{kind}-{path}", {"do": [{"ask": call}]}, {"erp": connection})


async def deploy_named(plant: Plant, url: str, connection: str) -> None:
    """The same by a secret that the document names, in a bearer token and in a header."""
    named = {"secrets": ["erp"], "authentications": {"erp": {"bearer": {"token": "${ $secrets.erp.token }"}}}}
    for path in PATHS:
        endpoint = {"uri": f"{url}/{path}", "authentication": {"use": "erp"}}
        given = {"method": "get", "endpoint": endpoint, "output": "response"}
        given["headers"] = {"X-Key": '${ "key " + $secrets.erp.token }'}
        document = {"use": named, "do": [{"ask": {"call": "http", "with": given}}]}
        await _deploy(plant, f"named-{path}", document, {"erp": connection})


async def _deploy(plant: Plant, name: str, document: dict[str, Any], bindings: dict[str, str]) -> None:
    about = {"dsl": "1.0.3", "namespace": "canaries", "name": name, "version": "1.0.0"}
    on = {"on": {"one": {"with": {"type": "canary.flew"}}}}
    whole = {"document": about, "schedule": on, **document}
    workflow = await made(plant, "/v1/workflows", {"document": msgspec.json.encode(whole).decode()})
    await made(plant, "/v1/deployments", {"name": name, "workflow": workflow["id"], "bindings": bindings})


async def test_A15_S_70_S_72_S_73_a_planted_secret_is_found_nowhere(plant: Plant, collector: Collector) -> None:
    canaries = Canaries(PLANTED)
    async with Echo() as echo, listening(plant) as heard:
        plant.start_worker()
        connections = {kind: await connect(plant, echo.url, kind) for kind in _FIELDS}
        await deploy(plant, connections)
        connections["named"] = await _named(plant, echo.url)
        await deploy_named(plant, echo.url, connections["named"])
        count = await _fly(plant)
        await _mistakes(plant, canaries, connections["basic"])
        await _surfaces(plant, canaries, connections)
        assert {PLANTED[kind] for kind in (*_FIELDS, "named")} <= set(echo.seen), "each went out, or nothing is proven"
    assert count == 4 * len(PATHS)
    text = dump(plant.stack, "waybill")
    canaries.look("database", text)
    canaries.look("database, unpacked", unpacked(text))
    canaries.look("valkey", await valkey(plant.stack.endpoints.redis_url))
    canaries.look("messages", b"\n".join(heard))
    canaries.files("logs", (plant.home / "logs").glob("*"))
    canaries.files("files", (one for one in plant.home.rglob("*") if _is_ours(plant, one)))
    canaries.look("traces", b"\n".join(collector.bodies))
    assert canaries.hits == []
    least = {"database", "messages", "logs", "traces", "runs", "history", "audit", "export, members", "mistakes"}
    assert {where for where, size in canaries.looked.items() if size} >= least, (
        "each had something to be looked through"
    )
    assert b"[redacted]" in text, "what was echoed came back, and was masked"
    said = await asyncio.to_thread(_our_own_search, plant)
    assert "holds   I7" in said, said


async def _named(plant: Plant, url: str) -> str:
    settings = {"base_url": url, "allow_http": True, "authentication": "bearer"}
    body = {"name": "named", "connector": "http", "settings": settings, "secrets": {"token": PLANTED["named"]}}
    return str((await made(plant, "/v1/connections", body))["id"])


async def _fly(plant: Plant) -> int:
    """Start all of them; how many came to an end."""
    event = {"specversion": "1.0", "id": "1", "source": "/tests", "type": "canary.flew", "data": {}}
    sent = await plant.request("POST", "/v1/events", event, headers={"content-type": "application/cloudevents+json"})
    assert sent.status == 202, sent.body
    while True:
        states = await plant.states()
        ended = sum(states.get(state, 0) for state in ("completed", "faulted"))
        if ended == 4 * len(PATHS):
            assert states["completed"] >= 4, states
            return ended
        await asyncio.sleep(0.1)


async def _mistakes(plant: Plant, canaries: Canaries, connection: str) -> None:
    """What the API answers to who sends a secret to the wrong place, or in the wrong form."""
    vain = PLANTED["given in vain"]
    good = {"base_url": "https://erp.example", "authentication": "bearer"}
    for body in (
        {"name": "x1", "connector": vain, "secrets": {"token": vain}},
        {"name": "x2", "connector": "http", "settings": good, "secrets": {"tokn": vain}},
        {"name": "x3", "connector": "http", "settings": good, "secrets": {"token": [vain]}},
        {"name": "x4", "connector": "http", "settings": good, "secrets": vain},
        {"name": "x5", "connector": "http", "settings": {**good, "user": {"a": vain}}, "secrets": {"token": vain}},
        {"name": "x6", "connector": "http", "settings": good, "secrets": {"token": vain * 1000}},
        {"name": "x7", "connector": "http", "settings": good, "secrets": {"token": "short"}},
        {"name": "basic", "connector": "http", "settings": good, "secrets": {"token": vain}},
    ):
        answer = await plant.request("POST", "/v1/connections", body)
        assert 400 <= answer.status < 500, answer.body
        if body["connector"] != vain:
            canaries.look("mistakes", answer.body)
    answer = await plant.request("PATCH", f"/v1/connections/{connection}", {"secrets": {"password": vain[:7]}})
    assert answer.status == 422
    canaries.look("mistakes", answer.body)


async def _surfaces(plant: Plant, canaries: Canaries, connections: dict[str, str]) -> None:
    """All that the client can read."""
    await _look(plant, canaries, "runs", "/v1/runs?limit=200")
    for run in msgspec.json.decode((await plant.request("GET", "/v1/runs?limit=200")).body)["items"]:
        for part in ("", "/journal", "/effects", "/workflow", "/lifecycle"):
            await _look(plant, canaries, "history", f"/v1/runs/{run['id']}{part}")
    for listed in ("audit", "connections", "exceptions", "notices", "events", "usage", "workflows", "deployments"):
        await _look(plant, canaries, listed, f"/v1/{listed}?limit=200")
    for connection in connections.values():
        for part in ("", "/outage", "/secret-uses", "/playbook"):
            await _look(plant, canaries, "connections", f"/v1/connections/{connection}{part}")
    canaries.archive("export", (await plant.request("GET", "/v1/export")).body)


async def _look(plant: Plant, canaries: Canaries, where: str, path: str) -> None:
    answer = await plant.request("GET", path)
    if answer.status == 200:
        canaries.look(where, answer.body)
    canaries.look("headers", msgspec.json.encode(answer.headers))


def _is_ours(plant: Plant, file: Path) -> bool:
    """Not the database's own files, which its dump tells of, nor our own passwords."""
    return not any(part in {"postgres", "secrets", "valkey"} for part in file.relative_to(plant.home).parts)


def _our_own_search(plant: Plant) -> str:
    """What `waybill check --secrets` says of the installation."""
    words = [sys.executable, "-m", "services.cli.main", "check", "--secrets"]
    done = subprocess.run(words, env=plant.environment(), capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("form", sorted(forms(PLANTED["basic"])))
def test_A15_a_canary_that_stands_somewhere_is_found(form: str) -> None:
    """Or the search above would prove nothing."""
    text = f"{form} {forms(PLANTED['basic'])[form]}".encode()
    for content in (text, text.hex().encode(), unpacked(b"\\x" + zlib.compress(text).hex().encode())):
        canaries = Canaries(PLANTED)
        canaries.look("here", content)
        assert canaries.hits
        assert all(hit.startswith("basic in here") for hit in canaries.hits)
