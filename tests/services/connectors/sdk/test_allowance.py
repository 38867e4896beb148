"""What is left of a quota, in the headers that systems say it in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from infra import clock
from services.connectors.sdk import allowance
from services.connectors.sdk.allowance import Allowance


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        ({"ratelimit-limit": "100", "ratelimit-remaining": "7", "ratelimit-reset": "30"}, Allowance(7, 100, 30.0)),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1767225660"}, Allowance(0, None, 60.0)),
        ({"x-rate-limit-remaining": "7;w=60, 9"}, Allowance(7)),
        ({"ratelimit": '"default";r=50;t=30'}, Allowance(50, None, 30.0)),
        ({"ratelimit": "limit=100, remaining=50, reset=5"}, Allowance(50, 100, 5.0)),
        ({"x-shopify-shop-api-call-limit": "32/40"}, Allowance(8, 40)),
        ({"x-shopify-shop-api-call-limit": "32"}, None),
        ({"ratelimit-remaining": "many"}, None),
        ({"ratelimit-remaining": "9" * 16}, None),
        ({"x-ratelimit-remaining": "5", "x-ratelimit-reset": "1"}, Allowance(5, None, 1.0)),
        ({"x-ratelimit-remaining": "5", "x-ratelimit-reset": "1000000001"}, Allowance(5)),
        ({}, None),
    ],
)
def test_what_is_left_is_read_from_the_headers_in_use(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], left: Allowance | None
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 1, 1, tzinfo=UTC))
    assert allowance.of(headers) == left
