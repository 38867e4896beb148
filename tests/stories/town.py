"""A client of its own between simulated systems, made, connected and deployed through the API."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self
from uuid import UUID

import msgspec

from infra import ids
from infra.database import Database
from services.cli.commands.key import make_first
from services.connectors.simulators.systems import KINDS
from template_library import catalog
from template_library.dsl import parse
from tenants.identity.permissions import ALLOWED, Scope
from tests.faults.deaths import died_at
from tests.faults.plant import end
from tests.patience import PATIENCE
from tests.portal.site import Site
from tests.stories.somebody import Somebody, hired

DOCUMENTS: Final = Path(__file__).with_name("documents")
ENVIRONMENT: Final = "test"
WORKS: Final = ["tasks:work", "holds:write", "payloads:read", "runs:read", "records:read"]
"""What everybody may in these stories who decides something."""
_FORM: Final = {"content-type": "application/cloudevents+json"}
_SECRET: Final = {
    "bureau": "password", "carrier": "client_secret", "crm": "token", "desk": "key", "erp": "token",
    "file-warehouse": "password", "odata": "client_secret", "rpc": "key", "shop": "token", "tax": "key",
    "threepl": "password", "warehouse": "key",
}  # fmt: skip
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_OPEN: Final = [{"opens": "00:00", "closes": "24:00"}]


def place(template: str, task: str) -> str:
    """Where the newest version of the template has this task."""
    (found,) = [one for one in parse(catalog.builtin().find(template).document).tasks if one.endswith(f"/{task}")]
    return found


class Town:
    """`connections`, `systems` (addresses) and `people` (by role) by their names."""

    def __init__(self, site: Site, tenant: UUID, key: str) -> None:
        self.site, self.tenant, self.key = site, tenant, key
        self.connections: dict[str, str] = {}
        self.systems: dict[str, str] = {}
        self.people: dict[str, Somebody] = {}
        self._hooks: dict[str, tuple[str, str]] = {}
        self.worker: subprocess.Popen[bytes]

    @classmethod
    async def founded(cls, site: Site, slug: str, roles: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Self:
        """Of the demo's first partner: with one person for each role, a calendar, and a matrix of these rows."""
        partner = (site.home / "secrets" / "partner-key").read_text().strip()
        made = await site.request("POST", "/v1/clients", {"slug": slug, "name": slug.title()}, key=partner)
        assert made.status == 201, made.body
        tenants = msgspec.json.decode(made.body)["tenants"]
        tenant = ids.read("ten", next(one["id"] for one in tenants if one["environment"] == ENVIRONMENT))
        database = await Database(site.stack.endpoints.database_url, pool_size=1).open()
        place = f"{site.harbor.partner_slug}/{slug}/{ENVIRONMENT}"
        _, key = await make_first(database, place, "story", frozenset(ALLOWED[Scope.CLIENT]))
        await database.close()
        town = cls(site, tenant, key)
        week = {"time_zone": "UTC", "week": dict.fromkeys(_DAYS, _OPEN), "default": True}
        await town.put("/v1/calendars/always", week)
        for role in roles:
            body = {"slug": role, "name": role.title(), "level": "client", "permissions": WORKS}
            await town.post("/v1/roles", body)
        met = await hired(site, tenant, {f"{role}@{slug}.example": [role] for role in roles})
        town.people = dict(zip(roles, met, strict=True))
        await town.put("/v1/authority", {"rows": rows})
        return town

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """By the client's key; anything but a good answer is an AssertionError with its words."""
        answer = await self.site.request(method, path, body, key=self.key)
        assert answer.status in {200, 201, 202}, (path, answer.body)
        return msgspec.json.decode(answer.body) if answer.body else None

    async def get(self, path: str) -> Any:
        return await self.ask("GET", path)

    async def post(self, path: str, body: Any) -> Any:
        return await self.ask("POST", path, body)

    async def put(self, path: str, body: Any) -> Any:
        return await self.ask("PUT", path, body)

    async def connect(
        self, name: str, system: str = "", *, books: Mapping[str, Any] | None = None, **more: Any
    ) -> None:
        """A connection to a simulated system of its own, which knows `books` beside its seed; `more` settings."""
        system = system or name
        url = await self.site.start_system(system, books=books)
        settings = {"base_url": url, "allow_http": True, **more}
        if system == "file-warehouse":
            beside = await self.site.beside(url)
            settings = {"base_url": beside["files"], "user": beside["user"], "host_keys": [beside["host_key"]], **more}
        body = {
            "name": name,
            "connector": KINDS[system].connector,
            "settings": settings,
            "secrets": {_SECRET[system]: self.site.erp_token},
        }
        self.systems[name] = url
        self.connections[name] = (await self.post("/v1/connections", body))["id"]

    async def deploy(self, template: str, *connections: str, **parameters: Any) -> None:
        bindings = {one: self.connections[one] for one in connections}
        body = {"name": template, "template": {"name": template}, "parameters": parameters, "bindings": bindings}
        await self.post("/v1/deployments", body)

    async def publish(self, name: str, *connections: str) -> None:
        """Deploy the client's own document of this name."""
        made = await self.post("/v1/workflows", {"document": (DOCUMENTS / f"{name}.yaml").read_text()})
        bindings = {one: self.connections[one] for one in connections}
        await self.post("/v1/deployments", {"name": name, "workflow": made["id"], "bindings": bindings})

    async def map(self, *names: str) -> None:
        """Release the client's mappings of these names."""
        known = msgspec.json.decode((DOCUMENTS / "mappings.json").read_bytes())
        for name in names:
            version = (await self.put(f"/v1/mappings/{name}", {"mapping": known[name]}))["version"]
            await self.post(f"/v1/mappings/{name}/release", {"version": version})

    async def listen(self, name: str, connection: str, event: Mapping[str, Any]) -> None:
        """An endpoint for webhooks of one of its systems."""
        body = {
            "name": name,
            "connection": self.connections[connection],
            "verification": {"style": "hmac-sha256", "header": "X-Signature"},
            "event": event,
        }
        made = await self.post("/v1/inbound-webhooks", body)
        self._hooks[name] = (made["path"], made["secret"])

    async def webhook(self, name: str, body: Mapping[str, Any]) -> int:
        """As that system sends it; the status of the answer."""
        path, secret = self._hooks[name]
        mark = hmac.new(secret.encode(), msgspec.json.encode(body), hashlib.sha256).hexdigest()
        return (await self.site.request("POST", path, body, headers={"X-Signature": mark})).status

    async def send(self, kind: str, name: str, data: Mapping[str, Any], subject: str = "") -> int:
        """An event of the client's, whose id is `name`; the status of the answer."""
        event = {"specversion": "1.0", "id": name, "source": "/story", "type": kind, "data": data}
        event |= {"subject": subject} if subject else {}
        return (await self.site.request("POST", "/v1/events", event, headers=_FORM, key=self.key)).status

    async def state(self, name: str) -> dict[str, Any]:
        """What the system behind that connection counts."""
        return await self.site.erp_state(self.systems[name])

    async def fails(self, name: str, **modes: Any) -> None:
        await self.site.faults_of(self.systems[name], **modes)

    async def passes(self, name: str, *, hours: float) -> None:
        """So much more time has passed for the system behind that connection."""
        url = f"{self.systems[name]}/_control/pass"
        assert (await self.site.request("POST", url, {"seconds": hours * 3600})).status == 200

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        """`$1` is the client's environment."""
        return await self.site.query(statement, self.tenant, *values)

    async def runs(self, workflow: str, key: str = "") -> list[dict[str, Any]]:
        """Of this workflow, the oldest first; with `key` those that are found by this value. At most 200 of all."""
        found = (await self.get("/v1/runs?limit=200"))["items"][::-1]
        mine = [one for one in found if one["workflow"]["name"] == workflow]
        return [one for one in mine if not key or key in one["keys"].values()]

    async def run(self, workflow: str, key: str) -> str:
        """The one run of it that is found by this value, as soon as it is there."""
        (one,) = await self.until(lambda: self.runs(workflow, key), f"{workflow} of {key} is to begin")
        run: str = one["id"]
        return run

    async def ended(self, run: str) -> Any:
        """What the run came to; it must have completed."""

        async def over() -> Any:
            found = await self.get(f"/v1/runs/{run}?wait=5")
            assert found["state"] not in {"faulted", "cancelled"}, found["error"]
            return found if found["state"] == "completed" else None

        return (await self.until(over, f"{run} is to end"))["output"]

    async def until(self, found: Callable[[], Awaitable[Any]], what: str) -> Any:
        """What `found` gives as soon as that is something; systems that are watched are asked meanwhile."""
        until, hurried = time.monotonic() + 2 * PATIENCE, 0.0
        while not (value := await found()):
            now = time.monotonic()
            if now > until:
                raise TimeoutError(f"{what}: {await self.faults()}")
            if now > hurried + 1:
                hurried = now
                await self.hurry(90)
            await asyncio.sleep(0.25)
        return value

    async def faults(self) -> list[dict[str, Any]]:
        """Of the runs that are not completed: for the message of a test that fails."""
        rows = await self.rows(
            "SELECT business_key, state, error_type, error::text AS error, waiting_for::text AS waiting_for "
            "FROM app.run WHERE tenant_id = $1 AND state <> 'completed' ORDER BY created_at LIMIT 20"
        )
        return [dict(one) for one in rows]

    async def hurry(self, seconds: int) -> None:
        """What is watched and would be asked within so many seconds is asked now."""
        await self.rows(
            "UPDATE app.poll SET due_at = clock_timestamp() WHERE tenant_id = $1 "
            "AND due_at < clock_timestamp() + make_interval(secs => $2)",
            float(seconds),
        )

    # The machines under it: each of these is a restart of some kind.

    def start_worker(self) -> None:
        self.worker = self.site.start_worker()

    async def restart_worker(self) -> None:
        """As an operator does: it is asked to end, ends well, and another one starts."""
        self.worker.terminate()
        assert await asyncio.to_thread(self.worker.wait, 120) == 0
        self.start_worker()

    async def restart_api(self) -> None:
        """On the same port; whoever is signed in stays so."""
        end(self.site.api)
        self.site.start_api()
        await self.site.answers(self.site.api_url + "/health/ready")

    async def dies_at(self, point: str) -> None:
        """The worker ends; another one begins, and is killed there by SIGKILL; a third one takes over."""
        await died_at(self.site, self.worker, point.partition("~")[0])
        # What it was asking as it died would be held for three minutes.
        await self.hurry(600)
        self.start_worker()

    def start_doomed(self, point: str) -> None:
        """A worker that kills itself at this point; `dies_at` waits for it."""
        self.worker = self.site.start_worker(point)

    def stop(self) -> None:
        """Its workers end."""
        for worker in self.site.workers:
            end(worker)
