"""Row 55: a customer or a supplier answers by a mailed link, sees only its own case, and sends documents (S-69)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra import ids
from infra.database import Database, Scope
from infra.embedded.stack import Endpoints, Stack
from infra.ids import TenantId
from infra.settings import Settings
from services.human_tasks import mailing, outside_documents
from services.links import links
from services.portal.app import Front
from tenants.organizations.errors import InvalidField
from tenants.organizations.link_texts import LinkOver
from tests.services.human_tasks.office import Office, working
from tests.services.portal.conftest import complete_settings
from tests.services.portal.staff import chief
from tests.services.portal.task_mails import Post, decide, look, token_in
from tests.services.portal.test_moved_client import WEST, move, west_of
from tests.services.portal.visitors import NORTH, House
from tests.superuser import connected

SUPPLIER = "orders@parts.example"
ASKED = """
document: {dsl: '1.0.3', namespace: tests, name: outside, version: 1.0.0}
do:
  - ask:
      call: human-task:1.0.0@default
      with:
        task: delivery-date
        title: When does order 10482 arrive?
        outside: {email: orders@parts.example, name: Example Parts, language: es}
        facts: {margin: 12}
        about: {kind: sales-order, key: SO-1}
        shown: {order: "10482", pieces: 60}
        outcomes: [confirmed, impossible]
        form:
          schema:
            type: object
            properties:
              days: {type: integer, minimum: 1, maximum: 90, title: Days}
              ours: {type: string, title: Ours}
              item: {type: string, title: Item}
            required: [days]
          fields: {ours: {read: [buyer], write: [buyer]}, item: {look_up: {record: item}}}
