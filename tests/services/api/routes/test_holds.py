"""Holds over the API: raised, listed, cleared and overridden, one by one and together."""

from __future__ import annotations

from typing import Any

import pytest

from tests.asgi import Answer, Caller
from tests.services.api.parties import Parties, holding_all, make_key

AT = "/v1/holds"
STOCK = {"order": "SO-1", "customer": "C-1", "type": "stock", "reason": "short"}


async def hold(caller: Caller, **more: Any) -> dict[str, Any]:
    answer = await caller.post(AT, {**STOCK, **more})
    assert answer.status == 200, answer.body
    made: dict[str, Any] = answer.json["hold"]
    return made


async def decide(caller: Caller, one: dict[str, Any], act: str = "clear", seen: int = 1) -> Answer:
    return await caller.post(f"{AT}/{one['id']}/{act}", {"why": "it came", "seen": seen})


async def listed(caller: Caller, query: str = "") -> list[str]:
    answer = await caller.get(f"{AT}?{query}")
    assert answer.status == 200, answer.body
    return [one["id"] for one in answer.json["items"]]


async def test_a_hold_is_raised_once_read_and_cleared_with_its_rows_in_the_audit(parties: Parties) -> None:
    made = await hold(parties.acme, words="two pallets short", value={"amount": 125_000, "currency": "USD"})
    assert (made["on"], made["order"], made["customer"], made["role"]) == ("order", "SO-1", "C-1", "inventory-desk")
    assert made["due"] is not None
    again = await parties.acme.post(AT, STOCK)
    assert (again.json["hold"]["id"], again.json["raised"]) == (made["id"], False)
    assert (await parties.acme.get(f"{AT}/{made['id']}")).json == made
    cleared = await decide(parties.acme, made)
    assert (cleared.json["status"], cleared.json["why"], cleared.json["version"]) == ("cleared", "it came", 2)
    assert cleared.json["cleared_by"].startswith("key:")
    late = await parties.acme.post(f"{AT}/{made['id']}/clear", {"why": "another reason", "seen": 2})
    assert (late.status, late.problem) == (409, "hold-closed")
    told = (await parties.acme.get("/v1/audit?limit=2")).json["items"]
    assert [(one["action"], one["target"]) for one in told] == [
        ("hold.cleared", made["id"]),
        ("hold.raised", made["id"]),
    ]


async def test_an_order_stands_by_its_own_holds_and_those_of_its_customer(parties: Parties) -> None:
    of_order = await hold(parties.acme)
    of_customer = (await parties.acme.post(AT, {"customer": "C-1", "type": "stock", "reason": "stopped"})).json["hold"]
    assert (of_customer["on"], of_customer["order"]) == ("customer", None)
    everybody = await holding_all(parties)
    assert (await decide(everybody.acme, of_order, "override")).status == 200
    stands = (await parties.acme.get(f"{AT}/standing?order=SO-1")).json
    assert (stands["releasable"], [one["on"] for one in stands["holds"]]) == (False, ["customer"])
    await decide(parties.acme, of_customer)
    assert (await parties.acme.get(f"{AT}/standing?order=SO-1")).json["releasable"]
    assert not (await parties.acme.get(f"{AT}/standing?order=SO-2")).json["releasable"], "nobody said whose it is"
    assert (await parties.acme.get(f"{AT}/standing?order=SO-2&customer=C-1")).json["releasable"]


async def test_lists_are_narrowed_and_ordered_and_go_on_where_their_page_ended(parties: Parties) -> None:
    acme = parties.acme
    small = await hold(acme, value={"amount": 5, "currency": "USD"}, site="depot", due="2027-01-02T00:00:00Z")
    large = await hold(acme, order="SO-2", value={"amount": 9, "currency": "EUR"}, due="2027-01-01T00:00:00Z")
    other = await hold(acme, order="SO-3", customer="C-2", type="incomplete", reason="no-price", role="order-desk")
    every = [small["id"], large["id"], other["id"]]
    assert await listed(acme) == every
    assert await listed(acme, "sort=value") == [large["id"], small["id"], other["id"]]
    assert await listed(acme, "sort=due&type=stock") == [large["id"], small["id"]]
    for sort in ("age", "value", "due"):
        found, cursor, page = [], "", dict[str, Any]()
        for _ in every:
            page = (await acme.get(f"{AT}?sort={sort}&limit=1{cursor}")).json
            found += [one["id"] for one in page["items"]]
            cursor = f"&cursor={page['next']}"
        assert (found, page["next"]) == (await listed(acme, f"sort={sort}"), None)
    for query, wanted in {
        "customer=C-1": every[:2],
        "site=depot": every[:1],
        "role=order-desk": every[2:],
        "order=SO-2": every[1:2],
        "on=customer": [],
        "least_value=6": every[1:2],
        "currency=USD": every[:1],
        "due_before=2027-01-01T12:00:00Z&type=stock": every[1:2],
        "status=cleared": [],
    }.items():
        assert await listed(acme, query) == wanted, query
    counted = (await acme.get(f"{AT}/summary")).json
    groups = [(one["type"], one["role"], one["currency"], one["count"], one["value"]) for one in counted["items"]]
    assert counted["count"] == 3
    assert groups == [
        ("incomplete", "order-desk", None, 1, None),
        ("stock", "inventory-desk", "EUR", 1, 9),
        ("stock", "inventory-desk", "USD", 1, 5),
    ]


