-- Post: hand events of the transaction's tenant to every run that listens for such, at most once each, and put those that
-- are parked in line. `only_run` NULL: any run. No lock is waited for but the tenant's clock: a run that is locked is being
-- written, and its own commit or the sweep finds what was posted.
CREATE FUNCTION app.post_events(events uuid[], types text[], attributes text[], only_run uuid) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE woken integer;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM app.subscription s WHERE s.tenant_id = app.tenant_id()) THEN RETURN 0; END IF;
  WITH came AS MATERIALIZED (
    SELECT x.event_id, x.type, x.attributes::jsonb AS attributes
    FROM unnest(events, types, attributes) AS x(event_id, type, attributes)
  ), wanted AS (
    SELECT s.run_id, c.event_id FROM came c JOIN app.subscription s ON s.tenant_id = app.tenant_id() AND s.type = c.type
    WHERE c.attributes @> s.attributes AND (only_run IS NULL OR s.run_id = only_run)
    UNION
    SELECT s.run_id, c.event_id FROM came c JOIN app.subscription s ON s.tenant_id = app.tenant_id() AND s.type IS NULL
    WHERE c.attributes @> s.attributes AND (only_run IS NULL OR s.run_id = only_run)
  ), posted AS (
    INSERT INTO app.inbox AS b (tenant_id, run_id, event_id)
    SELECT app.tenant_id(), w.run_id, w.event_id FROM wanted w ORDER BY w.run_id, w.event_id
    ON CONFLICT DO NOTHING RETURNING b.run_id
  ), parked AS MATERIALIZED (
    SELECT r.run_id, r.priority FROM app.run r
    WHERE r.tenant_id = app.tenant_id() AND r.run_id IN (SELECT p.run_id FROM posted p) AND r.state = 'waiting'
      AND r.lane IS NULL
    FOR UPDATE SKIP LOCKED
  ), placed AS MATERIALIZED (
    SELECT p.run_id, p.priority + 1 AS class, count(*) OVER (PARTITION BY p.priority)
             - row_number() OVER (PARTITION BY p.priority ORDER BY p.run_id) AS behind FROM parked p
  ), clock AS MATERIALIZED (
    SELECT t.lasts, t.costs FROM (
      SELECT count(*) FILTER (WHERE p.class = 1) AS quick, count(*) FILTER (WHERE p.class = 2) AS normal,
             count(*) FILTER (WHERE p.class = 3) AS slow FROM placed p HAVING count(*) > 0
    ) n, app.take_places(app.tenant_id(), n.quick, n.normal, n.slow) t
  ), ready AS (
    UPDATE app.run r SET lane = 0, due_at = NULL, turn = clock.lasts[p.class] - p.behind * clock.costs[p.class]
    FROM placed p, clock WHERE r.tenant_id = app.tenant_id() AND r.run_id = p.run_id RETURNING 1
  ) SELECT count(*) INTO woken FROM ready;
  RETURN woken;
END $$;

-- Subscriptions whose first seconds are over: for each, what came meanwhile is posted once more by whoever takes it.
CREATE FUNCTION app.take_fresh_subscriptions(most integer, seconds double precision)
RETURNS TABLE (tenant_id uuid, run_id uuid, since timestamptz)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  WITH fresh AS (
    SELECT s.tenant_id, s.run_id, s.place FROM app.subscription s
    WHERE NOT s.settled AND s.made_at <= clock_timestamp() - make_interval(secs => seconds)
    ORDER BY s.made_at LIMIT most FOR UPDATE SKIP LOCKED
  ), taken AS (
    UPDATE app.subscription s SET settled = true FROM fresh f
    WHERE s.tenant_id = f.tenant_id AND s.run_id = f.run_id AND s.place = f.place
    RETURNING s.tenant_id, s.run_id, s.since
  )
  SELECT t.tenant_id, t.run_id, min(t.since) FROM taken t GROUP BY t.tenant_id, t.run_id
$$;

