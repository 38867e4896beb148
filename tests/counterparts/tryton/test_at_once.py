"""Orders that come at once to a Tryton on PostgreSQL, where who confirms meets the locks of others and gets a 503."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.counterparts.proxy import proxied
from tests.counterparts.tryton import on_postgresql
from tests.counterparts.tryton.test_kills import SOLD, lead_to_tryton, sales
from tests.faults.plant import PATIENT, Plant

pytestmark = [
    pytest.mark.night,
    pytest.mark.tryton,
    pytest.mark.faults,
    pytest.mark.certifies("tryton"),
    pytest.mark.parametrize("tryton", [on_postgresql.SYSTEM], indirect=True),
]
ORDERS = 16


async def test_F_03_F_20_sixteen_orders_at_once_become_sixteen_sales_each_once(tryton: int, tmp_path: Path) -> None:
    async with Plant(tmp_path / "home", settings=PATIENT) as plant, proxied(tryton) as proxy:
        await lead_to_tryton(plant, proxy.port, at_once=ORDERS)
        # Of a customer with a credit limit: who confirms takes the lock of the table, and the others are told 503.
        answers = await asyncio.gather(*(plant.send(f"once-{n}", customer="ACME-001") for n in range(ORDERS)))
        assert {one.status for one in answers} == {202}
        for _ in range(2):
            plant.start_worker()
        await plant.all_ended(ORDERS, 400)
        states = await plant.states()
        exceptions = await plant.query("SELECT category, cause FROM app.exception WHERE state = 'open'")
    assert states == {"completed": ORDERS}
    assert exceptions == []
    sold = Counter(one["reference"] for one in await sales(tryton, "PO-once-") if one["state"] in SOLD)
    assert len(sold) == ORDERS, "one was not sold"
    assert set(sold.values()) == {1}, "one was sold twice"
