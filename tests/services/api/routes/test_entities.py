"""The cross-reference over the API."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.asgi import Answer, Caller
from tests.services.api.parties import Parties, make_key

AT = "/v1/entities"


def keys(*texts: str) -> list[dict[str, str]]:
    return [dict(zip(("system", "value"), one.split(":"), strict=True)) for one in texts]


async def make(caller: Caller, *texts: str, kind: str = "customer") -> dict[str, Any]:
    answer = await caller.post(AT, {"kind": kind, "keys": keys(*texts)})
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.json
    return made


def shown(answer: Answer) -> list[str]:
    assert answer.status in {200, 201}, answer.body
    return [f"{one['system']}:{one['value']}{'*' * one['preferred']}" for one in answer.json["keys"]]


async def test_an_entity_is_made_found_by_any_id_and_read(parties: Parties) -> None:
    made = await make(parties.acme, "erp:C-1", "shop:77")
    await make(parties.acme, "erp:C-2")
    for query in ("system=shop&value=77", "value=77", "kind=customer&system=erp&value=C-1"):
        assert (await parties.acme.get(f"{AT}?{query}")).json["items"] == [made], query
    assert (await parties.acme.get(f"{AT}?system=shop")).json["items"] == [made]
    assert (await parties.acme.get(f"{AT}/{made['id']}")).json == made
    assert (await parties.acme.get(f"{AT}?kind=item&value=77")).json["items"] == []


async def test_a_list_goes_on_where_its_page_ended(parties: Parties) -> None:
    made = [(await make(parties.acme, f"erp:{number}"))["id"] for number in range(5)]
    first = (await parties.acme.get(f"{AT}?limit=3")).json
    rest = (await parties.acme.get(f"{AT}?limit=3&cursor={first['next']}")).json
    assert [one["id"] for one in first["items"] + rest["items"]] == made[::-1]
    assert rest["next"] is None


async def test_two_are_merged_and_taken_apart_again_and_the_history_tells_it(parties: Parties) -> None:
    one, other = await make(parties.acme, "erp:C-1"), await make(parties.acme, "erp:C-2", "shop:2")
    body = {"entity": other["id"], "reason": "one shop, two accounts"}
    assert shown(await parties.acme.post(f"{AT}/{one['id']}/merge", body)) == ["erp:C-1*", "erp:C-2", "shop:2*"]
    gone = (await parties.acme.get(f"{AT}/{other['id']}")).json
    assert (gone["merged_into"], gone["keys"]) == (one["id"], [])
    split = {"keys": keys("erp:C-2", "shop:2"), "reason": "no, two shops", "back_to": other["id"]}
    back = await parties.acme.post(f"{AT}/{one['id']}/split", split)
    assert (back.json["id"], shown(back)) == (other["id"], ["erp:C-2*", "shop:2*"])
    told = (await parties.acme.get(f"{AT}/{one['id']}/history")).json["items"]
    assert [(line["what"], line["reason"]) for line in told] == [
        ("split", "no, two shops"),
        ("merged", "one shop, two accounts"),
        ("created", None),
    ]
    assert told[0]["other"] == other["id"]
    assert told[0]["by"].startswith("key:")
    actions = [line["action"] for line in (await parties.acme.get("/v1/audit?limit=3")).json["items"]]
    assert actions == ["entity.split", "entity.merged", "entity.created"]


async def test_keys_are_linked_preferred_and_taken_away(parties: Parties) -> None:
    at = f"{AT}/{(await make(parties.acme, 'erp:C-1'))['id']}"
    await parties.acme.post(f"{at}/keys", {"system": "erp", "value": "C-2", "preferred": True})
    assert shown(await parties.acme.get(at)) == ["erp:C-1", "erp:C-2*"]
    assert shown(await parties.acme.post(f"{at}/keys/remove", {"system": "erp", "value": "C-2"})) == ["erp:C-1*"]
    assert (await parties.acme.post(f"{at}/keys/remove", {"system": "erp", "value": "C-2"})).status == 404


async def test_a_key_that_another_has_is_refused_with_whose_it_is(parties: Parties) -> None:
    holder, other = await make(parties.acme, "erp:C-1"), await make(parties.acme, "erp:C-2")
    for answer in (
        await parties.acme.post(f"{AT}/{other['id']}/keys", {"system": "erp", "value": "C-1"}),
        await parties.acme.post(AT, {"kind": "customer", "keys": keys("erp:C-3", "erp:C-1")}),
    ):
        assert (answer.status, answer.problem, answer.json["entity"]) == (409, "entity-key-taken", holder["id"])
    assert (await parties.acme.get(f"{AT}?value=C-3")).json["items"] == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "order", "keys": [{"system": "erp", "value": "1"}]}, "/kind"),
        ({"kind": "item", "keys": [{"system": "ERP", "value": "1"}]}, "/keys/0/system"),
        (
            {"kind": "item", "keys": [{"system": "erp", "value": "1"}, {"system": "erp", "value": " 2"}]},
            "/keys/1/value",
        ),
    ],
)
async def test_what_cannot_be_said_of_an_entity_is_refused_where_it_stands(
    body: dict[str, Any], pointer: str, parties: Parties
) -> None:
    answer = await parties.acme.post(AT, body)
    assert (answer.status, answer.problem) == (422, "invalid-entity")
    assert answer.json["errors"][0]["pointer"] == pointer


async def test_of_two_who_merge_what_they_saw_one_does(parties: Parties) -> None:
    one = await make(parties.acme, "erp:C-1")
    others = [await make(parties.acme, f"erp:D-{number}") for number in range(4)]
    seen = (await parties.acme.get(f"{AT}/{one['id']}")).headers["etag"]
    answers = await asyncio.gather(
        *(
            parties.acme.send(
                "POST", f"{AT}/{one['id']}/merge", {"entity": other["id"], "reason": "x"}, headers={"if-match": seen}
            )
            for other in others
        )
    )
    assert sorted(one.status for one in answers) == [200, 412, 412, 412]


async def test_S_94_a_merge_and_a_split_under_one_key_are_done_once(parties: Parties) -> None:
    one, other = await make(parties.acme, "erp:C-1"), await make(parties.acme, "erp:C-2")
    seen = (await parties.acme.get(f"{AT}/{one['id']}")).headers["etag"]
    headers = {"if-match": seen, "idempotency-key": "4711"}
    merge = (f"{AT}/{one['id']}/merge", {"entity": other["id"], "reason": "x"})
    first, again = [await parties.acme.send("POST", *merge, headers=headers) for _ in range(2)]
    assert (first.status, again.status, first.body == again.body) == (200, 200, True)
    split = (f"{AT}/{one['id']}/split", {"keys": keys("erp:C-2"), "reason": "y"})
    headers = {"if-match": first.headers["etag"], "idempotency-key": "4712"}
    first, again = [await parties.acme.send("POST", *split, headers=headers) for _ in range(2)]
    assert (first.status, again.status, first.json["id"]) == (201, 201, again.json["id"])


async def test_S_94_fifty_who_make_the_same_at_once_make_one(parties: Parties) -> None:
    body = {"kind": "item", "keys": keys("erp:SKU-1")}
    answers = await asyncio.gather(*(parties.acme.post(AT, body) for _ in range(50)))
    assert sorted(one.status for one in answers) == [201] + [409] * 49
    assert len((await parties.acme.get(f"{AT}?value=SKU-1")).json["items"]) == 1


async def test_S_04_a_reader_changes_nothing(parties: Parties) -> None:
    made = await make(parties.acme, "erp:C-1", "shop:1")
    reader = parties.nobody.having(await make_key(parties.acme, permissions=["records:read"]))
    assert (await reader.get(f"{AT}/{made['id']}")).json == made
    for path, body in (
        (AT, {"kind": "item", "keys": keys("erp:1")}),
        (f"{AT}/{made['id']}/keys", keys("crm:1")[0]),
        (f"{AT}/{made['id']}/keys/remove", keys("erp:C-1")[0]),
        (f"{AT}/{made['id']}/merge", {"entity": made["id"], "reason": "x"}),
        (f"{AT}/{made['id']}/split", {"keys": keys("erp:C-1"), "reason": "x"}),
    ):
        assert (await reader.post(path, body)).status == 403, path
