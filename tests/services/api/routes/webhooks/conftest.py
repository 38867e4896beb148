from __future__ import annotations

from typing import Any

import pytest

from tests.asgi import Answer
from tests.services.api.parties import Parties
from tests.services.api.senders import Sender, make_sender

WORKFLOW = """\
document: {dsl: 1.0.3, namespace: acme, name: greeting, version: 1.0.0}
schedule: {on: {one: {with: {type: order.captured}}}}
do:
- greet: {set: {hello: world}}
"""


async def deploy(parties: Parties) -> None:
    """A workflow of acme's that each of its orders begins."""
    version = (await parties.acme.post("/v1/workflows", {"document": WORKFLOW})).json["id"]
    made = await parties.acme.post("/v1/deployments", {"name": "greeting", "workflow": version})
    assert made.status == 201, made.body


@pytest.fixture
async def sender(parties: Parties) -> Sender:
    """Of acme's shop, whose orders begin runs."""
    await deploy(parties)
    return await make_sender(parties.acme, parties.nobody)


def is_refused(answer: Answer, status: int, problem: str) -> None:
    assert (answer.status, answer.problem) == (status, problem), answer.body


class Log:
    """What acme sees of its own."""

    def __init__(self, parties: Parties, sender: Sender) -> None:
        self._acme = parties.acme
        self._at = sender.at

    async def runs(self) -> list[Any]:
        return list((await self._acme.get("/v1/runs")).json["items"])

    async def events(self) -> list[Any]:
        return list((await self._acme.get("/v1/events")).json["items"])

    async def received(self, query: str = "") -> list[Any]:
        return list((await self._acme.get(f"{self._at}/received{query}")).json["items"])

    async def audited(self, action: str) -> list[Any]:
        return list((await self._acme.get(f"/v1/audit?action={action}")).json["items"])

    async def is_empty(self) -> bool:
        """Whether nothing was stored of what came."""
        return not (await self.runs() or await self.events() or await self.received())


@pytest.fixture
def log(parties: Parties, sender: Sender) -> Log:
    return Log(parties, sender)
