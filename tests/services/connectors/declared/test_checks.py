"""A manifest that is wrong is told so with the place and what to do; one that is right passes whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from services.connectors.declared import library, manuscripts, reading
from services.connectors.declared.reading import FILE
from services.engine.expressions.evaluator import Expressions
from template_library.dsl.errors import DocumentError
from template_library.dsl.schemas import compile_schema
from template_library.policies.capabilities import DOMAINS
from tests.services.connectors.declared.other import manifest, operation

SHIPPED = sorted(file.parent for file in library.ROOT.glob(f"*/*/{FILE}"))


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda one: f"{one.parent.name}-{one.name}")
async def test_every_manifest_that_ships_passes(folder: Path, expressions: Expressions) -> None:
    manuscript, declared = await manuscripts.checked(folder, expressions)
    assert declared.manifest.name == manuscript.document.name


def test_the_newest_version_of_each_is_offered(tmp_path: Path) -> None:
    for version in ("1.9.0", "1.10.0", "1.2.0"):
        (tmp_path / version).mkdir()
        (tmp_path / version / FILE).write_text("")
    assert library.newest(tmp_path).name == "1.10.0"
    assert {one.name for one in library.documents()} == {folder.parent.name for folder in SHIPPED}


def test_the_schema_is_one_and_knows_what_rules_know() -> None:
    schema = reading.schema()
    compile_schema(schema)
    assert frozenset(schema["$defs"]["operation"]["properties"]["writes"]["items"]["enum"]) == DOMAINS


async def _wrong(tmp_path: Path, document: Any, expressions: Expressions) -> list[tuple[str, str]]:
    folder = tmp_path / "sample" / "1.0.0"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(document if isinstance(document, str) else json.dumps(document, indent=1))
    try:
        await manuscripts.checked(folder, expressions)
    except DocumentError as error:
        return [(one.pointer, one.message) for one in error.violations]
    return []


async def test_one_that_is_right_passes(tmp_path: Path, expressions: Expressions) -> None:
    assert await _wrong(tmp_path, manifest(), expressions) == []


Case = tuple[dict[str, Any], str, str]


def _of_operations(cases: list[Case]) -> list[Case]:
    """The same, of a manifest that has the operation."""
    return [
        ({"operations": {"thing.read": operation(**one)}}, f"/operations/thing.read{at}", said)
        for one, at, said in cases
    ]


FORMS: list[Case] = [
    ({"name": "Sample"}, "/name", "Lower-case letters"),
    ({"version": "1.0"}, "/version", "such as 1.0.0"),
    ({"titel": "x"}, "", "'titel' was unexpected); known are authentication"),
    ({"authentication": {"kind": "berer", "secret": "token"}}, "/authentication/kind", "none of none, basic, bearer"),
    ({"authentication": {"kind": "basic", "secret": "token"}}, "/authentication", '"user" is a required property'),
    ({"limits": {"at_once": 0}}, "/limits/at_once", "0 is less than the minimum"),
    ({"errors": [{"class": "refuse"}]}, "/errors/0", "The first that fits"),
    ({"operations": {}}, "/operations", "By name: that of a capability"),
]
OPERATIONS: list[Case] = [
    ({"effect": "reed"}, "/effect", "read, keyed, check-then-write or once-or-ask"),
    ({"request": {"path": "a?b=c"}}, "/request/path", "without a query"),
    ({"request": {"method": "FETCH", "path": "a"}}, "/request/method", "none of GET, HEAD"),
    ({"request": {}}, "/request", '"path" is a required property'),
    ({"request": {"graphql": {"query": "q"}, "body": {}}}, "/request/body", "False"),
    ({"writes": ["prices"]}, "/writes/0", "none of price, credit"),
    ({"pages": {"kind": "cursor", "items": "${ . }"}}, "/pages", '"next" is a required property'),
    ({"checks": [{"holds": ".a", "otherwise": "x"}]}, "/checks/0/holds", "A jq program as ${ program }"),
]


@pytest.mark.parametrize(("parts", "pointer", "words"), [*FORMS, *_of_operations(OPERATIONS)])
async def test_a_wrong_form_is_told_with_its_place(
    tmp_path: Path, expressions: Expressions, parts: dict[str, Any], pointer: str, words: str
) -> None:
    wrong = await _wrong(tmp_path, manifest(**parts), expressions)
    assert any(at == pointer and words in said for at, said in wrong), wrong


WRITE = {"method": "POST", "path": "things"}
KEYED = {**WRITE, "headers": {"Key": "${ $key }"}}
LOOK = {"request": {"path": "things"}, "found": "${ .all }"}
CREDIT = "/operations/erp.customers.credit"
PARTS: list[Case] = [
    ({"name": "other"}, "/name", "lies in the folder `sample`"),
    ({"version": "1.0.1"}, "/version", "lies in the folder `1.0.0`"),
    ({"settings": {"properties": {"base_url": {"title": "x"}}}}, "/settings/properties/base_url", "leave it out"),
    ({"settings": {"properties": {"a": {"title": "x", "type": "txt"}}}}, "/settings/properties/a", "no JSON Schema"),
    (
        {"settings": {"properties": {"a": {"title": "x", "type": "string", "default": 1}}}},
        "/settings/properties/a/default",
        "its own schema refuses it",
    ),
    ({"settings": {"required": ["site"]}}, "/settings/required/0", "there is no setting `site`"),
    ({"secrets": {"tokn": {"title": "x"}}}, "/authentication", "no secret `token`, did you mean `tokn`?"),
    ({"secrets": {"token": {"title": "x"}, "more": {"title": "x"}}}, "/secrets/more", "does not use it"),
    ({"authentication": {"kind": "basic", "user": "user", "secret": "token"}}, "/authentication", "no setting `user`"),
    ({"errors": [{"status": 400, "class": "refuse", "change": "tken"}]}, "/errors/0/change", "did you mean `token`?"),
    ({"health": {"operation": "thing.red"}}, "/health/operation", "did you mean `thing.read`?"),
    (
        {"operations": {"erp.customers.credit": operation()}},
        "/operations/erp.customers.credit/input",
        "has its own input",
    ),
]
FITS: list[Case] = [
    ({"input": {"type": "array"}}, "/input", "say `type: object`"),
    ({"output": {"type": "txt"}}, "/output", "no JSON Schema"),
    ({"effect": "keyed", "request": WRITE}, "/request", "sends `$key`"),
    ({"effect": "once-or-ask"}, "/request", "a write is no GET"),
    ({"effect": "check-then-write", "request": WRITE}, "", "needs `read_back`"),
    ({"read_back": LOOK}, "/read_back", "leaves nothing to look for"),
    ({"writes": ["order"]}, "/writes", "writes about nothing"),
    ({"effect": {"mode": "read", "evens_out": True}}, "/effect/evens_out", "only check-then-write"),
    ({"effect": {"mode": "read", "key_valid_for": "PT1H"}}, "/effect/key_valid_for", "only keyed"),
    ({"effect": {"mode": "keyed", "key_valid_for": "1h"}, "request": KEYED}, "/effect/key_valid_for", "such as PT24H"),
    ({"effect": {"mode": {"setting": "how"}}, "request": KEYED}, "/effect/mode", "needs an `enum`"),
    ({"effect": {"mode": {"setting": "how"}}, "request": KEYED}, "/effect", "there is no setting `how`"),
    ({"answer": "${ .a | nothing }"}, "/answer", "jq does not take it: nothing/0 is not defined"),
    ({"answer": {"a": ["${ .a + }"]}}, "/answer/a/0", "jq does not take it: syntax error"),
    ({"answer": "${ now }"}, "/answer", "`now` may not be used"),
    ({"answer": "${ $secrets.token }"}, "/answer", "`$secrets` is not there anywhere; there are $also"),
    ({"request": {"path": "a/${ $status }"}}, "/request/path", "`$status` is not there before there is an answer"),
    ({"request": {"path": "a/${ {a: 1} }"}}, "/request/path", "jq does not take it"),
    ({"request": {"path": "a", "query": {"q": "${ .a } ${ .b }"}}}, "/request/query/q", "one program or none"),
    ({"request": {"path": "a", "query": {"q": "PO-${ .a }"}}}, "/request/query/q", "begins no program"),
    ({"effect": "keyed", "request": {**KEYED, "body": {"a": ["${ .a "]}}}, "/request/body/a/0", "begins no program"),
    ({"answer": {"a": "no. ${ .a }", "b": "${ .b }"}}, "/answer/a", "begins no program"),
    ({"request": {"path": "a/${ .number "}}, "/request/path", "is not closed"),
    ({"request": {"path": "http://evil.example/${ .a }"}}, "/request/path", "below the connection's base URL"),
    ({"request": {"path": "../../admin/${ .a }"}}, "/request/path", "no `..`"),
    (
        {"checks": [{"holds": "${ true }", "otherwise": "x", "request": {"path": "//a"}}]},
        "/checks/0/request/path",
        "no `//`",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "pointer", "words"), [*PARTS, *_of_operations(FITS)])
async def test_what_does_not_fit_is_told_with_its_place(
    tmp_path: Path, expressions: Expressions, parts: dict[str, Any], pointer: str, words: str
) -> None:
    wrong = await _wrong(tmp_path, manifest(**parts), expressions)
    assert any(at == pointer and words in said for at, said in wrong), wrong


async def test_a_capability_that_is_misspelt_is_guessed(tmp_path: Path, expressions: Expressions) -> None:
    part = {name: value for name, value in operation().items() if name not in {"input", "output", "title"}}
    wrong = await _wrong(tmp_path, manifest(operations={"erp.customer.credit": part}), expressions)
    (pointer, words), *_ = wrong
    assert pointer == "/operations/erp.customer.credit"
    assert "did you mean `erp.customers.credit`?" in words
    assert "input and output and title" in words


async def test_a_capability_says_whether_it_reads(tmp_path: Path, expressions: Expressions) -> None:
    part = {"effect": "once-or-ask", "request": WRITE, "answer": {}}
    wrong = await _wrong(tmp_path, manifest(operations={"erp.customers.credit": part}), expressions)
    assert ("/operations/erp.customers.credit/effect", "the capability reads: write read") in wrong


def test_everything_is_told_at_once_with_line_and_column() -> None:
    head = "name: sample\nversion: 1.0.0\ntitle: x\nauthentication: { kind: no }\n"
    with pytest.raises(DocumentError) as caught:
        reading.read(f"{head}operations:\n  a.b: {{ effect: read }}\n")
    lines = [(one.line, one.column, one.pointer) for one in caught.value.violations]
    assert lines == [(4, 25, "/authentication/kind"), *[(6, 8, "/operations/a.b")] * 2]
    with pytest.raises(DocumentError, match="appears twice"):
        reading.read("name: a\nname: b\n")
