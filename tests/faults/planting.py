"""Plants secrets of people, keys, webhooks and documents in an installation, by the ways in which they are given."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import msgspec

from infra.database import Database
from services.cli.commands.key import make_first
from services.cli.demo_cast import CAST
from tenants.identity import totp
from tenants.identity.permissions import ALLOWED, Scope
from tests.faults.canaries import Gathered
from tests.faults.plant import Plant
from tests.services.api.senders import BODY, EVENT, STANDARD, standard

_HARBOR = CAST[0]
PEOPLES = {
    "password": "canary-10 b1/0f+cc=\"d'&",
    "mistyped": "canary-11 9e/77+00=qz",
    "provider": "canary-12-1b/d0+4a==",
    "chosen": "canary-13-c4/e1+93==",
    "document": "canary-14 of/what+was=delivered",
}


class Planter:
    """`planted`: each secret by whose it is, those too that were made here. Refusals are gathered as mistakes."""

    def __init__(self, plant: Plant, gathered: Gathered) -> None:
        self.plant, self.gathered = plant, gathered
        self.planted = dict(PEOPLES)
        self._cookie = ""

    async def key(self) -> None:
        """A key of the client's that may do all that one may; the plant's own from here on."""
        database = await Database(self.plant.stack.endpoints.database_url, pool_size=1).open()
        place = f"{_HARBOR.partner[0]}/{_HARBOR.client[0]}/{_HARBOR.environment}"
        _, self.plant.key = await make_first(database, place, "canaries", frozenset(ALLOWED[Scope.CLIENT]))
        await database.close()
        self.planted["key"] = self.plant.key

    async def made(self, path: str, body: Any, status: int = 201) -> Any:
        """The answer, which may hold a secret and is not looked through; the same request again gets the same."""
        headers = {"idempotency-key": f'"{uuid4()}"'}
        answers = [await self.plant.request("POST", path, body, headers=headers) for _ in range(2)]
        assert [one.status for one in answers] == [status] * 2, answers[-1].body
        assert answers[0].body == answers[1].body
        return msgspec.json.decode(answers[0].body)

    async def keys(self) -> None:
        """One that is made and rotated, a token for it, and both where they do not belong."""
        made = await self.made("/v1/keys", {"name": "machine", "permissions": ["runs:read"]})
        rotated = await self.made(f"/v1/keys/{made['id']}/rotate", {})
        self.planted |= {"first key": made["key"], "rotated key": rotated["key"]}
        pair = base64.b64encode(f"{rotated['id']}:{rotated['key']}".encode()).decode()
        form = {"content-type": "application/x-www-form-urlencoded"}
        status, _, body = await self.say(
            "POST", "/v1/oauth/token", b"grant_type=client_credentials", {**form, "authorization": f"Basic {pair}"}
        )
        assert status == 200, body
        token = msgspec.json.decode(body)["access_token"]
        # What it says is no secret; its signature is what counts.
        self.planted["access token"] = token.rpartition(".")[2]
        for given in (rotated["key"], token):
            assert (await self.plant.request("GET", "/v1/me", key=given)).status == 200
            await self.mistake("GET", f"/v1/runs?api_key={given}", b"")
            await self.mistake("POST", "/v1/oauth/token", f"grant_type={given}&client_secret={given}".encode(), form)
            await self.mistake("GET", "/v1/me", b"", {"authorization": f"Basic {given}"})

    async def people(self) -> None:
        """Signs in with another password, a second factor and an invitation; each once in vain as well."""
        secrets = self.plant.home / "secrets"
        first = self.planted["first password"] = (secrets / f"{_HARBOR.key}portal-password").read_text().strip()
        await self._sign_in(first)
        change = {"old": first, "new": PEOPLES["password"]}
        assert (await self.browse("POST", "/portal/password", change))[0] == 204
        await self.mistaken("POST", "/portal/session", {"email": _HARBOR.email, "password": PEOPLES["mistyped"]})
        await self._sign_in(PEOPLES["password"])
        _, _, body = await self.browse("POST", "/portal/second-factor", {})
        secret = self.planted["second factor"] = msgspec.json.decode(body)["secret"]
        code = totp.code_at(base64.b32decode(secret), int(time.time()) // totp.STEP_SECONDS)
        status, _, body = await self.browse("POST", "/portal/second-factor/confirm", {"code": code})
        assert status == 201, body
        for place, one in enumerate(msgspec.json.decode(body)["recovery_codes"]):
            self.planted[f"recovery code {place}"] = one
        await self.mistaken("POST", "/portal/session", {"email": _HARBOR.email, "password": PEOPLES["password"]})
        await self._invited()
        await self._at_a_provider()

    async def _sign_in(self, password: str) -> None:
        status, headers, body = await self.browse(
            "POST", "/portal/session", {"email": _HARBOR.email, "password": password}
        )
        assert status == 201, body
        pairs = [one.partition(";")[0].partition("=") for one in headers["set-cookie"].split("\n")]
        for name, _, value in pairs:
            self.planted[f"cookie {len(self.planted)}"] = value
            if name == "__Host-session":
                self._cookie = f"{name}={value}"

    async def _invited(self) -> None:
        await self.plant.query(
            "INSERT INTO app.mail_setting (partner_id, sender) SELECT partner_id, 'notices@harbor.example' "
            "FROM app.partner WHERE slug = $1",
            _HARBOR.partner[0],
        )
        role = await self.made("/v1/roles", {"slug": "looker", "name": "Looker", "permissions": ["runs:read"]})
        asked = {"email": "nina@acme.example", "name": "Nina", "roles": [role["id"]]}
        token = (await self.made("/v1/invitations", asked))["link"].partition("#")[2]
        self.planted["invitation"] = token
        assert (await self.browse("POST", "/portal/invitation", {"token": token}))[0] == 201
        await self.mistaken("POST", "/portal/invitation/accept", {"password": token})

    async def _at_a_provider(self) -> None:
        given = {"name": "Own", "issuer": "https://login.acme.invalid", "client_id": "portal"}
        made = await self.made("/v1/identity-providers", {**given, "client_secret": PEOPLES["provider"]})
        await self.mistaken("POST", f"/portal/providers/{made['id']}/leave", {})
        answer = await self.plant.request("GET", "/v1/identity-providers")
        self.gathered.look("providers", answer.body)

    async def webhooks(self, connection: str, receiver: str) -> None:
        """Endpoints both ways, each rotated: with a secret of the other side's, and with ours."""
        new = {"connection": connection, "verification": STANDARD, "event": EVENT}
        own = await self.made("/v1/inbound-webhooks", {"name": "standard", **new})
        by_token = {"verification": {"style": "token", "header": "X-Token"}, "secret": PEOPLES["chosen"]}
        chosen = await self.made("/v1/inbound-webhooks", {"name": "chosen", **new, **by_token})
        sent = await self.say("POST", chosen["path"], BODY, _json({"x-token": PEOPLES["chosen"]}))
        assert sent[0] == 202, sent
        for given in ({"x-token": f"{PEOPLES['chosen']}x"}, {"x-tokn": PEOPLES["chosen"]}):
            await self.mistake("POST", chosen["path"], BODY, _json(given))
        rotated = await self.made(f"/v1/inbound-webhooks/{own['id']}/rotate", {})
        self.planted |= {"inbound": own["secret"], "inbound, rotated": rotated["secret"]}
        for number, secret in enumerate((own["secret"], rotated["secret"])):
            sent = await self.say("POST", own["path"], BODY, _json(standard(secret, f"sent-{number}", BODY)))
            assert sent[0] == 202, sent
        await self.mistake("POST", own["path"], BODY, _json({"webhook-id": "x", "x-secret": own["secret"]}))
        out = await self.made("/v1/webhook-endpoints", {"url": receiver, "types": ["*"]})
        again = await self.made(f"/v1/webhook-endpoints/{out['id']}/rotate", {})
        self.planted |= {"outbound": out["secret"], "outbound, rotated": again["secret"]}

    async def document(self, run: str) -> None:
        """Its content is secret wherever it is not asked for."""
        headers = {"content-type": "application/octet-stream"}
        status, _, body = await self.say(
            "POST", f"/v1/runs/{run}/documents?name=pod.txt", PEOPLES["document"].encode(), headers
        )
        assert status == 201, body

    async def browse(self, method: str, path: str, body: Any) -> tuple[int, dict[str, str], bytes]:
        """As the pages of the partner's host do."""
        port = self.plant.api_url.rpartition(":")[2]
        host = f"{_HARBOR.host}:{port}"
        headers = {"host": host, "origin": f"http://{host}", "content-type": "application/json", "cookie": self._cookie}
        return await self.say(method, path, msgspec.json.encode(body), headers, signed=False)

    async def mistaken(self, method: str, path: str, body: Any) -> None:
        status, headers, told = await self.browse(method, path, body)
        assert status >= 400, told
        self.gathered.look("mistakes", told + msgspec.json.encode(headers))

    async def mistake(self, method: str, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        status, found, told = await self.say(method, path, body, headers or {})
        assert status >= 400, (path, told)
        self.gathered.look("mistakes", told + msgspec.json.encode(found))

    async def say(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], *, signed: bool = True
    ) -> tuple[int, dict[str, str], bytes]:
        """One request, byte for byte: also what no client of ours would send."""
        port = int(self.plant.api_url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        known = {"host": f"127.0.0.1:{port}", "connection": "close", "content-length": str(len(body))}
        if signed and "authorization" not in headers and not path.startswith(("/hooks", "/v1/oauth")):
            known["authorization"] = f"Bearer {self.plant.key}"
        lines = [f"{name}: {value}" for name, value in (known | dict(headers)).items() if value]
        writer.write("\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode() + body)
        answer = await reader.read()
        writer.close()
        head, _, content = answer.partition(b"\r\n\r\n")
        first, *rest = head.decode().split("\r\n")
        found: dict[str, str] = {}
        for line in rest:
            name, _, value = line.partition(": ")
            found[name.lower()] = f"{found[name.lower()]}\n{value}" if name.lower() in found else value
        return int(first.split(" ")[1]), found, content


def _json(headers: Mapping[str, str]) -> dict[str, str]:
    return {"content-type": "application/json", **headers}
