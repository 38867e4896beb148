"""A sealer in a process of its own, which may be killed: `python -m … URL KEY_FILE POINT`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from infra import crash_points
from infra.database import Database
from infra.encryption.signing_key import SigningKey
from tenants.audit import sealer
from tests.tenants.audit.chains import BATCH


async def seal(url: str, key_file: Path) -> None:
    database = await Database(url, pool_size=1).open()
    try:
        await sealer.seal(database, SigningKey(key_file), BATCH)
    finally:
        await database.close()


if __name__ == "__main__":
    crash_points.arm(sys.argv[3])
    asyncio.run(seal(sys.argv[1], Path(sys.argv[2])))
