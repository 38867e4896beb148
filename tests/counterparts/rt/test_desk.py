"""The connector against a real Request Tracker 5."""

from __future__ import annotations

from typing import Any

import pytest

from services.engine.functions import Answer, Done, Failed, Later
from tests.counterparts.calling import Caller
from tests.counterparts.proxy import Fault, Proxy
from tests.counterparts.recording import Recording
from tests.counterparts.rt.install import QUEUE, USER, version

pytestmark = pytest.mark.certifies("request-tracker")
CREATE, COMMENT, RESOLVE = "desk.tickets.create", "desk.tickets.comment", "desk.tickets.resolve"
GET, SEARCH = "desk.tickets.get", "desk.tickets.search"
RIGHTS = "request-tracker.rights.list"
TICKET = {
    "subject": "Short shipment on invoice INV-2",
    "text": 'We received 10 of 12.\nIt\'s "urgent" \\ please.',
    "requester": "ap@acme.example",
}


async def refused(answer: Answer) -> Any:
    assert isinstance(answer, Failed), answer
    return answer.error


async def test_a_ticket_is_opened_answered_found_and_resolved(desk: Caller, key: str) -> None:
    reference = f"INV'2 \\ {key}"
    made = await desk.done(CREATE, {**TICKET, "reference": reference}, key)
    ticket = {"ticket": made["ticket"]}
    assert made["link"].endswith(f"/Ticket/Display.html?id={made['ticket']}")
    (found,) = (await desk.done(SEARCH, {"reference": reference}))["tickets"]
    read = await desk.done(GET, ticket)
    assert read["ticket"] == found
    assert {name: found[name] for name in ("subject", "state", "queue", "requester", "reference")} == {
        "subject": TICKET["subject"],
        "state": "new",
        "queue": "Disputes",
        "requester": "ap@acme.example",
        "reference": reference,
    }

    for to in ("requester", "staff"):
        entry = await desk.done(COMMENT, {**ticket, "text": "A credit of 20.00 USD is proposed.", "to": to})
        assert entry["entry"].isdigit()
    assert (await desk.done(GET, ticket))["ticket"]["state"] == "open", "a reply opens it"

    assert await desk.done(RESOLVE, ticket) == {**ticket, "state": "resolved"}
    changed = found["created_at"]
    resolved = await desk.done(SEARCH, {"reference": reference, "states": ["resolved"], "changed_since": changed})
    assert [one["ticket"] for one in resolved["tickets"]] == [made["ticket"]]
    assert (await desk.done(SEARCH, {"reference": reference, "states": ["new", "waiting"]}))["tickets"] == []
    assert await desk.done(GET, {"ticket": "999999"}) == {"found": False, "ticket": None, "version": None}


async def test_a_ticket_that_somebody_changed_meanwhile_is_not_resolved(desk: Caller) -> None:
    ticket = {"ticket": (await desk.done(CREATE, TICKET))["ticket"]}
    version = (await desk.done(GET, ticket))["version"]
    await desk.done(COMMENT, {**ticket, "text": "Wait, please.", "to": "staff"})
    error = await refused(await desk.call(RESOLVE, {**ticket, "version": version}))
    assert error.status == 412
    assert "changed the ticket since" in error.detail
    assert (await desk.done(GET, ticket))["ticket"]["state"] == "new"
    version = (await desk.done(GET, ticket))["version"]
    assert await desk.done(RESOLVE, {**ticket, "version": version}) == {**ticket, "state": "resolved"}
    assert await desk.done(RESOLVE, {**ticket, "version": "stale"}) == {**ticket, "state": "resolved"}, "it is already"


@pytest.mark.parametrize("fault", ["lost", "answer-lost", "abandoned", "lock-503"])
async def test_F_03_a_ticket_whose_answer_is_lost_is_opened_once(
    desk: Caller, proxy: Proxy, key: str, fault: Fault
) -> None:
    values = {**TICKET, "reference": key}
    proxy.once("POST /REST/2.0/ticket ", fault)
    first = await desk.call(CREATE, values, key)
    assert isinstance(first, Later), "the worker dies here: the next call knows nothing of this one"
    await proxy.settle()
    answers = [await desk.through(CREATE, values, key) for _ in range(2)]
    assert proxy.met == 1
    (found,) = (await desk.done(SEARCH, {"reference": key}))["tickets"]
    assert {answer.output["ticket"] for answer in answers if isinstance(answer, Done)} == {found["ticket"]}


@pytest.mark.parametrize("fault", ["lost", "answer-lost", "abandoned", "lock-503"])
async def test_F_03_an_entry_whose_answer_is_lost_is_written_once(
    desk: Caller, proxy: Proxy, key: str, fault: Fault
) -> None:
    ticket = (await desk.done(CREATE, TICKET))["ticket"]
    values = {"ticket": ticket, "text": "Please confirm.", "to": "requester"}
    proxy.once("/correspond", fault)
    assert isinstance(await desk.call(COMMENT, values, key), Later)
    await proxy.settle()
    answers = [await desk.through(COMMENT, values, key) for _ in range(2)]
    assert answers[0] == answers[1]
    # A second one under another key is one more; were there two of the first, it would be no look that finds one.
    await desk.done(COMMENT, values)
    assert isinstance(await desk.settled(COMMENT, values, key), Done)


