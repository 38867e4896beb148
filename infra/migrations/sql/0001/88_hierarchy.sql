-- Runs of suspended clients stand aside of the line (ADR 0040): whoever claims never sees them, and pays nothing for that.
-- With every sweep, behind all that it wakes; no tenant's clock is taken here. No door: it sees what its caller sees.
-- Only tenants that have something in line are looked at closer, and kept as they are until this commit: whoever resumes one
-- waits, so that nobody puts its runs back, and takes the mark away, while this one still adds to them.
CREATE FUNCTION app.set_aside(most integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE found uuid[]; resting uuid[];
BEGIN
  SELECT array_agg(t.tenant_id) INTO found FROM app.tenant t WHERE t.hold = 1 AND (
    EXISTS (SELECT 1 FROM app.run l WHERE l.tenant_id = t.tenant_id AND l.lane = 0)
    OR t.tenant_id = ANY (ARRAY(SELECT l.tenant_id FROM app.run l WHERE l.lane = 1)));
  IF found IS NULL THEN RETURN; END IF;
  SELECT array_agg(k.tenant_id) INTO resting FROM (
    SELECT t.tenant_id FROM app.tenant t WHERE t.hold = 1 AND t.tenant_id = ANY (found)
    ORDER BY t.tenant_id FOR SHARE SKIP LOCKED) k;
  UPDATE app.run r SET lane = 2 FROM unnest(resting) AS k(tenant_id) CROSS JOIN LATERAL (
    SELECT l.run_id FROM app.run l WHERE l.tenant_id = k.tenant_id AND l.lane = 0 ORDER BY l.turn, l.run_id
    LIMIT 5 * most FOR UPDATE SKIP LOCKED) w
  WHERE r.tenant_id = k.tenant_id AND r.run_id = w.run_id;
  UPDATE app.run r SET lane = 2 FROM (
    SELECT l.tenant_id, l.run_id FROM app.run l WHERE l.lane = 1 AND l.tenant_id = ANY (resting)
    LIMIT most FOR UPDATE SKIP LOCKED) w
  WHERE r.tenant_id = w.tenant_id AND r.run_id = w.run_id;
END $$;

-- Put runs of clients that were resumed back in line, `most` of a tenant each time, each class behind its own last run: what
-- was held for long overtakes nobody else (A13). Those that are claimed alone stay so. Answers how many.
CREATE FUNCTION app.line_up_again(most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE one record; back integer; total integer := 0;
BEGIN
  -- In the order of tenants, as every sweep takes their clocks.
  FOR one IN SELECT t.tenant_id FROM app.tenant t WHERE t.hold = 2 ORDER BY t.tenant_id FOR UPDATE SKIP LOCKED LOOP
    WITH held AS MATERIALIZED (
      SELECT r.run_id, r.priority, r.suspect, r.turn FROM app.run r WHERE r.lane = 2 AND r.tenant_id = one.tenant_id
      ORDER BY r.turn, r.run_id LIMIT most FOR UPDATE SKIP LOCKED
    ), placed AS MATERIALIZED (
      SELECT h.run_id, h.suspect, h.priority + 1 AS class, count(*) OVER (PARTITION BY h.priority)
               - row_number() OVER (PARTITION BY h.priority ORDER BY h.turn, h.run_id) AS behind FROM held h
    ), clock AS MATERIALIZED (
      SELECT t.lasts, t.costs FROM (
        SELECT count(*) FILTER (WHERE p.class = 1) AS quick, count(*) FILTER (WHERE p.class = 2) AS normal,
               count(*) FILTER (WHERE p.class = 3) AS slow FROM placed p HAVING count(*) > 0
      ) n, app.take_places(one.tenant_id, n.quick, n.normal, n.slow) t
    ), ready AS (
      UPDATE app.run r SET lane = CASE WHEN p.suspect THEN 1 ELSE 0 END,
        turn = clock.lasts[p.class] - p.behind * clock.costs[p.class]
      FROM placed p, clock WHERE r.tenant_id = one.tenant_id AND r.run_id = p.run_id RETURNING 1
    ) SELECT count(*) INTO back FROM ready;
    total := total + back;
    IF NOT EXISTS (SELECT 1 FROM app.run r WHERE r.lane = 2 AND r.tenant_id = one.tenant_id) THEN
      UPDATE app.tenant t SET hold = NULL WHERE t.tenant_id = one.tenant_id AND t.hold = 2;
    END IF;
  END LOOP;
  RETURN total;
END $$;
CREATE POLICY doors_hold ON app.tenant FOR UPDATE TO waybill_doors USING (true) WITH CHECK (true);
GRANT UPDATE (hold) ON app.tenant TO waybill_doors;

-- Count what partners are told of their clients' environments: the `most` that were counted longest ago, where that is longer
-- than `seconds`. One worker at a time. Answers how many.
CREATE FUNCTION app.count_fleet(seconds double precision, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE counted integer;
BEGIN
  IF NOT pg_try_advisory_xact_lock(7161004219041) THEN RETURN 0; END IF;
  INSERT INTO app.fleet AS f (tenant_id, partner_id, open_runs, suspended_runs, faulted_runs, exceptions, oldest_exception,
                              outages, deployments, last_run_at, counted_at)
  SELECT d.tenant_id, d.partner_id,
    (SELECT count(*) FROM (SELECT 1 FROM app.run r WHERE r.tenant_id = d.tenant_id
       AND r.state IN ('pending', 'running', 'waiting') LIMIT 10000) n),
    (SELECT count(*) FROM (SELECT 1 FROM app.run r WHERE r.tenant_id = d.tenant_id AND r.state = 'suspended' LIMIT 10000) n),
    (SELECT count(*) FROM (SELECT 1 FROM app.run r WHERE r.tenant_id = d.tenant_id AND r.state = 'faulted' LIMIT 10000) n),
    (SELECT count(*) FROM (SELECT 1 FROM app.exception x WHERE x.tenant_id = d.tenant_id AND x.state = 'open' LIMIT 10000) n),
    (SELECT x.opened_at FROM app.exception x WHERE x.tenant_id = d.tenant_id AND x.state = 'open'
     ORDER BY x.exception_id LIMIT 1),
    (SELECT count(*) FROM app.outage o WHERE o.tenant_id = d.tenant_id AND o.ended_at IS NULL),
    (SELECT count(*) FROM app.deployment p WHERE p.tenant_id = d.tenant_id AND p.status = 'active'),
    (SELECT r.created_at FROM app.run r WHERE r.tenant_id = d.tenant_id ORDER BY r.run_id DESC LIMIT 1),
    clock_timestamp()
  FROM (
    SELECT t.tenant_id, t.partner_id FROM app.tenant t
    JOIN app.client c ON c.partner_id = t.partner_id AND c.client_id = t.client_id AND c.status <> 'deleted'
    LEFT JOIN app.fleet o ON o.tenant_id = t.tenant_id
    WHERE o.counted_at IS NULL OR o.counted_at < clock_timestamp() - make_interval(secs => seconds)
    ORDER BY o.counted_at NULLS FIRST, t.tenant_id LIMIT most
  ) d
  ON CONFLICT (tenant_id) DO UPDATE SET open_runs = excluded.open_runs, suspended_runs = excluded.suspended_runs,
    faulted_runs = excluded.faulted_runs, exceptions = excluded.exceptions, oldest_exception = excluded.oldest_exception,
    outages = excluded.outages, deployments = excluded.deployments, last_run_at = excluded.last_run_at,
    counted_at = excluded.counted_at;
  GET DIAGNOSTICS counted = ROW_COUNT;
  RETURN counted;
END $$;
CREATE POLICY doors_fleet ON app.deployment FOR SELECT TO waybill_doors USING (true);
GRANT SELECT ON app.deployment TO waybill_doors;
