"""Databases for tests: what one has left clean the next one uses, since a copy costs more than many tests do."""

from __future__ import annotations

from typing import Final
from uuid import uuid4

from infra.embedded.psql import SqlFailed
from infra.embedded.stack import Endpoints, Stack

_USES: Final = 50
"""What is deleted stays in the files as dead rows; a database is not used for ever."""

# What a test may have altered beside rows: tables, partitions, functions, policies, triggers, settings.
_SHAPE: Final = """
SELECT md5(concat_ws(',',
  (SELECT string_agg(concat_ws(' ', c.oid, c.relname, c.relacl, c.relowner, c.relrowsecurity, c.relforcerowsecurity,
                               c.relnatts, c.relchecks), ',' ORDER BY c.oid)
   FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace),
  (SELECT string_agg(concat_ws(' ', p.oid, p.xmin, p.proacl), ',' ORDER BY p.oid)
   FROM pg_proc p WHERE p.pronamespace = 'app'::regnamespace),
  (SELECT string_agg(concat_ws(' ', t.oid, t.tgenabled), ',' ORDER BY t.oid) FROM pg_trigger t),
  (SELECT string_agg(concat_ws(' ', p.oid, p.xmin), ',' ORDER BY p.oid) FROM pg_policy p),
  (SELECT string_agg(nspname, ',' ORDER BY oid) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'),
  (SELECT string_agg(concat_ws(' ', s.setrole, s.setconfig), ',' ORDER BY s.setrole) FROM pg_db_role_setting s
   JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = current_database()),
  (SELECT string_agg(i::text, ',') FROM app.installation i),
  (SELECT string_agg(v::text, ',') FROM app.alembic_version v)))
"""

# Whoever is still leaving gets a moment; whoever stays, or altered more than rows, keeps the database to itself.
_CLEAN: Final = """
DO $$
DECLARE t record; waited integer := 0;
BEGIN
  WHILE EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND backend_type = 'client backend') LOOP
    waited := waited + 1;
    IF waited > 20 THEN RAISE EXCEPTION 'somebody is still here'; END IF;
    PERFORM pg_sleep(0.005), pg_stat_clear_snapshot();
  END LOOP;
  SET LOCAL session_replication_role = replica;
  SET LOCAL lock_timeout = '1s';
  FOR t IN SELECT c.oid::regclass AS name, pg_relation_size(c.oid) AS size FROM pg_class c
    WHERE c.relnamespace = 'app'::regnamespace AND c.relkind = 'r'
      AND c.relname NOT IN ('installation', 'alembic_version', 'role') LOOP
    IF t.size > 100000 THEN EXECUTE format('TRUNCATE %s', t.name);
    ELSIF t.size > 0 THEN EXECUTE format('DELETE FROM %s', t.name); END IF;
  END LOOP;
  -- Those without a partner come with the product.
  DELETE FROM app.role WHERE partner_id IS NOT NULL;
  FOR t IN SELECT s.schemaname, s.sequencename, s.start_value FROM pg_sequences s WHERE s.schemaname = 'app' LOOP
    PERFORM setval(format('%I.%I', t.schemaname, t.sequencename)::regclass, t.start_value, false);
  END LOOP;
END $$
"""


class Databases:
    """Fresh ones, migrated and empty; one test has each at a time."""

    def __init__(self, stack: Stack, template: str) -> None:
        self._stack = stack
        self._template = template
        self._clean: list[tuple[str, int]] = []
        self._shape = ""

    def take(self) -> tuple[str, int]:
        """Its name, and how often it was used before."""
        if self._clean:
            return self._clean.pop()
        name = f"waybill_{uuid4().hex[:12]}"
        self._stack.create_database(name, template=self._template)
        if not self._shape:
            self._shape = self._stack.postgres.run_sql([_SHAPE], name)
        return name, 0

    def give_back(self, name: str, used: int) -> None:
        """Clean it for the next test, or remove it where that cannot be done."""
        try:
            if used < _USES and self._stack.postgres.run_sql([_CLEAN, _SHAPE], name) == self._shape:
                self._clean.append((name, used + 1))
                return
        except SqlFailed:
            pass
        self._stack.postgres.drop_database(name)

    def endpoints_of(self, name: str) -> Endpoints:
        return self._stack.endpoints_of(name)
