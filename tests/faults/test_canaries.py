"""A15: secrets that are planted in an installation, and echoed by the systems that they go to, are found nowhere.

S-70, S-72, S-73: the database's dump, Valkey and its messages, logs at their most talkative, traces, run history,
exports, audit, and what the API answers, mistakes included; in every form.
"""

from __future__ import annotations

import asyncio
import base64
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from pathlib import Path

import msgspec
import pytest
import redis.asyncio
from cryptography.x509 import IPAddress

from tests.echo import Echo, forms
from tests.faults.bucket import Bucket, bucket
from tests.faults.canaries import Canaries, Gathered, dump, packed, unpacked, valkey
from tests.faults.echoed import (
    FIELDS,
    PLANTED,
    WITNESS,
    connect,
    deploy,
    deploy_granted,
    deploy_named,
    deploy_witness,
    fly,
    named,
)
from tests.faults.plant import Plant
from tests.faults.planting import PEOPLES, Planter
from tests.faults.postbox_tls import Porter, porter
from tests.faults.warm import WarmStarter
from tests.infra.egress.test_tls import certificate
from tests.infra.telemetry.collector import Collector

pytestmark = [pytest.mark.faults]

LEAST = {
    "database", "database, unpacked", "valkey", "messages", "logs", "files", "objects", "traces", "runs", "history",
    "audit", "audit, exported", "export, members", "mistakes", "connections", "deployments", "workflows",
}  # fmt: skip


class Front(Plant):
    """With the portal before the API, as `waybill up` starts it."""

    application = "services.portal.app:create_app"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[tuple[Bucket, Porter]]:
    pem, key = certificate(tmp_path, IPAddress(IPv4Address("127.0.0.1")))
    async with bucket() as store, porter(pem, key) as mail:
        yield store, mail


@pytest.fixture
async def plant(tmp_path: Path, collector: Collector, outside: tuple[Bucket, Porter]) -> AsyncIterator[Plant]:
    store, mail = outside
    settings = {
        "WAYBILL_OBJECTS_S3_URL": store.url,
        "WAYBILL_OBJECTS_S3_REGION": "eu-central-1",
        "WAYBILL_OBJECTS_S3_KEY_ID": "AKIA0000",
        "WAYBILL_OBJECTS_S3_KEY": PLANTED["bucket's"],
        "WAYBILL_MAIL_HOST": "127.0.0.1",
        "WAYBILL_MAIL_PORT": str(mail.port),
        "WAYBILL_MAIL_SECURITY": "tls",
        "WAYBILL_MAIL_USER": "somebody",
        "WAYBILL_MAIL_PASSWORD": PLANTED["mail server's"],
        "WAYBILL_MAIL_CA": str(tmp_path / "certificate.pem"),
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        "OTEL_METRIC_EXPORT_INTERVAL": "500",
        "WAYBILL_LOG_LEVEL": "debug",
    }
    async with Front(tmp_path / "home", settings=settings) as plant:
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


async def test_A15_S_70_S_72_S_73_S_79_a_planted_secret_is_found_nowhere(
    plant: Plant, collector: Collector, outside: tuple[Bucket, Porter]
) -> None:
    gathered, (store, mail) = Gathered(), outside
    planter = Planter(plant, gathered)
    async with Echo() as echo, listening(plant) as heard:
        await planter.key()
        connections = {kind: await connect(plant, echo.url, kind) for kind in FIELDS}
        await planter.webhooks(connections["basic"], f"{echo.url}/json")
        await planter.keys()
        await planter.people()
        await deploy(plant, connections)
        connections["named"] = await named(plant, echo.url, "named")
        await deploy_named(plant, echo.url, connections["named"])
        connections["granted"] = await named(plant, echo.url, "client's")
        await deploy_granted(plant, echo.url, connections["granted"])
        await deploy_witness(plant)
        plant.start_worker()
        run = await fly(plant)
        await planter.document(run)
        await _mistakes(plant, gathered, connections["basic"])
        while not mail.told:
            await asyncio.sleep(0.1)
        await _surfaces(plant, gathered, connections)
        out = {PLANTED[kind] for kind in (*FIELDS, "named", "client's", "fetched")}
        assert out <= set(echo.seen), "each went out, or nothing is proven"
        assert mail.told[0] == PLANTED["mail server's"]
        assert store.objects
        await _quiet(plant, collector, heard)
        await _stand_in(plant, collector)
        gathered.look("database", dump(plant.stack, "waybill"))
        gathered.look("database, unpacked", unpacked(gathered.contents["database"][0]))
        gathered.look("valkey", await valkey(plant.stack.endpoints.redis_url))
        gathered.look("messages", b"\n".join(heard))
    gathered.files("logs", (plant.home / "logs").glob("*"))
    gathered.files("files", (one for one in plant.home.rglob("*") if _is_ours(plant, one)))
    for content in (*store.heads, *store.objects.values(), packed(WITNESS.encode())):
        gathered.look("objects", content)
    for content in collector.bodies:
        gathered.look("traces", content)
    planted = PLANTED | planter.planted
    delivered = planted.pop("document")
    assert Canaries(planted).hits(gathered) == []
    assert Canaries({"document": delivered}).places(gathered) == {"export, members"}, "sealed but where it is asked for"
    assert LEAST - Canaries({"witness": WITNESS}).places(gathered) == set(), "a secret would not be found there"
    assert b"[redacted]" in gathered.contents["database"][0], "what was echoed came back, and was masked"
    said = await asyncio.to_thread(_our_own_search, plant)
    assert "holds   I7" in said, said


