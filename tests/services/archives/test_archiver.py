"""Ended runs go to files when their time has come, and never without a file (ADR 0034; S-86)."""

from __future__ import annotations

import asyncio
import signal
import stat
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra import ids
from infra.embedded.stack import Endpoints
from services.archives import archiver, files, large, rows
from services.archives.archiver import archive_due
from services.engine.payloads import Large
from services.engine.world import check_world
from services.worker.housekeeping import drop_months
from tests.services.archives.olden import LARGE, RULES, Olden


async def _archive(olden: Olden) -> int:
    return await archive_due(olden.worker, olden.folder, RULES)


def _archived(olden: Olden) -> dict[str, Any]:
    """All lines of all files by run; of doubles the last one."""
    found = {}
    for manifest in files.manifests(olden.folder):
        files.verify(olden.folder, manifest)
        for line in files.lines(olden.folder, manifest.file):
            told = msgspec.json.decode(line)
            found[told["id"]] = told
    return found


async def test_S_86_what_is_due_goes_to_a_file_with_all_that_belongs_to_it_and_the_rest_stays(olden: Olden) -> None:
    old, older, young = await olden.ended(410), await olden.ended(450), await olden.ended(390)
    for run in (old, young):
        olden.sql(
            "INSERT INTO app.customer_notice (tenant_id, notice_id, key, run_id, notice, outcome, why, language) "
            "VALUES (:'tenant', app.new_id(), :'run', :'run', 'delay', 'withheld', 'no-address', 'en')",
            run=run,
        )
    olden.sql("UPDATE app.run SET compensates = :'young' WHERE run_id = :'old'", young=young, old=old)
    assert await _archive(olden) == 2
    assert await olden.left() == {young}
    for table in ("journal", "run_key", "customer_notice"):
        assert await olden.left(table) == {young}, table
    assert await olden.left("payload", "owner_id") == {young}
    assert await olden.left("usage") == {old, older, young}
    archived = _archived(olden)
    assert set(archived) == {ids.show("run", old), ids.show("run", older)}
    told = archived[ids.show("run", old)]
    assert (told["state"], told["business_key"], told["keys"]) == ("completed", "o-410", {"orderNumber": "SO-1"})
    assert told["compensates"] == ids.show("run", young)
    assert archived[ids.show("run", older)]["compensates"] is None
    assert [line["kind"] for line in told["journal"]] == ["task.completed", "workflow.completed"]
    assert told["journal"][0]["data"] == {"output": LARGE}
    assert told["input"][0]["data"]["number"] == 1
    assert {one["kind"] for one in told["usage"]} == {"run", "task"}
    assert await _archive(olden) == 0
    assert [
        one for one in await check_world(olden.worker, datetime.fromtimestamp(0, UTC), 30) if one.invariant == "I6"
    ] == []


async def test_S_86_what_somebody_or_something_still_needs_is_kept_whatever_its_age(olden: Olden) -> None:
    states = ("completed", "faulted", "cancelled", "completed", "completed")
    kept, faulted, unsure, held, by_hand = [await olden.ended(500, state=state) for state in states]
    olden.sql(
        "INSERT INTO app.kept_run (tenant_id, run_id, reason, kept_by) VALUES (:'tenant', :'kept', 'audit', 'me')",
        "INSERT INTO app.effect (tenant_id, run_id, key, reference, name, mode, operation, status, seq, intended_at) "
        "VALUES (:'tenant', :'unsure', 'k', '', '', 'once-or-ask', '', 'unknown', 0, now())",
        """UPDATE app.run SET output = '{"released":false}' WHERE run_id = :'held'""",
        "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
        "VALUES (:'tenant', :'deployment', 'erp', 'http', '{}')",
        "INSERT INTO app.entry (tenant_id, entry_id, connection_id, run_id, key, reference, operation, mode, way, "
        "state, request) VALUES (:'tenant', app.new_id(), :'deployment', :'by_hand', 'k', '', '', 'keyed', "
        """'manual', 'open', '{"order":"SO-1"}')""",
        by_hand=by_hand,
        kept=kept,
        unsure=unsure,
        held=held,
    )
    assert await _archive(olden) == 0
    olden.sql(
        "DELETE FROM app.kept_run",
        "UPDATE app.effect SET status = 'confirmed'",
        "UPDATE app.run SET output = NULL",
        "UPDATE app.entry SET resolution = 'posted-by-hand', resolved_at = now()",
        "UPDATE app.exception SET state = 'discarded', closed_at = now(), closed_by = 'me', outcome = 'given up', "
        "reason = 'old'",
    )
    assert await _archive(olden) == len(states)
    assert await olden.left("exception") == await olden.left("effect") == await olden.left("entry") == set()
    assert _archived(olden)[ids.show("run", by_hand)]["entries"][0]["request"] == {"order": "SO-1"}
    assert _archived(olden)[ids.show("run", faulted)]["exceptions"][0]["outcome"] == "given up"


