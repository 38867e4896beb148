"""What sealing, exporting and verifying an audit takes: `python -m tests.bench.audit [--rows 1000000]`, as JSON.

One tenant's rows in one log, in a database of its own with fsync; the verifier as an auditor runs it.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from infra import migrate
from infra.database import Database, Scope
from infra.embedded.stack import Stack
from infra.encryption.signing_key import SigningKey
from tenants.audit import exporting, sealer, verifier
from tenants.audit.log import Log
from tests.world import World, make_tenant

_BURST: Final = 50_000
_WRITE: Final = (
    "INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after) "
    "SELECT $1, app.new_id(), CASE n % 3 WHEN 0 THEN 'engine' ELSE 'account:acc_01h455vb4pex5vsknk084sn02q' END, "
    "'run.completed', 'run_' || lpad(n::text, 26, '0'), json_build_object('number', n, 'words', 'released by rule') "
    "FROM generate_series($2::integer + 1, $2::integer + $3::integer) AS n"
)


async def measure(stack: Stack, folder: Path, rows: int) -> dict[str, Any]:
    await migrate.upgrade(stack.endpoints.migrator_database_url)
    app = await Database(stack.endpoints.database_url).open()
    worker = await Database(stack.endpoints.worker_database_url).open()
    try:
        world, key = await make_tenant(app), SigningKey(folder / "key")
        for start in range(0, rows, _BURST):
            async with app.tenant(world.tenant_id) as connection:
                await connection.execute(_WRITE, world.tenant_id, start, min(_BURST, rows - start))
        begun = time.monotonic()
        sealed = await sealer.seal(worker, key)
        sealing = time.monotonic() - begun
        exporting_took = await _export(app, world, folder / "export.jsonl")
    finally:
        await app.close()
        await worker.close()
    verifying, said = _verify(folder / "export.jsonl", key)
    return {
        "rows": sealed,
        "seconds": {"seal": round(sealing, 1), "export": round(exporting_took, 1), "verify": round(verifying, 1)},
        "megabytes": {
            "export": round((folder / "export.jsonl").stat().st_size / 1e6, 1),
            "verifier": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3, 1),
        },
        "said": said,
    }


async def _export(app: Database, world: World, file: Path) -> float:
    begun = time.monotonic()
    with file.open("wb") as stream:
        async for chunk in exporting.lines(app, Log.of(Scope.tenant(world.tenant_id))):
            stream.write(chunk)
    return time.monotonic() - begun


def _verify(file: Path, key: SigningKey) -> tuple[float, str]:
    words = [sys.executable, "-I", verifier.__file__, str(file), "--key", base64.b64encode(key.public).decode()]
    begun = time.monotonic()
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return time.monotonic() - begun, done.stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder, Stack.start(Path(folder) / "home") as stack:
        figures = asyncio.run(measure(stack, Path(folder), rows))
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(figures)).decode() + "\n")


if __name__ == "__main__":
    main()