async def _quiet(plant: Plant, collector: Collector, heard: list[bytes]) -> None:
    """S-79: what cannot be emptied of one client keeps none of its words. Messages pass, and are kept by nobody."""
    found = Gathered()
    found.files("logs", (plant.home / "logs").glob("*"))
    found.look("valkey", await valkey(plant.stack.endpoints.redis_url))
    for content in collector.bodies:
        found.look("traces and metrics", content)
    assert heard
    assert found.places() >= {"logs", "traces and metrics"}
    assert b'"level":"debug"' in b"".join(found.contents["logs"])
    assert Canaries({"a client's words": WITNESS, "document": PEOPLES["document"]}).hits(found) == []


async def _stand_in(plant: Plant, collector: Collector) -> None:
    """Where nothing of a client's is ever written the witness is put by hand, in one of the forms that are used."""
    client = redis.asyncio.Redis.from_url(plant.stack.endpoints.redis_url)
    await client.rpush("canaries", WITNESS.encode().hex())
    await client.publish("canaries", WITNESS)
    await client.aclose()
    (plant.home / "logs" / "canaries.log.gz").write_bytes(packed(WITNESS.encode()))
    (plant.home / "canaries.json").write_bytes(msgspec.json.encode({"of": base64.b64encode(WITNESS.encode()).decode()}))
    collector.bodies.append(b"\x0a" + packed(WITNESS.encode()))


async def _mistakes(plant: Plant, gathered: Gathered, connection: str) -> None:
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
            gathered.look("mistakes", answer.body)
    unknown = {"name": "x9", "connector": WITNESS, "settings": good}
    gathered.look("mistakes", (await plant.request("POST", "/v1/connections", unknown)).body)
    answer = await plant.request("PATCH", f"/v1/connections/{connection}", {"secrets": {"password": vain[:7]}})
    assert answer.status == 422
    gathered.look("mistakes", answer.body)


async def _surfaces(plant: Plant, gathered: Gathered, connections: dict[str, str]) -> None:
    """All that the client can read."""
    await _look(plant, gathered, "runs", "/v1/runs?limit=200")
    for run in msgspec.json.decode((await plant.request("GET", "/v1/runs?limit=200")).body)["items"]:
        for part in ("", "/journal", "/effects", "/workflow", "/lifecycle"):
            await _look(plant, gathered, "history", f"/v1/runs/{run['id']}{part}")
    for form in ("jsonl", "csv"):
        await _look(plant, gathered, "audit, exported", f"/v1/audit/export?format={form}")
    for listed in ("inbound-webhooks", "webhook-endpoints", "keys", "mails", "people", "invitations"):
        await _look(plant, gathered, listed, f"/v1/{listed}?limit=200")
    for listed in ("audit", "connections", "exceptions", "notices", "events", "usage", "workflows", "deployments"):
        await _look(plant, gathered, listed, f"/v1/{listed}?limit=200")
    for connection in connections.values():
        for part in ("", "/outage", "/secret-uses", "/playbook"):
            await _look(plant, gathered, "connections", f"/v1/connections/{connection}{part}")
    gathered.archive("export", (await plant.request("GET", "/v1/export")).body)


async def _look(plant: Plant, gathered: Gathered, where: str, path: str) -> None:
    answer = await plant.request("GET", path)
    if answer.status == 200:
        gathered.look(where, answer.body)
    gathered.look("headers", msgspec.json.encode(answer.headers))


def _is_ours(plant: Plant, file: Path) -> bool:
    """Not the database's own files, which its dump tells of, nor our own passwords."""
    return not any(part in {"postgres", "secrets", "valkey"} for part in file.relative_to(plant.home).parts)


def _our_own_search(plant: Plant) -> str:
    """What `waybill check --secrets` says of the installation."""
    done = WarmStarter.get().run(["services.cli.main", "check", "--secrets"], plant.environment())
    return done.stdout + done.stderr


@pytest.mark.parametrize("form", sorted(forms(PLANTED["basic"])))
def test_A15_a_canary_that_stands_somewhere_is_found(form: str) -> None:
    """Or the search above would prove nothing."""
    text = f"{form} {forms(PLANTED['basic'])[form]}".encode()
    dumped = unpacked(b"\\x" + text.hex().encode() + b" \\x" + zlib.compress(text).hex().encode())
    inside = b"\x00\x01" + packed(b"before" + packed(text)) + b"behind"
    for content in (text, dumped, packed(text), inside):
        gathered = Gathered()
        gathered.look("here", content)
        hits = Canaries(PLANTED).hits(gathered)
        assert hits
        assert all(hit.startswith("basic in here") for hit in hits)