async def test_F_03_a_ticket_is_resolved_once_whatever_is_lost(desk: Caller, proxy: Proxy, key: str) -> None:
    ticket = {"ticket": (await desk.done(CREATE, TICKET))["ticket"]}
    version = (await desk.done(GET, ticket))["version"]
    proxy.once("PUT /REST/2.0/ticket", "answer-lost")
    assert isinstance(await desk.call(RESOLVE, {**ticket, "version": version}, key), Later)
    assert isinstance(await desk.through(RESOLVE, {**ticket, "version": version}, key), Done)


async def test_F_03_a_late_request_is_waited_for_before_a_ticket_counts_as_absent(
    desk: Caller, proxy: Proxy, key: str
) -> None:
    values = {**TICKET, "reference": key}
    proxy.once("POST /REST/2.0/ticket ", "held")
    assert isinstance(await desk.call(CREATE, values, key), Later)
    answer = await desk.settled(CREATE, values, key, age=1.0)
    assert isinstance(answer, Later)
    assert not answer.absent, "it may be on its way"
    assert await proxy.release() == 1
    answer = await desk.through(CREATE, values, key)
    assert isinstance(answer, Done)
    assert len((await desk.done(SEARCH, {"reference": key}))["tickets"]) == 1


async def test_wrong_credentials_name_the_secret_and_show_nothing(desk: Caller) -> None:
    desk.change(secrets={"password": "canary-no-such-password"})
    answer = await desk.call(SEARCH, {})
    error = await refused(answer)
    assert (error.type.rpartition("/")[2], error.status) == ("authentication", 401)
    assert "`password`" in error.detail
    assert "canary" not in repr(answer)


async def test_a_wrong_address_names_the_setting(desk: Caller, port: int) -> None:
    desk.change(base_url=f"http://127.0.0.1:{port}/rt")
    error = await refused(await desk.call(GET, {"ticket": "1"}))
    assert "`base_url`" in error.detail


async def test_an_account_without_a_right_is_told_which(desk: Caller) -> None:
    ticket = (await desk.done(CREATE, TICKET))["ticket"]
    desk.change(user="reader", secrets={"password": "reader-pass"})
    error = await refused(await desk.call(CREATE, TICKET))
    assert error.status == 403
    assert "CreateTicket" in error.detail
    error = await refused(await desk.call(RESOLVE, {"ticket": ticket}))
    assert "ModifyTicket" in error.detail
    error = await refused(await desk.call(COMMENT, {"ticket": ticket, "text": "x", "to": "requester"}))
    assert error.type.endswith("/configuration")
    assert "Look at the setting `user`" in error.detail


async def test_what_an_account_may_do_that_nothing_needs_is_found(desk: Caller) -> None:
    assert await desk.done(RIGHTS, {}) == []
    desk.change(user="wide", secrets={"password": "wide-pass"})
    assert sorted(await desk.done(RIGHTS, {})) == ["AdminGroupMembership", "AdminUsers", "SuperUser"]


async def test_nothing_is_written_where_the_desk_would_drop_the_key(desk: Caller, key: str) -> None:
    for queue, says in (("Bare", "SeeCustomField"), ("None such", "SeeQueue")):
        error = await refused(await desk.call(CREATE, {**TICKET, "queue": queue}, key))
        assert says in error.detail
    desk.change(key_field="No such field")
    error = await refused(await desk.call(CREATE, TICKET, key))
    assert "key_field" in error.detail
    desk.change(key_field="Request key", entry_field="No such field")
    ticket = (await desk.done(CREATE, TICKET))["ticket"]
    error = await refused(await desk.call(COMMENT, {"ticket": ticket, "text": "x", "to": "staff"}))
    assert "entry_field" in error.detail


@pytest.mark.parametrize("values", [{"ticket": "1/history"}, {"ticket": "1 OR 1=1"}])
async def test_a_ticket_that_is_no_number_reaches_nobody(desk: Caller, values: dict[str, str]) -> None:
    assert "known by a number" in (await refused(await desk.call(GET, values))).detail
    assert desk.noting.noted == []


async def test_what_it_answers_is_what_the_declared_tests_play(desk: Caller) -> None:
    recording = Recording(desk, {"user": USER, "queue": QUEUE})
    made = await recording.call("a ticket is opened", CREATE, {**TICKET, "reference": "INV-2"}, leave=("link",))
    again = await recording.call("the same once more", CREATE, {**TICKET, "reference": "INV-2"}, leave=("link",))
    assert again == made
    ticket = {"ticket": made["ticket"]}
    await recording.call("a queue without the fields", CREATE, {**TICKET, "queue": "Bare"}, key="another-key")
    await recording.call(
        "a reply", COMMENT, {**ticket, "text": "A credit of 20.00 USD is proposed.", "to": "requester"}
    )
    read = await recording.call("it is read", GET, ticket)
    await recording.call("an unknown one", GET, {"ticket": "999999"})
    await recording.call("it is found", SEARCH, {"reference": "INV-2", "states": ["open", "waiting"]})
    stale = await recording.call("it was changed meanwhile", RESOLVE, {**ticket, "version": '"1"'})
    assert isinstance(stale, Failed)
    await recording.call("it is resolved", RESOLVE, {**ticket, "version": read["version"]})
    await recording.call("it is resolved already", RESOLVE, ticket)
    await recording.call("rights that nothing needs", RIGHTS, {})
    recording.write(f"Request Tracker {version()}")
