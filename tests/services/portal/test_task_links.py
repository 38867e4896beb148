"""Row 52: a task is decided by its mailed link, as the person that it was sent to (S-64, S-69, ADR 0111, ADR 0112)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from infra import clock, crash_points
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from infra.ids import TenantId
from infra.settings import Settings
from tenants.audit import digests
from tenants.calendars import saving
from tenants.calendars.definition import Written
from tenants.identity import budgets
from tests.services.human_tasks.office import AUTHORITY, Office, working
from tests.services.portal.task_mails import Post, decide, look, token_in
from tests.services.portal.test_second_factor import set_up
from tests.services.portal.test_tasks import ASKED, give
from tests.services.portal.visitors import APPROVER, CLERK, NORTH, House, Visitor
from tests.superuser import connected
from tests.tenants.calendars.examples import ALWAYS

pytestmark = pytest.mark.usefixtures("front")
TASK = "SELECT state, version, outcome, decided_by FROM app.human_task"


class Desk(msgspec.Struct, frozen=True):
    """Runs that ask the people of acme, who hear of it by mail."""

    house: House
    office: Office
    post: Post

    @property
    def north(self) -> Visitor:
        return self.house.north

    async def choose(self, choice: str, email: str = CLERK) -> Visitor:
        visitor = await self.north.signed_in(email)
        chosen = await visitor.send("POST", "/v1/task-mail", {"choice": choice})
        assert (chosen.status, chosen.json) == (200, {"choice": choice}), chosen.body
        return visitor

    async def change(self, statement: str, *given: Any) -> None:
        async with self.office.app.tenant(self.office.tenant) as connection:
            await connection.execute(statement, *given)


@pytest.fixture
async def desk(
    house: House, portal_settings: Settings, app_database: Database, worker_database: Database
) -> AsyncIterator[Desk]:
    async with working(app_database, worker_database, TenantId(house.ids["acme"])) as office:
        await give(house, app_database, CLERK)
        yield Desk(house, office, Post(worker_database, portal_settings.kek_file))


async def test_row_52_S_69_a_link_is_looked_at_by_anything_and_decides_once_as_its_person(desk: Desk) -> None:
    await desk.choose("each")
    assert await desk.office.rows("SELECT 1 FROM app.audit WHERE action = 'task-mail.chosen'")
    await desk.office.begin(1, ASKED)
    (letter,) = await desk.post.write()
    token = token_in(letter)
    assert (letter.recipient, f"http://{NORTH}/answer#" in letter.text) == (CLERK, True)
    assert await desk.post.write() == [], "one mail for one act, whoever looks again"
    # Programs that look at links have no part behind the `#`, and one that has it changes nothing either.
    for path in ("/answer", "/portal/link", f"/portal/link?token={token}"):
        assert (await desk.north.get(path)).status in {200, 404}
    seen, again = await look(desk.north, token), await look(desk.north, token)
    assert (seen.status, seen.json) == (200, again.json), seen.body
    assert (seen.headers["cache-control"], seen.headers["referrer-policy"]) == ("no-store", "same-origin")
    asked = seen.json["asked"]
    assert (asked["title"], asked["shown"]["customer"]) == ("Release 10482", "Acme Wholesale")
    assert (seen.json["client"], seen.json["refusal"], asked["outcomes"]) == ("Acme", None, ["approve", "reject"])
    assert b"aybill" not in seen.body
    (before,) = await desk.office.rows(TASK)
    assert (before["state"], before["version"]) == ("offered", 1)
    done = await decide(desk.north, token, outcome="approve", why="seen on the way", seconds=9)
    assert (done.status, done.json) == (200, {"outcome": "approve", "complete": True}), done.body
    await desk.office.go()
    assert len(await desk.office.outputs()) == 1
    query = "SELECT actor, after::text AS after FROM app.audit WHERE action = 'task.completed'"
    (told,) = await desk.office.rows(query)
    after = msgspec.json.decode(told["after"])
    assert (told["actor"].partition("_")[0], after["via"]) == ("account:acc", "mail")
    (kept,) = await desk.office.rows("SELECT salt, shown_digest FROM app.human_task_decision")
    assert kept["shown_digest"].hex() == asked["saw"]
    assert after["digests"]["shown"] == digests.of(kept["salt"], kept["shown_digest"])
    (touch,) = await desk.office.rows("SELECT source, seconds_active FROM app.touch")
    assert (touch["source"], touch["seconds_active"]) == ("mail", 9)
    # Who never heard of the answer sends the same again; another decision is none.
    assert (await decide(desk.north, token, outcome="approve")).json == done.json
    other = await decide(desk.north, token, outcome="reject")
    assert (other.status, other.problem) == (404, "link-over")
    over = (await look(desk.north, token)).json
    assert (over["state"], over["outcome"], over["asked"]) == ("decided", "approve", None)


async def test_S_69_every_link_that_is_none_is_answered_alike(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.choose("each")
    await desk.office.begin(1, ASKED)
    token = await desk.post.token()
    odd = ["", "x", token[:-1], token[:-1] + ("A" if token[-1] != "A" else "B"), token.upper(), token + "x" * 200]
    south = await look(desk.house.south, token)
    answers = [await look(desk.north, one) for one in odd] + [south]
    await desk.change("UPDATE app.link SET expires_at = clock_timestamp()")
    answers.append(await look(desk.north, token))
    await desk.change("UPDATE app.link SET expires_at = clock_timestamp() + interval '1 day', "
                      "ended_at = clock_timestamp(), reason = 'withdrawn'")  # fmt: skip
    answers += [await look(desk.north, token), await decide(desk.north, token, outcome="approve", version=1, saw="")]
    told = {(one.status, one.problem, one.json["title"], one.json.get("detail")) for one in answers}
    assert len(told) == 1, told
    assert answers[0].problem == "link-over"
    # Whoever guesses is slowed down, and who has a link is not.
    monkeypatch.setattr(budgets, "LINKS", len(odd) + 3)
    await look(desk.north, "x")
    assert (await look(desk.north, "x")).status == 429
    assert (await desk.office.rows(TASK))[0]["state"] == "offered"


async def test_S_64_S_69_it_decides_by_nobodys_right_but_the_persons_of_this_moment(
    desk: Desk, app_database: Database
) -> None:
    await desk.choose("each")
    await desk.office.begin(1, ASKED)
    token = await desk.post.token()
    asked = (await look(desk.north, token)).json["asked"]
    body = {"outcome": "approve", "version": asked["version"], "saw": asked["saw"]}
    evil = await desk.north.send("POST", "/portal/link/decide", body, origin="https://evil.example", x_link=token)
    assert (evil.status, evil.problem) == (403, "cross-site")
    stale = await decide(desk.north, token, **{**body, "saw": "0" * 64})
    assert (stale.status, stale.problem) == (409, "task-changed")
    wrong = await decide(desk.north, token, **{**body, "outcome": "release"})
    assert wrong.status == 422
    await desk.change("DELETE FROM app.account_role")
    left = await look(desk.north, token)
    assert (left.json["asked"], left.json["refusal"]["reason"]) == (None, "not-your-task")
    assert (await decide(desk.north, token, **body)).status in {403, 404}
    await give(desk.house, app_database, CLERK)
    await set_up(await desk.north.signed_in())
    strong = await look(desk.north, token)
    assert (strong.json["asked"], strong.json["refusal"]["reason"]) == (None, "sign-in-needed")
    assert (await decide(desk.north, token, **body)).status == 403
    await desk.change("UPDATE app.account SET status = 'disabled'")
    assert (await look(desk.north, token)).problem == "link-over"
    (task,) = await desk.office.rows(TASK)
    assert (task["state"], task["version"]) == ("offered", 1)


async def test_row_48_it_takes_the_authority_that_the_task_takes(desk: Desk) -> None:
    await desk.choose("each")
    await desk.office.begin(1, AUTHORITY)
    token = await desk.post.token()
    refusal = (await look(desk.north, token)).json["refusal"]
    assert refusal["reason"] == "no-authority"
    refused = await decide(desk.north, token, outcome="approve")
    assert (refused.status, refused.problem) == (403, "no-authority")


async def test_F_01_whoever_writes_may_die_anywhere_and_each_is_written_to_once(
    desk: Desk, app_database: Database
) -> None:
    await desk.choose("each")
    await give(desk.house, app_database, APPROVER)
    await desk.choose("each", APPROVER)
    await desk.office.begin(1, ASKED)
    crash_points.arm("!task.mailed")
    try:
        first = await desk.post.write()
    finally:
        crash_points.arm("")
    async with desk.post.worker.tenant(desk.office.tenant) as connection:
        await connection.execute("UPDATE app.task_mail SET due_at = clock_timestamp()")
    rest = await desk.post.write()
    assert sorted(one.recipient for one in [*first, *rest]) == [APPROVER, CLERK]
    assert (len(first), await desk.office.rows("SELECT 1 FROM app.task_mail")) == (1, [])


async def test_a_task_that_is_over_takes_its_links_and_its_mail_along(desk: Desk, app_database: Database) -> None:
    clerk = await desk.choose("each")
    await give(desk.house, app_database, APPROVER)
    await desk.choose("each", APPROVER)
    await desk.office.begin(1, ASKED)
    await desk.post.mailer.round()
    (task,) = (await clerk.get("/v1/tasks")).json["items"]
    await clerk.send("POST", f"/v1/tasks/{task['id']}/complete", {"outcome": "reject"})
    assert await desk.post.sent() == [], "nobody is asked what is decided"
    states = await desk.office.rows("SELECT m.state, l.reason FROM app.link l JOIN app.mail m ON m.about = l.link_id")
    assert [(one["state"], one["reason"]) for one in states] == [("void", "over")] * 2


async def test_who_decides_while_another_one_decides_waits_and_takes_no_lock_that_the_other_needs(
    desk: Desk, app_database: Database
) -> None:
    await desk.choose("each")
    await give(desk.house, app_database, APPROVER)
    await desk.choose("each", APPROVER)
    await desk.office.begin(1, ASKED)
    letters = {one.recipient: token_in(one) for one in await desk.post.write()}
    seen = {email: (await look(desk.north, token)).json["asked"] for email, token in letters.items()}
    body = {"outcome": "approve", "version": seen[CLERK]["version"], "saw": seen[CLERK]["saw"]}
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with app_database.tenant(desk.office.tenant) as other, app_database.tenant(desk.office.tenant) as watch:
        await other.execute("SELECT 1 FROM app.human_task FOR UPDATE")
        deciding = asyncio.ensure_future(decide(desk.north, letters[CLERK], **body))
        while not await watch.fetchval(waits):
            assert not deciding.done(), deciding.result().body
            await asyncio.sleep(0.01)
        # What the other one's decision ends: their links. Whoever held one and waited for the task would wait for ever.
        await other.execute("SET LOCAL lock_timeout = '30s'")
        await other.execute("UPDATE app.link SET ended_at = clock_timestamp(), reason = 'over' WHERE ended_at IS NULL")
    answer = await deciding
    assert (answer.status, answer.problem) == (404, "link-over")
    assert (await desk.office.rows(TASK))[0]["state"] == "offered"


async def test_a_link_that_is_removed_takes_its_mail_along(desk: Desk, stack: Stack, endpoints: Endpoints) -> None:
    await desk.choose("each")
    await desk.office.begin(1, ASKED)
    await desk.post.mailer.round()
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute("DELETE FROM app.link")
    assert await desk.post.sent() == [], "it would lead to a host that serves the client no more"


async def test_it_waits_for_the_calendar_to_open_and_goes_to_nobody_who_never_asked(desk: Desk) -> None:
    await desk.office.begin(1, ASKED)
    assert await desk.post.write() == []
    await desk.choose("each")
    today = clock.now().date()
    closed = [{"day": str(today + timedelta(days=days)), "name": "Closed"} for days in (-1, 0, 1)]
    written = msgspec.convert({"time_zone": "UTC", "default": True, "week": ALWAYS, "holidays": closed}, Written)
    async with desk.office.app.tenant(desk.office.tenant) as connection:
        await saving.save(connection, desk.office.tenant, "quiet", written, actor="test")
    await desk.office.begin(1, ASKED)
    assert await desk.post.write() == []
    rows = await desk.office.rows("SELECT due_at FROM app.task_mail")
    assert {row["due_at"].date() for row in rows} == {today + timedelta(days=2)}


async def test_a_daily_mail_counts_what_waits_once_a_day(desk: Desk) -> None:
    await desk.choose("daily")
    await desk.office.begin(2, ASKED)
    assert await desk.post.write() == [], "its time has not come"
    past = "UPDATE app.task_mail_choice SET digest_at = clock_timestamp() - interval '1 minute'"
    await desk.change(past)
    (letter,) = await desk.post.write()
    assert ("2 open tasks" in letter.subject, f"http://{NORTH}/inbox" in letter.text) == (True, True)
    (row,) = await desk.office.rows("SELECT digest_at > clock_timestamp() AS is_later FROM app.task_mail_choice")
    assert row["is_later"]
    await desk.choose("none")
    assert await desk.post.write() == []
