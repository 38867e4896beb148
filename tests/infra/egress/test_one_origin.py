"""The way to the operator's runner, and the way of documents that does not lead there (S-50 to S-56)."""

from __future__ import annotations

import contextlib
from uuid import UUID

import pytest

from infra.egress import Client, Destination, Dial, Guard, OneOrigin, Refused, Request, rules
from infra.egress.addresses import read
from infra.egress.target import parse, place
from infra.encryption.secret import Secret
from infra.settings import load
from tests.runner import ProgramRunner

_NOBODY = UUID(int=0)
_URL = "http://127.0.0.1:8000/runner"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8001/v1/processes",
        "https://127.0.0.1:8000/",
        "http://localhost:8000/",
        "http://10.0.0.1:8000/",
        "https://example.com/",
        "http://169.254.169.254/",
    ],
)
def test_S_50_only_the_operators_origin_passes(url: str) -> None:
    guard = OneOrigin(_URL)
    guard.admit(parse(_URL + "/v1/processes"), Destination())
    with pytest.raises(Refused):
        guard.admit(parse(url), Destination(allow_http=True, ports=frozenset({8000, 8001})))
    with pytest.raises(Refused):
        guard.admit_dial(place("127.0.0.1", 8000), frozenset({8000}), Destination(), tls=True)


@pytest.mark.parametrize(
    ("url", "address", "allowed"),
    [
        ("http://runner.internal", "10.0.0.7", True),
        ("http://runner.internal", "127.0.0.1", True),
        ("http://runner.internal", "93.184.216.34", False),
        ("https://runner.internal", "93.184.216.34", True),
        ("https://runner.internal", "10.0.0.7", True),
        ("https://runner.internal", "169.254.169.254", False),
    ],
)
def test_S_52_the_token_leaves_private_networks_under_tls_alone(url: str, address: str, allowed: bool) -> None:  # noqa: FBT001
    assert OneOrigin(url).allows(read(address)) is allowed


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.8.9.1"])
async def test_S_50_documents_do_not_reach_the_runner_also_where_loopback_is_open(host: str) -> None:
    async with ProgramRunner() as runner:
        port = int(runner.url.rpartition(":")[2])
        url = f"http://{host}:{port}/v1/health"
        async with Client(Guard(allow_loopback=True, closed=[runner.url])) as client:
            with pytest.raises(Refused):
                await client.send(_NOBODY, Request(method="GET", url=url))
            with pytest.raises(Refused):
                async with client.dial(_NOBODY, Dial(protocol="redis", host=host.strip("[]"), port=port, tls=False)):
                    pass
        async with Client(Guard(allow_loopback=True)) as client:
            beside = Request(method="GET", url=f"{runner.url}/v1/health")
            assert (await client.send(_NOBODY, beside)).status == 401, "and who comes by another name has no token"


async def test_S_53_the_token_goes_to_its_origin_alone() -> None:
    async with ProgramRunner() as runner, Client(OneOrigin(runner.url)) as client:
        credentials = {"Authorization": Secret(f"Bearer {runner.token}")}
        elsewhere = Destination(allowed_origins=("http://127.0.0.1:1",))
        request = Request(method="GET", url=runner.url + "/v1/health", credentials=credentials, destination=elsewhere)
        with pytest.raises(Refused):
            await client.send(_NOBODY, request)


def test_S_50_the_settings_close_the_runner_to_documents() -> None:
    environment = {"WAYBILL_EGRESS_LOOPBACK": "true", "WAYBILL_RUNNER_URL": _URL, "WAYBILL_RUNNER_TOKEN": "t" * 16}
    own = rules.guard(load(environment))
    own.admit(parse("http://127.0.0.1:8001/"), Destination())
    with pytest.raises(Refused):
        own.admit(parse("http://127.0.0.1:8000/v1/processes"), Destination())


OWN = {
    "WAYBILL_OBJECTS_S3_URL": "http://10.20.0.5:9000/documents",
    "WAYBILL_OBJECTS_S3_KEY_ID": "AKIA0000",
    "WAYBILL_OBJECTS_S3_KEY": "k" * 16,
    "WAYBILL_KMS_ENDPOINT": "https://kms.inside.example",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.inside.example:4318",
    "WAYBILL_DATABASE_URL": "postgresql://app:secret@10.20.0.6/waybill",
    "WAYBILL_REDIS_URL": "redis://cache.inside.example:6380/0",
}
ANSWERS = {
    "kms.inside.example": "10.20.0.7", "collector.inside.example": "10.20.0.8", "cache.inside.example": "10.20.0.9",
    "bucket.by.another.name.example": "10.20.0.5", "erp.acme.example": "10.20.0.10",
    "kms.outside.example": "93.184.216.34",
}  # fmt: skip


@pytest.mark.parametrize(
    ("host", "port", "passes"),
    [
        ("10.20.0.5", 9000, False),
        ("bucket.by.another.name.example", 9000, False),
        ("kms.inside.example", 443, False),
        ("collector.inside.example", 4318, False),
        ("10.20.0.6", 5432, False),
        ("cache.inside.example", 6380, False),
        ("erp.acme.example", 443, True),
        ("10.20.0.5", 443, True),
    ],
)
async def test_S_50_servers_of_the_installation_stay_closed_in_a_network_that_was_opened(
    host: str,
    port: int,
    passes: bool,  # noqa: FBT001 (a case)
) -> None:
    async def resolve(name: str, _port: int) -> list[str]:
        return [ANSWERS[name]]

    guard = Guard(networks=["10.20.0.0/16"], own=rules.own(load(OWN)), resolve=resolve)
    with contextlib.nullcontext() if passes else pytest.raises(Refused):
        origin = place(host, port)
        guard.admit_dial(origin, frozenset({port}), Destination(), tls=True)
        if origin.address is None:
            await guard.addresses(host, port)


async def test_S_50_a_bucket_at_a_public_address_is_others_place_too() -> None:
    async def resolve(name: str, _port: int) -> list[str]:
        return [ANSWERS[name]]

    guard = Guard(own=["https://kms.outside.example"], resolve=resolve)
    guard.admit(parse("https://kms.outside.example/"), Destination())
    assert await guard.addresses("kms.outside.example", 443) == ["93.184.216.34"]
