-- Counting of traffic (ADR 0052).
CREATE POLICY interfaces ON app.event FOR SELECT TO waybill_doors USING (true);
CREATE POLICY interfaces ON app.workflow_version FOR SELECT TO waybill_doors USING (true);
CREATE POLICY interfaces ON app.deployment FOR SELECT TO waybill_doors USING (true);
CREATE POLICY interfaces ON app.deployment_revision FOR SELECT TO waybill_doors USING (true);
CREATE POLICY interfaces ON app.connection FOR SELECT TO waybill_doors USING (true);
CREATE POLICY interfaces ON app.connection_group FOR SELECT TO waybill_doors USING (true);
GRANT SELECT ON app.event, app.deployment, app.deployment_revision TO waybill_doors;
GRANT SELECT (tenant_id, workflow_version_id, namespace, name, version) ON app.workflow_version TO waybill_doors;
GRANT SELECT (tenant_id, connection_id, name, connector) ON app.connection TO waybill_doors;
GRANT SELECT (tenant_id, group_id, rules) ON app.connection_group TO waybill_doors;

-- Write down what one look saw. Answers how many rows that took: none of what is known, and NULL where there is no `room` for
-- another.
CREATE FUNCTION app.note_traffic(
  of_tenant uuid, of_kind text, of_name text, of_role text, by_party text, of_version text, since timestamptz,
  until timestamptz, many bigint, room integer
) RETURNS integer LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
BEGIN
  UPDATE app.interface_traffic f SET last_at = greatest(f.last_at, until), times = f.times + many
  WHERE f.tenant_id = of_tenant AND f.kind = of_kind AND f.name = of_name AND f.role = of_role AND f.party = by_party
    AND f.version = of_version;
  IF FOUND THEN RETURN 0; END IF;
  IF room <= 0 THEN RETURN NULL; END IF;
  INSERT INTO app.interface_traffic AS f (tenant_id, kind, name, role, party, version, first_at, last_at, times)
  VALUES (of_tenant, of_kind, of_name, of_role, by_party, of_version, since, until, many)
  ON CONFLICT (tenant_id, kind, name, role, party, version) DO UPDATE SET last_at = until, times = f.times + many;
  RETURN 1;
END $$;

