"""Services of the tests' own: one PostgreSQL and one Valkey a session, a fresh migrated database a test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest

from infra import collector, migrate
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from tests.databases import Databases

_TEMPLATE = "waybill_template"
collector.leave_at_the_end()


def pytest_collection_finish() -> None:
    """What was loaded and found is looked through no more, as in a process that serves."""
    collector.settle()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A report travels from one process to another: a lone surrogate in what was captured would end both."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "replace").decode()) for name, text in report.sections]
    return report


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Embedded services without fsync; tests that kill them start their own.

    Nothing gathers statistics by itself: a test that looks at plans finds its tables as new ones are.
    """
    home: Path = tmp_path_factory.mktemp("home")
    with Stack.start(home, durable=False, overrides={"autovacuum": "off"}) as running:
        yield running


@pytest.fixture(scope="session")
async def migrated(stack: Stack) -> str:
    """Name of a database at the newest migration, to be copied."""
    endpoints = stack.create_database(_TEMPLATE)
    await migrate.upgrade(endpoints.migrator_database_url)
    return _TEMPLATE


@pytest.fixture(scope="session")
def databases(stack: Stack, migrated: str) -> Databases:
    return Databases(stack, migrated)


@pytest.fixture
def endpoints(databases: Databases) -> Iterator[Endpoints]:
    """A fresh database, migrated and empty."""
    name, used = databases.take()
    yield databases.endpoints_of(name)
    databases.give_back(name, used)


@pytest.fixture
async def app_database(endpoints: Endpoints) -> AsyncIterator[Database]:
    """The fresh database as the API's role."""
    database = await Database(endpoints.database_url).open()
    yield database
    await database.close()


@pytest.fixture
async def worker_database(endpoints: Endpoints) -> AsyncIterator[Database]:
    """The fresh database as the worker's role."""
    database = await Database(endpoints.worker_database_url).open()
    yield database
    await database.close()
