"""S-41, S-45: an endpoint is closed when it cannot compare, and looks like nobody's when it is not served."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from infra import clock, ids
from infra.database import Database, Scope
from infra.embedded.stack import Endpoints, Stack
from services.api import rates
from services.api.rates import Rate
from services.api.receiving import SUSPENDED_SECONDS
from tests.asgi import Answer
from tests.services.api.parties import Parties
from tests.services.api.routes.webhooks.conftest import Log, is_refused
from tests.services.api.senders import BODY, Sender, make_sender
from tests.superuser import connected


async def test_S_41_without_a_secret_that_can_be_read_nothing_is_taken(
    sender: Sender, log: Log, parties: Parties, stack: Stack, endpoints: Endpoints
) -> None:
    hooks = parties.nobody.app.app.state.resources.hooks
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as database:
        await database.execute("UPDATE app.inbound_secret SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)")
        hooks.forget()
        closed = await sender.send("order-1")
        is_refused(closed, 503, "webhook-secret-unreadable")
        assert int(closed.headers["retry-after"]) > 0
        is_refused(await sender.raw(BODY, {}), 503, "webhook-secret-unreadable")
        await database.execute("DELETE FROM app.inbound_secret")
        hooks.forget()
        is_refused(await sender.send("order-1"), 503, "webhook-secret-unreadable")
    assert await log.is_empty()


async def test_S_41_S_71_a_secret_that_was_moved_from_another_endpoint_does_not_open(
    sender: Sender, log: Log, parties: Parties, stack: Stack, endpoints: Endpoints
) -> None:
    """Else whoever can write rows could sign with a secret of its own."""
    other = await make_sender(parties.acme, parties.nobody, name="other", connection=sender.made["connection"])
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as database:
        await database.execute(
            "UPDATE app.inbound_secret s SET sealed = (SELECT o.sealed FROM app.inbound_secret o WHERE o.hook_id = $1) "
            "WHERE s.hook_id = $2",
            ids.read("hok", other.made["id"]),
            ids.read("hok", sender.made["id"]),
        )
    parties.nobody.app.app.state.resources.hooks.forget()
    moved = Sender(parties.nobody, {**sender.made, "secret": other.made["secret"]})
    is_refused(await moved.send("order-1"), 503, "webhook-secret-unreadable")
    assert await log.is_empty()
    (told,) = (await parties.acme.get("/v1/audit?action=secret.unreadable")).json["items"]
    assert (told["actor"], told["target"]) == ("engine", sender.made["id"])


async def test_S_45_an_address_that_is_nobodys_or_closed_looks_alike(
    sender: Sender, log: Log, parties: Parties
) -> None:
    hooks = parties.nobody.app.app.state.resources.hooks

    def outcome(answer: Answer) -> tuple[int, set[str], Any]:
        return answer.status, set(answer.headers), {**answer.json, "request_id": ""}

    stranger = Sender(parties.nobody, {**sender.made, "path": "/hooks/" + "x" * 22})
    unknown = outcome(await stranger.send("order-1"))
    assert unknown[0] == 404
    for address in ("x", "x" * 21, "x" * 23, "%00" * 8, "é" * 11, sender.made["path"][7:].swapcase()):
        odd = Sender(parties.nobody, {**sender.made, "path": f"/hooks/{address}"})
        assert (await odd.send("order-1")).status == 404
    assert (await parties.acme.post(f"{sender.at}/disable")).status == 200
    hooks.forget()
    for headers, kind in (
        ({}, "application/json"),
        (sender.signed("other", b"x"), "application/json"),
        ({}, "text/plain"),
    ):
        assert outcome(await sender.raw(BODY, headers, kind)) == unknown, "to whoever is not its sender"
    is_refused(await sender.send("order-1"), 410, "webhook-gone")
    assert (await parties.acme.post(f"{sender.at}/enable")).status == 200
    hooks.forget()
    assert (await sender.send("order-1")).status == 202
    assert (await parties.acme.post(f"{sender.at}/delete", {"name": "shop"})).status == 200
    hooks.forget()
    assert outcome(await sender.send("order-2")) == unknown
    assert len(await log.runs()) == 1


async def test_S_45_of_a_partner_or_client_that_is_not_served_nothing_is_there(
    sender: Sender, parties: Parties
) -> None:
    hooks = parties.nobody.app.app.state.resources.hooks
    assert (await parties.north.post("/v1/clients/acme/suspend", {"reason": "a test"})).status == 200
    hooks.forget()
    waiting = await sender.send("order-1")
    is_refused(waiting, 503, "unavailable")
    assert waiting.headers["retry-after"] == str(SUSPENDED_SECONDS)
    is_refused(await sender.raw(BODY, {}), 401, "webhook-not-verified")
    assert (await parties.north.post("/v1/clients/acme/resume")).status == 200
    hooks.forget()
    assert (await sender.send("order-1")).status == 202
    for path in ("/v1/clients/acme/disable", None):
        if path is None:
            await parties.north.post("/v1/clients/acme/enable")
            await parties.operator.post("/v1/partners/north/disable")
        else:
            assert (await parties.north.post(path)).status == 200
        hooks.forget()
        assert (await sender.send("order-1")).status == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
async def test_S_45_another_method_is_405_wherever(method: str, sender: Sender, parties: Parties) -> None:
    for path in (sender.made["path"], "/hooks/" + "x" * 22):
        answer = await parties.nobody.send(method, path)
        assert (answer.status, answer.headers["allow"]) == (405, "POST")


async def test_S_45_addresses_are_of_128_random_bits(parties: Parties, sender: Sender) -> None:
    seen = {sender.made["path"]}
    for number in range(20):
        made = await make_sender(parties.acme, parties.nobody, name=f"n{number}", connection=sender.made["connection"])
        seen.add(made.made["path"])
    assert len(seen) == 21
    assert {len(one.removeprefix("/hooks/")) for one in seen} == {22}


async def test_S_45_whoever_guesses_is_slowed_down_and_whoever_signs_is_not(
    sender: Sender, parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By network: sixty at once, then one a second; here no second passes."""
    now = clock.monotonic()
    monkeypatch.setattr(rates, "clock", SimpleNamespace(monotonic=lambda: now))
    nobody = parties.nobody.by("203.0.113.7")
    guesser = Sender(nobody, {**sender.made, "path": "/hooks/" + "x" * 22})
    statuses = [(await guesser.send("order-1")).status for _ in range(70)]
    assert set(statuses) == {404, 429}
    refused = await Sender(nobody, sender.made).raw(BODY, {})
    is_refused(refused, 429, "too-many-requests")
    assert int(refused.headers["retry-after"]) >= 1
    assert (await Sender(nobody, sender.made).send("order-1")).status == 202


