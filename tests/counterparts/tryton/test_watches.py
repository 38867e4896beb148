"""The connector's watches against a real Tryton: none is left out, and what is unfit keeps no other back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from services.connectors.builtin.tryton import changes
from services.connectors.builtin.tryton.place import Place
from services.connectors.builtin.tryton.session import Rpc
from services.engine.functions import Done
from tests.counterparts.tryton.conftest import BOTH, Erp
from tests.counterparts.tryton.people import People

pytestmark = [pytest.mark.tryton, pytest.mark.certifies("tryton"), BOTH]
WATCH = "erp.shipments.watch"
TOO_LONG = "X" * 300
"""For the number of an order in a record."""


async def sent_off(erp: Erp, people: People, order: Any) -> tuple[str, str]:
    """An order that has left: its number and its shipment's."""
    key = uuid4().hex
    number = f"PO-{key[:8]}"
    assert isinstance(await erp.create(order | {"reference": number}, key), Done)
    return number, await people.ship(number)


async def watched(erp: Erp, cursor: str) -> dict[str, Any]:
    answer = await erp.call(WATCH, {"cursor": cursor})
    assert isinstance(answer, Done), answer
    output: dict[str, Any] = answer.output
    return output


def numbers(output: dict[str, Any]) -> list[str]:
    return [one["number"] for one in output["shipments"]]


async def test_an_unfit_document_keeps_no_other_back_and_comes_through_once_it_is_mended(erp: Erp, order: Any) -> None:
    people = People(erp.client, erp._port)
    (order_number, unfit), (_, fit) = [await sent_off(erp, people, order) for _ in range(2)]
    before = Place(await people.changed(unfit) - timedelta(microseconds=1)).text()
    await people.refer(order_number, TOO_LONG)
    first = await watched(erp, before)
    assert numbers(first) == [fit]
    assert [one["id"] for one in first["unfit"]] == [unfit]
    assert TOO_LONG not in repr(first)
    # An hour later, when nothing of it would be read by its moment any more.
    place = Place.of(first["cursor"])
    later = msgspec.structs.replace(place, at=place.at + timedelta(hours=1)).text()
    still = await watched(erp, later)
    assert (numbers(still), still["unfit"]) == ([], first["unfit"])
    await people.refer(TOO_LONG, order_number)
    mended = await watched(erp, still["cursor"])
    assert (numbers(mended), mended.get("unfit")) == ([unfit], None), "mended in the order, and not in the shipment"
    assert numbers(await watched(erp, mended["cursor"])) == []


async def test_what_changes_between_two_pages_leaves_none_out(
    erp: Erp, order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = People(erp.client, erp._port)
    shipments = [shipment for _, shipment in [await sent_off(erp, people, order) for _ in range(4)]]
    # All in one transaction, and so at one moment.
    await people.note(shipments)
    moments = {await people.changed(one) for one in shipments}
    assert len(moments) == 1
    monkeypatch.setattr(changes, "_PAGE", 2)
    asked, moved = Rpc.model, list[str]()

    async def model(rpc: Rpc, name: str, *arguments: Any, **more: Any) -> Any:
        page = await asked(rpc, name, *arguments, **more)
        if name == "stock.shipment.out.search_read" and len(page) == 2 and not moved:
            moved.append(page[0]["number"])
            await people.note(moved)
        return page

    monkeypatch.setattr(Rpc, "model", model)
    found = await watched(erp, Place(moments.pop() - timedelta(microseconds=1)).text())
    assert sorted(numbers(found)) == sorted(shipments), "each once"
    assert numbers(found)[-1:] == moved