"""
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


class Desk(msgspec.Struct, frozen=True):
    house: House
    office: Office
    post: Post

    async def ask(self) -> str:
        await self.office.begin(1, ASKED)
        return await self.post.token()

    async def send(self, token: str, content: bytes, name: str = "confirmation.pdf") -> Any:
        north = self.house.north
        headers = {"host": f"{NORTH}:8420", "origin": north.origin, "sec-fetch-site": "same-origin", "x-link": token}
        headers["content-type"] = "application/octet-stream"
        return await north.caller.send("POST", f"/portal/link/documents?name={name}", raw=content, headers=headers)


@pytest.fixture
def portal_settings(endpoints: Endpoints, tmp_path: Path) -> Settings:
    """Files must be looked into, and what looks into them is away."""
    required = {"WAYBILL_DOCUMENT_SCAN": "/nowhere/scan", "WAYBILL_DOCUMENT_SCAN_REQUIRED": "true"}
    return complete_settings(endpoints, tmp_path, **required)


@pytest.fixture
async def desk(
    house: House, portal_settings: Settings, app_database: Database, worker_database: Database
) -> AsyncIterator[Desk]:
    async with working(app_database, worker_database, TenantId(house.ids["acme"])) as office:
        yield Desk(house, office, Post(worker_database, portal_settings.kek_file))


async def test_row_55_who_has_no_account_answers_its_own_case_and_sees_nothing_beside_it(desk: Desk) -> None:
    await desk.office.begin(1, ASKED)
    (letter,) = await desk.post.write()
    assert (letter.recipient, letter.language, f"http://{NORTH}/answer#" in letter.text) == (SUPPLIER, "es", True)
    token, north = token_in(letter), desk.house.north
    seen = (await look(north, token)).json
    asked = seen["asked"]
    assert (seen["outside"], seen["holder"], seen["client"], seen["refusal"]) == (True, "Example Parts", "Acme", None)
    assert (asked["shown"], asked["facts"], asked["value"]) == ({"order": "10482", "pieces": 60}, None, None)
    names = [field["name"] for section in asked["form"]["sections"] for field in section["fields"]]
    assert names == ["days", "item"], "what is for the client's people is not in it"
    body = {"outcome": "confirmed", "version": asked["version"], "saw": asked["saw"]}
    for wrong in ({"days": 400}, {}, {"days": 3, "ours": "x"}, {"days": 3, "item": "SKU-1"}):
        refused = await decide(north, token, **body, values=wrong)
        assert (refused.status, refused.problem) == (422, "answer-refused"), refused.body
    assert (await north.get("/v1/tasks", x_link=token)).status == 401, "it is a link and no session"
    done = await decide(north, token, **body, values={"days": 3}, why="on the lorry")
    assert (done.status, done.json) == (200, {"outcome": "confirmed", "complete": True}), done.body
    assert (await decide(north, token, **body, values={"days": 3})).json == done.json
    others: tuple[dict[str, Any], ...] = (
        {"values": {"days": 4}},
        {"values": {"days": 3}, "why": "by air"},
        {"values": {}},
    )
    for other in others:
        assert (await decide(north, token, **body, **other)).problem == "link-over", "another answer is not the same"
    await desk.office.go()
    (output,) = await desk.office.outputs()
    assert (output["outcome"], output["values"], output["by"].partition("_")[0]) == (
        "confirmed", {"days": 3}, "outside:lnk",
    )  # fmt: skip
    (told,) = await desk.office.rows("SELECT actor, after::text FROM app.audit WHERE action = 'task.completed'")
    assert (told["actor"], msgspec.json.decode(told["after"])["via"]) == (output["by"], "link")
    assert await desk.office.rows("SELECT 1 FROM app.touch") == [], "nobody of the client's had to do a thing"


async def test_row_55_documents_come_by_the_link_and_what_nobody_looked_into_is_held(
    desk: Desk, app_database: Database
) -> None:
    token = await desk.ask()
    sent = await desk.send(token, PDF)
    assert (sent.status, sent.json["state"], sent.json["name"]) == (201, "held", "confirmation.pdf"), sent.body
    for content, name, status in ((b"MZ\x90\x00" + b"\x00" * 64, "a.exe", 415), (PDF, "a%0Ab", 422)):
        assert (await desk.send(token, content, name)).status == status, name
    assert (await desk.send("x", PDF)).problem == "link-over"
    assert [one["name"] for one in (await look(desk.house.north, token)).json["documents"]] == ["confirmation.pdf"]
    manager = await chief(desk.house, app_database)
    (task,) = (await manager.get("/v1/tasks?view=all")).json["items"]
    seen = (await manager.get(f"/v1/tasks/{task['id']}")).json
    assert [(one["action"], one["by"].partition("_")[0]) for one in seen["history"]][1:] == [
        ("attached", "outside:lnk")
    ]
    assert await desk.office.rows("SELECT 1 FROM app.audit WHERE action = 'task.attached'")
    document = seen["history"][-1]["target"]
    held = await manager.get(f"/v1/runs/{seen['run']}/documents/{document}/content")
    assert (held.status, held.problem) == (409, "document-held")


async def test_who_manages_tasks_sends_the_link_anew_and_withdraws_it(desk: Desk, app_database: Database) -> None:
    token = await desk.ask()
    manager = await chief(desk.house, app_database)
    (task,) = (await manager.get("/v1/tasks?view=all")).json["items"]
    at = f"/v1/tasks/{task['id']}"
    shown = (await manager.get(at)).json["outside"]
    assert (shown["name"], shown["email"], shown["link"]["ended"]) == ("Example Parts", SUPPLIER, None)
    again = await manager.send("POST", f"{at}/act", {"action": "send", "version": 1})
    assert again.status == 200, again.body
    new = await desk.post.token()
    north = desk.house.north
    assert (await look(north, token)).problem == "link-over", "the new one takes its place"
    assert (await look(north, new)).status == 200
    gone = await manager.send("POST", f"{at}/act", {"action": "withdraw", "version": 2})
    assert (gone.status, gone.json["outside"]["link"]["ended"]) == (200, "withdrawn"), gone.body
    assert (await look(north, new)).problem == "link-over"
    # What becomes a role's is nobody's outside any more.
    await manager.send("POST", f"{at}/act", {"action": "send", "version": 3})
    last = await desk.post.token()
    moved = await manager.send("POST", f"{at}/act", {"action": "reassign", "version": 4, "to": "role:clerk"})
    assert moved.status == 200, moved.body
    assert (await look(north, last)).problem == "link-over"


async def note(desk: Desk, action: str) -> None:
    """An act on the one task as the engine does it, such as a reminder of its deadline."""
    await desk.office.rows(
        "WITH t AS (UPDATE app.human_task SET version = version + 1, "
        "state = CASE WHEN $1 = 'cancelled' THEN $1 ELSE state END, "
        "closed_at = CASE WHEN $1 = 'cancelled' THEN clock_timestamp() END RETURNING *) "
        "INSERT INTO app.human_task_event (tenant_id, task_id, number, action, state, made_by) "
        "SELECT t.tenant_id, t.task_id, t.version, $1, t.state, 'engine' FROM t RETURNING number",
        action,
    )


async def made(desk: Desk, number: int) -> bool:
    """Whether a writer that looked before the act on the task makes its link behind it."""
    (task,) = await desk.office.rows("SELECT task_id, title FROM app.human_task")
    asked = {"action": "offered", "email": SUPPLIER, "name": "Example Parts", "language": "es"}
    row = {**asked, "title": task["title"], "client": "Acme", "environment": "live"}
    new = mailing.outside_link(desk.office.tenant, task["task_id"], number, row)
    return await links.send(desk.post.worker, desk.post.keys, new)


async def test_S_69_a_withdrawn_link_comes_back_by_no_reminder_and_by_no_mail_that_waited(
    desk: Desk, app_database: Database
) -> None:
    await desk.office.begin(1, ASKED)
    manager = await chief(desk.house, app_database)
    (task,) = (await manager.get("/v1/tasks?view=all")).json["items"]

    async def act(action: str, version: int) -> None:
        done = await manager.send("POST", f"/v1/tasks/{task['id']}/act", {"action": action, "version": version})
        assert done.status == 200, done.body

    # Before the first mail was written, as while the calendar is closed.
    await act("withdraw", 1)
    assert await desk.post.write() == []
    assert not await made(desk, 1), "nor does who had looked before"
    await note(desk, "told")
    assert await desk.post.write() == []
    await act("send", 3)
    token = await desk.post.token()
    await act("withdraw", 4)
    await note(desk, "told")
    assert await desk.post.write() == []
    assert (await look(desk.house.north, token)).problem == "link-over"
    await act("send", 6)
    assert (await look(desk.house.north, await desk.post.token())).status == 200
    await note(desk, "told")
    assert len(await desk.post.write()) == 1, "who was sent it again is reminded again"


async def test_S_69_no_link_is_made_for_a_task_that_is_closed_and_none_shows_it(desk: Desk) -> None:
    token = await desk.ask()
    await note(desk, "cancelled")
    assert not await made(desk, 7)
    # As one that was made while the task was being closed.
    revived = "UPDATE app.link SET ended_at = NULL, reason = NULL WHERE ended_at IS NOT NULL RETURNING link_id"
    assert len(await desk.office.rows(revived)) == 1
    north = desk.house.north
    assert (await look(north, token)).problem == "link-over"
    assert (await decide(north, token, outcome="confirmed", version=1, saw="x", values={})).problem == "link-over"
    assert (await desk.send(token, PDF)).problem == "link-over"


async def test_S_69_no_more_documents_are_taken_at_once_than_one_after_another(
    desk: Desk, app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await desk.ask()
    monkeypatch.setattr(outside_documents, "MOST", 2)
    answers = await asyncio.gather(*(desk.send(token, PDF, f"{number}.pdf") for number in range(5)))
    assert sorted(one.status for one in answers) == [201, 201, 422, 422, 422]
    assert len((await look(desk.house.north, token)).json["documents"]) == 2
    # As one that was let through before the others were there, and then before the task was closed.
    async with app_database.tenant(desk.office.tenant) as connection:
        link = await links.find(connection, desk.office.tenant, token)
    for most, problem in ((2, InvalidField), (3, None), (4, LinkOver)):
        monkeypatch.setattr(outside_documents, "MOST", most)
        if problem is LinkOver:
            await note(desk, "cancelled")
        async with app_database.session(Scope.tenant(desk.office.tenant)) as session:
            with pytest.raises(problem) if problem else nullcontext():
                await outside_documents.attach(session, link, ids.new())


async def test_S_69_an_address_gets_so_many_mails_a_day_and_the_rest_waits(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailing, "MOST_OUTSIDE_A_DAY", 1)
    await desk.office.begin(2, ASKED)
    assert len(await desk.post.write()) == 1
    due = "UPDATE app.task_mail SET due_at = clock_timestamp() - interval '1 second' RETURNING due_at"
    for most, letters in ((1, 0), (2, 1)):
        monkeypatch.setattr(mailing, "MOST_OUTSIDE_A_DAY", most)
        async with desk.post.worker.tenant(desk.office.tenant) as connection:
            assert len(await connection.fetch(due)) == 1, "what is more is in line and not lost"
        assert len(await desk.post.write()) == letters


async def test_mails_of_a_suspended_client_wait_until_it_is_resumed(
    desk: Desk, stack: Stack, endpoints: Endpoints
) -> None:
    await desk.office.begin(1, ASKED)
    query = "UPDATE app.client c SET status = $1 FROM app.tenant t WHERE t.tenant_id = $2 AND t.client_id = c.client_id"
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        for status, writes in (("suspended", 0), ("active", 1)):
            await connection.execute(query, status, desk.office.tenant)
            assert await desk.post.mailer.round() == writes, "what is to be written is in line, and not lost"
        for status, letters in (("suspended", 0), ("active", 1)):
            await connection.execute(query, status, desk.office.tenant)
            assert len(await desk.post.sent()) == letters, status


async def test_S_06_who_is_asked_outside_gets_a_link_of_the_partner_that_the_client_moved_to(
    desk: Desk, app_database: Database, front: Front
) -> None:
    token = await desk.ask()
    west = await west_of(desk.house, app_database)
    assert (await move(desk.house, front)).status == 200
    (letter,) = await desk.post.write()
    assert f"://{WEST}/answer#" in letter.text
    assert (await look(desk.house.north, token)).problem == "link-over"
    assert (await look(west, token_in(letter))).status == 200
