-- Whose work each quota is about: the tenants below its owner. No door: it sees what its caller sees.
CREATE FUNCTION app.quota_reach() RETURNS TABLE (owner_id uuid, name text, amount bigint, tenant_id uuid)
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  SELECT q.owner_id, q.name, q.amount, q.tenant_id FROM app.quota q WHERE q.level = 'environment'
  UNION ALL
  SELECT q.owner_id, q.name, q.amount, t.tenant_id FROM app.quota q
  JOIN app.tenant t ON t.partner_id = q.partner_id AND t.client_id = q.client_id WHERE q.level = 'client'
  UNION ALL
  SELECT q.owner_id, q.name, q.amount, t.tenant_id FROM app.quota q
  JOIN app.tenant t ON t.partner_id = q.partner_id WHERE q.level = 'partner'
  UNION ALL
  SELECT q.owner_id, q.name, q.amount, t.tenant_id FROM app.quota q CROSS JOIN app.tenant t WHERE q.level = 'operator'
$$;

-- Every quota with what is used of it: of the runs that were started in this minute, of those that were open when they were
-- counted last, of the day's bytes; by all tenants below its owner together. A later minute counts on, as for whoever starts
-- runs: a server's clock may have been set back. No door: it sees what its caller sees.
CREATE FUNCTION app.quota_standing() RETURNS TABLE (
  level text, owner_id uuid, partner_id uuid, name text, amount bigint, used bigint, counted timestamptz
) LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  WITH used AS (
    SELECT r.owner_id, r.name, sum(CASE r.name WHEN 'runs-per-minute' THEN c.started ELSE l.bytes END)::bigint AS used
    FROM app.quota_reach() r
    LEFT JOIN app.tenant_clock c ON r.name = 'runs-per-minute' AND c.tenant_id = r.tenant_id
      AND c.minute >= floor(date_part('epoch', clock_timestamp()) / 60)
    LEFT JOIN app.tenant_load l ON r.name = 'payload-bytes-per-day' AND l.tenant_id = r.tenant_id
      AND l.day = (clock_timestamp() AT TIME ZONE 'UTC')::date
    WHERE r.name <> 'open-runs' GROUP BY r.owner_id, r.name
  )
  SELECT q.level, q.owner_id, q.partner_id, q.name, q.amount,
    CASE q.name WHEN 'open-runs' THEN q.counted ELSE coalesce(u.used, 0) END, q.counted_at
  FROM app.quota q LEFT JOIN used u ON u.owner_id = q.owner_id AND u.name = q.name
$$;

-- Exchange: a process of the API reports the bytes that it took for tenants since the last time, and learns what every quota
-- stands at, how many seconds ago its open runs were counted, and the seconds to the end of the minute and of the day.
CREATE FUNCTION app.exchange_loads(tenants uuid[], taken bigint[]) RETURNS TABLE (
  level text, owner_id uuid, name text, amount bigint, used bigint, counted_ago double precision,
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
  RETURN QUERY SELECT s.level, s.owner_id, s.name, s.amount, s.used,
    date_part('epoch', clock_timestamp() - s.counted), 60 - date_part('second', clock_timestamp()),
    date_part('epoch', date_trunc('day', clock_timestamp() AT TIME ZONE 'UTC') + interval '1 day'
                       - clock_timestamp() AT TIME ZONE 'UTC')
  FROM app.quota_standing() s;
END $$;

-- Tell that a quota is used up to `share` percent: once an hour, and at once when it is more than was told. An environment in its
-- audit and its notices; above it, where many share, whoever set it, in the audit of organizations. No door: it sees what its
-- caller sees.
CREATE FUNCTION app.tell_quota(
  of_level text, of_owner uuid, of_partner uuid, quota text, most bigint, in_use bigint, share smallint
) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE
  notice uuid := app.new_id();
  action text := CASE WHEN share >= 100 THEN 'quota.reached' ELSE 'quota.near' END;
  body json := json_build_object('quota', quota, 'limit', most, 'used', in_use);
BEGIN
  UPDATE app.quota q SET told = share, told_at = clock_timestamp()
  WHERE q.owner_id = of_owner AND q.name = quota
    AND (q.told < share OR q.told_at < clock_timestamp() - interval '1 hour');
  IF NOT FOUND THEN RETURN; END IF;
  IF of_level <> 'environment' THEN
    INSERT INTO app.organization_audit (audit_id, partner_id, actor, action, target, after)
    VALUES (notice, of_partner, 'engine', action, CASE of_level WHEN 'client' THEN app.show_id('cli', of_owner)
      WHEN 'partner' THEN app.show_id('ptr', of_owner) ELSE of_level END, body);
    RETURN;
  END IF;
  INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
  VALUES (of_owner, notice, 'engine', action, quota, body);
  INSERT INTO app.notice (tenant_id, notice_id, kind, body) VALUES (of_owner, notice, action, body);
  INSERT INTO app.outbox (tenant_id, outbox_id, topic, body) VALUES (of_owner, notice, 'notices', json_build_object(
    'specversion', '1.0', 'id', app.show_id('ntc', notice), 'source', '/quotas', 'type', action || '.v1',
    'subject', quota, 'data', body));
END $$;

-- Count: the open runs below the owners of such quotas, no more than the quota and one of each tenant's, where nobody has counted
-- for `seconds`; for the installation, which is every tenant, five times that. Each tenant is counted once for all that it is
-- below. Then tell of every quota of which four fifths or all are used. One worker at a time.
CREATE FUNCTION app.count_loads(seconds double precision) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE
  counted integer;
  s record;
  -- Before anything is looked at: what begins from here on was perhaps not seen.
  began timestamptz := clock_timestamp();
BEGIN
  IF NOT EXISTS (SELECT 1 FROM app.quota) OR NOT pg_try_advisory_xact_lock(7161004219033) THEN
    RETURN 0;
  END IF;
  WITH reach AS MATERIALIZED (
    SELECT r.owner_id, r.amount, r.tenant_id FROM app.quota_reach() r
    JOIN app.quota q ON q.owner_id = r.owner_id AND q.name = r.name
    WHERE r.name = 'open-runs' AND (q.counted_at IS NULL OR q.counted_at
      <= began - make_interval(secs => seconds * CASE q.level WHEN 'operator' THEN 5 ELSE 1 END))
  ), runs AS MATERIALIZED (
    SELECT t.tenant_id, (
      SELECT count(*) FROM (SELECT 1 FROM app.run r WHERE r.tenant_id = t.tenant_id
                            AND r.state IN ('pending', 'running', 'waiting', 'suspended') LIMIT t.most) o) AS open
    FROM (SELECT x.tenant_id, max(x.amount) + 1 AS most FROM reach x GROUP BY x.tenant_id) t
  )
  UPDATE app.quota q SET counted = n.open, counted_at = began FROM (
    SELECT x.owner_id, sum(r.open) AS open FROM reach x JOIN runs r ON r.tenant_id = x.tenant_id GROUP BY x.owner_id) n
  WHERE q.owner_id = n.owner_id AND q.name = 'open-runs';
  GET DIAGNOSTICS counted = ROW_COUNT;
  FOR s IN SELECT * FROM app.quota_standing() q WHERE q.amount > 0 AND q.used >= q.amount * 0.8 LOOP
    PERFORM app.tell_quota(s.level, s.owner_id, s.partner_id, s.name, s.amount, s.used,
                           (CASE WHEN s.used >= s.amount THEN 100 ELSE 80 END)::smallint);
  END LOOP;
  RETURN counted;
END $$;
