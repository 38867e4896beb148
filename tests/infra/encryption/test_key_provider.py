from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from infra.encryption.errors import KeyFileUnusable, SealingOnlyError, SecretUnreadable
from infra.encryption.key_file import create_kek_file, kek_id, read_kek_file
from infra.encryption.key_provider import FileKeyProvider, KeyProvider, PublicKeyWrapper
from infra.encryption.public_file import write_public_file
from infra.encryption.tenant_key import Keyring


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    create_kek_file(tmp_path / "kek")
    return tmp_path / "kek"


def test_a_key_file_is_private_from_its_first_moment_and_never_overwritten(key_file: Path) -> None:
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert len(key_file.read_bytes()) == 32
    with pytest.raises(FileExistsError):
        create_kek_file(key_file)


def test_a_key_file_is_made_whole_with_its_folder_and_leaves_no_draft(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "secrets"
    create_kek_file(folder / "kek")
    assert [file.name for file in folder.iterdir()] == ["kek"]
    assert folder.stat().st_mode & 0o777 == 0o700
    with pytest.raises(FileExistsError):
        create_kek_file(folder / "kek")
    assert [file.name for file in folder.iterdir()] == ["kek"]


async def test_a_wrapped_key_begins_with_the_id_of_its_key_file(key_file: Path) -> None:
    wrapped = await FileKeyProvider(key_file).wrap(b"k" * 32, b"tenant a")
    assert wrapped.startswith(kek_id(read_kek_file(key_file)))


def test_a_key_file_that_others_may_read_is_refused(key_file: Path) -> None:
    key_file.chmod(0o640)
    with pytest.raises(KeyFileUnusable, match="0640"):
        FileKeyProvider(key_file)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_file_of_another_size_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "kek"
    path.touch(0o600)
    path.write_bytes(bytes(size))
    with pytest.raises(KeyFileUnusable, match="32 bytes"):
        FileKeyProvider(path)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileUnusable, match="cannot be opened"):
        FileKeyProvider(tmp_path / "none")


async def test_S_71_a_wrapped_key_opens_for_its_own_context_and_key_file_only(key_file: Path, tmp_path: Path) -> None:
    provider = FileKeyProvider(key_file)
    wrapped = await provider.wrap(b"k" * 32, b"tenant a")
    assert await provider.unwrap(wrapped, b"tenant a") == b"k" * 32
    with pytest.raises(SecretUnreadable, match="another tenant"):
        await provider.unwrap(wrapped, b"tenant b")
    with pytest.raises(SecretUnreadable, match="another tenant"):
        await provider.unwrap(wrapped[:-1] + bytes([wrapped[-1] ^ 1]), b"tenant a")
    create_kek_file(tmp_path / "other")
    with pytest.raises(SecretUnreadable, match="another key file"):
        await FileKeyProvider(tmp_path / "other").unwrap(wrapped, b"tenant a")


async def test_A15_who_has_the_public_half_wraps_and_does_not_unwrap(key_file: Path, tmp_path: Path) -> None:
    write_public_file(key_file, tmp_path / "kek.pub")
    whole, (published, taken) = (
        FileKeyProvider(key_file),
        (PublicKeyWrapper.of_file(tmp_path / "kek.pub"), PublicKeyWrapper.of_kek(key_file)),
    )
    for wrapper in (published, taken):
        wrapped = await wrapper.wrap(b"k" * 32, b"tenant a")
        assert wrapped[:8] == wrapper.id == whole.id
        assert await whole.unwrap(wrapped, b"tenant a") == b"k" * 32
        assert not isinstance(wrapper, KeyProvider)
        keyring = Keyring(wrapper, "one")
        _, stored = await keyring.create(UUID(int=1))
        with pytest.raises(SealingOnlyError):
            await keyring.open(UUID(int=1), 1, stored)


def test_A15_the_public_file_holds_nothing_of_the_key(key_file: Path, tmp_path: Path) -> None:
    write_public_file(key_file, tmp_path / "kek.pub")
    assert key_file.read_bytes() not in (tmp_path / "kek.pub").read_bytes()


def test_a_public_file_that_others_may_write_or_that_is_none_is_refused(key_file: Path, tmp_path: Path) -> None:
    public = tmp_path / "kek.pub"
    with pytest.raises(KeyFileUnusable, match="cannot be opened"):
        PublicKeyWrapper.of_file(public)
    write_public_file(key_file, public)
    assert public.stat().st_mode & 0o777 == 0o644
    public.chmod(0o664)
    with pytest.raises(KeyFileUnusable, match="0664"):
        PublicKeyWrapper.of_file(public)
    public.chmod(0o644)
    public.write_bytes(bytes(39))
    with pytest.raises(KeyFileUnusable, match="40 bytes"):
        PublicKeyWrapper.of_file(public)


async def test_F_30_an_older_key_file_unwraps_and_wraps_nothing(key_file: Path, tmp_path: Path) -> None:
    old = await FileKeyProvider(key_file).wrap(b"k" * 32, b"tenant a")
    create_kek_file(tmp_path / "new")
    both = FileKeyProvider(tmp_path / "new", (key_file,))
    assert both.ids == {FileKeyProvider(key_file).id, both.id}
    assert await both.unwrap(old, b"tenant a") == b"k" * 32
    new = await both.wrap(b"k" * 32, b"tenant a")
    assert new.startswith(kek_id(read_kek_file(tmp_path / "new")))
    with pytest.raises(SecretUnreadable, match="another key file"):
        await FileKeyProvider(key_file).unwrap(new, b"tenant a")
