from __future__ import annotations

import base64

import pytest

from tests.asgi import Caller
from tests.services.api.parties import Parties, make_key


async def walk(caller: Caller, target: str) -> list[str]:
    """Ids of every page, in order."""
    found: list[str] = []
    cursor = ""
    for _ in range(100):
        answer = await caller.get(f"{target}{cursor}")
        assert answer.status == 200, answer.body
        found += [one["id"] for one in answer.json["items"]]
        if answer.json["next"] is None:
            return found
        cursor = f"&cursor={answer.json['next']}"
    raise AssertionError("the list does not end")


async def test_S_96_pages_hold_every_row_once(operator: Caller) -> None:
    for number in range(7):
        await operator.post("/v1/partners", {"slug": f"p{number}", "name": f"P {number}"})
    await operator.post("/v1/partners/p3/disable")
    whole = await walk(operator, "/v1/partners?limit=200")
    assert len(whole) == 7
    for limit in (1, 2, 3, 6, 7, 8):
        assert await walk(operator, f"/v1/partners?limit={limit}") == whole
    assert len(await walk(operator, "/v1/partners?status=active&limit=2")) == 6
    assert len((await operator.get("/v1/partners?limit=7")).json["items"]) == 7


async def test_S_96_a_cursor_is_good_for_its_caller_its_list_and_its_filters_only(parties: Parties) -> None:
    for name in ("a", "b", "c"):
        await make_key(parties.acme, name=name)
        await make_key(parties.sibling, name=name)
    own = (await parties.acme.get("/v1/keys?limit=1")).json["next"]
    assert (await parties.acme.get(f"/v1/keys?limit=2&cursor={own}")).status == 200
    foreign = [
        await parties.sibling.get(f"/v1/keys?limit=1&cursor={own}"),
        await parties.north.get(f"/v1/keys?limit=1&cursor={own}"),
        await parties.acme.get(f"/v1/keys?limit=1&scope=client&cursor={own}"),
        await parties.acme.get(f"/v1/audit?limit=1&cursor={own}"),
    ]
    for answer in foreign:
        assert (answer.status, answer.problem) == (400, "bad-cursor")


@pytest.mark.parametrize("change", ["flip", "cut", "empty", "letters", "words", "long", "unicode"])
async def test_S_96_a_forged_cursor_is_400(operator: Caller, change: str) -> None:
    for number in range(2):
        await operator.post("/v1/partners", {"slug": f"p{number}", "name": f"P {number}"})
    cursor = (await operator.get("/v1/partners?limit=1")).json["next"]
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=="))
    raw[8] ^= 1
    forged = {
        "flip": base64.urlsafe_b64encode(raw).decode().rstrip("="),
        "cut": cursor[:-4],
        "empty": "",
        "letters": "!!!!",
        "words": base64.urlsafe_b64encode(b'{"after": "0"}' * 4).decode(),
        "long": cursor * 40,
        "unicode": "%F0%9F%98%80",
    }
    answer = await operator.get(f"/v1/partners?limit=1&cursor={forged[change]}")
    assert answer.status == 400
    assert answer.problem in {"bad-cursor", "bad-parameter"}


async def test_F_15_a_nul_in_a_query_or_a_path_is_answered_and_breaks_nothing(parties: Parties) -> None:
    """PostgreSQL stores no NUL; asked for one it answers with an error that would be our 500."""
    filters = [
        "runs?business_key",
        "runs?key",
        "runs?customer_class",
        "events?source",
        "events?type",
        "connections?name",
        "audit?action",
        "usage?kind",
    ]
    for target in filters:
        answer = await parties.acme.get(f"/v1/{target}=a%00b")
        assert (answer.status, answer.problem) == (400, "bad-parameter"), target
    assert (await parties.north.get("/v1/clients/a%00b")).status == 404


async def test_usage_until_the_last_day_of_the_calendar_is_answered(parties: Parties) -> None:
    assert (await parties.acme.get("/v1/usage?from=9999-12-01&to=9999-12-31")).status == 200
