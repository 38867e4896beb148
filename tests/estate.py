"""What many tests want in their database at first: made once over the API, then put into the next one as rows.

To make partners, clients, keys and people costs more than most tests do with them.
"""

from __future__ import annotations

from typing import Any, Final

from infra.embedded.postgres import Postgres
from infra.embedded.stack import Endpoints
from tenants.calendars import reading

_MARK: Final = "-- next --"
# The roles that come with the product are in every database, as what the migrations wrote.
_TABLES: Final = r"""
SELECT format('%s|%s|%s', c.oid::regclass,
  (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
  CASE c.relname WHEN 'role' THEN 'WHERE partner_id IS NOT NULL' ELSE '' END)
FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace AND c.relkind = 'r'
  AND c.relname NOT IN ('installation', 'alembic_version') AND pg_relation_size(c.oid) > 0 ORDER BY c.relname
"""
_SEQUENCES: Final = """
SELECT format('SELECT setval(%L, %s)', format('%I.%I', schemaname, sequencename), last_value)
FROM pg_sequences WHERE schemaname = 'app' AND last_value IS NOT NULL
"""


def name_of(endpoints: Endpoints) -> str:
    """Of the database that they lead to."""
    return endpoints.database_url.rpartition("/")[2]


class Estate:
    """Of one session of tests: taken from the first test that makes it, put into those that follow."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._kept: tuple[str, Any] | None = None

    def put(self, database: str) -> Any | None:
        """Into an empty `database`; what was told of it. None: nothing is kept yet."""
        if self._kept is None:
            return None
        script, told = self._kept
        # Kept by process, by tenant and version: here other databases have the same tenants.
        reading._READY.clear()
        self._postgres.run_sql([script], database)
        return told

    def keep(self, database: str, told: Any) -> None:
        """What `database` holds, for the tests that follow; they are `told` what no row says."""
        tables = [line.split("|") for line in self._postgres.run_sql([_TABLES], database).splitlines()]
        reads = [f"COPY (SELECT {columns} FROM {table} {which}) TO STDOUT" for table, columns, which in tables]  # noqa: S608 - names of our own tables
        marked = [f"\\echo '{_MARK}'\n{read}" for read in reads]
        rows = self._postgres.run_sql([*marked, f"\\echo '{_MARK}'"], database).split(_MARK)[1:]
        script = ["BEGIN", "SET LOCAL session_replication_role = replica"]
        for (table, columns, _), lines in zip(tables, rows, strict=False):
            if lines.strip("\n"):
                script.append(f"COPY {table} ({columns}) FROM STDIN;\n{lines.strip(chr(10))}\n\\.\nSELECT 1")
        script += self._postgres.run_sql([_SEQUENCES], database).splitlines()
        self._kept = ";\n".join([*script, "COMMIT"]), told
