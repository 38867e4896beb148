-- Packs that are to be made, the oldest first; each is somebody's for `seconds`, and comes back when they die, later with each time.
CREATE FUNCTION app.packs_to_make(most integer, seconds double precision)
RETURNS TABLE (tenant_id uuid, pack_id uuid, tries integer)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  WITH next AS (
    SELECT p.tenant_id, p.pack_id FROM app.evidence_pack p
    WHERE p.state = 'asked' AND (p.taken_until IS NULL OR p.taken_until <= clock_timestamp())
      AND NOT (SELECT app.failed_over())
    ORDER BY p.asked_at LIMIT most FOR UPDATE SKIP LOCKED
  )
  UPDATE app.evidence_pack p SET tries = p.tries + 1,
    taken_until = clock_timestamp() + make_interval(secs => seconds * 2 ^ least(p.tries, 10)) FROM next n
  WHERE p.tenant_id = n.tenant_id AND p.pack_id = n.pack_id RETURNING p.tenant_id, p.pack_id, p.tries
$$;

-- Cases whose time is over: the client's, else the installation's, counted from the last that was done in them. One stays as long as
-- its record is kept, a run that opened it first or last or asked for a pack is here, or a pack of it is a document. Answers how many went.
CREATE FUNCTION app.purge_evidence(default_days integer, floor_days integer, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE tenants uuid[]; cases uuid[];
BEGIN
  SELECT array_agg(o.tenant_id), array_agg(o.case_id) INTO tenants, cases FROM (
    SELECT c.tenant_id, c.case_id FROM app.evidence_case c
    LEFT JOIN app.retention r ON r.tenant_id = c.tenant_id AND r.subject = c.tenant_id
    CROSS JOIN LATERAL (SELECT clock_timestamp()
      - make_interval(days => greatest(coalesce(r.days, default_days), floor_days, 1)) AS since) k
    WHERE c.last_at < k.since
      AND NOT EXISTS (SELECT FROM app.run x WHERE x.tenant_id = c.tenant_id AND x.run_id IN (c.run_id, c.last_run))
      AND NOT EXISTS (SELECT FROM app.evidence_document e
        WHERE e.tenant_id = c.tenant_id AND e.case_id = c.case_id AND e.added_at >= k.since)
      AND NOT EXISTS (SELECT FROM app.evidence_pack p WHERE p.tenant_id = c.tenant_id AND p.case_id = c.case_id
        AND (p.asked_at >= k.since
          OR EXISTS (SELECT FROM app.run x WHERE x.tenant_id = p.tenant_id AND x.run_id = p.run_id)
          OR EXISTS (SELECT FROM app.document d WHERE d.tenant_id = p.tenant_id AND d.document_id = p.document_id)))
      AND NOT EXISTS (SELECT FROM app.entity_key n WHERE n.tenant_id = c.tenant_id AND n.kind = c.about_kind
        AND n.id = c.about_key AND app.entity_is_kept(n.tenant_id, n.entity_id))
    ORDER BY c.last_at LIMIT most) o;
  DELETE FROM app.evidence_document e USING unnest(tenants, cases) AS g(tenant_id, case_id)
  WHERE e.tenant_id = g.tenant_id AND e.case_id = g.case_id;
  DELETE FROM app.evidence_pack p USING unnest(tenants, cases) AS g(tenant_id, case_id)
  WHERE p.tenant_id = g.tenant_id AND p.case_id = g.case_id;
  WITH gone AS (
    DELETE FROM app.evidence_case c USING unnest(tenants, cases) AS g(tenant_id, case_id)
    WHERE c.tenant_id = g.tenant_id AND c.case_id = g.case_id RETURNING c.tenant_id, c.case_id
  )
  INSERT INTO app.audit (tenant_id, audit_id, actor, action, target)
  SELECT g.tenant_id, app.new_id(), 'engine', 'evidence.expired', app.show_id('evc', g.case_id) FROM gone g;
  RETURN coalesce(cardinality(cases), 0);
END $$;
