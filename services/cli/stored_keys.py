"""Whether the keys at hand are those that the database's secrets need. A lost one is never replaced in silence."""

from __future__ import annotations

import asyncio
import shlex
import sys
from pathlib import Path
from typing import Final

import asyncpg

from infra.encryption.errors import KeyFileUnusable
from infra.encryption.key_file import create_kek_file, kek_id, read_kek_file
from infra.encryption.key_provider import FileKeyProvider
from infra.encryption.public_file import write_public_file
from infra.key_services import choosing
from infra.settings import Settings, load

LIMIT: Final = 30.0
PUBLIC: Final = Path("secrets") / "kek.pub"
"""In the home: all that the API of `waybill up` is given of the key-encryption key."""
_OF_WORKERS: Final = ["tenant key", "mail"]
HELP: Final = (
    "Put the right one back from your backup, mode 0600. If there is none, these secrets are lost for good; only a new "
    "start without the data is left then (`waybill reset`)."
)
OWN_HELP: Final = (
    "Put it back from your backup, mode 0600. If there is none, make another one (umask 077; head -c 32 /dev/urandom), "
    "name it as WAYBILL_SERVICE_KEY_FILE, and set second factors, secrets of providers and of webhooks anew; documents "
    "that it opened are lost."
)


async def stored_kek_ids(url: str) -> set[bytes]:
    """Ids (8 bytes) of the keys that wrapped the tenants' keys: one, none while there is no secret, two in a rotation.

    Args:
        url: the database as the API's role, or the worker's.
    """
    connection = await asyncpg.connect(url, timeout=LIMIT)
    try:
        found = await connection.fetch("SELECT id FROM app.stored_kek_ids() AS id", timeout=LIMIT)
    finally:
        await connection.close()
    return {row["id"] for row in found}


def unusable(file: Path) -> str:
    """Why no process can use `file` as it lies there, with the remedy; empty when it can."""
    if not file.exists():
        return (
            f"The key file {file} is missing. In a new installation make it: (umask 077; head -c 32 /dev/urandom > "
            f"{shlex.quote(str(file))}); where secrets are stored put the one that sealed them back from your backup."
        )
    try:
        read_kek_file(file)
    except KeyFileUnusable as error:
        if file.is_file() and file.stat().st_mode & 0o077:
            return f"{error.detail}: chmod 600 {shlex.quote(str(file))}"
        return f"{error.detail}: {file}. {HELP}"
    return ""


def unusable_for_sealing(settings: Settings) -> str:
    """Why the API cannot start with the keys that it is given, with the remedy; empty when it can."""
    if wrong := unusable(settings.service_key):
        return wrong
    if settings.kms_key or settings.kek_public_file is None:
        return "" if settings.kms_key else unusable(settings.kek_file)
    try:
        choosing.sealing(settings)
    except KeyFileUnusable as error:
        return f"{error.detail}: {settings.kek_public_file}. `waybill secrets public` writes it."
    return ""


def fault(settings: Settings, stored: set[bytes]) -> str:
    """Why not all of what `stored` wrapped can be opened; empty when it can, or there is nothing to open."""
    if not stored:
        return ""
    for file in choosing.files_of(settings):
        if not file.exists():
            return f"The key file {file} is missing, and the database holds secrets that only it opens."
        try:
            read_kek_file(file)
        except KeyFileUnusable as error:
            return f"{error.detail}: {file}."
    missing = stored - choosing.opening(settings).ids
    if not missing:
        return ""
    if missing == stored:
        named = "The key of the key service" if settings.kms_key else f"The key file {settings.kek_file}"
        return f"{named} is not the one that sealed the database's secrets."
    return (
        "A key that wrapped some of the database's keys is not here: it was taken away too early. Name it in "
        "WAYBILL_KEK_OLD_FILES (or WAYBILL_KMS_OLD_KEY) until `waybill secrets rewrap` has put another in its place."
    )


async def prepare(settings: Settings) -> str:
    """Make the key files that `waybill up` starts with; else what is wrong and what helps.

    None is made in the place of one that was lost while something stored needs that.
    """
    if settings.kek_file.exists() and (wrong := unusable(settings.kek_file)):
        return wrong
    if wrong := fault(settings, await stored_kek_ids(settings.database_url)):
        return f"{wrong} {HELP}"
    if not settings.kms_key:
        if not settings.kek_file.exists():
            create_kek_file(settings.kek_file)
        write_public_file(settings.kek_file, settings.home / PUBLIC)
    return unusable(settings.service_key_file) if settings.service_key_file else await _prepare_own(settings)


async def _prepare_own(settings: Settings) -> str:
    """The API's own key, made once; what the key file sealed in its place, before there was one, is brought over."""
    own = settings.up_service_key
    others = {*choosing.files_of(settings), *settings.service_old_files, *filter(Path.exists, [settings.kek_file])}
    if wrong := next(filter(None, map(unusable, [*filter(Path.exists, [own]), *others])), ""):
        return wrong
    here = {kek_id(read_kek_file(file)) for file in others}
    known = {kek_id(read_kek_file(own))} if own.exists() else set()
    needed = await _sealed_for_the_api(settings.worker_database_url)
    if needed - known - here:
        return f"The API's own key {own} is missing, or not the one that sealed what the API opens. {OWN_HELP}"
    if not own.exists():
        create_kek_file(own)
    if needed - known:
        await _bring_over(settings.worker_database_url, FileKeyProvider(own, tuple(others)))
    return ""


async def _sealed_for_the_api(url: str) -> set[bytes]:
    connection = await asyncpg.connect(url, timeout=LIMIT)
    try:
        found = await connection.fetch(
            "SELECT DISTINCT id FROM app.wrapped_by() WHERE kind <> ALL ($1)", _OF_WORKERS, timeout=LIMIT
        )
    finally:
        await connection.close()
    return {row["id"] for row in found}


async def _bring_over(url: str, keys: FileKeyProvider) -> None:
    from infra.database import Database  # noqa: PLC0415 - once in an installation's life, and a second to import
    from services.cli import resealing  # noqa: PLC0415

    database = await Database(url, pool_size=1).open()
    try:
        await resealing.reseal(database, keys, "service")
    finally:
        await database.close()


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(prepare(load())))
