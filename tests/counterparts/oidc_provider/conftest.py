from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from infra import settings
from infra.database import Database
from infra.embedded.stack import Endpoints
from services.portal.app import Front, create_app
from tenants.identity.permissions import ALLOWED, DEFAULTS, PEOPLE
from tenants.identity.permissions import Scope as Level
from tests import assembled
from tests.asgi import Caller, running
from tests.counterparts.oidc_provider import serving
from tests.counterparts.oidc_provider.serving import SECRET, Serving
from tests.services.api.parties import first_key, make_key
from tests.services.portal.visitors import NORTH, House, Visitor, make_house

ORIGIN = f"http://{NORTH}:8420"


class Office(msgspec.Struct, frozen=True):
    """A house whose north has the real provider.

    `invited` is for people who were let in, `open` for whoever comes, `directed` for whom a directory provisions: it
    knows people by `oid`. `staff` is for north's own people. It tells of ended sessions at the logout path of `open`.
    """

    house: House
    front: Front
    issuer: str
    invited: str
    open: str
    directed: str
    staff: str

    def returns_to(self, provider: str) -> str:
        return f"{ORIGIN}/portal/providers/{provider}/return"


@pytest.fixture(scope="session")
def provider() -> Iterator[Serving]:
    with serving.provider(serving.programs()) as running:
        yield running


@pytest.fixture(autouse=True)
def applications() -> Iterator[None]:
    """Each test has an application to itself, and leaves it to the next."""
    with assembled.shared():
        yield


@pytest.fixture
def front_settings(endpoints: Endpoints, tmp_path: Path) -> settings.Settings:
    kek = tmp_path / "kek"
    kek.write_bytes(bytes(range(32)))
    kek.chmod(0o600)
    return settings.load(
        {
            "WAYBILL_HOME": str(tmp_path),
            "WAYBILL_DATABASE_URL": endpoints.database_url,
            "WAYBILL_REDIS_URL": endpoints.redis_url,
            "WAYBILL_KEK_FILE": str(kek),
            "WAYBILL_LOG_LEVEL": "error",
            "WAYBILL_EGRESS_LOOPBACK": "true",
        }
    )


@pytest.fixture
async def office(provider: Serving, front_settings: settings.Settings, app_database: Database) -> AsyncIterator[Office]:
    app = create_app(front_settings)
    async with running(app):
        house = await make_house(Caller(app), app_database)
        made = await _providers(house, provider.issuer)
        office = Office(house, app, provider.issuer, *made)
        async with relay(house.north) as address:
            told_at = f"{address}/portal/providers/{office.open}/logout"
            provider.begin([office.returns_to(one) for one in made], told_at)
            yield office


@asynccontextmanager
async def relay(visitor: Visitor) -> AsyncIterator[str]:
    """The proxy before the portal, for the provider's own server: it comes by an address, and the host is set here."""

    async def hand_on(request: web.Request) -> web.Response:
        headers = {"host": f"{visitor.host}:8420", "content-type": request.headers["content-type"]}
        raw = await request.read()
        answer = await visitor.caller.send(request.method, request.path, raw=raw, headers=headers)
        return web.Response(status=answer.status, body=answer.body)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hand_on)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _providers(house: House, issuer: str) -> list[str]:
    """Of the client acme, by its key: for who was let in, for whoever comes, for a directory. And one of north's."""
    nobody = house.north.caller
    acme = nobody.having(await first_key(nobody, "north/acme/live", DEFAULTS[Level.CLIENT] | PEOPLE))
    clerk = next(one for one in (await acme.get("/v1/roles")).json["items"] if one["slug"] == "clerk")
    body = {"name": "Acme", "issuer": issuer, "client_id": "portal", "client_secret": SECRET}
    made = [
        await acme.post("/v1/identity-providers", body),
        await acme.post("/v1/identity-providers", {**body, "newcomers": clerk["id"]}),
        await acme.post("/v1/identity-providers", {**body, "subject_claim": "oid"}),
    ]
    north = nobody.having(await make_key(house.operator, partner="north", permissions=sorted(ALLOWED[Level.PARTNER])))
    supporter = next(one for one in (await north.get("/v1/roles")).json["items"] if one["slug"] == "supporter")
    made.append(await north.post("/v1/identity-providers", {**body, "newcomers": supporter["id"]}))
    assert [one.status for one in made] == [201] * 4, made[-1].body
    assert SECRET not in repr(made)
    return [one.json["id"] for one in made]
