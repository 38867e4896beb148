-- What is to be asked now, for `seconds` nobody else's. Each tenant's first before any tenant's second, so that one that watches
-- much keeps no other waiting. Nothing of a suspended client.
CREATE FUNCTION app.take_polls(most integer, seconds double precision) RETURNS TABLE (
  tenant_id uuid, connection_id uuid, trigger text, fence bigint
) LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  WITH due AS (
    SELECT p.tenant_id, p.connection_id, p.trigger, p.due_at,
           row_number() OVER (PARTITION BY p.tenant_id ORDER BY p.due_at) AS n
    FROM app.poll p WHERE p.due_at <= (SELECT clock_timestamp())
      AND p.tenant_id <> ALL (ARRAY(SELECT t.tenant_id FROM app.tenant t WHERE t.hold = 1))
  ), locked AS (
    SELECT p.tenant_id, p.connection_id, p.trigger FROM app.poll p
    JOIN (SELECT * FROM due d ORDER BY d.n, d.due_at LIMIT most) c USING (tenant_id, connection_id, trigger)
    WHERE p.due_at <= clock_timestamp() FOR UPDATE OF p SKIP LOCKED
  )
  UPDATE app.poll p SET due_at = clock_timestamp() + make_interval(secs => seconds), fence = p.fence + 1 FROM locked l
  WHERE p.tenant_id = l.tenant_id AND p.connection_id = l.connection_id AND p.trigger = l.trigger
  RETURNING p.tenant_id, p.connection_id, p.trigger, p.fence
$$;
