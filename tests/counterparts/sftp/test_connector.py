"""The connector of files on OpenSSH: what the manifest says holds for the server that most people have."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra.egress import Client, Guard
from services.connectors.sdk.connector import Absent, ReadBack
from services.connectors.sdk.context import Context
from services.connectors.sdk.watching import Item, Position, Unfit
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import Done, Failed
from tests import certifying
from tests.counterparts.calling import TENANT, Caller
from tests.counterparts.sftp.install import install, version
from tests.counterparts.sftp.server import Sshd, running
from tests.services.connectors.files.served import LAYOUTS

pytestmark = pytest.mark.certifies("sftp")


class Form(msgspec.Struct, frozen=True):
    """A file of three orders, of which the second is no row in `spoiled`; `line`: where that is."""

    layout: dict[str, Any]
    whole: str
    spoiled: str
    line: int


_ORDER: dict[str, Any] = {"name": "order", "required": True}
_QUANTITY: dict[str, Any] = {"name": "quantity", "kind": "decimal", "required": True}
FORMS = {
    "csv": Form(
        {"format": "csv", "delimiter": ";", "line_end": "crlf", "columns": [_ORDER, _QUANTITY]},
        "order;quantity\r\nPO-1;1.50\r\nPO-2;2\r\nPO-3;3\r\n",
        "order;quantity\r\nPO-1;1.50\r\nPO-2;many\r\nPO-3;3\r\n",
        3,
    ),
    "fixed": Form(
        {
            "format": "fixed-width",
            "mark": "D",
            "columns": [
                {**_ORDER, "start": 2, "width": 6},
                {**_QUANTITY, "start": 8, "width": 7, "places": 2},
            ],
            "head": {
                "mark": "H",
                "columns": [{"name": "as_of", "kind": "time", "format": "%Y%m%d%H%M", "start": 2, "width": 12}],
            },
            "trailer": {"mark": "T", "columns": [{"name": "count", "kind": "integer", "start": 2, "width": 5}]},
        },
        "H202603020900\nDPO-1  0000150\nDPO-2  0000200\nDPO-3  0000300\nT00003\n",
        "H202603020900\nDPO-1  0000150\nDPO-2  many   \nDPO-3  0000300\nT00003\n",
        3,
    ),
    "lines": Form(
        {"format": "json-lines", "columns": [_ORDER, _QUANTITY]},
        '{"order":"PO-1","quantity":1.50}\n{"order":"PO-2","quantity":"2"}\n{"order":"PO-3","quantity":3}\n',
        '{"order":"PO-1","quantity":1.50}\n{"order":"PO-2","quantity":\n{"order":"PO-3","quantity":3}\n',
        2,
    ),
}
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


@pytest.mark.parametrize("name", list(FORMS))
async def test_each_form_of_rows_is_written_and_read_back_exactly(caller: Caller, sshd: Sshd, name: str) -> None:
    form = FORMS[name]
    caller.change(layouts={name: form.layout})
    rows = [{"order": "PO-1", "quantity": "1.50"}, {"order": "Größe", "quantity": "0.25"}]
    given = {"folder": "out", "layout": name, "rows": rows, "head": {"as_of": "2026-03-02T09:00:00Z"}}
    written = (await caller.done("files.write", given, f"form-{name}"))["name"]
    read = await caller.done("files.read", {"folder": "out", "name": written, "layout": name})
    assert ([one["values"] for one in read["rows"]], read["faults"]) == (rows, [])
    assert read["as_of"] == "2026-03-02T09:00:00Z" or "head" not in form.layout
    assert (await caller.done("files.write", given, f"form-{name}"))["name"] == written
    (sshd.root / "out" / written).unlink()


@pytest.mark.parametrize("name", list(FORMS))
async def test_a_bad_row_keeps_no_other_back_and_is_taken_when_it_is_sent_again(
    caller: Caller, sshd: Sshd, name: str
) -> None:
    form = FORMS[name]
    caller.change(layouts={name: form.layout}, inbox_layout=name, inbox_files=f"{name}-*")
    _leave(sshd, f"{name}-1", form.spoiled)
    first, faults, cursor = await _news(caller, None)
    assert [one for one, _ in first] == ["PO-1", "PO-3"]
    assert [one.partition(", ")[2].partition(":")[0] for one in faults] == [f"line {form.line}"]
    assert not any("PO-2" in one or "many" in one for one in faults), "what a row holds is nobody's business"
    _leave(sshd, f"{name}-2-mended", form.whole)
    again, faults, cursor = await _news(caller, cursor)
    assert ([one for one, _ in again], faults) == (["PO-1", "PO-2", "PO-3"], [])
    assert set(again) - set(first) == {again[1]}, "what was known by its key and version is no news"
    assert (await _news(caller, cursor))[:2] == ([], [])


async def test_a_file_that_is_not_whole_is_one_fault_and_none_of_its_rows_counts(caller: Caller, sshd: Sshd) -> None:
    caller.change(layouts={"fixed": FORMS["fixed"].layout}, inbox_layout="fixed", inbox_files="cut-*")
    _leave(sshd, "cut-1", FORMS["fixed"].whole.rpartition("T")[0])
    found, faults, cursor = await _news(caller, None)
    assert (found, faults) == ([], ["cut-1: it has no trailer: it is not whole"])
    _leave(sshd, "cut-1", FORMS["fixed"].whole)
    found, faults, _ = await _news(caller, cursor)
    assert ([one for one, _ in found], faults) == (["PO-1", "PO-2", "PO-3"], [])


async def test_four_at_once_write_one_file(caller: Caller, sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    """All have looked, and found nothing, before the first of them writes."""
    before = {one.name for one in (sshd.root / "out").iterdir()}
    together, look = asyncio.Barrier(4), caller.connector.read_back
    looks: list[ReadBack] = []

    async def looked(operation: str, values: Any, context: Context) -> ReadBack:
        looks.append(await look(operation, values, context))
        await together.wait()
        return looks[-1]

    with monkeypatch.context() as patched:
        patched.setattr(caller.connector, "read_back", looked)
        answers = await asyncio.gather(*(caller.call("files.write", ROWS, "key-2") for _ in range(4)))
    assert looks == [Absent()] * 4
    assert all(isinstance(one, Done) for one in answers), answers
    made = {one.name for one in (sshd.root / "out").iterdir()} - before
    assert made == {one.output["name"] for one in answers if isinstance(one, Done)}
    assert len(made) == 1


async def _news(caller: Caller, cursor: Any) -> tuple[list[tuple[str, str]], list[str], Any]:
    """What the trigger tells by and by: id and version of each row, and what is no row; the cursor behind it."""
    polled: Any = caller.connector.polled("inbox")
    items: list[tuple[str, str]] = []
    faults: list[str] = []
    # A file is taken when two looks see the same, and moved away by the one behind.
    for _ in range(3):
        answer = await caller.triggered("files.take", {"trigger": "inbox", "cursor": cursor}, "inbox")
        assert isinstance(answer, Done), answer
        position = Position(cursor=cursor, began="2026-01-01T00:00:00Z")
        news = await polled.reads(answer.output, position, dict(caller.settings), TENANT)
        items += [(one.id, one.version) for one in news.items if isinstance(one, Item)]
        faults += [one.detail for one in news.items if isinstance(one, Unfit)]
        cursor = news.cursor
    return items, faults, cursor


def _leave(sshd: Sshd, name: str, text: str) -> None:
    """As the other side does: under another name first."""
    draft = sshd.root / "in" / f".{name}"
    draft.write_text(text, encoding="utf-8")
    draft.chmod(0o666)
    draft.rename(sshd.root / "in" / name)


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
