from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from infra import settings
from infra.database import Database, Scope
from infra.embedded.stack import Endpoints, Stack
from services.api.app import create_app, routes_of
from services.api.policy import POLICY
from tenants.identity import service as identity
from tests import assembled
from tests.asgi import Caller, running
from tests.estate import Estate, name_of
from tests.services.api.parties import Parties, make_parties
from tests.services.api.things import Things, make_things
from tests.services.api.walk import Routes
from tests.services.archives.olden import Olden


@pytest.fixture(autouse=True)
def applications() -> Iterator[None]:
    """Each test has applications to itself, and leaves them to the next."""
    with assembled.shared():
        yield


@pytest.fixture
def api_settings(endpoints: Endpoints, tmp_path: Path) -> settings.Settings:
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
            "WAYBILL_ARCHIVE_FOLDER": str(tmp_path / "archives"),
            # What most tests deploy nobody answers for; those of owners ask for them.
            "WAYBILL_LIVE_OWNERS": "reported",
            "WAYBILL_DNS_RESOLVERS": "none",
        }
    )


@pytest.fixture
def olden(
    app_database: Database,
    worker_database: Database,
    stack: Stack,
    endpoints: Endpoints,
    api_settings: settings.Settings,
) -> Olden:
    """Makes runs that ended long ago, and archives where the API looks for them."""
    return Olden(app_database, worker_database, (stack, endpoints), api_settings.home / "archives")


@pytest.fixture
async def nobody(api_settings: settings.Settings) -> AsyncIterator[Caller]:
    """The running API, called without a key."""
    app = create_app(api_settings)
    async with running(app):
        yield Caller(app)


@pytest.fixture(scope="session")
def estates(stack: Stack) -> Estate:
    return Estate(stack.postgres)


@pytest.fixture
def estate(request: pytest.FixtureRequest, estates: Estate) -> Estate | None:
    """What is to stand in the database at first; a file whose parties are others than these says None."""
    return estates if "parties" in request.fixturenames else None


@pytest.fixture
def standing(endpoints: Endpoints, estate: Estate | None) -> tuple[str, Parties] | None:
    """The operator's key and the parties, where their rows are in the database already."""
    found: tuple[str, Parties] | None = None if estate is None else estate.put(name_of(endpoints))
    return found


@pytest.fixture
async def operator_key(app_database: Database, standing: tuple[str, Parties] | None) -> str:
    if standing is not None:
        return standing[0]
    async with app_database.session(Scope.operator()) as session:
        _, text = await identity.create_operator(session, "first", actor="test")
        await session.commit()
    return text


@pytest.fixture
def operator(nobody: Caller, operator_key: str) -> Caller:
    return nobody.having(operator_key)


@pytest.fixture
async def parties(
    operator: Caller, endpoints: Endpoints, estate: Estate | None, standing: tuple[str, Parties] | None
) -> Parties:
    if standing is not None:
        return standing[1].calling(operator)
    made = await make_parties(operator)
    if estate is not None:
        estate.keep(name_of(endpoints), (operator.key, made))
    return made


@pytest.fixture
async def things(parties: Parties, app_database: Database, worker_database: Database, olden: Olden) -> Things:
    return await make_things(parties, app_database, worker_database, olden)


@pytest.fixture
def routes(nobody: Caller) -> Routes:
    """The route table of the running application, each with who may enter."""
    return [(method, path, POLICY[method, path]) for method, path in routes_of(nobody.app.app)]
