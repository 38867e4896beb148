from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from infra import settings
from infra.database import Database
from infra.embedded.stack import Endpoints
from services.portal.app import Front, create_app
from tenants.identity.permissions import DEFAULTS, PEOPLE
from tenants.identity.permissions import Scope as Level
from tests.asgi import Caller, running
from tests.counterparts.oidc_provider import serving
from tests.counterparts.oidc_provider.serving import SECRET
from tests.services.api.parties import first_key
from tests.services.portal.visitors import NORTH, House, make_house

ORIGIN = f"http://{NORTH}:8420"


class Office(msgspec.Struct, frozen=True):
    """A house whose north has the real provider.

    `invited` is for people who were let in, `open` for whoever comes, `directed` for whom a directory provisions: it
    knows people by `oid`.
    """

    house: House
    front: Front
    issuer: str
    invited: str
    open: str
    directed: str

    def returns_to(self, provider: str) -> str:
        return f"{ORIGIN}/portal/providers/{provider}/return"


@pytest.fixture(scope="session")
def programs() -> Path:
    return serving.programs()


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
async def office(programs: Path, front_settings: settings.Settings, app_database: Database) -> AsyncIterator[Office]:
    app = create_app(front_settings)
    async with running(app):
        house = await make_house(Caller(app), app_database)
        issuer = serving.free_issuer()
        made = await _providers(house, issuer)
        office = Office(house, app, issuer, *made)
        with serving.provider(programs, issuer, [office.returns_to(one) for one in made]):
            yield office


async def _providers(house: House, issuer: str) -> list[str]:
    """Of the client acme, by its administrator's key: for who was let in, for whoever comes, for a directory."""
    nobody = house.north.caller
    acme = nobody.having(await first_key(nobody, "north/acme/live", DEFAULTS[Level.CLIENT] | PEOPLE))
    clerk = next(one for one in (await acme.get("/v1/roles")).json["items"] if one["slug"] == "clerk")
    body = {"name": "Acme", "issuer": issuer, "client_id": "portal", "client_secret": SECRET}
    made = [
        await acme.post("/v1/identity-providers", body),
        await acme.post("/v1/identity-providers", {**body, "newcomers": clerk["id"]}),
        await acme.post("/v1/identity-providers", {**body, "subject_claim": "oid"}),
    ]
    assert [one.status for one in made] == [201] * 3, made[0].body
    assert SECRET not in repr(made)
    return [one.json["id"] for one in made]
