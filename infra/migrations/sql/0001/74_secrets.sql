-- Secrets' uses, and the rewrapping of tenants' keys (ADR 0054).
CREATE POLICY tenant ON app.secret_use FOR SELECT TO waybill_app, waybill_worker USING (tenant_id = app.tenant_id());
GRANT SELECT ON app.secret_use TO waybill_app;
CREATE POLICY doors ON app.secret_use TO waybill_doors USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON app.secret_use TO waybill_doors;
GRANT UPDATE (wrapped, provider) ON app.tenant_key TO waybill_doors;

-- Add what a process noted to what is known. Uses of a connection that is gone, or of a field that has no secret, are dropped.
-- In the order of the key, so that two processes do not wait for each other.
CREATE FUNCTION app.note_secret_uses(
  used_by text, tenants uuid[], connections uuid[], fields text[], uses bigint[], times timestamptz[], runs uuid[]
) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  INSERT INTO app.secret_use AS u (tenant_id, connection_id, field, used_by, uses, first_at, last_at, last_run)
  SELECT n.tenant_id, n.connection_id, n.field, $1, n.uses, least(n.at, clock_timestamp()), least(n.at, clock_timestamp()), n.run
  FROM unnest(tenants, connections, fields, uses, times, runs) AS n(tenant_id, connection_id, field, uses, at, run)
  JOIN app.connection c ON c.tenant_id = n.tenant_id AND c.connection_id = n.connection_id
  ORDER BY n.tenant_id, n.connection_id, n.field
  ON CONFLICT (tenant_id, connection_id, field, used_by) DO UPDATE SET uses = u.uses + excluded.uses,
    first_at = least(u.first_at, excluded.first_at), last_at = greatest(u.last_at, excluded.last_at),
    last_run = CASE WHEN excluded.last_at >= u.last_at THEN excluded.last_run ELSE u.last_run END
$$;

-- Tenants' keys that another key-encryption key than `current` wrapped, at most `most`, in the order of their rows from a place
-- on. Wrapped as they are; only the holder of that key unwraps them.
CREATE FUNCTION app.keys_to_rewrap(current bytea, after_tenant uuid, after_version integer, most integer)
RETURNS TABLE (tenant_id uuid, version integer, wrapped bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT k.tenant_id, k.version, k.wrapped FROM app.tenant_key k
  WHERE (k.tenant_id, k.version) > (after_tenant, after_version) AND substr(k.wrapped, 1, 8) <> current
  ORDER BY k.tenant_id, k.version LIMIT most
$$;

-- Put the new form of each key in the place of the one that it was made from; a row that has another by now is left as it
-- is. Answers how many were changed. The keys themselves stay the same, and with them all that they seal.
CREATE FUNCTION app.rewrap_keys(provided_by text, tenants uuid[], versions integer[], olds bytea[], news bytea[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE changed integer;
BEGIN
  UPDATE app.tenant_key k SET wrapped = n.new, provider = provided_by
  FROM unnest(tenants, versions, olds, news) AS n(tenant_id, version, old, new)
  WHERE k.tenant_id = n.tenant_id AND k.version = n.version AND k.wrapped = n.old;
  GET DIAGNOSTICS changed = ROW_COUNT;
  RETURN changed;
END $$;
