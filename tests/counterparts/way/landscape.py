"""A client between real systems: its connections, the documents of the example, and how one waits for them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.faults.plant import Plant
from tests.faults.test_listening import created
from tests.house.tree import ROOT

EXAMPLE: Final = ROOT / "docs/examples/order-way"
MAPPINGS: Final = ("shop-orders", "erp-orders", "erp-shipments", "erp-invoices", "shop-disputes")
_PATIENCE: Final = 240.0
_TWICE: Final = (
    "CREATE TABLE public.delivered_twice (outbox_id uuid PRIMARY KEY)",
    """CREATE FUNCTION public.deliver_twice() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      INSERT INTO public.delivered_twice VALUES (OLD.outbox_id) ON CONFLICT DO NOTHING;
      IF FOUND THEN
        OLD.taken_until = NULL;
        INSERT INTO app.outbox SELECT OLD.*;
      END IF;
      RETURN NULL;
    END $$""",
    "CREATE TRIGGER deliver_twice AFTER DELETE ON app.outbox FOR EACH ROW EXECUTE FUNCTION public.deliver_twice()",
)
"""A message that is deleted comes back, once."""


class Way:
    """Everything by the API of `plant`, as the client's people do it."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self._connections: dict[str, str] = {}
        self._hooks: dict[str, tuple[str, str]] = {}

    async def get(self, path: str) -> Any:
        answer = await self.plant.request("GET", path)
        assert answer.status == 200, answer.body
        return msgspec.json.decode(answer.body)

    async def erp(self, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
        """Lead the connection that the template is deployed on to another ERP."""
        (one,) = (await self.get("/v1/connections"))["items"]
        changes = {"connector": "tryton", "settings": settings, "secrets": secrets}
        answer = await self.plant.request("PATCH", f"/v1/connections/{one['id']}", changes)
        assert answer.status == 200, answer.body
        self._connections["erp"] = one["id"]

    async def connect(self, name: str, connector: str, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
        body = {"name": name, "connector": connector, "settings": settings, "secrets": secrets}
        self._connections[name] = (await created(self.plant, "/v1/connections", body))["id"]

    async def release(self, *names: str) -> None:
        for name in names:
            mapping = json.loads((EXAMPLE / f"{name}.json").read_text())
            answer = await self.plant.request("PUT", f"/v1/mappings/{name}", {"mapping": mapping})
            assert answer.status == 200, answer.body
            version = msgspec.json.decode(answer.body)["version"]
            await created(self.plant, f"/v1/mappings/{name}/release", {"version": version})

    async def deploy(self, **workflows: str) -> None:
        """Each of the example's documents on the connection that is named."""
        for name, connection in workflows.items():
            slug = name.replace("_", "-")
            text = (EXAMPLE / f"{slug}.yaml").read_text()
            made = await created(self.plant, "/v1/workflows", {"document": text})
            bindings = {connection: self._connections[connection]}
            await created(self.plant, "/v1/deployments", {"name": slug, "workflow": made["id"], "bindings": bindings})

    async def listen(self, name: str, event: Mapping[str, Any]) -> None:
        """An endpoint for webhooks of the shop."""
        body = {
            "name": name,
            "connection": self._connections["shop"],
            "verification": {"style": "hmac-sha256", "header": "X-Signature"},
            "event": event,
        }
        made = await created(self.plant, "/v1/inbound-webhooks", body)
        self._hooks[name] = (made["path"], made["secret"])

    async def webhook(self, name: str, body: Mapping[str, Any]) -> int:
        """Send it; the status of the answer."""
        path, secret = self._hooks[name]
        mark = hmac.new(secret.encode(), msgspec.json.encode(body), hashlib.sha256).hexdigest()
        return (await self.plant.request("POST", path, body, headers={"X-Signature": mark})).status

    async def hurry(self, *, all_dead: bool = False) -> None:
        """What is watched is asked now; where all workers are dead, also what one of them was asking.

        Who asks holds it for three minutes, and asks each minute.
        """
        seconds = 600.0 if all_dead else 90.0
        await self.plant.query(
            "UPDATE app.poll SET due_at = clock_timestamp() "
            "WHERE due_at < clock_timestamp() + make_interval(secs => $1)",
            seconds,
        )

    async def put_off(self, trigger: str) -> None:
        """Nobody asks what it watches, until `asked_again`; who is asking is overtaken."""
        await self.plant.query(
            "UPDATE app.poll SET due_at = clock_timestamp() + interval '1 hour', fence = fence + 1 WHERE trigger = $1",
            trigger,
        )

    async def asked_again(self, *triggers: str) -> None:
        """They are asked now, from the beginning: all that was told is told once more."""
        asked = list(triggers)
        (row,) = await self.plant.query("SELECT clock_timestamp() AS now")
        await self.plant.query(
            "UPDATE app.poll SET cursor = NULL, seen = '', due_at = clock_timestamp(), fence = fence + 1 "
            "WHERE trigger = ANY ($1)",
            asked,
        )

        async def told() -> bool:
            rows = await self.plant.query(
                "SELECT bool_and(polled_at > $1 AND failure IS NULL) AS told FROM app.poll WHERE trigger = ANY ($2)",
                row["now"],
                asked,
            )
            return bool(rows[0]["told"])

        await self.until(told, "what is watched is to be told anew")

    async def twice(self) -> None:
        """From now on what leaves the outbox is delivered once more: as by a worker that died behind its delivery."""
        for statement in _TWICE:
            await self.plant.query(statement)

    async def delivered_twice(self) -> int:
        """How many messages were."""
        (row,) = await self.plant.query("SELECT count(*)::int AS n FROM public.delivered_twice")
        return int(row["n"])

    async def until(self, found: Callable[[], Awaitable[Any]], what: str) -> Any:
        """What `found` gives as soon as that is something; systems that are watched are asked meanwhile."""
        began = time.monotonic()
        while not (value := await found()):
            if time.monotonic() - began > _PATIENCE:
                told = await self.plant.query("SELECT trigger, failures, failure FROM app.poll")
                raise TimeoutError(f"{what}: {await self._runs()}, {[dict(one) for one in told]}")
            await self.hurry()
            await asyncio.sleep(0.5)
        return value

    async def settled(self) -> None:
        """Every run is completed, and nothing waits to become a record."""

        async def quiet() -> bool:
            states = await self._runs()
            assert set(states) <= {"completed", "pending", "running", "waiting"}, await self._faults()
            rows = await self.plant.query("SELECT count(*)::int AS n FROM app.translation")
            return set(states) == {"completed"} and not rows[0]["n"]

        await self.until(quiet, "runs are to end")

    async def timeline(self, number: str) -> list[dict[str, Any]]:
        """Of the shop's order."""
        lines: list[dict[str, Any]] = (await self.get(f"{await self._order(number)}/timeline?limit=100"))["items"]
        return lines

    async def state(self, number: str) -> str:
        """That the shop's order is in."""
        state: str = (await self.get(f"{await self._order(number)}/record"))["record"]["state"]
        return state

    async def contradictions(self) -> list[str]:
        """What systems say of records and cannot be."""
        rows = await self.plant.query(
            "SELECT cause || ': ' || title AS words FROM app.exception WHERE category = 'data'"
        )
        return [f"{row['cause']}: {row['title']}" for row in rows]

    async def _order(self, number: str) -> str:
        (order,) = (await self.get(f"/v1/entities?kind=sales-order&system=shop&value={number}"))["items"]
        return f"/v1/entities/{order['id']}"

    async def _runs(self) -> dict[str, int]:
        return await self.plant.states()

    async def _faults(self) -> list[dict[str, Any]]:
        rows = await self.plant.query("SELECT state, error_type, error::text AS error FROM app.run")
        return [dict(one) for one in rows if one["state"] != "completed"]


def temporary(folder: Path, name: str) -> Path:
    """A folder for one system's data."""
    made = folder / name
    made.mkdir()
    return made