async def test_S_86_what_people_decided_and_customers_were_told_is_in_the_file(olden: Olden) -> None:
    run, other = await olden.ended(410), await olden.ended(411)
    olden.sql(
        "INSERT INTO app.human_task (tenant_id, task_id, run_id, key, reference, kind, title, role, state, content, "
        "outcome, answer, decided_by, closed_at) VALUES (:'tenant', :'task', :'run', 'k', '/do/0', 'review', 'Go', "
        "'desk', 'completed', '{\"task\":\"review\"}', 'approve', '{\"limit\":5}', 'account:me', now())",
        "INSERT INTO app.human_task_event (tenant_id, task_id, number, action, state, made_by, note) "
        "VALUES (:'tenant', :'task', 2, 'completed', 'completed', 'account:me', 'as agreed')",
        "INSERT INTO app.human_task_decision (tenant_id, task_id, number, account_id, outcome, answer, note, "
        "shown_digest, salt) VALUES (:'tenant', :'task', 2, :'who', 'approve', '{\"limit\":5}', 'as agreed', "
        "sha256('shown'), '0123456789abcdef')",
        "INSERT INTO app.approval (tenant_id, approval_id, run_id, reference, event_source, event_key, is_approved, "
        "decided_by) VALUES (:'tenant', app.new_id(), :'run', '/do/1', 's', 'k', true, 'account:me')",
        "INSERT INTO app.customer_notice (tenant_id, notice_id, key, run_id, notice, outcome, why, language) "
        "VALUES (:'tenant', app.new_id(), 'n', :'run', 'delayed', 'withheld', 'opted-out', 'en')",
        run=run,
        task=ids.new(),
        who=UUID(int=7),
    )
    assert await _archive(olden) == 2
    for table in ("human_task", "approval", "customer_notice"):
        assert await olden.left(table) == set()
    told = _archived(olden)
    line, bare = told[ids.show("run", run)], told[ids.show("run", other)]
    (task,), (act,), (decision,) = line["tasks"], line["acts"], line["decisions"]
    assert (task["content"], task["answer"], task["outcome"]) == ({"task": "review"}, {"limit": 5}, "approve")
    assert (act["action"], act["note"]) == ("completed", "as agreed")
    assert (decision["account"], decision["answer"]) == (ids.show("acc", UUID(int=7)), {"limit": 5})
    assert bytes.fromhex(decision["salt"]) == b"0123456789abcdef"
    assert (line["approvals"][0]["is_approved"], line["notices"][0]["why"]) == (True, "opted-out")
    assert [bare[name] for name in ("tasks", "acts", "decisions", "approvals", "notices")] == [[]] * 5


async def test_S_86_large_values_of_entries_are_in_the_file_and_gone_with_their_run(olden: Olden) -> None:
    run = await olden.ended(410)
    text = Large().text({"order": LARGE})
    olden.sql(
        "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
        "VALUES (:'tenant', :'deployment', 'erp', 'http', '{}')",
        "INSERT INTO app.entry (tenant_id, entry_id, connection_id, run_id, key, reference, operation, mode, way, "
        "state, request, resolution, resolved_at) VALUES (:'tenant', app.new_id(), :'deployment', :'run', 'k', '', '', "
        "'keyed', 'manual', 'queued', '{}', 'queued', now())",
        run=run,
    )
    async with olden.app.tenant(olden.tenant) as connection:
        await connection.execute("UPDATE app.entry SET request = $1, answer = $1, found_answer = $1", text)
    assert await _archive(olden) == 1
    assert await olden.left("payload", "owner_id") == await olden.left("entry") == set()
    (entry,) = _archived(olden)[ids.show("run", run)]["entries"]
    assert [entry[name] for name in ("request", "answer", "found_answer")] == [{"order": LARGE}] * 3


@pytest.mark.parametrize("point", ["archive.written", "archive.removed"])
async def test_F_18_whoever_dies_while_it_archives_loses_nothing_and_doubles_are_told_by_their_id(
    point: str, olden: Olden, endpoints: Endpoints
) -> None:
    runs = {ids.show("run", await olden.ended(410)) for _ in range(3)}
    command = (sys.executable, "-m", "tests.services.archives.dying", endpoints.worker_database_url, str(olden.folder))
    process = await asyncio.create_subprocess_exec(*command, point, stderr=asyncio.subprocess.PIPE)
    _, words = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, f"crash point {point}" in words.decode()) == (-signal.SIGKILL, True)
    left = {ids.show("run", one) for one in await olden.left()}
    assert left == (runs if point == "archive.written" else set())
    async with asyncio.timeout(30):
        while await olden.left():  # until the server has heard of the death
            await _archive(olden)
    assert set(_archived(olden)) == runs
    # The catalogue knows one place of each.
    assert olden.sql("SELECT sum(cardinality(runs)) FROM app.archive") == "3"
    assert len(files.manifests(olden.folder)) == (2 if point == "archive.written" else 1)


