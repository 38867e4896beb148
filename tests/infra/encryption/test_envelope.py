from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra import clock
from infra.encryption.canonical import encode
from infra.encryption.envelope import Place, seal, unseal
from infra.encryption.errors import SecretUnreadable
from infra.encryption.key_file import create_kek_file
from infra.encryption.key_provider import FileKeyProvider
from infra.encryption.secret import Secret
from infra.encryption.tenant_key import KEPT_SECONDS, Keyring, SealingKey, TenantKey
from infra.encryption.voucher import Voucher

TENANT, OTHER = UUID(int=1), UUID(int=2)
PLACE = Place(
    installation="one", environment="live", tenant=TENANT, connection=UUID(int=9), field="password", version=3
)
SECRET = Secret("correct horse")


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    create_kek_file(tmp_path / "kek")
    return Keyring(FileKeyProvider(tmp_path / "kek"), "one")


async def made(keyring: Keyring, version: int = 1) -> tuple[SealingKey, TenantKey]:
    """A tenant key, its public half and, opened, the private one."""
    sealing, wrapped = await keyring.create(TENANT, version)
    return sealing, await keyring.open(TENANT, version, wrapped)


async def test_what_was_sealed_opens_in_its_place(keyring: Keyring) -> None:
    sealing, key = await made(keyring)
    sealed = seal(sealing, PLACE, SECRET)
    assert b"correct" not in sealed
    assert seal(sealing, PLACE, SECRET) != sealed
    assert unseal(key, PLACE, sealed).reveal() == "correct horse"


@pytest.mark.parametrize(
    "change",
    [
        {"installation": "two"},
        {"environment": "test"},
        {"tenant": OTHER},
        {"connection": UUID(int=8)},
        {"field": "token"},
        {"version": 2},
    ],
)
async def test_S_71_S_78_a_value_moved_to_another_place_does_not_open(keyring: Keyring, change: dict[str, Any]) -> None:
    sealing, key = await made(keyring)
    with pytest.raises(SecretUnreadable):
        unseal(key, msgspec.structs.replace(PLACE, **change), seal(sealing, PLACE, SECRET))


async def test_S_71_another_tenant_key_or_version_does_not_open(keyring: Keyring) -> None:
    sealing, wrapped = await keyring.create(TENANT)
    sealed = seal(sealing, PLACE, SECRET)
    second, wrapped_second = await keyring.create(TENANT, 2)
    with pytest.raises(SecretUnreadable):
        unseal(await keyring.open(TENANT, 2, wrapped_second), PLACE, sealed)
    key = await keyring.open(TENANT, 1, wrapped)
    with pytest.raises(SecretUnreadable):
        unseal(key, PLACE, seal(second, PLACE, SECRET))
    with pytest.raises(SecretUnreadable):
        unseal(key, PLACE, seal(SealingKey(2, sealing.public), PLACE, SECRET))
    for tenant, version, stored in [(OTHER, 1, wrapped), (TENANT, 2, wrapped), (TENANT, 1, wrapped_second)]:
        with pytest.raises(SecretUnreadable):
            await keyring.open(tenant, version, stored)


async def test_S_78_a_key_of_another_installation_does_not_open(keyring: Keyring, tmp_path: Path) -> None:
    _, wrapped = await keyring.create(TENANT)
    with pytest.raises(SecretUnreadable):
        await Keyring(FileKeyProvider(tmp_path / "kek"), "two").open(TENANT, 1, wrapped)


async def test_S_71_every_flipped_bit_and_cut_byte_is_noticed(keyring: Keyring) -> None:
    sealing, key = await made(keyring)
    sealed = seal(sealing, PLACE, SECRET)
    for at in range(len(sealed)):
        altered = bytearray(sealed)
        altered[at] ^= 1
        with pytest.raises(SecretUnreadable):
            unseal(key, PLACE, bytes(altered))
        with pytest.raises(SecretUnreadable):
            unseal(key, PLACE, sealed[:at])


async def test_a_key_is_unwrapped_once_for_all_who_ask_and_again_after_five_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_kek_file(tmp_path / "kek")
    provider = Counting(tmp_path / "kek")
    counted = Keyring(provider, "one")
    _, wrapped = await counted.create(TENANT)
    now = 1000.0
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    first, again = await asyncio.gather(*(counted.open(TENANT, 1, wrapped) for _ in range(2)))
    assert first is again
    now += KEPT_SECONDS - 1
    assert await counted.open(TENANT, 1, wrapped) is first
    assert provider.times == 1
    now += 1
    assert await counted.open(TENANT, 1, wrapped) is not first
    assert provider.times == 2


async def test_S_71_no_key_of_low_order_is_sealed_to() -> None:
    for public in (bytes(32), b"short"):
        with pytest.raises(SecretUnreadable):
            seal(SealingKey(1, public), PLACE, SECRET)


class Counting(FileKeyProvider):
    """Counts what it unwraps."""

    times = 0

    async def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        self.times += 1
        return await super().unwrap(wrapped, context)


def test_associated_data_has_one_reading() -> None:
    assert encode("a", "bc") != encode("ab", "c")
    assert encode("a|b") != encode("a", "b")
    assert encode("", "a") != encode("a", "")


async def test_S_73_keys_show_nothing(keyring: Keyring) -> None:
    _, key = await made(keyring)
    assert repr(key) == "TenantKey(version=1)"
    assert repr(Voucher(b"k" * 32)) == "Voucher()"
