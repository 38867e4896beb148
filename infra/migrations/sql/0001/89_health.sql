-- Which connections are to be checked now, for `seconds` nobody else's. Each tenant's first before any tenant's second. Nothing
-- of a suspended client.
CREATE FUNCTION app.take_checks(most integer, seconds double precision) RETURNS TABLE (
  tenant_id uuid, connection_id uuid, fence bigint
) LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  WITH due AS (
    SELECT h.tenant_id, h.connection_id, h.due_at, row_number() OVER (PARTITION BY h.tenant_id ORDER BY h.due_at) AS n
    FROM app.connection_health h WHERE h.due_at <= (SELECT clock_timestamp())
      AND h.tenant_id <> ALL (ARRAY(SELECT t.tenant_id FROM app.tenant t WHERE t.hold = 1))
  ), locked AS (
    SELECT h.tenant_id, h.connection_id FROM app.connection_health h
    JOIN (SELECT * FROM due d ORDER BY d.n, d.due_at LIMIT most) c USING (tenant_id, connection_id)
    WHERE h.due_at <= clock_timestamp() FOR UPDATE OF h SKIP LOCKED
  )
  UPDATE app.connection_health h SET due_at = clock_timestamp() + make_interval(secs => seconds), fence = h.fence + 1
  FROM locked l WHERE h.tenant_id = l.tenant_id AND h.connection_id = l.connection_id
  RETURNING h.tenant_id, h.connection_id, h.fence
$$;
