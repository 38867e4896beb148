"""Entity tags: `ETag` on each answer that is one resource, `If-Match` before a change, `If-None-Match` on a read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.api.conditions import CHANGING, VERSIONED
from services.api.policy import POLICY
from services.api.tags import TAGGED
from tests.asgi import Answer, Caller
from tests.services.api.parties import Parties

AT = "/v1/clients/acme/live"
ERP = {
    "name": "erp",
    "connector": "erp-simulator",
    "settings": {"base_url": "http://127.0.0.1:1"},
    "secrets": {"token": "a token of sixteen or more"},
}
WORKFLOW = """\
document: {dsl: 1.0.3, namespace: acme, name: greeting, version: 1.0.0}
schedule: {on: {one: {with: {type: order.captured}}}}
do:
- greet: {set: {hello: world}}
"""


async def change(caller: Caller, method: str, target: str, tag: str, body: object = None) -> Answer:
    return await caller.send(method, target, body, headers={"if-match": tag})


async def made(parties: Parties, what: str) -> tuple[Caller, str]:
    """Who may change a resource of this kind, and its path."""
    if what == "partners":
        return parties.operator, "/v1/partners/south"
    if what == "clients":
        return parties.north, "/v1/clients/acme"
    if what == "connections":
        return parties.north, f"{AT}/connections/{(await parties.north.post(f'{AT}/connections', ERP)).json['id']}"
    version = (await parties.north.post(f"{AT}/workflows", {"document": WORKFLOW})).json["id"]
    body = {"name": "greeting", "workflow": version}
    return parties.north, f"{AT}/deployments/{(await parties.north.post(f'{AT}/deployments', body)).json['id']}"


async def deployed(parties: Parties) -> None:
    """Acme's workflow, which each of its orders starts."""
    _, path = await made(parties, "deployments")
    assert (await parties.north.get(path)).json["status"] == "active"


@pytest.mark.parametrize("what", ["partners", "clients", "connections", "deployments"])
async def test_a_change_is_held_to_the_version_that_was_read(what: str, parties: Parties) -> None:
    caller, path = await made(parties, what)
    seen = (await caller.get(path)).headers["etag"]
    act = f"{path}/disable"
    other = await change(caller, "POST", act, '"0123456789abcdef0123456789abcdef"')
    assert (other.status, other.problem) == (412, "precondition-failed")
    assert (await caller.get(path)).headers["etag"] == seen
    assert (await change(caller, "POST", act, f'"another", {seen}')).status == 200
    assert (await caller.get(path)).headers["etag"] != seen
    assert (await change(caller, "POST", act, seen)).status == 412
    assert (await change(caller, "POST", act, "*")).status == 200


async def test_the_answer_of_a_change_has_the_tag_of_the_next_read(parties: Parties) -> None:
    caller, path = await made(parties, "connections")
    changed = await caller.send("PATCH", path, {"owner": "maria@acme.example"})
    assert changed.headers["etag"] == (await caller.get(path)).headers["etag"]
    again = await change(caller, "PATCH", path, changed.headers["etag"], {"owner": None})
    assert again.status == 200, again.body
    assert (await change(caller, "PATCH", path, changed.headers["etag"], {"owner": "x"})).status == 412


async def test_of_two_who_saw_the_same_version_one_changes_it(parties: Parties) -> None:
    caller, path = await made(parties, "connections")
    seen = (await caller.get(path)).headers["etag"]
    answers = await asyncio.gather(*(change(caller, "PATCH", path, seen, {"owner": f"o{n}"}) for n in range(8)))
    assert sorted(one.status for one in answers) == [200] + [412] * 7


def seat(subject: str, owner: str = "role:viewer") -> dict[str, str]:
    return {"kind": "process", "subject": subject, "owner": owner, "deputy": "role:administrator"}


def interface(name: str, publisher: str = "shop") -> dict[str, str]:
    return {"kind": "event", "name": name, "publisher": publisher}


# What is set as a whole: who sets it, where it is read, how it is changed, and three changes that differ.
WHOLES: dict[str, tuple[str, str, str, list[Any]]] = {
    "owners": (
        "acme",
        "/v1/owners",
        "PUT",
        [seat("order-to-cash"), seat("order-to-cash", "role:clerk"), seat("procure-to-receive")],
    ),
    "interfaces": ("acme", "/v1/interfaces", "PUT", [interface("a"), interface("a", "other"), interface("b")]),
    "peak": ("acme", "/v1/peak", "PUT", [{"mode": "auto", "from_runs": runs} for runs in (5, 6, 7)]),
    "retention": ("acme", "/v1/retention", "POST", [{"keep": f"P{days}D"} for days in (500, 501, 502)]),
    "quotas": ("north", f"{AT}/quotas", "POST", [{"open_runs": runs} for runs in (5, 6, 7)]),
    "a client's quotas": ("north", "/v1/clients/acme/quotas", "POST", [{"open_runs": runs} for runs in (5, 6, 7)]),
    "the installation's quotas": (
        "operator",
        "/v1/operator/quotas",
        "POST",
        [{"open_runs": runs} for runs in (5, 6, 7)],
    ),
    "a partner's quotas": (
        "operator",
        "/v1/partners/north/quotas",
        "POST",
        [{"open_runs": runs} for runs in (5, 6, 7)],
    ),
}


