from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import ids
from infra.database import Database


@given(st.uuids())
def test_an_id_is_read_back(value: UUID) -> None:
    assert ids.read("run", ids.show("run", value)) == value


def test_a_known_value_is_written_as_typeid_writes_it() -> None:
    """TypeID 0.3, valid.yml, `valid-uuidv7`."""
    value = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
    assert ids.show("prefix", value) == "prefix_01h455vb4pex5vsknk084sn02q"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "run",
        "run_",
        "run_01h455vb4pex5vsknk084sn02",
        "run_01h455vb4pex5vsknk084sn02qq",
        "RUN_01h455vb4pex5vsknk084sn02q",
        "run_01H455VB4PEX5VSKNK084SN02Q",
        "key_01h455vb4pex5vsknk084sn02q",
        "run_81h455vb4pex5vsknk084sn02q",
        "run_01h455vb4pex5vsknk084sn02u",
        "run_01h455vb4pex5vsknk084sn02q\0",
        "run_" + "0" * 10_000,
    ],
)
def test_F_15_what_is_no_id_of_this_kind_is_refused(text: str) -> None:
    with pytest.raises(ids.MalformedId):
        ids.read("run", text)


def test_new_ids_are_version_7_and_each_sorts_after_the_one_before() -> None:
    made = [ids.new() for _ in range(10_000)]
    assert {one.version for one in made} == {7}
    assert {one.variant for one in made} == {RFC_4122}
    assert made == sorted(set(made))


def test_ids_of_many_threads_are_all_different() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: ids.new(), range(5000)))
    assert len(set(made)) == 5000


def test_a_clock_set_back_does_not_turn_the_order_of_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ids.new()
    an_hour_ago = time.time_ns() - 3_600_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: an_hour_ago)
    assert before < ids.new() < ids.new()


async def test_the_database_makes_and_shows_the_same_ids(worker_database: Database) -> None:
    async with worker_database.doors() as connection:
        made = await connection.fetchval("SELECT app.new_id()")
        assert made.version == 7
        assert await connection.fetchval("SELECT app.show_id('run', $1)", made) == ids.show("run", made)


def test_the_least_id_of_a_moment_stands_before_its_ids_and_behind_those_before() -> None:
    before = ids.new()
    moment = datetime.now(UTC)
    assert ids.least_of(moment) <= ids.new()
    assert ids.least_of(moment + timedelta(minutes=1)) > before
