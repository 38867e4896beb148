"""`waybill connector`: a first version works as it is, and each mistake in it is a line that says where and what."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner

from services.cli.commands.connector import command
from services.connectors.declared import library, reading
from services.connectors.trying import cases, standin, starting

PLAYED = sorted(file.parent for file in library.ROOT.glob(f"*/*/{cases.FILE}"))


def run(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(command, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return starting.start("sample-shop", tmp_path)


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))


@pytest.mark.parametrize("shipped", PLAYED, ids=lambda one: f"{one.parent.name}-{one.name}")
def test_what_ships_passes_its_tests(shipped: Path) -> None:
    code, said = run("test", shipped)
    assert code == 0, said


def test_a_new_one_passes_as_it_is(tmp_path: Path) -> None:
    code, said = run("new", "sample-shop", "--into", tmp_path)
    assert (code, said.splitlines()[0]) == (0, str(tmp_path / "sample-shop" / "1.0.0"))
    code, said = run("check", tmp_path / "sample-shop")
    assert code == 0
    assert "nothing is wrong (2 operations, 7 tests)" in said
    code, said = run("test", tmp_path / "sample-shop" / "1.0.0" / "manifest.yaml", "--json")
    verdicts = json.loads(said)
    assert code == 0, said
    assert [one["wrong"] for one in verdicts] == [[]] * 7


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Sample", "is no name"),
        ("sample-shop", "choose another name"),
        ("http", "the product has a connector named http"),
    ],
)
def test_a_new_one_overwrites_nothing(folder: Path, name: str, words: str) -> None:
    code, said = run("new", name, "--into", folder.parents[1])
    assert code == 2
    assert words in said


@pytest.mark.parametrize("file", [reading.FILE, cases.FILE])
def test_a_file_in_another_encoding_is_told_with_its_place(folder: Path, file: str) -> None:
    (folder / file).write_bytes("name: sample\ntitle: Läden\n".encode("latin-1"))
    code, said = run("check", folder)
    assert (code, f"{folder / file}:2:9" in said, "save the file as UTF-8" in said) == (1, True, True), said


def test_mistakes_are_told_with_file_line_and_what_to_do(folder: Path) -> None:
    change(folder / reading.FILE, "effect: read\n", "effect: reed\n")
    code, said = run("check", folder)
    assert code == 1
    assert f"{folder / reading.FILE}:23:" in said
    assert "read, keyed, check-then-write or once-or-ask" in said
    change(folder / reading.FILE, "effect: reed\n", "effect: read\n")
    change(folder / reading.FILE, "${ .id }", "${ .id | nothing }")
    code, said = run("check", folder)
    assert (code, "nothing/0 is not defined" in said, "1 mistake" in said) == (1, True, True)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("operation: sample-shop.orders.read", "operation: sample-shop.order.read", "did you mean"),
        (
            "operation: sample-shop.orders.read\n    live",
            "operation: sample-shop.orders.read\n    look",
            "no read_back",
        ),
        ("    look: true\n", "", "say `look: true`"),
        ("class: retry", "class: again", "none of retry, refuse"),
    ],
)
def test_tests_that_are_wrong_are_told_likewise(folder: Path, before: str, after: str, words: str) -> None:
    change(folder / cases.FILE, before, after)
    code, said = run("check", folder)
    assert (code, f"{folder / cases.FILE}:" in said, words in said) == (1, True, True), said


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("Bearer test-token", "Bearer other", '/headers/authorization is "Bearer test-token", not "Bearer other"'),
        ("total: 4200", "total: 4201", "/output/total is 4200, not 4201"),
        ("lines: [{ item: SKU-1, quantity: 2", "lines: [{ item: SKU-1, quantity: 3", "quantity is 2, not 3"),
        ("class: retry", "class: refuse", '/error/class is "retry", not "refuse"'),
        ("class: retry", "class: retry, after: 3", "/error/after is null, not 3"),
        ("expect: { absent: true }", "expect: { output: {} }", "that it has not happened"),
        ("query: { reference: PO-8 }", "query: { mark: PO-8 }", "/query/reference was not to be sent"),
    ],
)  # fmt: skip
def test_what_came_otherwise_is_told(folder: Path, before: str, after: str, words: str) -> None:
    change(folder / cases.FILE, before, after)
    code, said = run("test", folder)
    assert (code, "6 passed, 1 failed" in said, words in said) == (1, True, True), said


WATCHES = """
triggers:
  orders:
    kind: poll
    title: An order, over and over
    operation: sample-shop.orders.read
    input: { number: "${ $cursor }" }
    items: ${ [.] }
    cursor: ${ .number }
    event: { type: order.changed, id: "${ .number }", data: { number: "${ .number }" } }
"""
ASKS = """
  - name: it is asked
    trigger: orders
    cursor: "1001"
    exchanges:
      - request: { path: orders/1001 }
        answer: { body: { id: "1001", total_cents: 4200 } }
    expect: { news: { items: [{ id: "1001", data: { number: "1001" } }], cursor: "1001" } }
