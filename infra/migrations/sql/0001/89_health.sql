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

-- Note when calls of connections were done, `ages` seconds ago. Of one that was changed since its call, nothing: that was with
-- other settings or secrets. In the order of the key, so that two processes do not wait for each other; who holds a row now notes as much.
CREATE FUNCTION app.note_good_calls(tenants uuid[], connections uuid[], revisions integer[], ages double precision[])
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  WITH told AS (
    SELECT h.tenant_id, h.connection_id, n.at FROM (
      SELECT t.tenant_id, t.connection_id, t.revision, clock_timestamp() - make_interval(secs => t.age) AS at
      FROM unnest(tenants, connections, revisions, ages) AS t(tenant_id, connection_id, revision, age)
    ) n
    JOIN app.connection c ON c.tenant_id = n.tenant_id AND c.connection_id = n.connection_id AND c.revision = n.revision
    JOIN app.connection_health h ON h.tenant_id = n.tenant_id AND h.connection_id = n.connection_id
    WHERE h.good_at IS NULL OR h.good_at < n.at
    ORDER BY h.tenant_id, h.connection_id FOR UPDATE OF h SKIP LOCKED
  )
  UPDATE app.connection_health h SET good_at = t.at FROM told t
  WHERE h.tenant_id = t.tenant_id AND h.connection_id = t.connection_id
$$;
