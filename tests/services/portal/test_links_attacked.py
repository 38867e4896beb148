"""What may be done to people by a mailed link, and by whom one is sent: guessed, kept, ridden on, and made to lead."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pytest

from tenants.identity import budgets
from tests.asgi import Answer
from tests.services.portal.task_mails import decide, look, token_in
from tests.services.portal.test_outside import ASKED, PDF, Desk
from tests.services.portal.test_outside import desk as desk  # noqa: PLC0414 (a fixture)
from tests.services.portal.test_outside import portal_settings as portal_settings  # noqa: PLC0414 (a fixture)
from tests.services.portal.visitors import NORTH

TASK: Final = "SELECT state, version, reason FROM app.human_task"
HOSTILE: Final = 'title: "{{7*7}} <a href=//evil.example>pay</a> https://evil.example/pay\\r\\nBcc: all@evil.example"'
MORE: Final = ("account", "behalf", "by", "role", "state", "task", "tenant_id", "tokens", "via")
"""Members that would make more of a decision than its link is good for."""


async def untouched(desk: Desk) -> bool:
    (task,) = await desk.office.rows(TASK)
    return (task["state"], task["version"], task["reason"]) == ("offered", 1, None)


def kept_by_nobody(answer: Answer) -> bool:
    return answer.headers.get("cache-control") == "no-store" and "set-cookie" not in answer.headers


async def test_S_69_nothing_that_a_link_shows_or_refuses_is_kept_by_anybody_on_the_way(desk: Desk) -> None:
    token, north = await desk.ask(), desk.house.north
    wrong = f"{token[:-1]}{'A' if token[-1] != 'A' else 'B'}"
    answers = [await look(north, token), await look(north, wrong), await look(desk.house.south, token)]
    answers += [await north.get("/portal/status", x_link=one) for one in (token, wrong)]
    answers += [await desk.send(token, PDF), await desk.send(wrong, PDF)]
    answers += [await decide(north, one, outcome="confirmed", version=1, saw="x") for one in (token, wrong)]
    assert [one.status for one in answers] == [200, 404, 404, 404, 404, 201, 404, 409, 404]
    assert [kept_by_nobody(one) for one in answers] == [True] * len(answers), [one.headers for one in answers]
    assert token.encode() not in b"".join(one.body for one in answers)
    for path, policy in (("/answer", "same-origin"), ("/status", "no-referrer")):
        page = await north.get(path)
        assert (page.headers["x-robots-tag"], page.headers["referrer-policy"]) == ("noindex", policy)
        assert page.headers["cache-control"] in {"no-store", "no-cache"}


async def test_S_66_whoever_guesses_links_is_slowed_down_whatever_they_say_of_where_they_are(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budgets, "LINKS", 3)
    token, north = await desk.ask(), desk.house.north
    for _ in range(5):
        assert (await look(north, token)).status == 200, "who has one is not counted"
    tried = [
        await north.get("/portal/link", x_link=f"guess-{number}", x_forwarded_for=f"198.51.100.{number}")
        for number in range(2)
    ]
    tried.append(await north.get("/portal/status", x_link="guess", forwarded="for=198.51.100.9"))
    assert {one.status for one in tried} == {404}
    late = [await north.get(path, x_link="guess") for path in ("/portal/link", "/portal/status")]
    late.append(await north.send("POST", "/portal/link/decide", {"outcome": "x", "version": 1, "saw": ""}, x_link="y"))
    assert {(one.status, one.problem) for one in late} == {(429, "too-many-attempts")}
    assert int(late[0].headers["retry-after"]) > 0
    assert (await look(north.by("203.0.113.7"), token)).status == 200, "elsewhere nobody has guessed"


async def test_S_67_a_decision_by_link_is_what_its_form_says_and_no_member_more(desk: Desk) -> None:
    token, north = await desk.ask(), desk.house.north
    asked = (await look(north, token)).json["asked"]
    body = {"outcome": "confirmed", "version": asked["version"], "saw": asked["saw"], "values": {"days": 3}}
    for name in MORE:
        refused = await decide(north, token, **body, **{name: "x"})
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, f"/{name}"), refused.body
    for seconds in (-1, 2**63, 1.5):
        assert (await decide(north, token, **body, seconds=seconds)).status == 422, "S-88"
    assert await untouched(desk)


async def test_S_64_S_87_a_link_is_its_own_way_in_and_rides_on_nobodys_session(desk: Desk) -> None:
    token = await desk.ask()
    clerk = await desk.house.north.signed_in()
    asked = (await look(clerk, token)).json["asked"]
    assert (asked["facts"], asked["value"]) == (None, None), "who is signed in beside it sees no more by it"
    by_session = await clerk.send("POST", "/portal/link/decide", {"outcome": "confirmed", "version": 1, "saw": ""})
    assert (by_session.status, by_session.problem) == (404, "link-over"), "a session is no link"
    for header in ("authorization", "cookie"):
        worth = await desk.house.north.get("/v1/tasks", **{header: f"Bearer {token}"})
        assert worth.status == 401, "a link is neither a key nor a session"
    done = await decide(clerk, token, outcome="confirmed", values={"days": 3})
    assert done.status == 200, done.body
    (told,) = await desk.office.rows("SELECT actor FROM app.audit WHERE action = 'task.completed'")
    assert told["actor"].startswith("outside:lnk_"), "whoever had signed in in that browser"


async def test_S_102_S_83_what_a_workflow_calls_a_task_is_words_in_its_mail(desk: Desk) -> None:
    await desk.office.begin(1, ASKED.replace("title: When does order 10482 arrive?", HOSTILE))
    (letter,) = await desk.post.write()
    head = letter.content().decode().replace("\r\n", "\n").partition("\n\n")[0].lower()
    assert "\nbcc:" not in head
    assert "49" not in letter.subject
    assert f"http://{NORTH}" in letter.text
    assert "<a href=//" not in letter.html, "markup is words there"
    for text in (letter.text, letter.html):
        assert "evil.example" not in text, "nothing that a reader of mail would make a link of"
    assert (await look(desk.house.north, token_in(letter))).status == 200


async def test_S_83_words_that_come_by_a_link_are_one_plain_text_wherever_they_stand(desk: Desk) -> None:
    token, north = await desk.ask(), desk.house.north
    why = "late\r\nactor=account:acc_x \x1b[31mred\x1b[0m \u202eevil"
    done = await decide(north, token, outcome="confirmed", values={"days": 3}, why=why)
    assert done.status == 200, done.body
    (task,) = await desk.office.rows(TASK)
    assert not set("\r\x00\x1b\u202e") & set(task["reason"]), task["reason"]
    (told,) = await desk.office.rows("SELECT after::text AS after FROM app.audit WHERE action = 'task.completed'")
    after: dict[str, Any] = msgspec.json.decode(told["after"])
    assert "red" not in told["after"], "the audit has a digest of them"
    assert after["via"] == "link"


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd.pdf", "%2e%2e%5cx.pdf", "CON.pdf", "a%E2%80%AEfdp.exe.pdf"])
async def test_S_18_S_101_a_file_that_comes_by_a_link_is_named_for_people_and_opened_by_nobody(
    desk: Desk, name: str
) -> None:
    token = await desk.ask()
    sent = await desk.send(token, PDF, name)
    assert sent.status in {201, 422}, sent.body
    rows = await desk.office.rows("SELECT name, media_type, class FROM app.document")
    assert len(rows) == (sent.status == 201)
    for row in rows:
        assert row["media_type"] == "application/pdf", "as it was found in the file"
    markup = await desk.send(token, b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "a.pdf")
    assert markup.status == 415, markup.body
