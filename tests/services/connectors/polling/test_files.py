"""Files that are left in a folder: each is taken once, none before it is whole, a bad row keeps no good one back."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from infra import clock, crash_points, ids
from infra.database import Database
from infra.egress import Client
from infra.encryption.secret import Secret
from services.connectors.declared import library
from services.connectors.declared.connector import Declared
from services.connectors.declared.files import taking
from services.connectors.sdk.connector import Connector
from services.connectors.sdk.context import OpenConnection
from services.connectors.simulators import sftp_server
from services.connectors.simulators.sftp_server import FileServer
from services.engine.expressions.protocol import Evaluator
from template_library import schemas
from tests.services.connectors.files.served import LAYOUTS, PASSWORD
from tests.services.connectors.polling.shop import Shop, Watched
from tests.world import World, make_tenant

DOCUMENT = """
document: {dsl: '1.0.3', namespace: tests, name: keep, version: 1.0.0}
do: [{keep: {set: {number: "${ .[0].data.values.order }"}}}]
"""


class Dropped(Watched):
    """A folder that is watched. `root`: what lies on the server."""

    def __init__(
        self,
        client: Client,
        server: FileServer,
        root: Path,
        databases: tuple[Database, Database],
        world: World,
        evaluator: Evaluator,
    ) -> None:
        self.server, self.root, self.evaluator = server, root, evaluator
        super().__init__(client, Shop(), *databases, world)

    def connector(self) -> Connector:
        return Declared(next(one for one in library.documents() if one.name == "sftp"), self.evaluator)

    def connected(self) -> OpenConnection:
        settings = {
            "base_url": self.server.url,
            "user": "acme",
            "host_keys": [self.server.host_key],
            "layouts": LAYOUTS,
            "inbox": "in",
            "inbox_files": "*.csv",
            "inbox_layout": "orders",
            "inbox_key": ["order"],
            "inbox_done": "in/done",
            "watch": ["inbox"],
        }
        form = self.connector().manifest.settings
        assert schemas.check(form, settings) == []
        return OpenConnection(
            id=ids.new(),
            connector="sftp",
            settings=schemas.with_defaults(form, settings),
            secrets={"password": Secret(PASSWORD)},
            ref="con_0",
            name="shop",
        )

    def drop(self, name: str, *lines: str, at: int = 1_767_225_600) -> None:
        file = self.root / "in" / name
        file.write_text("".join(f"{line}\n" for line in ("order,quantity", *lines)))
        os.utime(file, (at, at))

    def lying(self, folder: str = "in") -> list[str]:
        return sorted(one.name for one in (self.root / folder).iterdir() if one.is_file())

    async def told(self) -> list[str]:
        rows = await self.do("SELECT title FROM app.exception WHERE tenant_id = $1 ORDER BY exception_id")
        return [row["title"] for row in rows]

    async def numbers(self) -> list[str]:
        return [one.partition("@")[0] for one in await self.events()]


LATE = SimpleNamespace(monotonic=lambda: clock.monotonic() + 31.0)
"""The clock of a session whose first half, of 60 seconds, is over."""


@pytest.fixture
async def dropped(
    client: Client, app_database: Database, worker_database: Database, tmp_path: Path, evaluator: Evaluator
) -> AsyncIterator[Dropped]:
    root = tmp_path / "served"
    (root / "in" / "done").mkdir(parents=True)
    async with sftp_server.serving(root, "acme", PASSWORD) as server:
        both = (app_database, worker_database)
        found = Dropped(client, server, root, both, await make_tenant(app_database), evaluator)
        await found.begin("file.row.received", DOCUMENT)
        yield found


async def test_a_file_is_taken_when_it_stands_still_and_then_moved_away(dropped: Dropped) -> None:
    dropped.drop("a.csv", "PO-1,1", "PO-2,many", "PO-3,3")
    await dropped.round()
    assert await dropped.events() == [], "it may still be written"
    dropped.drop("a.csv", "PO-1,1", "PO-2,many", "PO-3,3", "PO-4,4", at=1_767_225_700)
    await dropped.round()
    assert await dropped.events() == [], "it was"
    await dropped.round()
    assert await dropped.numbers() == ["PO-1", "PO-3", "PO-4"]
    assert await dropped.told() == ["inbox: a.csv, line 3: the column quantity is no decimal number"]
    assert (dropped.lying(), dropped.lying("in/done")) == (["a.csv"], [])
    for _ in range(2):
        await dropped.round()
    assert (dropped.lying(), dropped.lying("in/done")) == ([], ["a.csv"])
    assert await dropped.numbers() == ["PO-1", "PO-3", "PO-4"]
    assert len(await dropped.runs()) == 3
    (stored, *_) = await dropped.do("SELECT content FROM app.event WHERE tenant_id = $1 ORDER BY event_id")
    data: Any = msgspec.json.decode(stored["content"])["data"]
    assert data == {
        "file": "a.csv",
        "line": 2,
        "as_of": "2026-01-01T00:01:40Z",
        "values": {"order": "PO-1", "quantity": "1"},
    }


async def test_a_mended_file_or_row_doubles_nothing(dropped: Dropped) -> None:
    dropped.drop("a.csv", "PO-1,1", "PO-2,", "PO-3,3")
    for _ in range(2):
        await dropped.round()
    assert await dropped.numbers() == ["PO-1", "PO-3"]
    # The whole file under another name, and the row alone.
    dropped.drop("a-again.csv", "PO-1,1", "PO-2,2", "PO-3,3", at=1_767_229_200)
    dropped.drop("row.csv", "PO-2,2", at=1_767_229_300)
    for _ in range(3):
        await dropped.round()
    assert await dropped.numbers() == ["PO-1", "PO-3", "PO-2"]
    assert dropped.lying() == []
    dropped.drop("a.csv", "PO-1,1", "PO-3,4", at=1_767_229_400)
    for _ in range(2):
        await dropped.round()
    assert await dropped.numbers() == ["PO-1", "PO-3", "PO-2", "PO-3"], "what changed is told, what did not is not"


@pytest.mark.parametrize("point", ["poll.answered", "intake.before", "intake.committed", "poll.committed"])
async def test_F_01_broken_off_anywhere_no_row_is_lost_and_none_doubled(dropped: Dropped, point: str) -> None:
    dropped.drop("a.csv", "PO-1,1", "PO-2,2")
    await dropped.round()
    crash_points.arm(f"!{point}")
    try:
        await dropped.round()
    finally:
        crash_points.arm("")
    assert dropped.lying() == ["a.csv"], "nothing is moved before its events are there"
    for _ in range(2):
        await dropped.round(dropped.another())
    assert await dropped.numbers() == ["PO-1", "PO-2"]
    assert dropped.lying("in/done") == ["a.csv"]


async def test_what_is_no_file_of_ours_is_left_alone(dropped: Dropped) -> None:
    for name in ("a.csv.part", ".b.csv", "c.txt", "d.csv.tmp"):
        dropped.drop(name, "PO-1,1")
    dropped.drop("e.csv", "PO-5,5")
    (dropped.root / "in" / "f.csv").write_text("number\n1\n")
    for _ in range(3):
        await dropped.round()
    assert await dropped.numbers() == ["PO-5"]
    assert dropped.lying() == [".b.csv", "a.csv.part", "c.txt", "d.csv.tmp"]
    assert await dropped.told() == [
        "inbox: f.csv: it has no column order, quantity: its headings were changed, or it is another file"
    ]


async def test_F_20_a_server_with_another_key_says_which_setting_to_change(dropped: Dropped) -> None:
    dropped.drop("a.csv", "PO-1,1")
    settings = {**dropped.connection.settings, "host_keys": ["SHA256:" + "A" * 43]}
    right = dropped.connection
    dropped.connection = msgspec.structs.replace(right, settings=settings)
    await dropped.round()
    row = await dropped.row()
    assert "change the setting `host_keys`" in row["failure"]
    assert PASSWORD not in row["failure"]
    dropped.connection = right
    for _ in range(2):
        await dropped.round()
    assert ((await dropped.row())["failures"], await dropped.numbers()) == (0, ["PO-1"])


@pytest.mark.parametrize("bound", ["time", "bytes"])
async def test_a_backlog_is_taken_in_parts_and_each_look_comes_further(
    dropped: Dropped, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        dropped.drop(name, f"PO-{name[0]},1")
    await dropped.round()
    if bound == "time":
        monkeypatch.setattr(taking, "clock", LATE)
    else:
        monkeypatch.setattr(taking, "_MOST_READ", 1)
    for known in (["PO-a"], ["PO-a", "PO-b"], ["PO-a", "PO-b", "PO-c"]):
        await dropped.round()
        assert await dropped.numbers() == known
    for _ in range(3):
        await dropped.round()
    assert dropped.lying("in/done") == ["a.csv", "b.csv", "c.csv"]
    assert await dropped.numbers() == ["PO-a", "PO-b", "PO-c"]
    assert await dropped.told() == []


async def test_what_was_taken_is_moved_in_parts_where_that_takes_long(
    dropped: Dropped, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        dropped.drop(name, f"PO-{name[0]},1")
    for _ in range(2):
        await dropped.round()
    monkeypatch.setattr(taking, "clock", LATE)
    for left in (["b.csv", "c.csv"], ["c.csv"], []):
        await dropped.round()
        assert dropped.lying() == left
    assert await dropped.numbers() == ["PO-a", "PO-b", "PO-c"]
    assert await dropped.told() == []


async def test_a_name_that_cannot_be_shown_keeps_no_other_file_back(dropped: Dropped) -> None:
    for name in ("a.csv", os.fsdecode(b"caf\xe9.csv"), "new\nline.csv"):
        dropped.drop(name, "PO-1,1")
    for _ in range(3):
        await dropped.round()
    assert await dropped.numbers() == ["PO-1"]
    why = "its name is not UTF-8, or has characters that cannot be shown: have it sent under another name"
    assert sorted(await dropped.told()) == [f"inbox: caf\\udce9.csv: {why}", f"inbox: new\\nline.csv: {why}"]
    assert dropped.lying("in/done") == ["a.csv"]


async def test_a_file_that_no_session_can_take_is_told_and_keeps_no_other_waiting(
    dropped: Dropped, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        dropped.drop(name, f"PO-{name[0]},1")
    read = taking._read

    async def slow(files: Any, known: Any, entry: Any) -> Any:
        if entry.name == "b.csv":
            raise TimeoutError
        return await read(files, known, entry)

    monkeypatch.setattr(taking, "_read", slow)
    for _ in range(4):
        await dropped.round()
    assert (await dropped.numbers(), await dropped.told()) == (["PO-a", "PO-c"], [])
    for _ in range(2):
        await dropped.round()
    (told,) = await dropped.told()
    assert told.startswith("inbox: b.csv: it has 22 bytes and cannot be read in half of a session of 60 seconds: raise")
    dropped.drop("d.csv", "PO-d,1")
    for _ in range(3):
        await dropped.round()
    assert (await dropped.numbers(), len(await dropped.told())) == (["PO-a", "PO-c", "PO-d"], 1)
    monkeypatch.setattr(taking, "_read", read)
    assert "b.csv" in dropped.lying()
    settings = {**dropped.connection.settings, "timeout_seconds": 90}
    dropped.connection = msgspec.structs.replace(dropped.connection, settings=settings)
    await dropped.round()
    assert await dropped.numbers() == ["PO-a", "PO-c", "PO-d", "PO-b"]
