"""Certificates of the other side that do not hold, and those that it asks for: said with what to change."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from infra.egress import Client, Guard
from infra.encryption.secret import Secret
from services.connectors.sdk.context import OpenConnection
from services.engine.functions import Answer, Done, Failed, Later
from tests.services.connectors.declared.authority import NAME, Authority
from tests.services.connectors.declared.other import Desk, Other, declared, manifest, operation, said

SETTINGS = {"properties": {"certificate": {"title": "Certificate", "type": "string"}}}
SHOWN = manifest(
    authentication={"kind": "none"},
    secrets={"key": {"title": "Key of the certificate"}},
    settings=SETTINGS,
    client_certificate={"certificate": "certificate", "key": "key"},
    operations={"thing.write": operation(effect="once-or-ask", request={"method": "POST", "path": "things"})},
)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
async def client(authority: Authority) -> AsyncIterator[Client]:
    async def on_loopback(_name: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    trust = ssl.create_default_context(cafile=authority.file)
    async with Client(Guard(allow_loopback=True, resolve=on_loopback), trust=trust) as made:
        yield made


def _desk(client: Client, document: Any, url: str, key: str = "", certificate: str = "") -> Desk:
    desk = Desk(client, Other(said({})), declared(document))
    secrets = {name: Secret(key or "canary/s3cret+value") for name in desk.connection.secrets}
    settings = {"base_url": url, "timeout_seconds": 5, **({"certificate": certificate} if certificate else {})}
    desk.connection = OpenConnection(
        id=desk.connection.id, connector="sample", settings=settings, secrets=secrets, ref="con_0"
    )
    return desk


@pytest.mark.parametrize(
    ("host", "days", "words"),
    [
        (NAME, -1, "its certificate does not verify (certificate has expired): have it renewed"),
        ("other.example.com", 1, "Hostname mismatch"),
    ],
)
async def test_a_certificate_that_does_not_hold_is_told_with_what_to_change(
    client: Client, authority: Authority, host: str, days: int, words: str
) -> None:
    with authority.serving(days) as (port, shown):
        answer = await _desk(client, manifest(), f"https://{host}:{port}").call()
    assert isinstance(answer, Later)
    assert words in answer.reason
    assert "the setting `base_url`" in answer.reason
    assert (answer.sent, shown) == (False, [])


async def test_a_certificate_is_shown_to_who_asks_for_one(client: Client, authority: Authority) -> None:
    certificate, key = authority.issue("acme.example")
    with authority.serving(asks=True) as (port, shown):
        desk = _desk(client, SHOWN, f"https://{NAME}:{port}", key, certificate)
        assert isinstance(await desk.call("thing.write"), Done)
        other, other_key = authority.issue("example-parts.example")
        desk.change(
            settings={**desk.connection.settings, "certificate": other}, secrets={"key": Secret(other_key)}, revision=2
        )
        assert isinstance(await desk.call("thing.write"), Done)
    assert shown == ["acme.example", "example-parts.example"], "no connection of one is used for another"


async def test_a_write_that_was_refused_for_its_certificate_has_not_happened(
    client: Client, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "else").mkdir()
    certificate, key = Authority(tmp_path / "else").issue("acme.example")
    without = {name: one for name, one in SHOWN.items() if name not in {"client_certificate", "secrets", "settings"}}
    with authority.serving(asks=True) as (port, shown):
        unknown = await _desk(client, SHOWN, f"https://{NAME}:{port}", key, certificate).call("thing.write")
        none = await _desk(client, without, f"https://{NAME}:{port}").call("thing.write")
    for answer in (unknown, none):
        assert isinstance(answer, Later), answer
        assert "look at the certificate and its key" in answer.reason
        assert (answer.sent, answer.uncertain) == (False, False)
    assert shown == []


async def test_S_72_what_is_no_pair_is_told_without_the_key(client: Client, authority: Authority) -> None:
    certificate, key = authority.issue("acme.example")
    _, other_key = authority.issue("acme.example")
    for given, of in ((key, "no certificate"), (other_key, certificate), ("-----BEGIN PRIVATE KEY-----", certificate)):
        desk = _desk(client, SHOWN, "https://erp.example.com", given, of)
        answer: Answer = await desk.call("thing.write")
        assert isinstance(answer, Failed)
        assert (answer.error.status, answer.sent) == (422, False)
        assert "both are PEM" in answer.error.detail
        assert given not in repr(answer)
    plain = await _desk(client, SHOWN, "http://127.0.0.1:9", key, certificate).call("thing.write")
    assert isinstance(plain, Failed)
