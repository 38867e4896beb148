-- Deal: the places that a tenant's runs have in line are shared out among these runs by the rule of its peak; whatever they
-- have together stays the same, so no other tenant is served sooner or later (A13). Each class of runs (ADR 0033) keeps its
-- own places. The first `most` in line, and the last thousand: whoever has come since; not the head of the line, its first
-- tenth and at most a hundred: workers are claiming these, and a claim answers nothing where others hold all that is next.
-- Those that would move are locked first, and the places shared out are those of the ones that were got: a run that somebody
-- else has in hand keeps its place, and nobody is waited for. Only rows whose place changes are written. Answers how many.
-- No door: it sees what its caller sees.
CREATE FUNCTION app.deal_places(rule app.peak, most integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, app SET enable_seqscan = off
SET enable_bitmapscan = off SET enable_sort = off SET enable_incremental_sort = off AS $$
DECLARE moved integer; spared bigint; from_turn double precision; from_run uuid;
BEGIN
  SELECT least(count(*) / 10, 100) INTO spared FROM (
    SELECT 1 FROM app.run r WHERE r.tenant_id = rule.tenant_id AND r.lane = 0 LIMIT 1000) h;
  SELECT r.turn, r.run_id INTO from_turn, from_run FROM app.run r WHERE r.tenant_id = rule.tenant_id AND r.lane = 0
  ORDER BY r.turn, r.run_id OFFSET spared LIMIT 1;
  WITH line AS MATERIALIZED (
    (SELECT r.run_id, r.turn, r.priority, r.customer_class, r.deadline FROM app.run r
     WHERE r.tenant_id = rule.tenant_id AND r.lane = 0 AND (r.turn, r.run_id) >= (from_turn, from_run)
     ORDER BY r.turn, r.run_id LIMIT most)
    UNION
    (SELECT r.run_id, r.turn, r.priority, r.customer_class, r.deadline FROM app.run r
     WHERE r.tenant_id = rule.tenant_id AND r.lane = 0 AND (r.turn, r.run_id) >= (from_turn, from_run)
     ORDER BY r.turn DESC, r.run_id DESC LIMIT 1000)
  ), place AS MATERIALIZED (
    -- Read by number, and below each row is found by an order that only its key has: before a table's first ANALYZE the
    -- planner would compare each of one list with each of the other.
    SELECT l.priority, array_agg(l.turn ORDER BY l.turn, l.run_id) AS turns FROM line l GROUP BY l.priority
  ), wanted AS MATERIALIZED (
    SELECT l.run_id, l.priority, l.turn, row_number() OVER (PARTITION BY l.priority ORDER BY
      coalesce(array_position(rule.classes, l.customer_class), cardinality(rule.classes) + 1),
      app.key_moment((SELECT k.value FROM app.run_key k WHERE k.tenant_id = rule.tenant_id AND k.run_id >= l.run_id
        AND k.run_id <= l.run_id AND k.name = rule.ship_key ORDER BY k.run_id LIMIT 1)) NULLS LAST,
      app.key_moment((SELECT k.value FROM app.run_key k WHERE k.tenant_id = rule.tenant_id AND k.run_id >= l.run_id
        AND k.run_id <= l.run_id AND k.name = rule.cut_off_key ORDER BY k.run_id LIMIT 1)) NULLS LAST,
      l.deadline NULLS LAST, l.turn, l.run_id) AS n
    FROM line l
  ), held AS MATERIALIZED (
    SELECT r.run_id, r.turn, r.priority, m.n FROM (
      SELECT w.run_id, w.n, w.turn AS was, (SELECT p.turns[w.n] FROM place p WHERE p.priority = w.priority) AS turn
      FROM wanted w OFFSET 0
    ) m, LATERAL (
      SELECT o.run_id, o.turn, o.priority FROM app.run o WHERE o.tenant_id = rule.tenant_id AND o.run_id >= m.run_id
        AND o.run_id <= m.run_id AND o.lane = 0 ORDER BY o.run_id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) r WHERE m.turn <> m.was
  ), free AS MATERIALIZED (
    SELECT h.priority, array_agg(h.turn ORDER BY h.turn) AS turns FROM held h GROUP BY h.priority
  ), given AS MATERIALIZED (
    SELECT g.run_id, g.was, (SELECT f.turns[g.n] FROM free f WHERE f.priority = g.priority) AS turn FROM (
      SELECT h.run_id, h.priority, h.turn AS was, row_number() OVER (PARTITION BY h.priority ORDER BY h.n) AS n FROM held h
    ) g
  ), dealt AS (
    UPDATE app.run r SET turn = g.turn FROM given g
    WHERE r.tenant_id = rule.tenant_id AND r.run_id = g.run_id AND g.turn <> g.was RETURNING 1
  ) SELECT count(*) INTO moved FROM dealt;
  RETURN moved;
END $$;

-- Tell that an automatic peak began or ended. No door: it sees what its caller sees.
CREATE FUNCTION app.tell_peak(of_tenant uuid, kind text, in_line bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE notice uuid := app.new_id(); body json := json_build_object('in_line', in_line);
BEGIN
  INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
  VALUES (of_tenant, notice, 'engine', kind, 'peak', body);
  INSERT INTO app.notice (tenant_id, notice_id, kind, body) VALUES (of_tenant, notice, kind, body);
  INSERT INTO app.outbox (tenant_id, outbox_id, topic, body) VALUES (of_tenant, notice, 'notices', json_build_object(
    'specversion', '1.0', 'id', app.show_id('ntc', notice), 'source', '/peak', 'type', kind || '.v1', 'subject', 'peak',
    'data', body));
END $$;

-- Look after one peak: whoever was looked at longest ago, each at most once a second, whatever the number of workers. An
-- automatic one begins and ends here. After its places were dealt they rest ten times as long as that took. Answers how many
-- runs have another place, NULL when no peak is due. One a commit: what is dealt is locked until then, and no claim takes it.
CREATE FUNCTION app.deal_peak(most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE
  p app.peak; moved integer := 0; in_line bigint; lasts boolean; now_clock double precision;
  moment timestamptz := clock_timestamp(); passed double precision; begun timestamptz;
  now_turn double precision := (SELECT last_value / 1000000.0::double precision FROM app.virtual_clock);
BEGIN
  SELECT * INTO p FROM app.peak k
  WHERE k.mode <> 'off' AND (k.seen_at IS NULL OR k.seen_at <= moment - interval '1 second')
  ORDER BY k.seen_at NULLS FIRST, k.tenant_id LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT count(*) INTO in_line FROM (
    SELECT 1 FROM app.run r WHERE r.tenant_id = p.tenant_id AND r.lane = 0 LIMIT p.from_runs) w;
  lasts := p.mode = 'on' OR in_line >= p.from_runs OR (p.began_at IS NOT NULL AND in_line * 2 >= p.from_runs);
  IF lasts <> (p.began_at IS NOT NULL) THEN
    p.began_at := CASE WHEN lasts THEN moment END;
    p.dealt_clock := NULL;
    PERFORM app.tell_peak(p.tenant_id, CASE WHEN lasts THEN 'peak.began' ELSE 'peak.ended' END, in_line);
  END IF;
  passed := extract(epoch FROM moment - p.seen_at);
  p.speed := CASE WHEN p.seen_at IS NULL OR passed > 600 THEN NULL ELSE coalesce(
    p.speed + ((now_turn - p.seen_turn) / passed - p.speed) * least(passed / 60, 1), (now_turn - p.seen_turn) / passed) END;
  SELECT c.turn + coalesce(c.interactive, 0) + coalesce(c.bulk, 0) INTO now_clock FROM app.tenant_clock c
  WHERE c.tenant_id = p.tenant_id;
  IF lasts AND now_clock IS DISTINCT FROM p.dealt_clock AND (p.rests_until IS NULL OR p.rests_until <= moment) THEN
    begun := clock_timestamp();
    moved := app.deal_places(p, most);
    p.dealt_clock := now_clock;
    p.dealt_at := moment;
    p.rests_until := clock_timestamp() + 10 * (clock_timestamp() - begun);
  END IF;
  UPDATE app.peak k SET began_at = p.began_at, dealt_at = p.dealt_at, dealt_clock = p.dealt_clock, speed = p.speed,
    rests_until = p.rests_until, seen_turn = now_turn, seen_at = moment
  WHERE k.tenant_id = p.tenant_id;
  RETURN moved;
END $$;

-- Who is in line, the first `most` of them; `turns`: how far virtual time is from each. No door: it sees what its caller sees.
CREATE FUNCTION app.line_of(of_tenant uuid, ship_key text, cut_off_key text, most integer) RETURNS TABLE (
  run_id uuid, business_key text, priority smallint, customer_class text, ship_date text, cut_off text,
  cut_off_at timestamptz, deadline timestamptz, amount bigint, currency text, now timestamptz, turns double precision
) LANGUAGE sql STABLE SET search_path = pg_catalog, app SET enable_seqscan = off
SET enable_bitmapscan = off SET enable_sort = off SET enable_incremental_sort = off AS $$
  WITH line AS MATERIALIZED (
    SELECT r.run_id, r.business_key, r.priority, r.customer_class, r.deadline, r.value_amount, r.value_currency, r.turn
    FROM app.run r WHERE r.tenant_id = of_tenant AND r.lane = 0 ORDER BY r.turn, r.run_id LIMIT most
  ), keyed AS MATERIALIZED (
    SELECT l.*,
      (SELECT k.value FROM app.run_key k WHERE k.tenant_id = of_tenant AND k.run_id >= l.run_id AND k.run_id <= l.run_id
         AND k.name = ship_key ORDER BY k.run_id LIMIT 1) AS ship_date,
      (SELECT k.value FROM app.run_key k WHERE k.tenant_id = of_tenant AND k.run_id >= l.run_id AND k.run_id <= l.run_id
         AND k.name = cut_off_key ORDER BY k.run_id LIMIT 1) AS cut_off
    FROM line l
  )
  SELECT k.run_id, k.business_key, k.priority, k.customer_class, k.ship_date, k.cut_off, app.key_moment(k.cut_off),
         k.deadline, k.value_amount, k.value_currency, clock_timestamp(),
         greatest(k.turn - (SELECT last_value / 1000000.0::double precision FROM app.virtual_clock), 0)
  FROM keyed k ORDER BY k.turn, k.run_id
$$;
