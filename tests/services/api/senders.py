"""Systems that send webhooks: they sign what they send, each in its own way."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any

import msgspec

from tests.asgi import Answer, Caller
from tests.services.api.attempts import CONNECTION

STANDARD = {"style": "standard-webhooks"}
EVENT = {"type": {"pointer": "/type"}, "subject": {"pointer": "/order/number"}}
JSON = "application/json"
BODY = b'{"type":"order.captured","order":{"number":"SO-1","lines":[1,2]}}'


def standard(secret: str, sent_id: str, body: bytes, at: str | int | None = None) -> dict[str, str]:
    """The headers that the specification asks for; `at` None: the present time."""
    stamp = str(int(time.time()) if at is None else at)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{sent_id}.{stamp}.".encode("latin-1") + body, hashlib.sha256).digest()
    return {
        "webhook-id": sent_id,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
    }


async def connect(owner: Caller, name: str = "shop") -> str:
    """The id of a connection of its own."""
    made = await owner.post("/v1/connections", {**CONNECTION, "name": name})
    assert made.status == 201, made.body
    found: str = made.json["id"]
    return found


class Sender:
    """Whoever was given an endpoint's path and secret."""

    def __init__(self, nobody: Caller, made: dict[str, Any]) -> None:
        self.nobody = nobody
        self.made = made

    @property
    def at(self) -> str:
        """Where the endpoint is managed."""
        return f"/v1/inbound-webhooks/{self.made['id']}"

    def signed(self, sent_id: str, body: bytes = BODY, at: str | int | None = None) -> dict[str, str]:
        return standard(self.made["secret"], sent_id, body, at)

    async def send(self, sent_id: str, body: bytes = BODY, **headers: str) -> Answer:
        """Signed now; `headers` in place of those, '' for without."""
        return await self.raw(body, self.signed(sent_id, body) | _named(headers))

    async def raw(self, body: bytes, headers: dict[str, str], kind: str = JSON) -> Answer:
        """Whatever is given."""
        return await self.nobody.send("POST", self.made["path"], raw=body, headers={"content-type": kind, **headers})

    async def pairs(self, body: bytes, headers: list[tuple[str, str]]) -> Answer:
        """With headers that come more than once."""
        sent = [("host", "127.0.0.1:8420"), ("content-type", JSON), *headers]
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in sent]
        return await self.nobody.exchange("POST", self.made["path"], encoded, [body])


async def make_sender(owner: Caller, nobody: Caller, *, connection: str | None = None, **declared: Any) -> Sender:
    """An endpoint of Standard Webhooks that begins orders, unless `declared` otherwise."""
    new: dict[str, Any] = {
        "name": "shop",
        "connection": connection or await connect(owner),
        "verification": STANDARD,
        "event": EVENT,
        **declared,
    }
    made = await owner.post("/v1/inbound-webhooks", new)
    assert made.status == 201, made.body
    return Sender(nobody, made.json)


def body_of(**members: Any) -> bytes:
    """An order, with other members."""
    return msgspec.json.encode({"type": "order.captured", "order": {"number": "SO-1"}, **members})


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
