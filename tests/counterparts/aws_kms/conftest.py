from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from infra.egress.sigv4 import Signer
from infra.encryption.secret import Secret
from infra.key_services.aws_kms import AwsKms, region_of
from tests.counterparts.aws_kms.install import MOTO
from tests.counterparts.aws_kms.server import Gate, Moto, gate, moto


@pytest.fixture(scope="session")
def moto_place() -> Path:
    return MOTO.at_hand()


@pytest.fixture(scope="session")
def service(moto_place: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """A moto that asks nobody who they are."""
    with moto(moto_place, tmp_path_factory.mktemp("moto")) as running:
        yield running


@pytest.fixture
async def entrance(service: Moto) -> AsyncIterator[Gate]:
    async with gate(service) as made:
        yield made


@pytest.fixture
async def kms(service: Moto, entrance: Gate) -> AsyncIterator[AwsKms]:
    """A key of its own, behind the gate."""
    made = kms_of(service.create_key(), entrance.url)
    yield made
    await made.close()


def kms_of(arn: str, url: str, user: tuple[str, str] = ("somebody", "a secret of nobody")) -> AwsKms:
    signer = Signer(access_key=user[0], secret_key=Secret(user[1]), region=region_of(arn), service="kms")
    return AwsKms(arn, signer, url)