-- Tell the owner of each finding of a tenant that nobody was told of, whether traffic came or something was declared: once, `most`
-- of them in a turn. What is a finding no more is forgotten. Answers how many.
CREATE FUNCTION app.tell_findings(of_tenant uuid, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE
  f record;
  notice uuid;
  body json;
  told integer := 0;
BEGIN
  DELETE FROM app.interface_told t WHERE t.tenant_id = of_tenant AND NOT EXISTS (
    SELECT 1 FROM app.interface_findings(of_tenant) n WHERE (n.kind, n.name, n.finding, n.party, n.version)
      = (t.kind, t.name, t.finding, t.party, t.version));
  FOR f IN
    INSERT INTO app.interface_told AS t (tenant_id, kind, name, finding, party, version)
    SELECT of_tenant, n.kind, n.name, n.finding, n.party, n.version FROM app.interface_findings(of_tenant) n
    WHERE NOT EXISTS (SELECT 1 FROM app.interface_told o WHERE (o.tenant_id, o.kind, o.name, o.finding, o.party, o.version)
      = (of_tenant, n.kind, n.name, n.finding, n.party, n.version))
    ORDER BY n.last_at, n.kind, n.name, n.party, n.version LIMIT most ON CONFLICT DO NOTHING RETURNING t.*
  LOOP
    notice := app.new_id();
    body := json_build_object('finding', f.finding, 'kind', f.kind, 'name', f.name, 'party', f.party, 'version', f.version);
    INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
    VALUES (of_tenant, notice, 'register', 'interface.finding', f.kind || ':' || f.name, body);
    INSERT INTO app.notice (tenant_id, notice_id, kind, owner, body)
    VALUES (of_tenant, notice, 'interface.finding', coalesce(
      (SELECT app.who_answers(of_tenant, 'integration', app.show_id('con', c.connection_id)) FROM app.connection c
       WHERE f.kind = 'connection' AND c.tenant_id = of_tenant AND c.name = f.name),
      app.who_answers(of_tenant, 'architecture', '')), body);
    INSERT INTO app.outbox (tenant_id, outbox_id, topic, body) VALUES (of_tenant, notice, 'notices', json_build_object(
      'specversion', '1.0', 'id', app.show_id('ntc', notice), 'source', '/interfaces', 'type', 'interface.finding.v1',
      'subject', f.kind || ':' || f.name, 'data', body));
    told := told + 1;
  END LOOP;
  RETURN told;
END $$;

-- Up to `most` tenants whose last turn is longest ago and was before `since`; it is their turn now, whatever becomes of it, so
-- that one that cannot be counted keeps nobody else from it.
CREATE FUNCTION app.due_traffic(most integer, since timestamptz) RETURNS SETOF uuid
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  INSERT INTO app.interface_mark (tenant_id, event_id, run_id)
  SELECT n.tenant_id, '00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000' FROM app.tenant n
  WHERE NOT EXISTS (SELECT 1 FROM app.interface_mark m WHERE m.tenant_id = n.tenant_id) ON CONFLICT DO NOTHING;
  UPDATE app.interface_mark m SET turn_at = clock_timestamp() FROM (
    SELECT o.tenant_id FROM app.interface_mark o WHERE o.turn_at < since ORDER BY o.turn_at, o.tenant_id LIMIT most
    FOR UPDATE SKIP LOCKED) due
  WHERE m.tenant_id = due.tenant_id RETURNING m.tenant_id
$$;

-- Count what came of one tenant since the last time: at most `most` events and `most` runs, and none of the last `seconds`,
-- since an id is made before its row is seen. A tenant has at most 5,000 rows, and 500 new ones a turn; what is more is one
-- row of each kind, `…`. Answers how many events and runs.
CREATE FUNCTION app.count_traffic(of_tenant uuid, most integer, seconds double precision) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE
  g record;
  s record;
  mark record;
  end_id uuid := (lpad(to_hex((extract(epoch FROM clock_timestamp() - make_interval(secs => seconds)) * 1000)::bigint), 12, '0')
                  || repeat('0', 20))::uuid;
  last_event uuid;
  last_run uuid;
  took integer;
  room integer;
  sources bigint := 0;
  consumers bigint := 0;
  counted bigint := 0;
BEGIN
  SELECT m.event_id, m.run_id INTO mark FROM app.interface_mark m WHERE m.tenant_id = of_tenant FOR UPDATE;
  SELECT o.event_id INTO last_event FROM (
    SELECT e.event_id FROM app.event e WHERE e.tenant_id = of_tenant AND e.event_id > mark.event_id AND e.event_id < end_id
    ORDER BY e.event_id LIMIT most) o ORDER BY o.event_id DESC LIMIT 1;
  SELECT o.run_id INTO last_run FROM (
    SELECT r.run_id FROM app.run r WHERE r.tenant_id = of_tenant AND r.run_id > mark.run_id AND r.run_id < end_id
    ORDER BY r.run_id LIMIT most) o ORDER BY o.run_id DESC LIMIT 1;
  IF last_event IS NULL AND last_run IS NULL THEN RETURN 0; END IF;
  SELECT least(500, 5000 - count(*)) INTO room FROM app.interface_traffic f WHERE f.tenant_id = of_tenant;
  FOR g IN
    SELECT e.type, left(e.source, 200) AS source, coalesce(left(CASE WHEN i.name IS NOT NULL THEN e.content ->> 'dataschema' END, 200), '') AS version,
           min(e.received_at) AS since, max(e.received_at) AS until, count(*) AS many
    FROM app.event e LEFT JOIN app.interface i ON i.tenant_id = e.tenant_id AND i.kind = 'event' AND i.name = e.type
    WHERE e.tenant_id = of_tenant AND e.event_id > mark.event_id AND e.event_id <= last_event GROUP BY 1, 2, 3
  LOOP
    took := app.note_traffic(of_tenant, 'event', left(g.type, 200), 'publisher', g.source, g.version, g.since, g.until, g.many, room);
    IF took IS NULL THEN sources := sources + g.many; ELSE room := room - took; END IF;
    counted := counted + g.many;
  END LOOP;
  FOR g IN
    SELECT d.name AS deployment, e.type, w.namespace || '/' || w.name AS mapping, w.version, v.bindings::text AS bindings,
           v.groups::text AS groups,
           min(r.created_at) AS since, max(r.created_at) AS until, count(*) AS many
    FROM app.run r
    JOIN app.deployment d ON d.tenant_id = r.tenant_id AND d.deployment_id = r.deployment_id
    JOIN app.deployment_revision v ON v.tenant_id = r.tenant_id AND v.deployment_id = r.deployment_id AND v.revision = r.revision
    JOIN app.workflow_version w ON w.tenant_id = v.tenant_id AND w.workflow_version_id = v.workflow_version_id
    LEFT JOIN app.event e ON e.tenant_id = r.tenant_id AND e.event_id = r.event_id
    WHERE r.tenant_id = of_tenant AND r.run_id > mark.run_id AND r.run_id <= last_run GROUP BY 1, 2, 3, 4, 5, 6
  LOOP
    FOR s IN
      SELECT 'mapping' AS kind, left(g.mapping, 200) AS name, g.version AS version
      UNION ALL SELECT 'event', left(g.type, 200), '' WHERE g.type IS NOT NULL
      UNION ALL SELECT 'connection', c.name, c.connector FROM json_each_text(g.bindings::json) b
        JOIN app.connection c ON c.tenant_id = of_tenant AND c.connection_id = b.value::uuid
      -- Each that the rules of a group lead to, whichever a run chooses.
      UNION SELECT 'connection', c.name, c.connector FROM json_each_text(g.groups::json) b
        JOIN app.connection_group n ON n.tenant_id = of_tenant AND n.group_id = b.value::uuid
        CROSS JOIN LATERAL json_array_elements(n.rules) r
        JOIN app.connection c ON c.tenant_id = of_tenant AND c.connection_id = (r ->> 'connection')::uuid
    LOOP
      took := app.note_traffic(of_tenant, s.kind, s.name, 'consumer', 'deployment:' || g.deployment, s.version, g.since, g.until, g.many, room);
      IF took IS NULL THEN consumers := consumers + g.many; ELSE room := room - took; END IF;
    END LOOP;
    counted := counted + g.many;
  END LOOP;
  INSERT INTO app.interface_traffic AS f (tenant_id, kind, name, role, party, version, first_at, last_at, times)
  SELECT of_tenant, 'event', '…', o.role, '…', '', clock_timestamp(), clock_timestamp(), o.times
  FROM (VALUES ('publisher', sources), ('consumer', consumers)) o(role, times) WHERE o.times > 0
  ON CONFLICT (tenant_id, kind, name, role, party, version) DO UPDATE SET last_at = excluded.last_at, times = f.times + excluded.times;
  UPDATE app.interface_mark m SET event_id = coalesce(last_event, mark.event_id), run_id = coalesce(last_run, mark.run_id)
  WHERE m.tenant_id = of_tenant;
  RETURN counted;
END $$;
