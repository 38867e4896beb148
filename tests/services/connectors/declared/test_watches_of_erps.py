"""Shipments of ERPs that change while they are read: none is left out, none stops the others, and it ends."""

from __future__ import annotations

from typing import Any

import pytest

from infra.egress import Client
from services.connectors.declared import library
from services.connectors.declared.connector import Declared
from services.engine.expressions.protocol import Evaluator
from services.engine.functions import Done
from tests.services.connectors.declared.erps import ERPS, SETTINGS, Erp
from tests.services.connectors.declared.other import Desk

CURSOR = "2026-03-02T07:00:00Z"
BOTH = pytest.mark.parametrize("by", sorted(ERPS))


class Watch:
    """Asks on from the cursor that it was given last. `told`: by number, how often."""

    def __init__(self, client: Client, expressions: Evaluator, by: str, cursor: str | None = CURSOR) -> None:
        self.erp: Erp = ERPS[by]()
        self._client, self._expressions, self._by = client, expressions, by
        self.cursor = cursor
        self.told: dict[int, int] = {}
        self.last: dict[str, Any] = {}

    async def ask(self) -> bool:
        """One call; whether there is more."""
        document = next(one for one in library.documents() if one.name == self._by)
        desk = Desk(self._client, self.erp, Declared(document, self._expressions))
        named = {"units": {"Units": "EA"}} if self._by == "odoo" else {}
        desk.change(settings={**desk.connection.settings, **SETTINGS[self._by], **named, "timeout_seconds": 30})
        given = {} if self.cursor is None else {"cursor": self.cursor}
        answer = await desk.call("erp.shipments.watch", given)
        assert isinstance(answer, Done), answer
        self.last = answer.output
        for one in self.last["shipments"]:
            number = int(one["number"][2:])
            self.told[number] = self.told.get(number, 0) + 1
        is_on = self.last["cursor"] != self.cursor
        self.cursor = self.last["cursor"]
        return bool(self.last.get("more")) and is_on

    async def catch_up(self, most: int = 12) -> int:
        """Calls until nothing more is behind the cursor."""
        for asked in range(1, most):
            if not await self.ask():
                return asked
        raise AssertionError("it goes on and on")


@BOTH
@pytest.mark.parametrize("apart", [0.0, 0.013, 2.5])
async def test_what_changes_between_two_pages_leaves_none_out(
    client: Client, expressions: Evaluator, by: str, apart: float
) -> None:
    watch = Watch(client, expressions, by)
    async with watch.erp.running():
        watch.erp.change(range(1, 251), apart=apart)
        watch.erp.between = lambda: watch.erp.change(range(1, 4), seconds=3600)
        await watch.catch_up()
    assert watch.told.keys() == watch.erp.changed.keys()
    # Those that moved are read at their new place as well; an event is known by its number.
    assert max(watch.told[one] for one in range(1, 4)) >= 2


@BOTH
async def test_documents_of_one_moment_are_told_page_by_page(client: Client, expressions: Evaluator, by: str) -> None:
    """An import gives thousands of documents one moment: the place among them is in the cursor."""
    watch = Watch(client, expressions, by, cursor=None)
    async with watch.erp.running():
        # Written in another order than that of their ids.
        watch.erp.change(range(350, 0, -1), seconds=60, apart=0.000001 if by == "odoo" else 0.0)
        calls = await watch.catch_up()
        watch.erp.change([400], seconds=3600)
        await watch.catch_up()
    assert watch.told.keys() == watch.erp.changed.keys()
    assert calls <= 7


@BOTH
async def test_one_that_cannot_be_read_keeps_no_other_back_and_comes_once_it_is_mended(
    client: Client, expressions: Evaluator, by: str
) -> None:
    watch = Watch(client, expressions, by)
    watch.erp.boxed = {5}
    async with watch.erp.running():
        watch.erp.change(range(1, 11))
        await watch.catch_up()
        assert [one["id"] for one in watch.last["unfit"]] == ["S-00005"]
        assert watch.told.keys() == {*range(1, 11)} - {5}
        watch.erp.change(range(11, 21), seconds=7200)
        await watch.catch_up()
        await watch.catch_up()
        assert 5 not in watch.told
        watch.erp.named = True
        await watch.catch_up()
    assert watch.told.keys() == watch.erp.changed.keys()
    assert "unfit" not in watch.last


@BOTH
async def test_what_is_committed_late_is_told_behind_a_crowd_as_well(
    client: Client, expressions: Evaluator, by: str
) -> None:
    """Its moment lies within what was read already, and more changed within those two minutes than a call reads."""
    watch = Watch(client, expressions, by)
    async with watch.erp.running():
        watch.erp.change(range(1, 251), apart=0.4)
        await watch.catch_up()
        watch.erp.change([500], seconds=30)
        await watch.catch_up()
        assert 500 in watch.told
        at_rest = watch.cursor
        await watch.catch_up()
        before = len(watch.erp.asked)
        await watch.catch_up()
        assert len(watch.erp.asked) - before <= 8, "where nothing happens it does not read the crowd again and again"
    assert at_rest is not None
    assert watch.told.keys() == watch.erp.changed.keys()
