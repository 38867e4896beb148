"""Row 94: a write that nobody was asked about goes where the matrix says that nobody has to be, and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from infra import ids
from infra.database import Database
from services.engine.guarded import Guarded, Rules
from services.human_tasks.deciding import Desk
from tests.services.human_tasks.guarding import (
    BY_ITSELF,
    REFUSED,
    WAITING,
    Side,
    anybody,
    approvals,
    decided,
    refused,
    writes_of,
)
from tests.services.human_tasks.office import ROLE, Office, opened


@pytest.fixture
async def office(app_database: Database, worker_database: Database) -> AsyncIterator[Office]:
    async with opened(app_database, worker_database) as one:
        one.desk = Desk(anybody)
        yield one


@pytest.fixture
def side(office: Office, worker_database: Database) -> Side:
    beside = Side()
    office.functions["connector:1.0.0@default"] = Guarded(beside, Rules(worker_database), writes_of)
    return beside


async def decree(office: Office, approvals: int, *, version: int = 1, to: int = 1_000) -> None:
    """One row, of amounts up to `to`."""
    row = {
        "name": "small",
        "decision": "price.release",
        "amount": {"currency": "USD", "to": to},
        "approver_role": ROLE,
        "approvals": approvals,
        "duties": [],
    }
    rows = msgspec.json.encode([{"row": row, "role_id": "rol_1", "role": ROLE}]).decode()
    await office.rows(
        "INSERT INTO app.authority_matrix (tenant_id, version, rows, holds_from, set_by) "
        "VALUES ($1, $2, $3::text::json, clock_timestamp(), 'key:key_1') RETURNING true",
        *(office.tenant, version, rows),
    )


async def test_row_94_the_matrix_lets_a_write_go_that_states_its_decision_and_it_is_written_down(
    office: Office, side: Side
) -> None:
    await decree(office, 0)
    (run,) = await office.begin(1, BY_ITSELF)
    assert ([one["state"] for one in await office.runs()], side.asked) == (["completed"], ["write"])
    (kept,) = await approvals(office)
    assert (kept["decided_by"], kept["decision"], kept["is_approved"]) == ("engine", "price.release", True)
    (told,) = await office.rows("SELECT target, after::text FROM app.audit WHERE action = 'write.by-matrix'")
    assert (told["target"], msgspec.json.decode(told["after"])["row"]) == (ids.show("run", run), "small")


@pytest.mark.parametrize(
    ("approvals", "to", "why"),
    [
        (1, 1_000, "by the matrix of when the run began somebody has to decide it"),
        (0, 600, "no row of the matrix of when the run began covers it"),
        (None, 0, "there is no matrix of when the run began"),
    ],
)
async def test_row_94_what_the_matrix_does_not_let_go_is_not_sent(
    office: Office, side: Side, approvals: int | None, to: int, why: str
) -> None:
    if approvals is not None:
        await decree(office, approvals, to=to)
    await office.begin(1, BY_ITSELF)
    assert why in await refused(office)
    assert side.asked == []


async def test_row_94_where_somebody_was_asked_the_matrix_lets_nothing_go_by_itself(office: Office, side: Side) -> None:
    await decree(office, 0)
    await office.begin(1, REFUSED)
    await decided(office, "no")
    assert "somebody was asked" in await refused(office)
    assert side.asked == []


async def test_S_68_nobody_opens_a_way_for_a_write_that_waits(office: Office, side: Side) -> None:
    await decree(office, 1)
    await office.begin(1, WAITING)
    await decree(office, 0, version=2)
    await decided(office, "ok")
    assert "of when the run began somebody has to decide it" in await refused(office)
    assert side.asked == []


async def test_S_68_what_was_let_go_when_the_run_began_and_is_not_now_is_not_sent(office: Office, side: Side) -> None:
    await decree(office, 0)
    await office.begin(1, WAITING)
    await decree(office, 1, version=2)
    await decided(office, "ok")
    assert "by the matrix somebody has to decide it" in await refused(office)
    assert side.asked == []
