"""AWS KMS as moto has it: what wraps and unwraps, who may, and F-27: what becomes of us when it is bad."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from infra import clock, ids
from infra.database import Database
from infra.encryption.errors import KeyServiceUnavailable, SecretUnreadable
from infra.encryption.key_file import create_kek_file
from infra.encryption.key_provider import FileKeyProvider
from infra.encryption.tenant_key import Keyring, context
from infra.key_services import aws_kms
from infra.key_services.aws_kms import AwsKms
from infra.key_services.choosing import Succession
from tenants.connections.form import Form
from tenants.connections.opening import OpenConnections
from tenants.connections.rewrapping import rewrap, wrappings
from tenants.connections.sealing import Sealer
from tenants.connections.service import Desk
from tenants.mail import service as mail
from tests.counterparts.aws_kms.conftest import kms_of
from tests.counterparts.aws_kms.server import Gate, Mode, Moto, moto
from tests.tenants.connections.conftest import SETTINGS
from tests.tenants.connections.keys_side import PASSWORD, hold, password

KEY = bytes(range(32))
BOUND = b"tenant a, version 1"


@pytest.fixture
def desk(kms: AwsKms) -> Desk:
    form = Form(settings=SETTINGS, secrets={"password": True}, operations=frozenset(), destination=frozenset({"url"}))
    return Desk({"erp": form}, Sealer(kms))


async def test_A15_a_wrapped_key_unwraps_by_its_own_key_and_for_its_own_context_alone(
    kms: AwsKms, service: Moto, entrance: Gate
) -> None:
    wrapped = await kms.wrap(KEY, BOUND)
    assert KEY not in wrapped
    assert await kms.unwrap(wrapped, BOUND) == KEY
    with pytest.raises(SecretUnreadable):
        await kms.unwrap(wrapped, b"tenant b, version 1")
    with pytest.raises(SecretUnreadable):
        await kms.unwrap(wrapped[:-1] + bytes([wrapped[-1] ^ 1]), BOUND)
    other = kms_of(service.create_key(), entrance.url)
    with pytest.raises(SecretUnreadable):
        await other.unwrap(wrapped, BOUND)
    await other.close()


async def test_A15_what_a_mail_opens_is_longer_than_a_key_and_is_none(kms: AwsKms) -> None:
    """The text of an invitation's link; and where a tenant's key is expected nothing else is taken."""
    enclosed = await mail.enclose("a" * 43, kms)
    assert await kms.unwrap(enclosed.sealed, mail.context(enclosed.mail_id)) == b"a" * 43
    tenant = ids.new()
    wrapped = await kms.wrap(b"a" * 43, context("installation", tenant, 1))
    with pytest.raises(SecretUnreadable):
        await Keyring(kms, "installation").open(tenant, 1, wrapped)


async def test_A15_the_api_may_wrap_and_not_unwrap_and_a_wrong_signature_does_nothing(
    moto_place: Path, tmp_path: Path
) -> None:
    """The rights are given apart; moto checks the signature by AWS's own code, and the policies."""
    with moto(moto_place, tmp_path, unchecked=7) as guarded:
        arn = guarded.create_key()
        sealing = guarded.create_user("api", "kms:Encrypt")
        opening = guarded.create_user("worker", "kms:Decrypt")
        api, worker = kms_of(arn, guarded.url[:-1], sealing), kms_of(arn, guarded.url[:-1], opening)
        forged = kms_of(arn, guarded.url[:-1], (sealing[0], "not the secret of it"))
        wrapped = await api.wrap(KEY, BOUND)
        assert await worker.unwrap(wrapped, BOUND) == KEY
        with pytest.raises(KeyServiceUnavailable):
            await api.unwrap(wrapped, BOUND)
        with pytest.raises(KeyServiceUnavailable):
            await worker.wrap(KEY, BOUND)
        with pytest.raises(KeyServiceUnavailable):
            await forged.wrap(KEY, BOUND)
        for one in (api, worker, forged):
            await one.close()