async def test_many_are_cleared_after_a_preview_that_says_who_may_and_no_other(parties: Parties) -> None:
    mine = await hold(parties.acme)
    credit = await hold(parties.acme, type="credit", reason="limit-exceeded")
    body = {"preview": True, "filter": {"customer": "C-1"}, "why": "month's end"}
    seen = (await parties.acme.post(f"{AT}/act", body)).json
    assert (seen["count"], seen["covered"], seen["allowed"]) == (2, 2, 1)
    assert [(one["hold"]["id"], one["may"]) for one in seen["holds"]] == [
        (mine["id"], "allowed"),
        (credit["id"], "refused"),
    ]
    late = await hold(parties.acme, order="SO-9")
    stranger = await parties.sibling.post(f"{AT}/act", {"token": seen["token"]})
    assert (stranger.status, stranger.problem) == (400, "bad-cursor")
    done = (await parties.acme.post(f"{AT}/act", {"token": seen["token"]})).json["done"]
    assert done == [{"id": mine["id"], "outcome": "cleared"}, {"id": credit["id"], "outcome": "refused"}]
    assert await listed(parties.acme) == [credit["id"], late["id"]]


async def test_to_override_is_a_right_of_its_own_and_words_are_for_who_sees_payloads(parties: Parties) -> None:
    made = await hold(parties.acme, words="Kim says no")
    plain = parties.nobody.having(await make_key(parties.acme, permissions=["records:read", "holds:write"]))
    refused = await decide(plain, made, "override")
    assert (refused.status, refused.json["permission"]) == (403, "holds:override")
    assert (await plain.get(f"{AT}/{made['id']}")).json["words"] is None
    assert (await parties.north.get(f"/v1/clients/acme/live/holds/{made['id']}")).json["words"] is None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"type": "stock", "reason": "x"}, "/order"),
        ({**STOCK, "type": "no-such"}, "/type"),
        ({"customer": "C-1", "line": "1", "type": "stock", "reason": "x"}, "/order"),
        ({**STOCK, "reason": "Not a code"}, "/reason"),
        ({**STOCK, "value": {"amount": -1, "currency": "USD"}}, "/value/amount"),
        ({**STOCK, "status": "cleared"}, "/status"),
    ],
)
async def test_what_is_wrong_is_refused_with_its_place(parties: Parties, body: Any, pointer: str) -> None:
    answer = await parties.acme.post(AT, body)
    assert answer.status == 422, answer.body
    assert [one["pointer"] for one in answer.json["errors"]] == [pointer]


async def test_types_are_set_as_a_whole_and_as_they_were_seen(parties: Parties) -> None:
    shipped = (await parties.acme.get("/v1/hold-types")).json
    assert (shipped["version"], shipped["types"][0]["decision"]) == (0, "credit.release")
    answer = await parties.acme.send("PUT", "/v1/hold-types", {"types": shipped["types"]})
    assert (answer.status, answer.json["permission"]) == (403, "authority:write"), "who may clear is who may decide"
    acme = (await holding_all(parties)).acme
    own = {"name": "cold-chain", "title": "Cold chain", "role": "quality-desk", "minutes": 30}
    made = await acme.send("PUT", "/v1/hold-types", {"types": [*shipped["types"], own]})
    assert (made.status, made.json["version"], made.json["types"][-1]["run_may_clear"]) == (200, 1, True)
    assert (await hold(acme, type="cold-chain"))["role"] == "quality-desk"
    left_out = await acme.send("PUT", "/v1/hold-types", {"types": shipped["types"]})
    assert (left_out.status, left_out.problem) == (422, "invalid-hold-types")
    stale = await acme.send("PUT", "/v1/hold-types", {"types": [own]}, headers={"if-match": '"x"'})
    assert stale.status == 412, stale.body
    twice = await acme.send("PUT", "/v1/hold-types", {"types": [own, own]})
    assert twice.json["errors"][0]["pointer"] == "/types/1/name"


async def test_a_hold_stands_on_the_timeline_of_its_order(parties: Parties) -> None:
    keys = [{"system": "erp", "value": "SO-1"}]
    order = (await parties.acme.post("/v1/entities", {"kind": "sales-order", "keys": keys})).json["id"]
    made = await hold(parties.acme, words="two short", line="10")
    await decide(parties.acme, made)
    lines = (await parties.acme.get(f"/v1/entities/{order}/timeline")).json["items"]
    held, freed = [one for one in lines if one["what"] in {"held", "freed"}]
    assert (held["kind"], held["name"], held["number"], held["note"]) == ("stock", "short", "10", "two short")
    assert (freed["outcome"], freed["reference"], freed["note"]) == ("cleared", made["id"], "it came")
    masked = (await parties.north.get(f"/v1/clients/acme/live/entities/{order}/timeline")).json["items"]
    assert [one["note"] for one in masked if one["what"] in {"held", "freed"}] == [None, None]


async def test_S_95_whom_nobody_can_be_is_named_with_no_hold_and_of_people_only_so_many(parties: Parties) -> None:
    """By either nobody would ever let it go; and of long names no more come together than are kept."""
    for facts in ({"requester": "xxx"}, {"last_editor": [f"key:{'key_' + '0' * 26}"]}, {"margin_percent": 1e-300}):
        answer = await parties.acme.post(AT, {**STOCK, "facts": facts})
        assert (answer.status, answer.problem) == (422, "bad-fact"), facts
    assert await listed(parties.acme) == []
    long = "\U0001f69a" * 230
    told = []
    for first in (0, 10, 30):
        people = [f"p{first + place}@{long}.example" for place in range(20)]
        answer = await parties.acme.post(AT, {**STOCK, "facts": {"requester": people, "last_editor": people}})
        told.append((answer.status, None if answer.status == 200 else answer.problem))
    assert told == [(200, None), (200, None), (409, "too-many-named")]
