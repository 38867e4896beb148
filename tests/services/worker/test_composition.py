from __future__ import annotations

from infra import settings
from infra.egress.rules import guard


def test_S_51_the_operators_networks_reach_the_way_out_and_denied_ones_are_closed() -> None:
    given = {"WAYBILL_EGRESS_NETWORKS": "10.0.0.0/8", "WAYBILL_EGRESS_DENIED": "10.9.0.0/16, 93.184.216.0/24"}
    rules = guard(settings.load(given))
    assert rules.allows_text("10.1.2.3")
    assert rules.allows_text("93.184.217.1")
    assert not rules.allows_text("10.9.0.1")
    assert not rules.allows_text("93.184.216.34")
    assert not rules.allows_text("127.0.0.1")
