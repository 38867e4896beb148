-- Codes that browsers brought back, for whoever takes them to exchange: a code counts once, so nobody takes one a second time.
CREATE FUNCTION app.take_codes(most integer) RETURNS TABLE (tenant_id uuid, connection_id uuid, attempt integer)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  WITH locked AS (
    SELECT l.tenant_id, l.connection_id FROM app.connection_link l WHERE l.state = 'returned'
    ORDER BY l.moved_at LIMIT most FOR UPDATE SKIP LOCKED
  )
  UPDATE app.connection_link l SET state = 'taken', moved_at = clock_timestamp() FROM locked k
  WHERE l.tenant_id = k.tenant_id AND l.connection_id = k.connection_id
  RETURNING l.tenant_id, l.connection_id, l.attempt
$$;