async def test_F_27_a_slow_service_does_its_work(kms: AwsKms, entrance: Gate) -> None:
    entrance.mode = "slow"
    wrapped = await kms.wrap(KEY, BOUND)
    assert await kms.unwrap(wrapped, BOUND) == KEY


async def test_F_27_a_throttled_call_is_made_again(kms: AwsKms, entrance: Gate) -> None:
    entrance.mode = "throttled-once"
    assert await kms.wrap(KEY, BOUND)
    assert entrance.asked == 2


@pytest.mark.parametrize("mode", ["down", "hang", "throttled", "revoked", "broken"])
async def test_F_27_a_service_that_does_not_answer_is_unavailable_and_asked_again_later(
    kms: AwsKms, entrance: Gate, mode: Mode, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wrapped = await kms.wrap(KEY, BOUND)
    entrance.mode, entrance.asked = mode, 0
    patient = aws_kms.TRY_SECONDS
    if mode == "hang":
        monkeypatch.setattr(aws_kms, "TRY_SECONDS", 1.0)
    with pytest.raises(KeyServiceUnavailable) as refused:
        await kms.unwrap(wrapped, BOUND)
    # One that answers, on a busy machine, has its time.
    monkeypatch.setattr(aws_kms, "TRY_SECONDS", patient)
    assert refused.value.status == 503
    asked = entrance.asked
    # A revoked key and a hanging service are asked once; what may pass in a moment, three times at most.
    assert asked == (1 if mode in {"revoked", "hang"} else aws_kms.TRIES)
    with pytest.raises(KeyServiceUnavailable):
        await asyncio.gather(*(kms.unwrap(wrapped, BOUND) for _ in range(20)))
    assert entrance.asked == asked, "while it rests nobody asks"
    entrance.mode = ""
    monkeypatch.setattr(clock, "monotonic", lambda: float("inf"))
    assert await kms.unwrap(wrapped, BOUND) == KEY
    assert "a secret of nobody" not in caplog.text


async def test_F_27_connections_go_on_for_what_is_cached_and_come_back(
    app_database: Database,
    worker_database: Database,
    desk: Desk,
    kms: AwsKms,
    entrance: Gate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aws_kms, "REST_SECONDS", 0.0)
    held = await hold(app_database, desk)
    connections = OpenConnections(worker_database, Sealer(kms))
    assert (await connections.get(held.tenant, held.connection)).secrets["password"].reveal() == PASSWORD
    entrance.mode = "down"
    again = OpenConnections(worker_database, Sealer(kms))
    assert (await connections.get(held.tenant, held.connection)).secrets["password"].reveal() == PASSWORD
    with pytest.raises(KeyServiceUnavailable):
        await again.get(held.tenant, held.connection)
    with pytest.raises(KeyServiceUnavailable):
        await Sealer(kms).renew(app_database, held.tenant)
    entrance.mode = ""
    assert (await again.get(held.tenant, held.connection)).secrets["password"].reveal() == PASSWORD


async def test_F_30_from_a_file_to_the_key_service_and_back(
    app_database: Database, worker_database: Database, desk: Desk, kms: AwsKms, tmp_path: Path
) -> None:
    create_kek_file(tmp_path / "kek")
    file = FileKeyProvider(tmp_path / "kek")
    held = await hold(app_database, Desk(desk.forms, Sealer(file)))
    for first, second in ((kms, file), (file, kms)):
        keys = Succession([first, second])
        assert await password(worker_database, Sealer(keys), held) == PASSWORD
        assert (await rewrap(worker_database, keys)).changed == 1
        assert [(one.id, one.provider) for one in await wrappings(worker_database)] == [(first.id, first.name)]
        assert await password(worker_database, Sealer(first), held) == PASSWORD
        with pytest.raises(SecretUnreadable):
            await password(worker_database, Sealer(second), held)
