from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from infra import clock
from infra.egress import Client, OneOrigin, Request
from infra.egress.sigv4 import Signer
from infra.embedded.ports import choose
from infra.encryption.secret import Secret
from infra.objects.s3 import S3Store
from infra.objects.store import StoreAway
from tests.counterparts.aws_kms.install import MOTO
from tests.patience import PATIENCE


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[str]:
    """The address of a running server, which looks at no signature."""
    place = MOTO.at_hand()
    port = choose(None)
    command: list[str | Path] = [place / "venv/bin/moto_server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + PATIENCE
        while not _answers(port):
            assert process.poll() is None, "moto ended"
            assert time.monotonic() < until, "moto does not answer"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def signer(secret: str = "of-these-tests", access_key: str = "AKIATESTS") -> Signer:  # noqa: S107 (loopback)
    return Signer(access_key=access_key, secret_key=Secret(secret), region="us-east-1", service="s3")


@pytest.fixture
async def store(bucket_server: str, request: pytest.FixtureRequest) -> AsyncIterator[S3Store]:
    """A store in a bucket of the test's own, below a prefix."""
    bucket = f"{bucket_server}/documents-{abs(hash(request.node.nodeid))}"
    made = S3Store(f"{bucket}/below/here", signer())
    await make(bucket)
    yield made
    await made.close()


async def make(bucket: str) -> None:
    async with Client(OneOrigin(bucket)) as client:
        headers = signer().sign("PUT", bucket, {}, b"", clock.now()).headers
        answer = await client.send(UUID(int=0), Request(method="PUT", url=bucket, headers=headers))
        if answer.status != 200:
            raise StoreAway


def _answers(port: int) -> bool:
    with socket.socket() as made:
        made.settimeout(0.5)
        return made.connect_ex(("127.0.0.1", port)) == 0
