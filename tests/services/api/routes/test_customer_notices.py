"""Notices to customers over the API: what they were told, how a text reads, and who wants none."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.customer_notices import reading
from tests.services.api.parties import Parties, make_key
from tests.services.customer_notices.noticed import BUYER, TOKEN, leave

AT = "/v1/customer-notices"
MAIL = {
    "subject": {"en": "Order {{ values.order }}"},
    "text": {"en": "Hello {{ recipient }},\n\n{{ values.link }}"},
    "links": ["link"],
}


@pytest.fixture
async def told(parties: Parties, stack: Stack, endpoints: Endpoints) -> str:
    """The id of one."""
    partner, tenant = ids.read("ptr", parties.ids["north"]), ids.read("ten", parties.ids["acme:live"])
    notice, _ = await leave(stack, endpoints, partner, tenant)
    return ids.show("ntc", notice)


async def test_what_customers_were_told_is_listed_by_what_it_is_about(parties: Parties, told: str) -> None:
    (one,) = (await parties.acme.get(f"{AT}?about=sales-order:SO-1")).json["items"]
    assert (one["id"], one["outcome"], one["mail"], one["recipient"]) == (told, "sent", "waiting", BUYER)
    assert one["about"] == {"kind": "sales-order", "key": "SO-1"}
    assert (await parties.acme.get(f"{AT}?about=sales-order:SO-2")).json["items"] == []
    assert [one["id"] for one in (await parties.acme.get(f"{AT}?run={one['run']}")).json["items"]] == [told]
    wrong = await parties.acme.get(f"{AT}?about=SO-1")
    assert (wrong.status, wrong.problem) == (400, "bad-parameter")
    masked = (await parties.north.get("/v1/clients/acme/live/customer-notices")).json["items"]
    assert [(one["id"], one["recipient"]) for one in masked] == [(told, None)]
    assert (await parties.sibling.get(AT)).json["items"] == []


async def test_the_timeline_of_an_order_tells_what_its_customer_was_told(parties: Parties, told: str) -> None:
    keys = [{"system": "erp", "value": "SO-1"}]
    made = (await parties.acme.post("/v1/entities", {"kind": "sales-order", "keys": keys})).json["id"]
    lines = (await parties.acme.get(f"/v1/entities/{made}/timeline")).json["items"]
    (line,) = [one for one in lines if one["what"] == "notified"]
    assert (line["name"], line["kind"], line["outcome"], line["reference"]) == ("shipped", "shipped", "sent", told)


async def test_a_text_is_previewed_in_the_partner_s_brand_and_nothing_is_sent(parties: Parties) -> None:
    values = {"order": "<b>1", "link": "https://track.example/1"}
    body = {"mail": MAIL, "values": values, "language": "nl", "recipient": "Kim"}
    shown = (await parties.north.post("/v1/clients/acme/live/customer-notices/preview", body)).json
    assert (shown["language"], shown["subject"]) == ("en", "Order <b>1")
    assert "Hello Kim," in shown["text"]
    assert '<a href="https://track.example/1">' in shown["html"]
    assert "North" in shown["html"]
    wrong = await parties.acme.post(f"{AT}/preview", {"mail": {"subject": {"en": "{{x}}"}, "text": {"en": "t"}}})
    assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, "/mail")
    assert (await parties.acme.get(AT)).json["items"] == []


async def test_who_told_it_by_telephone_is_told_nothing_more_and_what_waits_is_not_sent(
    parties: Parties, told: str
) -> None:
    wish: dict[str, Any] = {"address": BUYER.title(), "wants": "none", "reason": "they called"}
    assert (await parties.acme.post(f"{AT}/opt-outs", wish)).json == {"wants": "none", "changed": True}
    assert (await parties.acme.post(f"{AT}/opt-outs", wish)).json == {"wants": "none", "changed": False}
    (one,) = (await parties.acme.get(AT)).json["items"]
    assert (one["id"], one["mail"]) == (told, "void")
    (row,) = (await parties.acme.get("/v1/audit?limit=1")).json["items"]
    assert (row["action"], row["after"]["reason"]) == ("notice.opted-out", "they called")
    assert len(row["after"]["address_digest"]) == 64, "whose it is can be shown, and is told to nobody"
    again = await parties.acme.post(f"{AT}/opt-outs", {**wish, "wants": "all"})
    assert again.json == {"wants": "all", "changed": True}
    wrong = await parties.acme.post(f"{AT}/opt-outs", {**wish, "address": "nobody"})
    assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, "/address")
    reader = parties.nobody.having(await make_key(parties.acme, permissions=["records:read"]))
    assert (await reader.post(f"{AT}/opt-outs", wish)).status == 403


async def test_what_a_recipient_said_by_their_link_nobody_of_the_client_s_takes_back(
    parties: Parties, told: str, app_database: Database
) -> None:
    partner, digest = ids.read("ptr", parties.ids["north"]), hashlib.sha256(TOKEN.encode()).digest()
    wish: dict[str, Any] = {"address": BUYER, "wants": "none", "reason": "they called"}
    assert (await parties.acme.post(f"{AT}/opt-outs", wish)).json["changed"], told
    async with app_database.doors() as connection:
        assert await reading.by_link(connection, partner, digest, is_out=True)
    again = await parties.acme.post(f"{AT}/opt-outs", {**wish, "wants": "all"})
    assert (again.status, again.problem) == (409, "opted-out-by-recipient")
    (row,) = (await parties.acme.get("/v1/audit?limit=1")).json["items"]
    assert (row["actor"], row["action"]) == ("recipient", "notice.opted-out"), "theirs counts from then on"
    async with app_database.doors() as connection:
        assert await reading.by_link(connection, partner, digest, is_out=False) is False
    assert (await parties.acme.post(f"{AT}/opt-outs", {**wish, "wants": "all"})).json["changed"] is False