@pytest.mark.parametrize("what", WHOLES)
async def test_of_two_who_saw_the_same_settings_the_second_takes_nothing_back(what: str, parties: Parties) -> None:
    who, path, method, (one, other, third) = WHOLES[what]
    caller: Caller = getattr(parties, who)
    await deployed(parties)
    seen = (await caller.get(path)).headers["etag"]
    first = await change(caller, method, path, seen, one)
    assert first.status == 200, first.body
    assert first.headers["etag"] == (await caller.get(path)).headers["etag"] != seen
    second = await change(caller, method, path, seen, other)
    assert (second.status, second.problem) == (412, "precondition-failed")
    assert (await caller.get(path)).headers["etag"] == first.headers["etag"], "nothing was changed"
    assert (await change(caller, method, path, first.headers["etag"], other)).status == 200
    assert (await caller.send(method, path, third)).status == 200, "it is offered and not asked for"
    assert (await change(caller, method, path, "abc", one)).problem == "bad-if-match"


@pytest.mark.parametrize("what", WHOLES)
async def test_of_eight_at_once_one_changes_the_settings(what: str, parties: Parties) -> None:
    who, path, method, changes = WHOLES[what]
    caller: Caller = getattr(parties, who)
    await deployed(parties)
    seen = (await caller.get(path)).headers["etag"]
    answers = await asyncio.gather(*(change(caller, method, path, seen, changes[n % 2]) for n in range(8)))
    assert sorted(one.status for one in answers) == [200] + [412] * 7


@pytest.mark.parametrize(
    ("what", "gone"),
    [("owners", {"kind": "process", "subject": "order-to-cash"}), ("interfaces", {"kind": "event", "name": "a"})],
)
async def test_what_is_taken_away_is_held_to_it_too(what: str, gone: dict[str, str], parties: Parties) -> None:
    _, path, method, (one, other, _) = WHOLES[what]
    act = f"{path}/{'remove' if what == 'owners' else 'withdraw'}"
    seen = (await parties.acme.send(method, path, one)).headers["etag"]
    latest = (await parties.acme.send(method, path, other)).headers["etag"]
    assert (await change(parties.acme, "POST", act, seen, gone)).problem == "precondition-failed"
    assert (await change(parties.acme, "POST", act, latest, gone)).status in {200, 204}


async def test_what_changes_by_itself_is_in_no_tag_and_hidden_from_nobody(parties: Parties) -> None:
    """Who waits in line and what is used changes with every event: a tag of it would fit nobody's change."""
    await deployed(parties)
    sent = {"specversion": "1.0", "id": "1", "source": "/s", "type": "order.captured", "data": {}}
    tags = {
        path: (await parties.acme.get(path)).headers["etag"] for path in ("/v1/peak", "/v1/quotas", "/v1/interfaces")
    }
    event = await parties.acme.post("/v1/events", sent, headers={"content-type": "application/cloudevents+json"})
    assert event.status == 202, event.body
    for path, tag in tags.items():
        again = await parties.acme.send("GET", path, headers={"if-none-match": tag})
        assert (again.status, again.headers["etag"]) == (200, tag), path
    assert (await parties.acme.get("/v1/quotas")).json["items"][1]["used"] == 1, "runs that are open"
    assert (await parties.acme.get("/v1/peak")).json["in_line"]["runs"] == 1


@pytest.mark.parametrize("tag", ["", "abc", 'W/"abc"', '"a', '"a" "b"', "*, *"])
async def test_an_if_match_of_another_form_is_refused_and_nothing_changed(tag: str, parties: Parties) -> None:
    headers = [(b"host", b"127.0.0.1:8420"), (b"if-match", tag.encode())]
    headers.append((b"authorization", f"Bearer {parties.north.key}".encode()))
    answer = await parties.north.exchange("POST", "/v1/clients/acme/disable", headers, [b""])
    assert (answer.status, answer.problem) == (400, "bad-if-match")
    assert (await parties.north.get("/v1/clients/acme")).json["status"] == "active"


async def test_who_has_the_version_is_told_so_without_a_body(parties: Parties) -> None:
    seen = await parties.north.get("/v1/clients/acme")
    tag = seen.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await parties.north.send("GET", "/v1/clients/acme", headers={"if-none-match": known})
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
        assert "content-type" not in again.headers
    other = await parties.north.send("GET", "/v1/clients/acme", headers={"if-none-match": '"other"'})
    assert (other.status, other.body) == (200, seen.body)


async def test_S_02_a_tag_tells_nothing_of_another_tenants_resource(parties: Parties) -> None:
    _, path = await made(parties, "connections")
    for tag in ("*", '"0123456789abcdef0123456789abcdef"'):
        answer = await change(parties.south, "POST", f"{path}/disable", tag)
        assert (answer.status, answer.problem) == (404, "not-found")


def test_what_changes_a_resource_is_known() -> None:
    assert {method for method, path in CHANGING if not path.startswith("/scim/")} == {"PATCH", "PUT", "POST", "DELETE"}
    assert {route for route in POLICY if route[0] == "DELETE"} <= CHANGING
    assert {route for route in POLICY if route[0] in {"PATCH", "PUT"}} <= CHANGING
    assert {route for route in CHANGING if route[1].endswith("/retention")} <= TAGGED
    assert VERSIONED <= TAGGED
    assert {route for route in POLICY if route[1].endswith(("/disable", "/enable"))} <= CHANGING
