-- Every quota with what is used of it: of the runs that were started in this minute, of those that were open when they were
-- counted last, of the day's bytes. A partner's is used by all its tenants together. `tenant_id` NULL: the partner's. No
-- door: it sees what its caller sees.
CREATE FUNCTION app.quota_standing() RETURNS TABLE (
  partner_id uuid, tenant_id uuid, name text, amount bigint, used bigint, counted timestamptz
) LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  WITH load AS MATERIALIZED (
    SELECT t.partner_id, t.tenant_id, u.name, u.used, l.counted_at FROM app.tenant t
    LEFT JOIN app.tenant_clock c ON c.tenant_id = t.tenant_id
    LEFT JOIN app.tenant_load l ON l.tenant_id = t.tenant_id
    CROSS JOIN LATERAL (VALUES
      ('runs-per-minute', CASE WHEN c.minute = floor(date_part('epoch', clock_timestamp()) / 60) THEN c.started END::bigint),
      ('open-runs', l.open_runs),
      ('payload-bytes-per-day', CASE WHEN l.day = (clock_timestamp() AT TIME ZONE 'UTC')::date THEN l.bytes END)
    ) u(name, used)
    WHERE t.partner_id IN (SELECT q.partner_id FROM app.partner_quota q)
       OR t.tenant_id IN (SELECT q.tenant_id FROM app.tenant_quota q)
  )
  SELECT q.partner_id, NULL::uuid, q.name, q.amount, coalesce(sum(l.used), 0)::bigint, min(l.counted_at)
  FROM app.partner_quota q LEFT JOIN load l ON l.partner_id = q.partner_id AND l.name = q.name
  GROUP BY q.partner_id, q.name, q.amount
  UNION ALL
  SELECT q.partner_id, q.tenant_id, q.name, q.amount, coalesce(l.used, 0), l.counted_at
  FROM app.tenant_quota q JOIN load l ON l.tenant_id = q.tenant_id AND l.name = q.name
$$;

