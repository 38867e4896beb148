-- Drain: of each connection that is back, put at most `most` of the runs that waited for it in line (and no more than its
-- rate lets through), in the order of their promises, and no sooner than a second after the last ones (F-21). All workers
-- together keep to it. A run that parks while its connection comes back is found for a minute more. Of a connection that is
-- away one run is put in line when it is time to try: else nobody would. Where none waits for it, it is asked about again
-- half a minute later, behind those that are back. A drain ends when no run that waits for the connection itself is among those
-- at the head: who waits for a slot or a call of its rate is its line's, which is looked after from then on (ADR 0029). Answers
-- how many; the sweep puts them in line as it does what is due.
CREATE FUNCTION app.drain_connections(most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app
SET enable_seqscan = off
SET enable_bitmapscan = off SET enable_sort = off SET enable_incremental_sort = off AS $$
DECLARE woken integer;
BEGIN
  -- Two looks, as each has an index of its own.
  WITH returned AS MATERIALIZED (
    SELECT o.tenant_id, o.connection_id, o.ended_at FROM app.outage o
    WHERE o.draining AND (o.drained_at IS NULL OR o.drained_at <= clock_timestamp() - interval '1 second')
    ORDER BY o.drained_at NULLS FIRST LIMIT 100 FOR UPDATE SKIP LOCKED
  ), lasting AS MATERIALIZED (
    SELECT o.tenant_id, o.connection_id, o.ended_at FROM app.outage o
    WHERE o.ended_at IS NULL AND NOT o.draining AND o.probe_at <= (SELECT clock_timestamp())
      AND (o.drained_at IS NULL OR o.drained_at <= clock_timestamp() - interval '1 second')
    ORDER BY o.drained_at NULLS FIRST LIMIT 100 FOR UPDATE SKIP LOCKED
  ), back AS MATERIALIZED (
    SELECT o.*, (
        SELECT ceil(l.calls / l.seconds)::integer FROM app.connection_line l
        WHERE l.tenant_id = o.tenant_id AND l.connection_id = o.connection_id) AS rate
    FROM (SELECT * FROM returned UNION ALL SELECT * FROM lasting) o
  ), parked AS MATERIALIZED (
    SELECT b.connection_id, p.tenant_id, p.run_id, p.kind,
           row_number() OVER (ORDER BY p.promise, p.created_at, p.run_id) * interval '1 microsecond' AS place FROM back b CROSS JOIN LATERAL (
      SELECT r.tenant_id, r.run_id, r.created_at, coalesce(r.deadline, 'infinity'::timestamptz) AS promise,
             r.waiting_for ->> 'kind' AS kind FROM app.run r
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
      draining = b.ended_at IS NOT NULL AND (b.ended_at > clock_timestamp() - interval '1 minute' OR EXISTS (
          SELECT 1 FROM parked p
          WHERE p.tenant_id = b.tenant_id AND p.connection_id = b.connection_id AND p.kind = 'connection'))
    FROM back b WHERE o.tenant_id = b.tenant_id AND o.connection_id = b.connection_id
    RETURNING o.tenant_id, o.connection_id, b.ended_at IS NOT NULL AND NOT o.draining AS is_over
  ), handed_on AS (
    UPDATE app.connection_line l SET waits_until = app.line_waits_until(l.seconds) FROM noted n
    WHERE n.is_over AND l.tenant_id = n.tenant_id AND l.connection_id = n.connection_id
      AND EXISTS (SELECT 1 FROM parked p WHERE p.tenant_id = n.tenant_id AND p.connection_id = n.connection_id)
  ) SELECT count(*) INTO woken FROM ready;
  RETURN woken;
END $$;
