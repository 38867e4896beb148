from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from infra import settings
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.portal.app import Front, create_app
from services.portal.files import Files
from tests import assembled
from tests.asgi import Caller, running
from tests.estate import Estate, name_of
from tests.services.portal.visitors import House, make_house

PAGE = (
    '<!doctype html><html lang="en"><head><meta name="csp-nonce" content="__CSP_NONCE__">'
    '<title>__BRAND_NAME__</title><style nonce="__CSP_NONCE__">body{margin:0}</style></head><body></body></html>'
)


@pytest.fixture(autouse=True)
def applications() -> Iterator[None]:
    """Each test has applications to itself, and leaves them to the next."""
    with assembled.shared():
        yield


def complete_settings(endpoints: Endpoints, tmp_path: Path, **more: str) -> settings.Settings:
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
            "WAYBILL_LIVE_OWNERS": "reported",
            "WAYBILL_DNS_RESOLVERS": "none",
            **more,
        }
    )


@pytest.fixture
def portal_settings(endpoints: Endpoints, tmp_path: Path) -> settings.Settings:
    return complete_settings(endpoints, tmp_path)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder as the build of the pages leaves it."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "assets" / "index-a1b2c3.js").write_text("export const answer = 42;\n" * 40)
    (folder / "assets" / "notes.html").write_text("<script>alert(1)</script>")
    (folder / "index.html").write_text(PAGE)
    return folder


@pytest.fixture
async def front(portal_settings: settings.Settings, built: Path) -> AsyncIterator[Front]:
    """The running application: API and portal."""
    app = create_app(portal_settings)
    app.inner.files = Files(built)
    async with running(app):
        yield app


@pytest.fixture(scope="session")
def estates(stack: Stack) -> Estate:
    return Estate(stack.postgres)


@pytest.fixture
async def house(front: Front, app_database: Database, endpoints: Endpoints, estates: Estate) -> House:
    kept: House | None = estates.put(name_of(endpoints))
    if kept is not None:
        return kept.calling(Caller(front))
    made = await make_house(Caller(front), app_database)
    estates.keep(name_of(endpoints), made)
    return made