-- Exchange: a process of the API reports the bytes that it took for tenants since the last time, and learns what every quota
-- stands at, how many seconds ago its open runs were counted, and the seconds to the end of the minute and of the day.
CREATE FUNCTION app.exchange_loads(tenants uuid[], taken bigint[]) RETURNS TABLE (
  partner_id uuid, tenant_id uuid, name text, amount bigint, used bigint, counted_ago double precision,
  minute_left double precision, day_left double precision
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
#variable_conflict use_column
BEGIN
  IF cardinality(tenants) > 0 THEN
    INSERT INTO app.tenant_load AS l (tenant_id, day, bytes)
    SELECT x.tenant_id, (clock_timestamp() AT TIME ZONE 'UTC')::date, sum(x.taken)
    FROM unnest(tenants, taken) AS x(tenant_id, taken) JOIN app.tenant t ON t.tenant_id = x.tenant_id
    GROUP BY x.tenant_id ORDER BY x.tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET
      bytes = CASE WHEN l.day = excluded.day THEN l.bytes ELSE 0 END + excluded.bytes, day = excluded.day;
  END IF;
  RETURN QUERY SELECT s.partner_id, s.tenant_id, s.name, s.amount, s.used,
    date_part('epoch', clock_timestamp() - s.counted), 60 - date_part('second', clock_timestamp()),
    date_part('epoch', date_trunc('day', clock_timestamp() AT TIME ZONE 'UTC') + interval '1 day'
                       - clock_timestamp() AT TIME ZONE 'UTC')
  FROM app.quota_standing() s;
END $$;

-- Tell that a quota is used up to `share` percent: once an hour, and at once when it is more than was told. Partners in the
-- audit of organizations; a tenant in its audit and its notices. No door: it sees what its caller sees.
CREATE FUNCTION app.tell_quota(of_partner uuid, of_tenant uuid, quota text, most bigint, in_use bigint, share smallint)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE
  notice uuid := app.new_id();
  action text := CASE WHEN share >= 100 THEN 'quota.reached' ELSE 'quota.near' END;
  body json := json_build_object('quota', quota, 'limit', most, 'used', in_use);
BEGIN
  IF of_tenant IS NULL THEN
    UPDATE app.partner_quota q SET told = share, told_at = clock_timestamp()
    WHERE q.partner_id = of_partner AND q.name = quota
      AND (q.told < share OR q.told_at < clock_timestamp() - interval '1 hour');
    IF FOUND THEN
      INSERT INTO app.organization_audit (audit_id, partner_id, actor, action, target, after)
      VALUES (notice, of_partner, 'engine', action, app.show_id('ptr', of_partner), body);
    END IF;
    RETURN;
  END IF;
  UPDATE app.tenant_quota q SET told = share, told_at = clock_timestamp()
  WHERE q.tenant_id = of_tenant AND q.name = quota
    AND (q.told < share OR q.told_at < clock_timestamp() - interval '1 hour');
  IF FOUND THEN
    INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
    VALUES (of_tenant, notice, 'engine', action, quota, body);
    INSERT INTO app.notice (tenant_id, notice_id, kind, body) VALUES (of_tenant, notice, action, body);
    INSERT INTO app.outbox (tenant_id, outbox_id, topic, body) VALUES (of_tenant, notice, 'notices', json_build_object(
      'specversion', '1.0', 'id', app.show_id('ntc', notice), 'source', '/quotas', 'type', action || '.v1',
      'subject', quota, 'data', body));
  END IF;
END $$;

-- Count: the open runs of tenants for which such a quota holds, no more than it and one, where nobody has counted for
-- `seconds`; then tell of every quota of which four fifths or all are used. One worker at a time.
CREATE FUNCTION app.count_loads(seconds double precision) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE counted integer; s record;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM app.tenant_quota) AND NOT EXISTS (SELECT 1 FROM app.partner_quota)
    OR NOT pg_try_advisory_xact_lock(7161004219033) THEN
    RETURN 0;
  END IF;
  WITH concerned AS (
    SELECT q.tenant_id, q.amount FROM app.tenant_quota q WHERE q.name = 'open-runs'
    UNION ALL
    SELECT t.tenant_id, q.amount FROM app.partner_quota q JOIN app.tenant t ON t.partner_id = q.partner_id
    WHERE q.name = 'open-runs'
  ), due AS (
    SELECT c.tenant_id, max(c.amount) + 1 AS most FROM concerned c
    WHERE NOT EXISTS (SELECT 1 FROM app.tenant_load l WHERE l.tenant_id = c.tenant_id
                      AND l.counted_at > clock_timestamp() - make_interval(secs => seconds))
    GROUP BY c.tenant_id ORDER BY c.tenant_id
  )
  INSERT INTO app.tenant_load AS l (tenant_id, day, counted_at, open_runs)
  SELECT d.tenant_id, (clock_timestamp() AT TIME ZONE 'UTC')::date, clock_timestamp(), (
    SELECT count(*) FROM (SELECT 1 FROM app.run r WHERE r.tenant_id = d.tenant_id
                          AND r.state IN ('pending', 'running', 'waiting', 'suspended') LIMIT d.most) o)
  FROM due d
  ON CONFLICT (tenant_id) DO UPDATE SET open_runs = excluded.open_runs, counted_at = excluded.counted_at;
  GET DIAGNOSTICS counted = ROW_COUNT;
  FOR s IN SELECT * FROM app.quota_standing() q WHERE q.amount > 0 AND q.used >= q.amount * 0.8 LOOP
    PERFORM app.tell_quota(s.partner_id, s.tenant_id, s.name, s.amount, s.used,
                           (CASE WHEN s.used >= s.amount THEN 100 ELSE 80 END)::smallint);
  END LOOP;
  RETURN counted;
END $$;