-- Inbox rows that nobody needs any more: read long enough ago that no search posts their event again, or of ended runs.
CREATE FUNCTION app.purge_inbox(older_than_minutes integer, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE purged integer;
BEGIN
  DELETE FROM app.inbox b WHERE ctid = ANY (ARRAY(
    SELECT i.ctid FROM app.inbox i
    WHERE i.posted_at < (SELECT clock_timestamp()) - make_interval(mins => greatest(older_than_minutes, 10))
      AND (i.is_read OR NOT EXISTS (
        SELECT 1 FROM app.run r WHERE r.tenant_id = i.tenant_id AND r.run_id = i.run_id AND r.ended_at IS NULL))
    LIMIT most));
  GET DIAGNOSTICS purged = ROW_COUNT;
  RETURN purged;
END $$;

-- Schedules whose time has come, but of no suspended client. Those that follow the end of a run get their time first, once that has ended.
CREATE FUNCTION app.due_schedules(most integer) RETURNS TABLE (
  tenant_id uuid, deployment_id uuid, kind text, revision integer, milliseconds bigint, cron text, next_at timestamptz,
  now timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
  WITH following AS (
    SELECT s.tenant_id, s.deployment_id, r.ended_at FROM app.schedule s
    JOIN app.run r ON r.tenant_id = s.tenant_id AND r.run_id = s.run_id AND r.ended_at IS NOT NULL
    WHERE s.kind = 'after' AND s.next_at IS NULL LIMIT most FOR UPDATE OF s SKIP LOCKED
  )
  UPDATE app.schedule s SET next_at = f.ended_at + make_interval(secs => s.milliseconds / 1000.0)
  FROM following f WHERE s.tenant_id = f.tenant_id AND s.deployment_id = f.deployment_id AND s.kind = 'after';
  RETURN QUERY
  SELECT s.tenant_id, s.deployment_id, s.kind, s.revision, s.milliseconds, s.cron, s.next_at, clock_timestamp()
  FROM app.schedule s WHERE s.next_at <= (SELECT clock_timestamp())
    AND s.tenant_id <> ALL (ARRAY(SELECT t.tenant_id FROM app.tenant t WHERE t.hold = 1))
  ORDER BY s.next_at LIMIT most;
END $$;

-- Seconds until the next time of any schedule, NULL for none.
CREATE FUNCTION app.next_schedule() RETURNS double precision
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  SELECT extract(epoch FROM min(s.next_at) - clock_timestamp())::double precision FROM app.schedule s
  WHERE s.next_at IS NOT NULL AND s.tenant_id <> ALL (ARRAY(SELECT t.tenant_id FROM app.tenant t WHERE t.hold = 1))
$$;

-- Deployments with events to judge, for `seconds` nobody else's: the oldest event of each is marked. Each tenant's first
-- before any tenant's second, so that one with many deployments keeps no other waiting. Distinct pairs are found by steps
-- along the key, so that a flood of events costs no more than one.
CREATE FUNCTION app.take_candidates(most integer, seconds double precision) RETURNS TABLE (
  tenant_id uuid, deployment_id uuid
) LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  WITH RECURSIVE pair AS (
    (SELECT c.tenant_id, c.deployment_id FROM app.candidate c ORDER BY 1, 2 LIMIT 1)
    UNION ALL
    SELECT n.tenant_id, n.deployment_id FROM pair p, LATERAL (
      SELECT c.tenant_id, c.deployment_id FROM app.candidate c
      WHERE (c.tenant_id, c.deployment_id) > (p.tenant_id, p.deployment_id) ORDER BY 1, 2 LIMIT 1
    ) n
  ), head AS (
    SELECT p.tenant_id, p.deployment_id, o.event_id, o.due_at FROM pair p, LATERAL (
      SELECT c.event_id, c.due_at FROM app.candidate c
      WHERE c.tenant_id = p.tenant_id AND c.deployment_id = p.deployment_id ORDER BY c.event_id LIMIT 1
    ) o WHERE o.due_at <= clock_timestamp()
  ), chosen AS (
    SELECT h.tenant_id, h.deployment_id, h.event_id FROM (
      SELECT *, row_number() OVER (PARTITION BY head.tenant_id ORDER BY head.due_at) AS n FROM head
    ) h ORDER BY h.n, h.due_at LIMIT most
  ), locked AS (
    SELECT c.tenant_id, c.deployment_id, c.event_id FROM app.candidate c
    JOIN chosen USING (tenant_id, deployment_id, event_id)
    WHERE c.due_at <= clock_timestamp() FOR UPDATE OF c SKIP LOCKED
  )
  UPDATE app.candidate c SET due_at = clock_timestamp() + make_interval(secs => seconds) FROM locked l
  WHERE c.tenant_id = l.tenant_id AND c.deployment_id = l.deployment_id AND c.event_id = l.event_id
  RETURNING c.tenant_id, c.deployment_id
$$;
