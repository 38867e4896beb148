CREATE POLICY doors ON app.connection_line TO waybill_doors USING (true) WITH CHECK (true);
CREATE POLICY doors ON app.worker TO waybill_doors USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE ON app.connection_line TO waybill_doors;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.worker TO waybill_doors;

-- A worker process says that it lives; `seconds` 0: that it ends. Answers its place among those that were seen within
-- `seconds`, counted from 0, and how many they are (ADR 0029).
CREATE FUNCTION app.beat_worker(name text, seconds double precision) RETURNS TABLE (place integer, workers integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
BEGIN
  IF seconds <= 0 THEN
    DELETE FROM app.worker w WHERE w.worker = name;
    RETURN;
  END IF;
  INSERT INTO app.worker AS w (worker) VALUES (name) ON CONFLICT (worker) DO UPDATE SET seen_at = clock_timestamp();
  DELETE FROM app.worker w WHERE w.seen_at < clock_timestamp() - interval '1 minute';
  RETURN QUERY SELECT (count(*) FILTER (WHERE w.worker < name))::integer, count(*)::integer
    FROM app.worker w WHERE w.seen_at > clock_timestamp() - make_interval(secs => seconds);
END $$;

-- Take up to `want` calls of a connection's rate: at most `most` of them begin in one period, which lasts `every` seconds from
-- its first one; the next period begins with the first call after it, so that two may meet at an edge. Answers how many may be made within the next `left` seconds; what is not made by then is lost (F-21).
-- No door: it sees what its caller sees.
CREATE FUNCTION app.take_calls(tenant uuid, connection uuid, slots integer, most integer, every double precision, want integer)
RETURNS TABLE (granted integer, "left" double precision)
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE line app.connection_line; moment timestamptz;
BEGIN
  INSERT INTO app.connection_line (tenant_id, connection_id, at_once) VALUES (tenant, connection, slots)
    ON CONFLICT (tenant_id, connection_id) DO NOTHING;
  SELECT * INTO line FROM app.connection_line l WHERE l.tenant_id = tenant AND l.connection_id = connection FOR UPDATE;
  moment := clock_timestamp();
  IF line.filled_at IS NULL OR line.filled_at <= moment - make_interval(secs => every) THEN
    line.filled_at := moment;
    line.calls_left := most;
  END IF;
  granted := least(want, line.calls_left, most);
  UPDATE app.connection_line l SET at_once = slots, calls = most, seconds = every, filled_at = line.filled_at,
    calls_left = line.calls_left - take_calls.granted
    WHERE l.tenant_id = tenant AND l.connection_id = connection;
  "left" := extract(epoch FROM line.filled_at - moment) + every;
  RETURN NEXT;
END $$;

-- Until when the sweep looks after a line in which a run may stand: a minute past the period that was under way, in which no
-- call may be left. No door: it reads nothing.
CREATE FUNCTION app.line_waits_until(period double precision) RETURNS timestamptz
LANGUAGE sql VOLATILE SET search_path = pg_catalog, app AS $$
  SELECT clock_timestamp() + interval '1 minute' + make_interval(secs => coalesce(period, 0))
$$;

-- The settings leave the planner no other way than the line's own index: before a table's first ANALYZE it takes few runs for
-- waiting, and would sort all of them for each one.
-- Put up to `most` runs of a connection's line in line for a worker, in the order of their promises; answers how many. Not
-- while it is away or is drained: then its outage says when. Those that the end of a drain left parked behind others in line
-- come to their turn here; one that only rests between two attempts does not. The line is locked before the tenant's clock,
-- here as by the sweep: else two would wait for each other. No door: it sees what its caller sees.
CREATE FUNCTION app.call_from_line(tenant uuid, connection uuid, most integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, app
SET enable_seqscan = off
SET enable_bitmapscan = off SET enable_sort = off SET enable_incremental_sort = off AS $$
DECLARE woken integer;
BEGIN
  IF EXISTS (SELECT 1 FROM app.outage o WHERE o.tenant_id = tenant AND o.connection_id = connection
             AND (o.draining OR o.ended_at IS NULL)) THEN
    RETURN 0;
  END IF;
  PERFORM 1 FROM app.connection_line l WHERE l.tenant_id = tenant AND l.connection_id = connection FOR UPDATE;
  WITH first AS MATERIALIZED (
    SELECT r.run_id, r.priority + 1 AS class, count(*) OVER (PARTITION BY r.priority)
             - row_number() OVER (PARTITION BY r.priority ORDER BY r.promise, r.created_at, r.run_id) AS behind FROM (
      SELECT r.run_id, r.priority, r.created_at, coalesce(r.deadline, 'infinity'::timestamptz) AS promise FROM app.run r
      WHERE r.tenant_id = tenant AND r.waiting_for ->> 'ref' = app.show_id('con', connection)
        AND r.waiting_for ->> 'kind' IN ('connection', 'slot', 'quota')
        AND (r.waiting_for ->> 'kind' <> 'connection' OR r.waiting_for ->> 'parked' = 'true')
        AND r.state = 'waiting' AND r.lane IS NULL AND r.due_at > clock_timestamp()
      ORDER BY coalesce(r.deadline, 'infinity'::timestamptz), r.created_at, r.run_id LIMIT most FOR UPDATE SKIP LOCKED
    ) r
  ), clock AS MATERIALIZED (
    SELECT t.lasts, t.costs FROM (
      SELECT count(*) FILTER (WHERE f.class = 1) AS quick, count(*) FILTER (WHERE f.class = 2) AS normal,
             count(*) FILTER (WHERE f.class = 3) AS slow FROM first f HAVING count(*) > 0
    ) n, app.take_places(tenant, n.quick, n.normal, n.slow) t
  ), ready AS (
    UPDATE app.run r SET lane = 0, due_at = NULL, turn = clock.lasts[f.class] - f.behind * clock.costs[f.class]
    FROM first f, clock WHERE r.tenant_id = tenant AND r.run_id = f.run_id RETURNING 1
  ) SELECT count(*) INTO woken FROM ready;
  UPDATE app.connection_line l SET called_at = clock_timestamp(),
    waits_until = CASE WHEN woken > 0 THEN app.line_waits_until(l.seconds) ELSE l.waits_until END
    WHERE l.tenant_id = tenant AND l.connection_id = connection;
  RETURN woken;
END $$;

-- A worker has room for `most` runs of a connection's line.
CREATE FUNCTION app.call_line(tenant uuid, connection uuid, most integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT app.call_from_line(tenant, connection, most)
$$;

-- The lines that nobody has called from for a second: what a dead worker would have called, and what waits for the next
-- calls of a rate. The lines are locked first, then the tenants' clocks in the order of tenants, as every sweep takes them; of
-- 2,000 runs and some, as the clocks are held to the end. Answers how many runs it put in line.
CREATE FUNCTION app.call_lines() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE line record; woken integer := 0;
BEGIN
  FOR line IN
    WITH open AS MATERIALIZED (
      SELECT l.tenant_id, l.connection_id, has.room FROM app.connection_line l
      CROSS JOIN LATERAL (SELECT CASE
        WHEN l.calls IS NULL THEN l.at_once
        WHEN l.filled_at IS NULL OR l.filled_at <= clock_timestamp() - make_interval(secs => l.seconds) THEN l.calls
        ELSE l.calls_left END AS room) has
      WHERE l.waits_until > (SELECT clock_timestamp()) AND has.room > 0
        AND (l.called_at IS NULL OR l.called_at <= clock_timestamp() - interval '1 second')
        AND NOT EXISTS (SELECT 1 FROM app.outage o WHERE o.tenant_id = l.tenant_id AND o.connection_id = l.connection_id
                        AND (o.draining OR o.ended_at IS NULL))
      ORDER BY l.called_at NULLS FIRST LIMIT 100 FOR UPDATE OF l SKIP LOCKED
    ) SELECT * FROM open ORDER BY tenant_id, connection_id
  LOOP
    woken := woken + app.call_from_line(line.tenant_id, line.connection_id,
      least(line.room, 1000, greatest(2000 - woken, 20)));
  END LOOP;
  RETURN woken;
END $$;

-- Who waits for a connection of the tenant in whose scope this is called: by what they wait for and by the currency of
-- their value, the first `most` of them. A door, since no operator that looks into JSON reaches an index past a policy.
CREATE FUNCTION app.line_sums(connection uuid, most integer) RETURNS TABLE (
  kind text, currency text, runs bigint, amount bigint, overdue bigint, deadline timestamptz, oldest timestamptz
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app
SET enable_seqscan = off
SET enable_bitmapscan = off SET enable_sort = off SET enable_incremental_sort = off AS $$
  SELECT w.kind, w.value_currency, count(*), least(sum(w.value_amount), 9223372036854775807)::bigint,
         count(*) FILTER (WHERE w.deadline < clock_timestamp()), min(w.deadline), min(w.created_at)
  FROM (
    SELECT r.waiting_for ->> 'kind' AS kind, r.value_currency, r.value_amount, r.deadline, r.created_at FROM app.run r
    WHERE r.tenant_id = app.tenant_id() AND r.waiting_for ->> 'ref' = app.show_id('con', connection)
      AND r.waiting_for ->> 'kind' IN ('connection', 'slot', 'quota', 'playbook') AND r.state = 'waiting' AND r.lane IS NULL
    ORDER BY coalesce(r.deadline, 'infinity'::timestamptz), r.created_at, r.run_id LIMIT most
  ) w GROUP BY 1, 2
$$;

-- Those of them that come after a place in line, NULLs: from the first on.
CREATE FUNCTION app.line_page(
  connection uuid, after_promise timestamptz, after_created timestamptz, after_run uuid, most integer
) RETURNS TABLE (run_id uuid, promise timestamptz, created_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app
SET enable_seqscan = off
SET enable_bitmapscan = off SET enable_sort = off SET enable_incremental_sort = off AS $$
  SELECT r.run_id, coalesce(r.deadline, 'infinity'::timestamptz), r.created_at FROM app.run r
  WHERE r.tenant_id = app.tenant_id() AND r.waiting_for ->> 'ref' = app.show_id('con', connection)
    AND r.waiting_for ->> 'kind' IN ('connection', 'slot', 'quota', 'playbook') AND r.state = 'waiting' AND r.lane IS NULL
    AND (coalesce(r.deadline, 'infinity'::timestamptz), r.created_at, r.run_id)
      > (coalesce(after_promise, '-infinity'::timestamptz), coalesce(after_created, '-infinity'::timestamptz),
         coalesce(after_run, '00000000-0000-0000-0000-000000000000'::uuid))
  ORDER BY coalesce(r.deadline, 'infinity'::timestamptz), r.created_at, r.run_id LIMIT most
$$;
