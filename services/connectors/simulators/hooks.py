"""Webhooks that a simulated system sends: signed, in their order, and again until they are taken."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from infra import clock, egress
from services.connectors.simulators.answers import Refused
from services.connectors.simulators.documents import Documents, shown
from services.connectors.simulators.faults import Faults

_HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_NOBODY: Final = UUID(int=0)
_PAUSE: Final = 0.1
_MOST: Final = 20
_TAKEN: Final = range(200, 300)


class Hooks:
    """What waits to be sent is kept with the system's other documents, and outlives a restart."""

    def __init__(self, kept: Documents, header: str, now: Callable[[], datetime]) -> None:
        """`now`: by the system's time."""
        self._kept = kept
        self._header = header
        self._now = now
        self.faults = Faults()

    def lead(self, url: str, secret: str) -> None:
        """Send to `url` from now on, signed with `secret`. Raises Refused: it is not on this machine."""
        if urlsplit(url).hostname not in _HERE:
            raise Refused(422, "bad-url", "A simulator sends to its own machine only")
        self._kept.put("hook", "hook", {"id": "hook", "url": url, "secret": secret})

    def tell(self, name: str, body: dict[str, Any]) -> None:
        """Have `body` sent, once for each name."""
        due = shown(self._now() + timedelta(seconds=self.faults.webhook_late))
        if self._kept.get("hook", "hook") and not self._kept.get("delivery", name):
            self._kept.put("delivery", name, {"id": name, "body": body, "tries": 0, "taken": False, "due": due})

    async def run(self) -> None:
        """Until it is cancelled."""
        async with egress.Client(egress.Guard(allow_loopback=True)) as client:
            while True:
                await asyncio.sleep(_PAUSE)
                await self.send(client)

    async def send(self, client: egress.Client) -> None:
        """What waits and is due, each once, or twice where webhooks are to come twice."""
        known, now = self._kept.all("delivery"), self._now()
        waiting = [one for one in known if not one["taken"] and one["tries"] < _MOST]
        for one in [one for one in waiting if datetime.fromisoformat(one["due"]) <= now]:
            for _ in range(2 if self.faults.webhook_twice else 1):
                one["taken"] = await self._sent(client, one["body"]) or one["taken"]
            self._kept.put("delivery", one["id"], {**one, "tries": one["tries"] + 1})

    async def _sent(self, client: egress.Client, body: dict[str, Any]) -> bool:
        hook = self._kept.have("hook", "hook")
        content, stamp = json.dumps(body).encode(), f"{clock.now().timestamp():.0f}"
        proof = hmac.new(hook["secret"].encode(), f"{stamp}.".encode() + content, "sha256").hexdigest()
        headers = {"Content-Type": "application/json", self._header: proof, f"{self._header}-Time": stamp}
        request = egress.Request(method="POST", url=hook["url"], headers=headers, body=content, timeout=5)
        try:
            return (await client.send(_NOBODY, request)).status in _TAKEN
        except egress.Failed:
            return False
