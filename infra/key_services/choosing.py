"""Which key-encryption keys the settings name: one that wraps, and those that it takes the place of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from infra.egress.sigv4 import Signer
from infra.encryption.errors import SecretUnreadable
from infra.encryption.key_file import ID_BYTES
from infra.encryption.key_provider import FileKeyProvider, KeyProvider, KeyWrapper, PublicKeyWrapper
from infra.key_services.aws_kms import AwsKms, region_of
from infra.settings import Settings


class Succession:
    """Wraps by the first of several, unwraps by whichever it was."""

    def __init__(self, providers: Sequence[KeyProvider]) -> None:
        self._providers = providers

    @property
    def name(self) -> str:
        return self._providers[0].name

    @property
    def id(self) -> bytes:
        return self._providers[0].id

    @property
    def ids(self) -> frozenset[bytes]:
        return frozenset().union(*(one.ids for one in self._providers))

    async def wrap(self, key: bytes, context: bytes) -> bytes:
        return await self._providers[0].wrap(key, context)

    async def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        for one in self._providers:
            if wrapped[:ID_BYTES] in one.ids:
                return await one.unwrap(wrapped, context)
        raise SecretUnreadable("The tenant key was wrapped by a key that is not here")

    async def close(self) -> None:
        for one in self._providers:
            await one.close()


def opening(settings: Settings) -> KeyProvider:
    """For who opens: workers, and the operator's commands.

    Raises:
        KeyFileUnusable: a file that is named is missing, or open to others.
    """
    older: list[KeyProvider] = []
    if settings.kms_old_key:
        older.append(_kms(settings, settings.kms_old_key))
    if not settings.kms_key:
        file = FileKeyProvider(settings.kek_file, settings.kek_old_files)
        return Succession([file, *older]) if older else file
    if settings.kek_old_files:
        older.append(FileKeyProvider(settings.kek_old_files[0], settings.kek_old_files[1:]))
    return Succession([_kms(settings, settings.kms_key), *older])


def sealing(settings: Settings) -> KeyWrapper:
    """For who seals and opens nothing: the API. Of a key file nothing but the public half is kept.

    Raises:
        KeyFileUnusable: as `opening`.
    """
    if settings.kms_key:
        return _kms(settings, settings.kms_key)
    if settings.kek_public_file is not None:
        return PublicKeyWrapper.of_file(settings.kek_public_file)
    return PublicKeyWrapper.of_kek(settings.kek_file)


def files_of(settings: Settings) -> tuple[Path, ...]:
    """The key files that who opens needs."""
    return settings.kek_old_files if settings.kms_key else (settings.kek_file, *settings.kek_old_files)


def _kms(settings: Settings, arn: str) -> AwsKms:
    if settings.kms_secret_key is None:
        raise ValueError("a key service without credentials")
    signer = Signer(
        access_key=settings.kms_access_key,
        secret_key=settings.kms_secret_key,
        token=settings.kms_session_token,
        region=region_of(arn),
        service="kms",
    )
    return AwsKms(arn, signer, settings.kms_endpoint)
