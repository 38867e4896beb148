"""Other systems tell waiting runs by the numbers that they know (ADR 0028)."""

from __future__ import annotations

from typing import Any

from tests.services.api.routes.conftest import PREFIX, Cast
from tests.services.api.routes.test_run_keys import go_live, send

SIGNAL: dict[str, Any] = {"id": "a-1", "type": "approved", "key": {"name": "orderNumber", "value": "SO-1"}, "data": [1]}


async def test_S_02_a_signal_for_nobody_is_refused_and_a_stranger_s_run_is_nobody(cast: Cast) -> None:
    await go_live(cast)
    await send(cast, 1, number="SO-1")
    early = await cast.client.post("/v1/signals", SIGNAL)
    assert (early.status, early.problem) == (409, "nobody-listens")
    stranger = await cast.rival.post("/v1/signals", SIGNAL)
    assert (stranger.status, stranger.problem) == (404, "no-run-of-key")
    assert (await cast.rival.post(f"{PREFIX}/signals", SIGNAL)).status == 404
    assert (await cast.client.get("/v1/events?type=approved")).json["items"] == []
    for name in ("no-run-of-key", "nobody-listens", "too-many-listen"):
        assert (await cast.client.get(f"/problems/{name}")).status == 200


async def test_F_15_a_signal_breaks_no_rule_of_events(cast: Cast) -> None:
    wrong: list[dict[str, Any]] = [
        {**SIGNAL, "key": {"name": "orderNumber"}},
        {**SIGNAL, "key": {"name": "orderNumber", "value": ""}},
        {**SIGNAL, "key": {"name": "orderNumber", "value": "a\x00b"}},
        {**SIGNAL, "keys": {}},
        {**SIGNAL, "time": "yesterday"},
        {**SIGNAL, "type": ""},
        {name: value for name, value in SIGNAL.items() if name != "id"},
    ]
    for body in wrong:
        assert (await cast.client.post("/v1/signals", body)).status in {400, 422}, body
