"""F-27: who waits for a turn at a key service that does not answer does not ask it as well."""

from __future__ import annotations

import asyncio

import pytest

from infra.egress.sigv4 import Signer
from infra.encryption.errors import KeyServiceUnavailable
from infra.encryption.secret import Secret
from infra.key_services import aws_kms
from infra.key_services.aws_kms import AwsKms

ARN = "arn:aws:kms:eu-central-1:111122223333:key/of-a-test"


async def test_F_27_of_many_callers_as_many_ask_as_have_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_kms, "TRY_SECONDS", 2.0)
    asked: list[bytes] = []

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    signer = Signer(
        access_key="AKIATEST", secret_key=Secret("a secret of nobody"), region="eu-central-1", service="kms"
    )
    kms = AwsKms(ARN, signer, f"http://127.0.0.1:{port}")
    async with server:
        ended = await asyncio.gather(*(kms.wrap(bytes(32), b"x") for _ in range(50)), return_exceptions=True)
        await kms.close()
    assert all(isinstance(one, KeyServiceUnavailable) for one in ended)
    assert len(asked) == aws_kms.AT_ONCE
