"""What is exported, on its way: changed files are found, and the verifier needs nothing of ours (S-81, S-82, S-84)."""

from __future__ import annotations

import base64
import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.database import Database
from infra.encryption.signing_key import SigningKey
from tenants.audit import sealer, verifier
from tests.tenants.audit.chains import broken, exported, parsed, rows_of, signing_key, verified, write, write_and_seal
from tests.world import World, make_tenant


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return signing_key(tmp_path)


@pytest.fixture
async def world(app_database: Database, worker_database: Database, key: SigningKey) -> World:
    """A log of ten rows in three batches."""
    made = await make_tenant(app_database)
    await write_and_seal(app_database, worker_database, made.tenant_id, key)
    return made


MANY, OF_A_MILLION = 20_000, 50
SLOWER = 5
"""Times that another machine may be slower than the one whose minute is promised (tests.bench.audit)."""


def drop(number: int) -> Callable[[list[bytes]], list[bytes]]:
    return lambda lines: [line for place, line in enumerate(lines) if place != number]


def swap(one: int, other: int) -> Callable[[list[bytes]], list[bytes]]:
    def swapped(lines: list[bytes]) -> list[bytes]:
        lines[one], lines[other] = lines[other], lines[one]
        return lines

    return swapped


# The file: 0 the log, 1 a seal with its four rows, 6 the next with 7 to 10, 11 the third with 12 and 13, 14 the end.
@pytest.mark.parametrize(
    ("damage", "batch", "row"),
    [
        (drop(8), 2, 9),
        (drop(6), 2, 7),
        (swap(7, 8), 2, 8),
        (lambda lines: [*lines[:9], lines[8], *lines[9:]], 2, 8),
        (lambda lines: lines[:12], 3, None),
        (lambda lines: lines[:14], None, None),
        (lambda lines: [*lines[:13], lines[14]], 3, None),
        (lambda lines: [*lines, lines[3]], None, None),
        (lambda lines: [*lines[:8], lines[8].replace(b"t5", b"t4"), *lines[9:]], 2, 8),
        (lambda lines: [*lines[:8], b'{"kind": "row"\n', *lines[9:]], None, None),
        (lambda lines: [*lines[:8], b'{"kind": "row", "batch": 2, "id": "x"}\n', *lines[9:]], 2, None),
    ],
)
async def test_S_81_a_file_that_was_changed_on_its_way_is_found(
    damage: Callable[[list[bytes]], list[bytes]],
    batch: int | None,
    row: int | None,
    world: World,
    app_database: Database,
    key: SigningKey,
) -> None:
    lines = await exported(app_database, world.tenant_id)
    shown = parsed(lines)
    found = broken(damage(list(lines)), key)
    assert found.batch == batch or batch is None, found
    assert row is None or found.row == shown[row]["id"], found


async def test_S_82_a_row_that_is_not_sealed_yet_is_shown_as_such(
    world: World, app_database: Database, key: SigningKey
) -> None:
    """Until then it may be changed, which nobody sees: the window of at most 60 s is stated."""
    await write(app_database, world.tenant_id, 2, start=10)
    lines = await exported(app_database, world.tenant_id)
    assert (verified(lines, key).rows, verified(lines, key).unsealed) == (10, 2)
    assert [row["target"] for row in rows_of(lines) if row["batch"] is None] == ["t10", "t11"]


async def test_S_84_the_verifier_works_alone_with_the_export_and_the_public_key(
    world: World, app_database: Database, key: SigningKey, tmp_path: Path
) -> None:
    """As an auditor has it: the one file, another folder, nothing of ours to import."""
    place = tmp_path / "auditor"
    place.mkdir()
    program, export = place / "verifier.py", place / "export.jsonl"
    shutil.copyfile(verifier.__file__, program)
    lines = await exported(app_database, world.tenant_id)
    export.write_bytes(b"".join(lines))
    words = [sys.executable, "-I", str(program), str(export), "--key", base64.b64encode(key.public).decode()]
    whole = subprocess.run(words, cwd=place, capture_output=True, text=True, check=False)  # noqa: ASYNC221
    assert (whole.returncode, whole.stdout[:5]) == (0, "WHOLE"), whole
    bad = parsed(lines)
    bad[3]["actor"] = "somebody"
    export.write_text("".join(json.dumps(line) + "\n" for line in bad))
    found = subprocess.run(words, cwd=place, capture_output=True, text=True, check=False)  # noqa: ASYNC221
    assert (found.returncode, found.stdout.split(":")[0]) == (1, f"BROKEN batch 1, row {bad[3]['id']}"), found


async def test_A17_a_million_rows_are_verified_within_a_minute_by_a_fiftieth_of_them(
    app_database: Database, worker_database: Database, key: SigningKey, tmp_path: Path
) -> None:
    """In time of the processor, so that a busy machine breaks nothing; all of them: `python -m tests.bench.audit`."""
    made, export = await make_tenant(app_database), tmp_path / "export.jsonl"
    async with app_database.tenant(made.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after) "
            "SELECT $1, app.new_id(), 'engine', 'run.completed', 'run_' || n, json_build_object('number', n) "
            "FROM generate_series(1, $2::integer) AS n",
            made.tenant_id,
            MANY,
        )
    await sealer.seal(worker_database, key)
    export.write_bytes(b"".join(await exported(app_database, made.tenant_id)))
    words = [sys.executable, "-I", verifier.__file__, str(export), "--key", base64.b64encode(key.public).decode()]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(words, capture_output=True, text=True, check=True)  # noqa: ASYNC221
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert f" {MANY} rows" in done.stdout, done.stdout
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent * OF_A_MILLION <= 60 * SLOWER, f"{spent:.2f} s for {MANY} rows"
