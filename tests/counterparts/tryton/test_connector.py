"""The connector against a real Tryton 8.2."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from infra.encryption.secret import Secret
from services.connectors.builtin.tryton import Tryton
from services.connectors.builtin.tryton.offered import MANIFEST
from services.connectors.builtin.tryton.rights import RIGHTS
from services.connectors.builtin.tryton.session import Session
from services.connectors.function import ConnectorFunction
from services.connectors.registry import Registry
from services.connectors.sdk.context import OpenConnection
from services.connectors.sdk.watching import Item, Position
from services.engine.functions import Done, Failed, Later
from services.events.catalogue.registry import types
from template_library import schemas
from tests.counterparts.proxy import Proxy
from tests.counterparts.tryton.conftest import BOTH, Erp
from tests.counterparts.tryton.people import People

# Where the first of them installs it, that takes minutes.
pytestmark = [pytest.mark.tryton, pytest.mark.certifies("tryton"), BOTH]
XTS = {"amount": 1, "currency": "XTS"}  # ISO 4217 keeps this code for tests


def money(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "USD"}


async def test_credit_and_stock_are_read_and_an_order_changes_both(erp: Erp, order: Any, key: str) -> None:
    credit = {"customer": "ACME-001"}
    items = {"items": [{"item": "SKU-1", "quantity": 10}, {"item": "NONE", "quantity": "2.5"}]}
    before, stock = await erp.call("erp.customers.credit", credit), await erp.call("erp.items.availability", items)
    assert isinstance(before, Done)
    assert isinstance(stock, Done)
    assert before.output["found"]
    assert before.output["limit"] == money(5_000_000)
    one, none = stock.output["items"]
    assert (one["found"], one["sufficient"], one["requested"]) == (True, True, "10")
    assert none == {"item": "NONE", "found": False, "requested": "2.5", "available": "0", "sufficient": False}
    assert not stock.output["sufficient"]

    answer = await erp.create(order, key)

    assert await erp.assert_one_sale(order, key, answer) == ["processing"]
    assert isinstance(answer, Done)
    assert answer.output["total"] == money(17_890)
    assert answer.output["reference"] == "PO-10045"
    after, left = await erp.call("erp.customers.credit", credit), await erp.call("erp.items.availability", items)
    assert isinstance(after, Done)
    assert isinstance(left, Done)
    assert after.output["available"]["amount"] == before.output["available"]["amount"] - 17_890
    assert int(left.output["items"][0]["available"]) == int(one["available"]) - 10


async def test_customers_are_found_by_code_or_name_and_may_have_no_limit(erp: Erp) -> None:
    by_name = await erp.call("erp.customers.credit", {"customer": "Acme Wholesale"})
    assert isinstance(by_name, Done)
    assert by_name.output["customer"] == "ACME-001"
    open_account = await erp.call("erp.customers.credit", {"customer": "OPEN-001"})
    assert isinstance(open_account, Done)
    assert (open_account.output["limit"], open_account.output["available"]) == (None, None)
    unknown = await erp.call("erp.customers.credit", {"customer": "NOBODY"})
    assert isinstance(unknown, Done)
    assert not unknown.output["found"]


async def test_the_credit_limit_refuses_with_the_erps_words_and_leaves_nothing_open(
    erp: Erp, order: Any, key: str
) -> None:
    answer = await erp.create(order | {"customer": "TIGHT-001"}, key)
    assert isinstance(answer, Failed)
    assert answer.error.status == 409
    assert "credit limit" in answer.error.detail
    assert [sale["state"] for sale in await erp.sales(order, key)] == ["cancelled"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"customer": "NOBODY"}, "NOBODY"),
        ({"lines": [{"item": "NONE", "quantity": 1, "unit_price": money(1)}]}, "NONE"),
        ({"currency": "EUR"}, "currency"),
        ({"currency": "XTS", "lines": [{"item": "SKU-1", "quantity": 1, "unit_price": XTS}]}, "XTS"),
    ],
)
async def test_what_the_erp_does_not_know_is_refused_before_anything_is_created(
    erp: Erp, order: Any, key: str, change: dict[str, Any], words: str
) -> None:
    answer = await erp.create(order | change, key)
    assert isinstance(answer, Failed)
    assert answer.error.status == 422
    assert words in answer.error.detail
    assert await erp.sales(order, key) == []


async def test_the_users_groups_are_those_that_its_operations_need(erp: Erp) -> None:
    answer = await erp.call(RIGHTS, {})
    assert isinstance(answer, Done)
    needed = {scope for one in MANIFEST.operations for scope in one.scopes}
    assert set(answer.output) == needed


async def test_a_wrong_password_is_refused_and_shown_nowhere(erp: Erp) -> None:
    class Wrong(Erp):
        async def open(self, _tenant: Any, _connection: Any) -> OpenConnection:
            settings = (await super().open(_tenant, _connection)).settings
            secrets = {"password": Secret("canary-no-such-password")}
            return OpenConnection(id=_connection, connector="tryton", settings=settings, secrets=secrets)

    wrong = Wrong(erp.client, erp._proxy_port, erp._port)
    answer = await wrong.call("erp.customers.credit", {"customer": "ACME-001"})
    assert isinstance(answer, Failed)
    assert (answer.error.type.rpartition("/")[2], answer.error.status) == ("authentication", 401)
    assert "canary" not in repr(answer)


async def test_a_session_is_kept_and_renewed_when_tryton_forgets_it(erp: Erp, proxy: Proxy) -> None:
    logins: list[bytes] = []

    def watch(request: bytes) -> None:
        if b"common.db.login" in request:
            logins.append(request)

    proxy.decide = watch
    connector = Tryton()
    worker = ConnectorFunction(Registry([connector]), erp, erp.client)
    for _ in range(2):
        assert isinstance(await erp.call("erp.customers.credit", {"customer": "ACME-001"}, worker=worker), Done)
    assert len(logins) == 1
    ((name, kept),) = connector._sessions._kept.items()
    forgotten = Session(Secret("Session Y29ubmVjdG9yOjI6YmFk"))
    forgotten.preferences = kept.preferences
    connector._sessions._kept[name] = forgotten
    assert isinstance(await erp.call("erp.customers.credit", {"customer": "ACME-001"}, worker=worker), Done)
    assert len(logins) == 2


async def test_F_20_a_lock_503_is_waited_for(erp: Erp, proxy: Proxy) -> None:
    proxy.decide = lambda _request: "lock-503"
    answer = await erp.call("erp.customers.credit", {"customer": "ACME-001"})
    assert isinstance(answer, Later)
    assert answer.seconds == 0


async def test_what_left_and_what_was_charged_are_told_with_the_order_that_they_belong_to(
    erp: Erp, order: Any, key: str
) -> None:
    people = People(erp.client, erp._port)
    shipped, charged = "erp.shipments.watch", "erp.invoices.watch"
    number = f"PO-{key[:8]}"
    assert isinstance(await erp.create(order | {"reference": number}, key), Done)
    shipment, invoice = await people.ship(number), await people.charge(number)
    answers = [await erp.call(shipped, {}), await erp.call(charged, {})]
    left, posted = [answer.output for answer in answers if isinstance(answer, Done)]
    (one,) = [record for record in left["shipments"] if record["number"] == shipment]
    assert (one["status"], one["orders"], one["customer"]["id"]) == ("dispatched", [{"number": number}], "ACME-001")
    lines = [(line["item"]["id"], line["quantity"]) for line in one["lines"]]
    assert sorted(lines) == [("SKU-1", {"value": "10", "unit": "EA"}), ("SKU-2", {"value": "2", "unit": "EA"})]
    (told,) = [record for record in posted["invoices"] if record["number"] == invoice]
    assert (told["status"], told["orders"], told["totals"]["total"]) == ("posted", [{"number": number}], money(17_890))
    assert sorted(line["net"]["amount"] for line in told["lines"]) == [4_900, 12_990]
    polled = Tryton().polled("invoices")
    assert polled is not None
    news = await polled.reads(posted, Position(cursor=None, began=""), {}, erp.connection(0).id)
    # With each change of it another.
    version = next(one.version for one in news.items if isinstance(one, Item) and one.id == invoice)
    assert datetime.fromisoformat(version).tzinfo is not None

    # From the cursor on: the last two minutes come again, and what is not there yet.
    again = [await erp.call(shipped, {"cursor": left["cursor"]}), await erp.call(charged, {"cursor": posted["cursor"]})]
    assert [answer.output for answer in again if isinstance(answer, Done)] == [left, posted]
    late = await erp.call(shipped, {"cursor": "2100-01-01T00:00:00+00:00"})
    assert isinstance(late, Done)
    assert late.output == {"shipments": [], "cursor": "2100-01-01T00:00:00.000000+00:00"}
    refused = await erp.call(charged, {"cursor": "yesterday"})
    assert isinstance(refused, Failed)
    assert "cursor" in refused.error.detail


async def test_each_is_news_once_by_its_number(erp: Erp, order: Any, key: str) -> None:
    number, people = f"PO-{key[:8]}", People(erp.client, erp._port)
    await erp.create(order | {"reference": number}, key)
    shipment = await people.ship(number)
    polled = Tryton().polled("shipments")
    assert polled is not None
    position = Position(cursor=None, began="2026-01-01T00:00:00+00:00")
    given = await polled.asks(position, {}, erp.connection(0).id)
    answer = await erp.call(polled.operation, given)
    assert isinstance(answer, Done)
    news = await polled.reads(answer.output, position, {}, erp.connection(0).id)
    (item,) = [one for one in news.items if isinstance(one, Item) and one.id == shipment]
    assert (item.version, item.subject, item.data["order"]) == ("", number, number)
    assert schemas.check(types()[polled.event].schema, item.data) == []
    assert news.cursor == answer.output["cursor"]
