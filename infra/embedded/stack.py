"""PostgreSQL and Valkey together, in one locked home."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import msgspec

from infra import database_roles as roles
from infra.embedded.children import reap_orphans
from infra.embedded.home import Home
from infra.embedded.postgres import Postgres
from infra.embedded.valkey import Valkey


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """Where the services are. Each URL holds a password."""

    database_url: str
    worker_database_url: str
    migrator_database_url: str
    redis_url: str


class Stack:
    """Started services; `stop` ends them and frees the home. Start from the main thread, whose death ends them too.

    Attributes:
        postgres, valkey: handles with `start`, `stop`, `pid` (and `postgres.stop_immediate`, `valkey.kill`), so that a
            test can take one away and bring it back on the same port.
    """

    def __init__(self, home: Home, postgres: Postgres, valkey: Valkey) -> None:
        self.home = home
        self.postgres = postgres
        self.valkey = valkey

    @classmethod
    def start(cls, home: Path, *, overrides: Mapping[str, str] | None = None, durable: bool = True) -> Self:
        """Start both, after ending what a killed owner left running.

        Args:
            home: the data folder; made when missing.
            overrides: PostgreSQL parameters over ours.
            durable: False skips fsync; for tests.

        Raises:
            AlreadyRunning, WrongVersion, MissingWheel, NoUser, StartFailed: nothing is left running.
        """
        place = Home(home)
        place.lock()
        try:
            reap_orphans(place)
            return cls.start_in(place, overrides=overrides, durable=durable)
        except BaseException:
            place.unlock()
            raise

    @classmethod
    def start_in(cls, home: Home, *, overrides: Mapping[str, str] | None = None, durable: bool = True) -> Self:
        """As `start`, in a home that the caller has locked and cleared."""
        postgres = Postgres(home, parameters=overrides, durable=durable)
        valkey = Valkey(home)
        try:
            postgres.start()
            valkey.start()
        except BaseException:
            valkey.stop()
            postgres.stop()
            raise
        return cls(home, postgres, valkey)

    @property
    def endpoints(self) -> Endpoints:
        return self.endpoints_of(roles.DATABASE)

    def endpoints_of(self, database: str) -> Endpoints:
        """Addresses of another database in the same cluster."""
        return Endpoints(
            database_url=self.postgres.url(roles.APP, database),
            worker_database_url=self.postgres.url(roles.WORKER, database),
            migrator_database_url=self.postgres.url(roles.MIGRATOR, database),
            redis_url=self.valkey.url(),
        )

    def create_database(self, name: str, template: str | None = None) -> Endpoints:
        """A further database with roles and layout; its name starts with `waybill_`. Copies `template` when given."""
        self.postgres.create_database(name, template)
        return self.endpoints_of(name)

    def stop(self) -> None:
        """End both and free the home. Safe to repeat."""
        self.valkey.stop()
        self.postgres.stop()
        self.home.unlock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
