"""A document that takes from others is published with what it took, and keeps it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from aiohttp import web

from infra.settings import Settings
from tests.services.api.routes.conftest import Cast

HEAD = "document: {dsl: '1.0.3', namespace: tests, name: borrows, version: 1.0.0}\n"


class Others:
    """A server whose function changes each time that it is asked for."""

    def __init__(self) -> None:
        self.asked = 0
        self.url = ""

    async def function(self, _: web.Request) -> web.Response:
        self.asked += 1
        return web.Response(text=f"set: {{n: {self.asked}}}\n")


@pytest.fixture
def api_settings(api_settings: Settings) -> Settings:
    """As in the embedded mode, where a test's own server may be asked."""
    return msgspec.structs.replace(api_settings, egress_loopback=True)


@pytest.fixture
async def others() -> AsyncIterator[Others]:
    found = Others()
    app = web.Application()
    app.router.add_get("/function.yaml", found.function)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


def borrowing(url: str) -> dict[str, str]:
    return {"document": f"{HEAD}do:\n  - a: {{call: '{url}'}}\n"}


async def test_what_others_change_later_changes_no_version(cast: Cast, others: Others) -> None:
    text = borrowing(f"{others.url}/function.yaml")
    first = await cast.client.post("/v1/workflows", text)
    assert first.status == 201, first.body
    again = await cast.client.post("/v1/workflows", text)
    assert (again.status, again.json["id"]) == (200, first.json["id"])
    assert others.asked >= 1
    detail = (await cast.client.get(f"/v1/workflows/{first.json['id']}")).json
    assert detail["elsewhere"]["functions"] == {f"{others.url}/function.yaml": {"set": {"n": 1}}}


async def test_S_50_what_may_not_be_asked_is_refused_in_words(cast: Cast) -> None:
    answer = await cast.client.post("/v1/workflows", borrowing("http://169.254.169.254/function.yaml"))
    assert answer.status == 422
    assert "169.254.169.254" in answer.json["detail"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/deployments", {"name": "d", "document": HEAD, "bindings": {}}, 422),
        ("/v1/deployments", {"name": "d", "workflow": {"do": []}}, 422),
        ("/v1/deployments", {"name": "d", "definition": {"do": []}}, 422),
        ("/v1/runs", {"workflow": HEAD}, 405),
    ],
)
async def test_S_37_no_request_runs_a_document_of_its_own(cast: Cast, path: str, body: Any, status: int) -> None:
    assert (await cast.client.post(path, body)).status == status
    assert (await cast.client.get("/v1/workflows")).json["items"] == []


async def test_S_37_an_event_names_no_document(cast: Cast) -> None:
    """As a parameter it is refused; in the event it is data like any other, and nothing runs."""
    body = {
        "specversion": "1.0",
        "id": "1",
        "source": "/s",
        "type": "t",
        "data": {"definition": HEAD},
        "definition": "x",
    }
    form = {"content-type": "application/cloudevents+json"}
    refused = await cast.client.post("/v1/events?definition=x", body, headers=form)
    assert (refused.status, "definition" in refused.json["detail"]) == (400, True)
    answer = await cast.client.post("/v1/events", body, headers=form)
    assert answer.status == 202
    assert answer.json["runs"] == []
    assert (await cast.client.get("/v1/workflows")).json["items"] == []
    assert (await cast.client.get("/v1/runs")).json["items"] == []
