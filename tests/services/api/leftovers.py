"""A row of a tenant in every table that may have one, and a look through all that a database holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import msgspec

from tests.services.archives.olden import Olden

MARK: Final = "left-behind-7713"
"""Stands in every text of the rows that are made here."""

_OF_TENANT: Final = """
SELECT DISTINCT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE a.attname IN ('tenant_id', 'acting_tenant_id', 'account_id', 'provider_id', 'client_id') AND NOT a.attisdropped
  AND c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1
"""

# No reference and no check stands in the way: what is asked here is where rows go, and not whether they can be.
_FILL: Final = """
DO $$
DECLARE
  t text;
  whose text;
  c record;
  row jsonb;
  is_there boolean;
  ours jsonb := current_setting('leftovers.ours')::jsonb;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR t IN SELECT * FROM unnest(string_to_array(current_setting('leftovers.tables'), ',')) LOOP
    whose := CASE WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = format('app.%I', t)::regclass
                               AND a.attname = 'tenant_id') THEN 'tenant_id'
                  WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = format('app.%I', t)::regclass
                               AND a.attname = 'account_id') THEN 'account_id' END;
    IF whose IS NULL THEN
      EXECUTE format('SELECT EXISTS (SELECT FROM app.%I)', t) INTO is_there;
    ELSE
      EXECUTE format('SELECT EXISTS (SELECT FROM app.%I x WHERE x.%I = $1)', t, whose)
      INTO is_there USING (ours ->> whose)::uuid;
    END IF;
    CONTINUE WHEN is_there;
    FOR c IN SELECT conname FROM pg_constraint WHERE conrelid = format('app.%I', t)::regclass AND contype = 'c' LOOP
      EXECUTE format('ALTER TABLE app.%I DROP CONSTRAINT %I', t, c.conname);
    END LOOP;
    SELECT jsonb_object_agg(a.attname, coalesce(ours -> a.attname, CASE
        WHEN y.typcategory = 'A' THEN '[]'
        WHEN y.typname = 'uuid' THEN to_jsonb(gen_random_uuid())
        WHEN y.typname IN ('json', 'jsonb') THEN jsonb_build_object('note', 'left-behind-7713')
        WHEN y.typname = 'bytea' THEN to_jsonb('\\x' || encode('left-behind-7713', 'hex'))
        WHEN y.typcategory = 'S' THEN to_jsonb('left-behind-7713'::text)
        WHEN y.typcategory = 'D' THEN to_jsonb(clock_timestamp())
        WHEN y.typcategory = 'B' THEN 'false'
        WHEN y.typcategory = 'I' THEN '"192.0.2.1"'
        WHEN y.typcategory = 'T' THEN '"1 day"'
        WHEN y.typname IN ('xid', 'xid8') THEN '"1"'
        WHEN y.typcategory = 'N' THEN '1' END)) INTO row
    FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
    WHERE a.attrelid = format('app.%I', t)::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '';
    EXECUTE format('INSERT INTO app.%1$I OVERRIDING SYSTEM VALUE '
                   'SELECT * FROM jsonb_populate_record(NULL::app.%1$I, $1)', t) USING row;
  END LOOP;
END $$
"""
_EACH: Final = """
DO $$
DECLARE t text; n bigint; by_tenant boolean;
BEGIN
  CREATE TEMP TABLE found (name text, rows bigint);
  FOR t IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p')
    AND NOT c.relispartition AND c.relname <> 'alembic_version' LOOP
    SELECT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = format('app.%I', t)::regclass
                   AND a.attname = 'tenant_id') INTO by_tenant;
    CONTINUE WHEN current_setting('leftovers.tables') <> ''
      AND t <> ALL (string_to_array(current_setting('leftovers.tables'), ','));
    IF current_setting('leftovers.tables') = '' THEN
      EXECUTE format('SELECT count(*) FROM app.%I x WHERE to_jsonb(x)::text ~ $1', t) INTO n
      USING current_setting('leftovers.text');
    ELSIF by_tenant THEN
      EXECUTE format('SELECT count(*) FROM app.%I x WHERE x.tenant_id = $1', t) INTO n
      USING current_setting('leftovers.tenant')::uuid;
    ELSE
      EXECUTE format('SELECT count(*) FROM app.%I x WHERE x.account_id = $1', t) INTO n
      USING current_setting('leftovers.account')::uuid;
    END IF;
    INSERT INTO found VALUES (t, n);
  END LOOP;
END $$
"""


class Ours(msgspec.Struct, frozen=True):
    """Whose rows are made: a tenant of a client of a partner, and a person and a provider of it."""

    tenant_id: UUID
    client_id: UUID
    partner_id: UUID
    account_id: UUID
    provider_id: UUID
    role_id: UUID


def tables(olden: Olden) -> set[str]:
    """Every table that may hold something of a client's, by the catalogue."""
    return set(olden.sql(_OF_TENANT).split())


def fill(olden: Olden, ours: Ours, names: Iterable[str] | None = None) -> None:
    """A row in each of `names`, or of `tables`, that has none of the tenant, or of its person where there is no tenant.

    Where a table knows neither, one that is anybody's.
    """
    wanted = _named(olden) if names is None else ",".join(sorted(names))
    _run(olden, _FILL, tables=wanted, ours=msgspec.json.encode(ours).decode())


def standing(olden: Olden, ours: Ours) -> dict[str, int]:
    """Rows of the tenant, by table."""
    told = "SELECT name, rows FROM found"
    answer = _run(
        olden, _EACH, told, tables=_named(olden), tenant=str(ours.tenant_id), account=str(ours.account_id)
    ).split()
    return {name: int(count) for name, _, count in (line.partition("|") for line in answer)}


def holding(olden: Olden, text: str) -> list[str]:
    """Tables of the whole database in which some row has this text anywhere, in clear or as bytes."""
    told = "SELECT name FROM found WHERE rows > 0 ORDER BY name"
    return _run(olden, _EACH, told, tables="", text=f"{text}|{text.encode().hex()}").split()


def _named(olden: Olden) -> str:
    return ",".join(sorted(tables(olden) - {"client", "deletion", "policy_version"}))


def _run(olden: Olden, *statements: str, **given: str) -> str:
    settings = [f"SET leftovers.{name} = :'{name}'" for name in given]
    return olden.sql(*settings, *statements, **given)