async def test_S_45_S_66_an_endpoint_and_its_tenant_have_rates(
    parties: Parties, sender: Sender, monkeypatch: pytest.MonkeyPatch, app_database: Database
) -> None:
    throttle = parties.nobody.app.app.state.resources.throttle

    def narrow(rate: Rate, burst: int) -> None:
        monkeypatch.setattr(rate, "burst", burst)
        monkeypatch.setattr(rate, "_spacing", 60.0)

    narrow(throttle._webhooks, 2)
    statuses = [(await sender.send(f"order-{number}")) for number in range(3)]
    assert [one.status for one in statuses] == [202, 202, 429]
    assert int(statuses[-1].headers["retry-after"]) >= 1
    assert statuses[-1].headers["ratelimit-policy"].startswith('"webhook";q=2')
    other = await make_sender(parties.acme, parties.nobody, name="other", connection=sender.made["connection"])
    assert (await other.send("order-1")).status == 202, "each has its own"
    narrow(throttle._tenants, 0)
    refused = await other.send("order-2")
    assert (refused.status, refused.headers["ratelimit-policy"].partition(";")[0]) == (429, '"tenant"')
    narrow(throttle._knocks, 0)
    is_refused(await sender.raw(BODY, {}), 429, "too-many-requests")
    async with app_database.session(Scope.tenant(ids.read("ten", parties.ids["acme:live"]))) as session:
        kept = await session.scalar(text("SELECT count(*) FROM app.inbound_request"))
    assert kept == 3, "nothing was stored of what was refused"