"""


@pytest.mark.parametrize(
    ("file", "before", "after", "words"),
    [
        (cases.FILE, 'cursor: "1001" } }', 'cursor: "1002" } }', '/news/cursor is "1001", not "1002"'),
        (cases.FILE, "trigger: orders", "trigger: order", "did you mean `orders`?"),
        (cases.FILE, '[{ id: "1001", data', '[{}, { id: "1001", data', "/news/items are 1, not 2"),
        (cases.FILE, "expect: { news: { items", "expect: { output: { items", "of a poll come `news`"),
        (reading.FILE, 'id: "${ .number }", data: {', 'id: "${ .no }", data: {', "/news/items/0 makes no event"),
        (reading.FILE, "data: { number:", "data: { nr:", "breaks the schema of order.changed"),
        (reading.FILE, "type: order.changed", "type: order.chnged", "did you mean `order.changed`?"),
        (reading.FILE, "items: ${ [.] }", "items: ${ [$page] }", "`$page` is not there"),
        (reading.FILE, "read\n    input: { number", "create\n    input: { number", "asks by an operation that reads"),
        (reading.FILE, "kind: poll\n", "kind: poll\n    every: PT1S\n", "10 seconds (PT10S) to a day"),
    ],
)  # fmt: skip
def test_a_poll_is_tested_and_checked_as_operations_are(
    folder: Path, file: str, before: str, after: str, words: str
) -> None:
    for name, more in ((reading.FILE, WATCHES), (cases.FILE, ASKS)):
        (folder / name).write_text((folder / name).read_text() + more)
    if (file, before) == (cases.FILE, "trigger: orders"):
        code, said = run("test", folder)
        assert code == 0, said
    change(folder / file, before, after)
    code, said = run("test", folder)
    assert (code, words in said) == (1, True), said


def test_a_manifest_that_asks_otherwise_fails_its_tests(folder: Path) -> None:
    change(folder / reading.FILE, "effect: check-then-write", "effect: once-or-ask")
    code, said = run("test", folder)
    assert code == 1
    assert "exchange 2 did not come: POST /orders" in said
    assert '/method is "POST", not "GET"' in said


def test_the_same_tests_ask_a_real_system(folder: Path, tmp_path: Path) -> None:
    manuscript = reading.read_file(folder / reading.FILE)
    found = cases.read(folder, manuscript.document)
    loop, secret = asyncio.new_event_loop(), tmp_path / "token"
    secret.write_text("test-token\n")
    server = standin.serving(found)
    url = loop.run_until_complete(server.__aenter__())
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        code, said = run("test", folder, "--url", url, "--secret-file", f"token={secret}")
        assert (code, "3 passed, 0 failed, 5 left out" in said) == (0, True), said
        secret.write_text("another-token")
        code, said = run("test", folder, "--url", url, "--secret-file", f"token={secret}")
        assert (code, "another-token" in said, "0 passed, 1 failed, 7 left out" in said) == (1, False, True), said
        assert said.count("the health check failed") == 2, said
        assert "another header authorization" in said, said
    finally:
        asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
    code, said = run("test", folder, "--url", url, "--secret-file", f"tokn={secret}")
    assert (code, said.count("the secret `token` is missing")) == (1, 1), said
    assert "there is no secret `tokn`, did you mean `token`?" in said
    code, said = run("test", folder, "--url", url, "--secret-file", f"token={tmp_path / 'none'}")
    assert (code, "none cannot be read: No such file" in said) == (2, True), said


KEYED = """
name: sample-lockers
version: 1.0.0
title: Sample lockers
secrets: { token: { title: Token } }
authentication: { kind: header, header: X-Locker-Token, secret: token }
waits: { header: X-Wait-Seconds }
errors:
  - { status: 429, class: retry, message: "${ .fault.text }" }
  - { status: 422, class: refuse, message: "${ .fault.text }" }
operations:
  sample-lockers.deposits.create:
    title: Deposit a parcel
    effect: keyed
    writes: [shipment]
    input: { type: object, properties: { locker: { type: string } }, required: [locker] }
    output: { type: object, properties: { code: { type: string } }, required: [code] }
    request: { method: POST, path: deposits, headers: { Deposit-Key: "${ $key }" }, body: { locker: "${ .locker }" } }
    answer: { code: "${ .code }" }
"""
KEYED_TESTS = """
tests:
  - name: a deposit has the run's key
    operation: sample-lockers.deposits.create
    input: { locker: L1 }
    exchanges:
      - request: { method: POST, path: deposits, headers: { X-Locker-Token: test-token, Deposit-Key: test-key } }
        answer: { status: 201, body: { code: P6 } }
    expect: { output: { code: P6 } }
  - name: a definite no is told in the system's words
    operation: sample-lockers.deposits.create
    input: { locker: L9 }
    exchanges:
      - request: { method: POST, path: deposits }
        answer: { status: 422, body: { fault: { text: No locker L9 } } }
    expect: { error: { class: refuse, says: No locker L9 } }
  - name: it is asked again when the system says so
    operation: sample-lockers.deposits.create
    input: { locker: L1 }
    exchanges:
      - request: { method: POST, path: deposits }
        answer: { status: 429, headers: { X-Wait-Seconds: "3" }, body: { fault: { text: Too many calls } } }
    expect: { error: { class: retry, says: Too many calls, after: 3 } }
"""


def test_what_a_system_does_otherwise_can_be_tested(tmp_path: Path) -> None:
    """As the tutorial's table says: a header, a key, errors of its own, and when it wants to be asked again."""
    folder = tmp_path / "sample-lockers" / "1.0.0"
    folder.mkdir(parents=True)
    (folder / reading.FILE).write_text(KEYED)
    (folder / cases.FILE).write_text(KEYED_TESTS)
    code, said = run("test", folder)
    assert (code, "3 passed, 0 failed" in said) == (0, True), said
    change(folder / reading.FILE, "X-Wait-Seconds", "X-Wait")
    code, said = run("test", folder)
    assert (code, "/error/after is null, not 3" in said) == (1, True), said


def test_a_folder_without_a_manifest_is_wrong_use(tmp_path: Path) -> None:
    code, said = run("check", tmp_path)
    assert (code, "has no manifest.yaml" in said) == (2, True)
    code, said = run("test", tmp_path, "--set", "a=b")
    assert (code, "go with --url" in said) == (2, True)
