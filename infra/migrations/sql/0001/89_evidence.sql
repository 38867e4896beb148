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
