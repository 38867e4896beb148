"""Archives and is killed on the way: `python -m tests.services.archives.dying URL FOLDER POINT`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from infra import crash_points
from infra.database import Database
from services.archives.archiver import archive_due
from tests.services.archives.olden import RULES


async def _archive(url: str, folder: Path) -> None:
    database = await Database(url, pool_size=1).open()
    try:
        await archive_due(database, folder, RULES)
    finally:
        await database.close()


if __name__ == "__main__":
    crash_points.arm(sys.argv[3])
    asyncio.run(_archive(sys.argv[1], Path(sys.argv[2])))