async def test_F_18_a_file_that_is_not_whole_keeps_its_runs(olden: Olden, monkeypatch: pytest.MonkeyPatch) -> None:
    run = await olden.ended(410)

    def fails(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fails)
    assert await _archive(olden) == 0
    assert (await olden.left(), files.manifests(olden.folder)) == ({run}, [])


async def test_F_26_a_run_whose_value_is_lost_stays_and_keeps_no_other(olden: Olden) -> None:
    lost, whole = await olden.ended(411), await olden.ended(410)
    olden.sql("DELETE FROM app.payload WHERE owner_id = :'lost'", lost=lost)
    assert await _archive(olden) == 1
    assert (await olden.left(), set(_archived(olden))) == ({lost}, {ids.show("run", whole)})


async def test_F_22_a_value_that_a_run_names_often_is_written_once_and_read_wherever_it_stood(
    olden: Olden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "LONGEST", 1024 * 1024)
    run = await olden.ended(410, mentions=40)
    assert await _archive(olden) == 1
    (manifest,) = files.manifests(olden.folder)
    line = files.find(olden.folder, manifest.file, ids.show("run", run)) or b""
    assert len(line) < 200_000 < 1024 * 1024 < sum(len(part) for part in large.pieces(line))
    told = msgspec.json.decode(b"".join(large.pieces(line)))
    assert [one["data"] for one in told["journal"][:-1]] == [{"output": LARGE}] * 40
    assert "large" not in told
    assert told["keys"] == {"orderNumber": "SO-1"}


async def test_F_22_a_run_that_is_too_long_for_memory_stays(olden: Olden, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MOST", 10)
    run = await olden.ended(410)
    assert await _archive(olden) == 0
    assert (await olden.left(), files.manifests(olden.folder)) == ({run}, [])


async def test_two_processes_archive_each_run_once_and_only_for_its_owner_to_read(olden: Olden) -> None:
    runs = [await olden.ended(410 + number) for number in range(6)]
    counts = await asyncio.gather(*(_archive(olden) for _ in range(3)))
    assert sum(counts) == len(runs)
    assert olden.sql("SELECT sum(cardinality(runs)) FROM app.archive") == str(len(runs))
    for place in olden.folder.rglob("*"):
        assert stat.S_IMODE(place.stat().st_mode) == (0o700 if place.is_dir() else 0o600)


async def test_each_tenant_and_month_has_its_folder(olden: Olden, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few runs a batch takes, however small a file is, and wherever a round ends."""
    monkeypatch.setattr(archiver, "_MOST", 3)
    monkeypatch.setattr(archiver, "_BYTES", 1)
    monkeypatch.setattr(archiver, "_GROUP", 1)
    runs = [await olden.ended(days) for days in (405, 406, 470, 471, 472)]
    for _ in range(5):
        await archive_due(olden.worker, olden.folder, RULES, seconds=0)
    assert await _archive(olden) >= 0
    assert len(_archived(olden)) == len(runs)
    assert [one.runs for one in files.manifests(olden.folder)] == [1] * len(runs)
    for manifest in files.manifests(olden.folder):
        tenant, month, _ = manifest.file.split("/")
        assert (tenant, month) == (ids.show("ten", olden.tenant), manifest.month)


async def test_a_month_is_dropped_when_its_runs_are_archived(olden: Olden) -> None:
    low, high = (olden.sql(f"SELECT app.month_floor('2001-0{month}-01')") for month in (1, 2))
    for table in ("journal", "payload"):
        olden.sql(
            f"CREATE TABLE app.{table}_2001_01 PARTITION OF app.{table} FOR VALUES FROM ('{low}') TO ('{high}')",
            f"ALTER TABLE app.{table}_2001_01 OWNER TO waybill_owner",
        )
    run = await olden.ended((datetime.now(UTC) - datetime(2001, 1, 15, tzinfo=UTC)).days)
    count = "SELECT count(*) FROM pg_class WHERE relname LIKE '%_2001_01' AND relkind = 'r'"
    assert await drop_months(olden.worker, pause=0) == []
    assert olden.sql(f"SELECT count(*) FROM app.journal_2001_01 WHERE run_id = '{run}'") == "2"  # noqa: S608
    assert await _archive(olden) == 1
    # While one is dropped, nobody waits who writes to another table.
    async with olden.worker.doors() as connection, connection.transaction():
        assert await connection.fetchval("SELECT app.drop_month()") == "journal_2001_01"
        held = "SELECT string_agg(relation::regclass::text, ' ') FROM pg_locks WHERE mode = 'AccessExclusiveLock'"
        locked = (await connection.fetchval(held)).split()
        assert "app.journal" in locked
        assert not {"app.payload", "app.effect", "app.event"} & set(locked)
    assert await drop_months(olden.worker, pause=0) == ["payload_2001_01"]
    assert olden.sql(count) == "0"
