"""The embedded PostgreSQL as somebody else's server: bare of our roles, with an administrator who is no superuser."""

from __future__ import annotations

from infra import database_roles as roles
from infra.embedded import Postgres


def as_outside(server: Postgres) -> None:
    """Remove all that is ours from a running server, and let its administrator in by TCP."""
    server.drop_database(roles.DATABASE)
    for name in reversed((roles.OWNER, roles.DOORS, *roles.LOGINS)):
        server.run_sql([f"DROP ROLE {name}"])
    server.run_sql(
        [
            "CREATE ROLE host_admin LOGIN CREATEROLE CREATEDB PASSWORD 'host'",
            "GRANT CONNECT ON DATABASE postgres TO host_admin",
        ]
    )
    access = server.home.folder / "postgres" / "access.conf"
    access.write_text(access.read_text() + "host all all 127.0.0.1/32 scram-sha-256\n")
    server.run_sql(["SELECT pg_reload_conf()"])


def admin(server: Postgres) -> str:
    """The administrator's address."""
    return f"postgresql://host_admin:host@127.0.0.1:{server.port}/postgres"
