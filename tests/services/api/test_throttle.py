"""S-66: callers are held to their rates, each for itself, and told what is left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace

import msgspec
import pytest

from infra import clock, settings
from services.api import rates
from services.api.app import create_app
from services.api.policy import POLICY, PREFIX, Route
from services.api.rates import Rate
from services.api.throttle import COST
from tests.asgi import Caller, running
from tests.services.api.parties import Parties, make_key, make_parties


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands still; its one item is the time."""
    time = [1_000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: time[0])
    return time


def test_an_allowance_is_used_up_and_fills_up_steadily(now: list[float]) -> None:
    rate = Rate("caller", per_second=2, burst=4)
    assert [rate.take("a").left for _ in range(4)] == [3, 2, 1, 0]
    refused = rate.take("a")
    assert refused.wait == pytest.approx(0.5)
    assert refused.left == 0
    assert rate.take("b").left == 3
    now[0] += 0.5
    assert rate.take("a").wait == 0
    assert rate.take("a").wait == pytest.approx(0.5)
    now[0] += 100
    assert rate.take("a").left == 3


def test_a_dear_call_weighs_more_and_what_waits_is_not_counted(now: list[float]) -> None:
    rate = Rate("caller", per_second=1, burst=10)
    assert rate.take("a", 8).left == 2
    assert rate.take("a", 8).wait == pytest.approx(6)
    assert rate.take("a", 2).wait == 0
    now[0] += 1
    assert rate.take("a").wait == 0


@pytest.mark.usefixtures("now")
def test_as_many_callers_as_there_are_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "_REMEMBERED", 100)
    rate = Rate("network", per_second=1, burst=10)
    for number in range(1_000):
        rate.take(number)
    assert len(rate._whole_at) <= 100


@pytest.fixture
async def slow(
    api_settings: settings.Settings, operator_key: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Parties]:
    """The API with small allowances, 100 at once and one a second, for which no time passes."""
    monkeypatch.setattr(rates, "clock", SimpleNamespace(monotonic=lambda: 1_000.0))
    app = create_app(msgspec.structs.replace(api_settings, api_rate=1, api_burst=100))
    async with running(app):
        yield await make_parties(Caller(app, operator_key))


async def test_S_66_a_key_that_calls_too_often_waits_and_no_other_does(slow: Parties) -> None:
    answers = [await slow.acme.get("/v1/me") for _ in range(105)]
    refused = [one for one in answers if one.status == 429]
    assert refused
    assert refused[0].problem == "too-many-requests"
    assert 1 <= int(refused[0].headers["retry-after"]) <= 2
    assert refused[0].headers["ratelimit"].startswith('"caller";r=0;t=')
    assert answers[0].headers["ratelimit-policy"] == '"caller";q=100;w=100'
    left = [int(one.headers["ratelimit"].split(";")[1].removeprefix("r=")) for one in answers[:50]]
    assert left == list(range(left[0], left[0] - 50, -1))
    for other in (slow.sibling, slow.north, slow.operator):
        assert (await other.get("/v1/me")).status == 200


@pytest.mark.parametrize("path", ["/v1/runs", "/v1/me"])
async def test_S_66_many_keys_of_one_tenant_have_one_allowance_together(slow: Parties, path: str) -> None:
    keys = [slow.north.having(await make_key(slow.acme)) for _ in range(6)]
    answers = [await key.get(path) for key in keys for _ in range(80)]
    refused = [one for one in answers if one.status == 429]
    assert len(refused) >= 60
    assert refused[-1].headers["ratelimit"].startswith('"tenant";r=0;t=')
    assert (await slow.sibling.get(path)).status == 200


async def test_S_66_many_keys_of_one_partner_have_one_allowance_together(slow: Parties) -> None:
    # A key is dear: those that are made make the others.
    first = [slow.north.having(await make_key(slow.north)) for _ in range(2)]
    keys = first + [one.having(await make_key(one)) for one in first for _ in range(2)]
    statuses = [(await key.get("/v1/keys")).status for key in keys for _ in range(80)]
    assert statuses.count(429) >= 60
    assert (await slow.south.get("/v1/keys")).status == 200


async def test_S_66_a_network_that_guesses_is_slowed_down_and_who_has_a_key_is_let_in(slow: Parties) -> None:
    guessing = slow.acme.having("nonsense")
    statuses = [(await guessing.get("/v1/me")).status for _ in range(80)]
    assert statuses[:60] == [401] * 60
    assert 429 in statuses[60:]
    assert (await slow.acme.get("/v1/me")).status == 200
    assert (await guessing.by("192.0.2.7").get("/v1/me")).status == 401


async def test_S_66_a_header_that_names_another_address_changes_nothing(slow: Parties) -> None:
    guessing = slow.acme.having("nonsense")
    headers = [{"x-forwarded-for": f"192.0.2.{n}", "forwarded": f"for=192.0.2.{n}"} for n in range(80)]
    statuses = [(await guessing.send("GET", "/v1/me", headers=one)).status for one in headers]
    assert 429 in statuses


async def test_S_66_what_is_dear_uses_up_more(slow: Parties) -> None:
    assert all(weight > 1 for weight in COST.values())
    body = {"name": "erp", "connector": "none"}
    answers = [await slow.acme.post("/v1/connections", body) for _ in range(12)]
    assert 429 in [one.status for one in answers]


def test_S_66_a_route_weighs_the_same_at_each_of_its_addresses() -> None:
    """What is done above clients, or for one by its name, is as dear as in the short form."""
    assert COST.keys() <= POLICY.keys()
    places = (PREFIX, "/v1/organization", "/v1/partners/{partner}", "/v1")
    weights: dict[Route, set[int]] = {}
    for method, path in POLICY:
        place = next((one for one in places if path.startswith(f"{one}/")), "")
        weights.setdefault((method, path.removeprefix(place)), set()).add(COST.get((method, path), 1))
    assert {route for route, found in weights.items() if len(found) > 1} == set()
    assert (
        {10}
        == weights["GET", "/audit/export"]
        == weights["POST", "/mappings/{mapping}/try"]
        == weights["POST", "/onboarding"]
    )


async def test_a_public_page_has_no_rate(slow: Parties) -> None:
    answer = await slow.nobody.get("/health/live")
    assert "ratelimit" not in answer.headers
