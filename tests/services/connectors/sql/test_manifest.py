"""A manifest of a database that is wrong is told so with the place; one that is right is a connector."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.connectors.declared import checks, reading
from services.connectors.sql import statements
from services.connectors.sql.statements import StatementRefused
from tests.services.connectors.declared.other import declared, manifest, operation

READ = "SELECT credit FROM customer WHERE number = $1"
WRITE = "INSERT INTO call (number, key) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING"
NUMBER, KEY = {"name": "number"}, {"name": "key"}
STATEMENTS = {
    "credit": {"text": READ, "parameters": [NUMBER]},
    "call": {"text": WRITE, "parameters": [NUMBER, KEY]},
}


def asked(do: str, statement: Any, **values: str) -> dict[str, Any]:
    return {"sql": {"do": do, "statement": statement, "values": values}}


def ledger(name: str = "ledger.credit.read", /, **parts: Any) -> dict[str, Any]:
    part = operation(**{"request": asked("read", "credit", number="${ .number }"), **parts})
    return manifest(
        authentication={"kind": "database"},
        secrets={"password": {"title": "Password"}},
        statements=STATEMENTS,
        operations={name: part},
    )


def test_one_that_is_right_has_the_settings_of_a_database() -> None:
    keyed = asked("write", "call", number="${ .number }", key="${ $key }")
    for parts in ({}, {"effect": "keyed", "request": keyed}):
        found = declared(ledger(**parts)).manifest
        assert found.settings["required"] == ["base_url", "user"]
        assert found.destinations == {"tls", "tls_authority"}


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"request": asked("read", "credits", number="x")}, "there is no statement `credits`, did you mean `credit`?"),
        ({"request": asked("read", "credit")}, "needs a value for its parameter `number`"),
        ({"request": asked("read", "credit", number="x", nombre="y")}, "has no parameter `nombre`"),
        ({"request": asked("read", "call", number="x", key="y")}, "one that reads begins with one of"),
        ({"request": asked("write", "call", number="x", key="y")}, "the effect says whether"),
        ({"effect": "once-or-ask"}, "the effect says whether"),
        ({"request": asked("check", "credit")}, "of all statements of a setting"),
        ({"request": asked("read", {"setting": "own", "name": "${ .name }"})}, "there is no setting `own`"),
        ({"request": {"path": "credit"}}, "a database is asked by `sql`"),
        ({"errors": [{"status": 500, "class": "retry"}]}, "errors are known by themselves"),
        ({"pages": {"kind": "page", "items": "${ .rows }"}}, "in no pages"),
        (
            {"checks": [{"holds": "${ true }", "otherwise": "No", "request": asked("check", {"setting": "own"})}]},
            "looking changes nothing",
        ),
        (
            {"effect": "keyed", "request": asked("write", "call", number="x", key="y")},
            "a keyed operation sends `$key`",
        ),
    ],
)
def test_a_mistake_is_told_with_what_is_right(parts: dict[str, Any], says: str) -> None:
    found = reading.read(json.dumps(ledger(**parts))).document
    told = [one.detail for one in checks.mistakes(found)]
    assert any(says in one for one in told), told


def test_only_a_database_has_statements() -> None:
    found = reading.read(json.dumps(manifest(statements=STATEMENTS))).document
    assert "only a database has statements" in next(iter(checks.mistakes(found))).detail


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("SELECT 1", "read"),
        ("-- why\n  /* and\n how */ (with x as (select 1) select * from x)", "read"),
        ("values (1)", "read"),
        ("Insert into x values (1)", "write"),
        ("SELECT book($1)", "write"),
    ],
)
def test_what_a_statement_does_is_seen_behind_its_comments(text: str, does: Any) -> None:
    statements.hold(statements.read({"text": text}), does)


@pytest.mark.parametrize(
    "text", ["", "-- SELECT", "/* SELECT */ DROP TABLE x", "COPY x TO STDOUT", "BEGIN", "DO $$ $$", "EXPLAIN SELECT 1"]
)
def test_S_16_nothing_else_is_taken_for_one_that_reads(text: str) -> None:
    with pytest.raises(StatementRefused):
        statements.hold(statements.read({"text": text}), "read")
