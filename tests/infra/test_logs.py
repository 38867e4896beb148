from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from contextvars import copy_context
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from infra import ids, logs
from infra.database import Database, Scope
from infra.telemetry import trace, working_for

WITNESS = "witness-of-a-client"
LARGE = "98765432109876543210"
LONG = f"{WITNESS}\n\nTraceback (most recent call last):\n{WITNESS}"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What is logged, with the root logger given back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    out = io.StringIO()
    logs.configure("info", out)
    yield out
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_the_given_fields(stream: io.StringIO) -> None:
    logging.getLogger("part").info("done %s", 1, extra={"status": 200, "tenant": None, "seconds": 0.5})
    line = lines(stream)[0]
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "info", "logger": "part", "message": "done 1", "status": 200, "tenant": None, "seconds": 0.5,
    }  # fmt: skip


def test_a_line_names_whom_it_is_about_and_where_its_spans_are(stream: io.StringIO) -> None:
    tenant, run = ids.new(), ids.new()

    def work() -> None:
        working_for(tenant, run)
        trace.record_with(trace.Recorder(lambda _: None))
        with trace.serve([]) as span:
            logging.getLogger("part").info("inside", extra={"tenant": None})
            logging.getLogger("part").info("told", extra={"run": "another"})
        trace.record_with(None)
        assert span.context is not None
        expected = {
            "tenant": ids.show("ten", tenant),
            "run": ids.show("run", run),
            "trace": f"{span.context.trace_id:032x}",
            "span": f"{span.context.span_id:016x}",
        }
        inside, told = lines(stream)
        assert {name: inside[name] for name in expected} == expected
        assert told["run"] == "another"

    copy_context().run(work)
    logging.getLogger("part").info("outside")
    assert {"tenant", "run", "trace", "span"}.isdisjoint(lines(stream)[-1])


def test_F_29_a_full_disk_under_the_log_stops_nobody(stream: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    del stream  # gives the root logger back afterwards
    full = Path("/dev/full").open("w")  # noqa: SIM115 (closing it fails as writing does)
    logs.configure("info", full)
    logging.getLogger("part").info("lost")
    with contextlib.suppress(OSError):
        full.close()
    assert "No space left" in capsys.readouterr().err


def test_S_83_nothing_breaks_out_of_its_line(stream: io.StringIO) -> None:
    hostile = 'a\r\n{"level": "error"}\x1b[31m\0\u202e\ud800\u2028'
    logging.getLogger("part").warning(hostile, extra={"agent": hostile})
    (line,) = lines(stream)
    assert line["level"] == "warning"
    assert line["agent"].startswith('a\r\n{"level"')
    assert "\n" not in stream.getvalue().rstrip("\n")
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize("text", ["x" * 1_000_000, "ж" * 100_000, "😀" * 5_000, "x" * 4096, "é" * 2049])
def test_S_83_a_field_has_at_most_4_kib(stream: io.StringIO, text: str) -> None:
    logging.getLogger("part").info(text, extra={"agent": text})
    line = lines(stream)[0]
    assert len(line["agent"].encode()) <= logs.FIELD_BYTES
    assert len(line["message"].encode()) <= logs.FIELD_BYTES
    assert line["agent"][:100] == text[:100]


@pytest.mark.parametrize(
    "name", ["authorization", "Authorization", "set_cookie", "api_key", "client_secret", "access-token"]
)
def test_S_73_a_field_that_speaks_of_a_secret_is_masked(stream: io.StringIO, name: str) -> None:
    logging.getLogger("part").info("call", extra={name: "canary", "headers": {name: "canary", "accept": "all"}})
    assert "canary" not in stream.getvalue()
    assert lines(stream)[0]["headers"]["accept"] == "all"


def test_S_73_a_trace_shows_no_local_values(stream: io.StringIO) -> None:
    def fail(password: str) -> None:
        raise ValueError(len(password))

    try:
        fail("canary" * 3)
    except ValueError:
        logging.getLogger("part").exception("failed")
    line = lines(stream)[0]
    assert "ValueError: 18" in line["error"]
    assert "canarycanary" not in line["error"]


def test_the_level_is_that_of_the_settings(stream: io.StringIO) -> None:
    logging.getLogger("part").debug("quiet")
    assert stream.getvalue() == ""


async def test_S_79_an_error_of_the_database_quotes_nothing_that_a_client_sent(
    stream: io.StringIO, app_database: Database
) -> None:
    """The control plane's statements, the engine's, and what the driver refuses before it asks."""
    tenant = Scope.tenant(ids.new())
    given = {"word": LONG}

    async def in_session(statement: str) -> None:
        async with app_database.session(tenant) as session:
            await session.execute(text(statement), given)

    async def in_engine(statement: str, value: object) -> None:
        async with app_database.doors() as connection:
            await connection.fetchval(statement, value)

    for failing in (
        in_session("SELECT CAST(:word AS text), 1 / 0"),
        in_session("SELECT CAST(CAST(:word AS text) AS integer)"),
        in_engine("SELECT $1::text::uuid", LONG),
        in_engine("SELECT $1::text::timestamptz", LONG),
        in_engine("SELECT $1::integer", LONG),
        in_engine("SELECT $1::text::text[]", LONG),
        in_engine("SELECT $1::text::integer", LARGE),
        in_engine("SELECT $1::text::float8", f"1e{LARGE}"),
    ):
        try:
            await failing
        except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            logging.getLogger("part").exception("it failed")
            logging.getLogger("part").exception("as one of many", exc_info=ExceptionGroup("many", [error]))
    assert len(lines(stream)) == 16
    assert WITNESS not in stream.getvalue()
    assert LARGE not in stream.getvalue()
    assert "malformed array literal" in stream.getvalue()
    assert "NumericValueOutOfRangeError" in stream.getvalue()
    assert "sqlalchemy.exc.D" in stream.getvalue(), "what came of it is told, too"
    assert "division by zero" in stream.getvalue()
    assert "invalid input" in stream.getvalue()
