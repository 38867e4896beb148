-- Drain: of each connection that is back, put at most `most` of the runs that waited for it in line (and no more than its
-- rate lets through), in the order of their promises, and no sooner than a second after the last ones (F-21). All workers
-- together keep to it. A run that parks while its connection comes back is found for a minute more. Of a connection that is
-- away one run is put in line when it is time to try: else nobody would. Where none waits for it, it is asked about again
-- half a minute later, behind those that are back. Answers how many; the sweep puts them in line as it does what is due.
CREATE FUNCTION app.drain_connections(most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app
SET enable_seqscan = off
SET enable_bitmapscan = off SET enable_sort = off SET enable_incremental_sort = off AS $$
DECLARE woken integer;
BEGIN
  WITH back AS MATERIALIZED (
    SELECT o.tenant_id, o.connection_id, o.ended_at, (
        SELECT ceil(l.calls / l.seconds)::integer FROM app.connection_line l
        WHERE l.tenant_id = o.tenant_id AND l.connection_id = o.connection_id) AS rate
    FROM app.outage o
    WHERE (o.draining OR (o.ended_at IS NULL AND o.probe_at <= clock_timestamp()))
      AND (o.drained_at IS NULL OR o.drained_at <= clock_timestamp() - interval '1 second')
    ORDER BY o.ended_at IS NULL, o.drained_at NULLS FIRST LIMIT 100 FOR UPDATE SKIP LOCKED
  ), parked AS MATERIALIZED (
    SELECT b.connection_id, p.tenant_id, p.run_id,
           row_number() OVER (ORDER BY p.promise, p.created_at, p.run_id) * interval '1 microsecond' AS place FROM back b CROSS JOIN LATERAL (
      SELECT r.tenant_id, r.run_id, r.created_at, coalesce(r.deadline, 'infinity'::timestamptz) AS promise FROM app.run r
      WHERE r.tenant_id = b.tenant_id AND r.waiting_for ->> 'kind' IN ('connection', 'slot', 'quota')
        AND r.waiting_for ->> 'ref' = app.show_id('con', b.connection_id)
        AND r.state = 'waiting' AND r.lane IS NULL AND r.due_at > clock_timestamp()
      ORDER BY coalesce(r.deadline, 'infinity'::timestamptz), r.created_at, r.run_id LIMIT CASE WHEN b.ended_at IS NULL THEN 1 ELSE least(most, b.rate) END FOR UPDATE SKIP LOCKED
    ) p
  ), ready AS (
    UPDATE app.run r SET due_at = statement_timestamp() + p.place FROM parked p
    WHERE r.tenant_id = p.tenant_id AND r.run_id = p.run_id RETURNING 1
  ), noted AS (
    UPDATE app.outage o SET drained_at = clock_timestamp(),
      probe_at = CASE WHEN b.ended_at IS NULL AND NOT EXISTS (
          SELECT 1 FROM parked p WHERE p.tenant_id = b.tenant_id AND p.connection_id = b.connection_id)
        THEN clock_timestamp() + interval '30 seconds' ELSE o.probe_at END,
      draining = b.ended_at IS NOT NULL AND (b.ended_at > clock_timestamp() - interval '1 minute'
                 OR EXISTS (SELECT 1 FROM parked p WHERE p.tenant_id = b.tenant_id AND p.connection_id = b.connection_id))
    FROM back b WHERE o.tenant_id = b.tenant_id AND o.connection_id = b.connection_id RETURNING 1
  ) SELECT count(*) INTO woken FROM ready, (SELECT count(*) FROM noted) n;
  RETURN woken;
END $$;
