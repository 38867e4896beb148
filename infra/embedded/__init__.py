"""PostgreSQL and Valkey from wheels, as children of this process (docs/operator/running.md)."""

from infra.embedded.children import Child, reap_orphans
from infra.embedded.home import AlreadyRunning, Home, WrongVersion
from infra.embedded.postgres import Postgres
from infra.embedded.stack import Endpoints, Stack
from infra.embedded.valkey import Valkey

__all__ = [
    "AlreadyRunning",
    "Child",
    "Endpoints",
    "Home",
    "Postgres",
    "Stack",
    "Valkey",
    "WrongVersion",
    "reap_orphans",
]
