"""Whether the key file is the one that the database's secrets need. A lost one is never replaced in silence."""

from __future__ import annotations

import asyncio
import shlex
import sys
from pathlib import Path
from typing import Final

import asyncpg

from infra.encryption.errors import KeyFileUnusable
from infra.encryption.key_file import create_kek_file, kek_id, read_kek_file
from infra.settings import Settings, load

LIMIT: Final = 30.0
HELP: Final = (
    "Put the right one back from your backup, mode 0600. If there is none, these secrets are lost for good; only a new "
    "start without the data is left then (`waybill reset`)."
)


async def stored_kek_ids(url: str) -> set[bytes]:
    """Ids (`kek_id`, 8 bytes) of the keys that wrapped the tenants' keys: one, or none while there is no secret.

    Args:
        url: the database as the API's role.
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


def fault(file: Path, stored: set[bytes]) -> str:
    """Why `file` opens nothing of what `stored` sealed; empty when it does, or there is nothing to open."""
    if not stored:
        return ""
    if not file.exists():
        return f"The key file {file} is missing, and the database holds secrets that only it opens."
    try:
        own = kek_id(read_kek_file(file))
    except KeyFileUnusable as error:
        return f"{error.detail}: {file}."
    return "" if own in stored else f"The key file {file} is not the one that sealed the database's secrets."


async def prepare(settings: Settings) -> str:
    """Make the key file when there is none and nothing stored needs an older one; else what is wrong and what helps."""
    if settings.kek_file.exists() and (wrong := unusable(settings.kek_file)):
        return wrong
    if wrong := fault(settings.kek_file, await stored_kek_ids(settings.database_url)):
        return f"{wrong} {HELP}"
    if not settings.kek_file.exists():
        create_kek_file(settings.kek_file)
    return ""


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(prepare(load())))
