"""The connector of files on OpenSSH: what the manifest says holds for the server that most people have."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.egress import Client, Guard
from services.connectors.sdk.connector import Absent
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import Done, Failed
from tests import certifying
from tests.counterparts.calling import Caller
from tests.counterparts.sftp.install import install, version
from tests.counterparts.sftp.server import Sshd, running
from tests.services.connectors.files.served import LAYOUTS

pytestmark = pytest.mark.certifies("sftp")
ROWS: dict[str, Any] = {"folder": "out", "layout": "orders", "rows": [{"order": "PO-1", "quantity": "2"}]}


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    place = install(Path(os.environ.get("WAYBILL_HOME", ".waybill")))
    certifying.saw("sftp", version(place).replace("_", " ").partition(" Debian")[0])
    with running(place, tmp_path_factory.mktemp("sftp")) as found:
        for one in ("in/done", "out/taken"):
            (found.root / one).mkdir(parents=True)
            (found.root / one).chmod(0o777)
            (found.root / one).parent.chmod(0o777)
        yield found


@pytest.fixture
async def caller(sshd: Sshd) -> AsyncIterator[Caller]:
    async with Client(Guard(allow_loopback=True)) as client, ExpressionPool(size=1) as pool:
        settings = {
            "user": sshd.user, "host_keys": [sshd.host_key], "layouts": LAYOUTS, "inbox": "in", "inbox_files": "*.csv",
            "inbox_layout": "orders", "inbox_key": ["order"], "inbox_done": "in/done", "outbox_taken": "out/taken",
        }  # fmt: skip
        yield Caller("sftp", sshd.url, client, Expressions(pool), settings=settings, secrets={"private_key": sshd.key})


async def test_rows_become_a_file_once_also_when_it_was_taken(caller: Caller, sshd: Sshd) -> None:
    name = (await caller.done("files.write", ROWS, "key-1"))["name"]
    assert (await caller.done("files.write", ROWS, "key-1"))["name"] == name
    assert [one.name for one in (sshd.root / "out").iterdir() if one.is_file()] == [name]
    read = await caller.done("files.read", {"folder": "out", "name": name, "layout": "orders"})
    assert read["rows"] == [{"line": 2, "values": {"order": "PO-1", "quantity": "2"}}]
    (sshd.root / "out" / name).rename(sshd.root / "out" / "taken" / name)
    assert (await caller.done("files.write", ROWS, "key-1"))["name"] == name
    assert (await caller.done("files.list", {"folder": "out"}))["files"] == []


async def test_two_at_once_write_one_file(caller: Caller, sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(list((sshd.root / "out").iterdir()))

    async def absent(*_given: Any) -> Absent:
        return Absent()

    monkeypatch.setattr(caller.connector, "read_back", absent)
    for _ in range(2):
        assert isinstance(await caller.call("files.write", ROWS, "key-2"), Done)
    assert len(list((sshd.root / "out").iterdir())) == before + 1


async def test_a_file_is_taken_once_and_moved_away(caller: Caller, sshd: Sshd) -> None:
    file = sshd.root / "in" / "a.csv"
    file.write_text("order,quantity\nPO-1,1\nPO-2,many\n")
    file.chmod(0o666)
    cursor: Any = None
    read: list[Any] = []
    for _ in range(3):
        answer = await caller.triggered("files.take", {"trigger": "inbox", "cursor": cursor}, "inbox")
        assert isinstance(answer, Done), answer
        cursor = answer.output["cursor"]
        read += answer.output["files"]
    assert [(one["name"], len(one["rows"]), one["faults"][0]["line"]) for one in read] == [("a.csv", 1, 3)]
    assert (file.exists(), (sshd.root / "in" / "done" / "a.csv").exists()) == (False, True)
    assert cursor == {"taken": {}, "looked": {}}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"host_keys": ["SHA256:" + "A" * 43]}, "change the setting `host_keys`"),
        ({"user": "somebody-else"}, "Look at the setting `user`"),
    ],
)
async def test_a_mistake_says_what_to_change(caller: Caller, settings: dict[str, Any], says: str) -> None:
    caller.change(**settings)
    answer = await caller.call("files.list", {})
    assert isinstance(answer, Failed)
    assert says in answer.error.detail


async def test_what_the_account_may_not_do_is_said(caller: Caller, sshd: Sshd) -> None:
    closed = sshd.root / "closed"
    closed.mkdir(mode=0o700)
    answer = await caller.call("files.write", {**ROWS, "folder": "closed/none"}, "key-3")
    assert isinstance(answer, Failed)
    assert "`base_url`" in answer.error.detail
