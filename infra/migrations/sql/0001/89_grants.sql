-- Codes that browsers brought back, for whoever takes them to exchange: a code counts once, so nobody takes one a second time.
-- One that nobody exchanged within ten minutes, as by a worker that died, is good for nothing and is not kept with its verifier.
CREATE FUNCTION app.take_codes(most integer) RETURNS TABLE (tenant_id uuid, connection_id uuid, attempt integer)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  WITH late AS (
    SELECT l.tenant_id, l.connection_id FROM app.connection_link l
    WHERE l.state IN ('returned', 'taken') AND l.moved_at < clock_timestamp() - interval '10 minutes'
    FOR UPDATE SKIP LOCKED
  )
  UPDATE app.connection_link l SET state = 'refused', reason = 'interrupted', sealed = NULL, key_version = NULL,
    moved_at = clock_timestamp() FROM late k
  WHERE l.tenant_id = k.tenant_id AND l.connection_id = k.connection_id;
  WITH locked AS (
    SELECT l.tenant_id, l.connection_id FROM app.connection_link l WHERE l.state = 'returned'
    ORDER BY l.moved_at LIMIT most FOR UPDATE SKIP LOCKED
  )
  UPDATE app.connection_link l SET state = 'taken', moved_at = clock_timestamp() FROM locked k
  WHERE l.tenant_id = k.tenant_id AND l.connection_id = k.connection_id
  RETURNING l.tenant_id, l.connection_id, l.attempt
$$;
