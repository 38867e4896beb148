"""Rows 48 and 49: tasks of runs are decided by the matrix in force, by people with real accounts and roles."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from infra.ids import TenantId
from services.api import deciders
from services.api.matrix_judge import matrix_judge
from services.human_tasks.deciding import Desk
from services.human_tasks.errors import NoAuthority
from services.human_tasks.people import Person
from tenants.authority import service
from tenants.authority.rows import Row
from tenants.authority.service import Wish
from tests.services.human_tasks.office import ROLE, Office, make_person, opened

STEP: Final = """
  - {name}:
      call: human-task:1.0.0@default
      with:
        task: {name}
        title: Release 10482
        role: credit-manager
        decision: credit.release
        outcomes: [approve, reject]
        facts: {{ amount: {{ amount: 720000, currency: USD }}, requester: jo@acme.example, last_editor: 'system:erp' }}
"""


class Place(Protocol):
    """Where a key is made."""

    app: Database
    tenant: TenantId


HEAD: Final = "document: {dsl: '1.0.3', namespace: tests, name: asking, version: 1.0.0}\ndo:"
DOCUMENT: Final = HEAD + STEP.format(name="first")
CHAIN: Final = DOCUMENT + STEP.format(name="second")


@pytest.fixture
async def office(app_database: Database, worker_database: Database) -> AsyncIterator[Office]:
    async with opened(app_database, worker_database) as one:
        one.desk = Desk(matrix_judge)
        yield one


async def hire(office: Office, name: str, role: str = ROLE) -> Person:
    (row,) = await office.rows("SELECT partner_id FROM app.tenant")
    account = await make_person(office.app, (row["partner_id"], office.tenant), role, f"{name}@acme.example")
    return Person(account=account, actor=f"account:{ids.show('acc', account)}", roles=frozenset({role}))


async def decree(office: Office, *, by: str = "key:key_1", **more: Any) -> None:
    """One row for every amount in dollars."""
    row = {"name": "all", "decision": "credit.release", "amount": {"currency": "USD"}, "approver_role": ROLE, **more}
    async with office.app.session(Scope.tenant(office.tenant)) as session:
        known = await deciders.known(session, office.tenant)
        await service.put(session, office.tenant, Wish([msgspec.convert(row, Row)]), known, actor=by)
        await session.commit()


async def only(office: Office) -> UUID:
    (task,) = await office.rows("SELECT task_id FROM app.human_task WHERE closed_at IS NULL")
    found: UUID = task["task_id"]
    return found


async def refused(office: Office, task: UUID, who: Person) -> str:
    with pytest.raises(NoAuthority) as caught:
        await office.complete(task, who)
    return caught.value.detail


async def test_S_68_a_task_is_decided_by_as_many_as_the_matrix_says_and_never_by_who_asked(office: Office) -> None:
    ann, ben, jo = [await hire(office, name) for name in ("ann", "ben", "jo")]
    await office.begin(1, DOCUMENT)
    task = await only(office)
    assert await refused(office, task, ann) == "No matrix of authority is in force"
    await decree(office, approvals=2)
    assert await refused(office, task, jo) == "Who asked for it does not decide it"
    assert not (await office.complete(task, ann)).is_complete
    substitute = msgspec.structs.replace(jo, roles=frozenset(), absent={ben.account: frozenset({ROLE})})
    assert await refused(office, task, substitute) == "Who asked for it does not decide it", "nor for somebody else"
    assert (await office.complete(task, ben)).is_complete
    kept = await office.rows("SELECT rule::text AS rule FROM app.human_task_decision ORDER BY number")
    assert [msgspec.json.decode(one["rule"])["row"] for one in kept] == ["all"] * 2


async def test_who_changes_the_matrix_while_a_task_is_open_does_not_decide_it(office: Office) -> None:
    ann, ben, cat = [await hire(office, name) for name in ("ann", "ben", "cat")]
    await decree(office, approvals=2)
    await office.begin(1, DOCUMENT)
    task = await only(office)
    assert not (await office.complete(task, ann)).is_complete
    await decree(office, approvals=1, by=cat.actor)
    assert await refused(office, task, cat) == "Who changed the rules while it was open does not decide it"
    assert (await office.complete(task, ben)).is_complete


async def test_an_approval_by_another_rule_counts_no_more(office: Office) -> None:
    ann, ben, cat = [await hire(office, name) for name in ("ann", "ben", "cat")]
    await decree(office, approvals=2)
    await office.begin(1, DOCUMENT)
    task = await only(office)
    assert not (await office.complete(task, ann)).is_complete
    await decree(office, approvals=2, duties=["not_requester", "not_last_editor"])
    assert not (await office.complete(task, ben)).is_complete, "ann's was for another rule"
    kept = await office.rows("SELECT is_void FROM app.human_task_decision ORDER BY number")
    assert [one["is_void"] for one in kept] == [True, False]
    assert (await office.complete(task, cat)).is_complete


async def test_who_approved_by_another_rule_approves_anew(office: Office) -> None:
    ann, ben = [await hire(office, name) for name in ("ann", "ben")]
    await decree(office, approvals=2)
    await office.begin(1, DOCUMENT)
    task = await only(office)
    assert not (await office.complete(task, ann)).is_complete
    await decree(office, approvals=2, duties=["not_requester", "not_last_editor"])
    again = await office.complete(task, ann)
    assert (again.is_complete, again.given) == (False, 1)
    assert (await office.complete(task, ann)).given == 1, "and once for that"
    assert (await office.complete(task, ben)).is_complete


async def test_S_68_nobody_opens_a_way_for_themselves_behind_whom_somebody_else_saves_the_matrix(
    office: Office,
) -> None:
    ann, ben, cat = [await hire(office, name) for name in ("ann", "ben", "cat")]
    await decree(office, approvals=2)
    await office.begin(1, DOCUMENT)
    task = await only(office)
    await decree(office, approvals=1, by=ann.actor)
    await decree(office, approvals=1, name="the-same", by=await key_of(office, cat.actor))
    for one in (ann, cat):
        assert await refused(office, task, one) == "Who changed the rules while it was open does not decide it"
    assert (await office.complete(task, ben)).is_complete


async def test_who_decided_an_earlier_step_does_not_decide_the_next(office: Office) -> None:
    ann, ben = [await hire(office, name) for name in ("ann", "ben")]
    await decree(office, duties=["not_same_person"])
    await office.begin(1, CHAIN)
    first = await only(office)
    assert (await office.complete(first, ann)).is_complete
    await office.go()
    second = await only(office)
    assert await refused(office, second, ann) == "Who decided an earlier step does not decide this one"
    assert (await office.complete(second, ben)).is_complete


async def test_who_approved_what_the_run_asked_before_decided_an_earlier_step(office: Office) -> None:
    ann, ben = [await hire(office, name) for name in ("ann", "ben")]
    await decree(office, duties=["not_same_person"])
    (run,) = await office.begin(1, DOCUMENT)
    await office.rows(
        "INSERT INTO app.approval (tenant_id, approval_id, run_id, reference, event_source, event_key, is_approved, "
        "decided_by) VALUES ($1, $2, $3, '/do/0/ask', 's', 'k', true, $4) RETURNING true",
        *(office.tenant, ids.new(), run, ann.actor),
    )
    task = await only(office)
    assert await refused(office, task, ann) == "Who decided an earlier step does not decide this one"
    assert (await office.complete(task, ben)).is_complete


async def test_the_role_that_somebody_lost_decides_nothing(office: Office) -> None:
    ann = await hire(office, "ann")
    await decree(office)
    await office.begin(1, DOCUMENT)
    task = await only(office)
    async with office.app.tenant(office.tenant) as connection:
        await connection.execute("DELETE FROM app.account_role WHERE account_id = $1", ann.account)
    assert await refused(office, task, ann) == f"The role {ROLE} decides this"


async def key_of(office: Place, made_by: str) -> str:
    """An API key of the client that somebody made; as actors are named."""
    key = ids.new()
    async with office.app.session(Scope.operator()) as session:
        await session.execute(
            text(
                "INSERT INTO app.api_key "
                "(key_id, scope, partner_id, tenant_id, name, secret_hash, permissions, made_by) "
                "SELECT :key, 'client', partner_id, tenant_id, 'theirs', sha256('x'), '{}', :made_by "
                "FROM app.tenant WHERE tenant_id = :tenant"
            ),
            {"key": key, "made_by": made_by, "tenant": office.tenant},
        )
        await session.commit()
    return f"key:{ids.show('key', key)}"


async def test_S_68_nobody_approves_what_they_asked_for_by_a_key_of_their_own(office: Office) -> None:
    ann, ben = [await hire(office, name) for name in ("ann", "ben")]
    await decree(office, duties=["not_requester"])
    first = await key_of(office, ann.actor)
    nobodys = f"key:{ids.show('key', ids.new())}"
    for named in (first, await key_of(office, first), nobodys):
        await office.begin(1, DOCUMENT.replace("jo@acme.example", f"'{named}'").replace("asking", f"by-{named[-6:]}"))
    rows = await office.rows("SELECT task_id, content->'facts'->>'requester' AS by FROM app.human_task")
    assert len({row["by"] for row in rows}) == 3
    for row in rows:
        if row["by"] == nobodys:
            assert "name who asked by account" in await refused(office, row["task_id"], ben), "nobody knows whose it is"
        else:
            assert await refused(office, row["task_id"], ann) == "Who asked for it does not decide it"
            assert (await office.complete(row["task_id"], ben)).is_complete
