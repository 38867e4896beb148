from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra.encryption.canonical import encode
from infra.encryption.envelope import Place, seal, unseal
from infra.encryption.errors import SecretUnreadable
from infra.encryption.key_file import create_kek_file
from infra.encryption.key_provider import FileKeyProvider
from infra.encryption.secret import Secret
from infra.encryption.tenant_key import Keyring

TENANT, OTHER = UUID(int=1), UUID(int=2)
PLACE = Place(
    installation="one", environment="live", tenant=TENANT, connection=UUID(int=9), field="password", version=3
)
SECRET = Secret("correct horse")


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    create_kek_file(tmp_path / "kek")
    return Keyring(FileKeyProvider(tmp_path / "kek"), "one")


async def test_what_was_sealed_opens_in_its_place(keyring: Keyring) -> None:
    key, wrapped = await keyring.create(TENANT)
    sealed = seal(key, PLACE, SECRET)
    assert b"correct" not in sealed
    assert seal(key, PLACE, SECRET) != sealed
    opened = await keyring.open(TENANT, 1, wrapped)
    assert unseal(opened, PLACE, sealed).reveal() == "correct horse"


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
async def test_S_71_a_value_moved_to_another_place_does_not_open(keyring: Keyring, change: dict[str, Any]) -> None:
    key, _ = await keyring.create(TENANT)
    with pytest.raises(SecretUnreadable):
        unseal(key, msgspec.structs.replace(PLACE, **change), seal(key, PLACE, SECRET))


async def test_S_71_another_tenant_key_or_version_does_not_open(keyring: Keyring) -> None:
    key, wrapped = await keyring.create(TENANT)
    sealed = seal(key, PLACE, SECRET)
    second, wrapped_second = await keyring.create(TENANT, 2)
    with pytest.raises(SecretUnreadable):
        unseal(second, PLACE, sealed)
    for tenant, version, stored in [(OTHER, 1, wrapped), (TENANT, 2, wrapped), (TENANT, 1, wrapped_second)]:
        with pytest.raises(SecretUnreadable):
            await keyring.open(tenant, version, stored)


async def test_S_71_every_flipped_bit_and_cut_byte_is_noticed(keyring: Keyring) -> None:
    key, _ = await keyring.create(TENANT)
    sealed = seal(key, PLACE, SECRET)
    for at in range(len(sealed)):
        altered = bytearray(sealed)
        altered[at] ^= 1
        with pytest.raises(SecretUnreadable):
            unseal(key, PLACE, bytes(altered))
        with pytest.raises(SecretUnreadable):
            unseal(key, PLACE, sealed[:at])


def test_associated_data_has_one_reading() -> None:
    assert encode("a", "bc") != encode("ab", "c")
    assert encode("a|b") != encode("a", "b")
    assert encode("", "a") != encode("a", "")


async def test_S_73_keys_show_nothing(keyring: Keyring) -> None:
    key, _ = await keyring.create(TENANT)
    assert repr(key) == "TenantKey(version=1)"
