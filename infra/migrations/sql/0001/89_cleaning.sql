-- What grows and belongs to no run goes by its age, in batches (`services/worker/cleaning.py`). Whoever calls says how old, in
-- days; less than one is one. What is still so is kept, however old it is.
CREATE INDEX exception_closed ON app.exception (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX notice_at ON app.notice (at);
GRANT DELETE ON app.exception, app.signal TO waybill_doors;
GRANT SELECT, DELETE ON app.notice TO waybill_doors;

-- Closed exceptions. That a failed run was given up stays known for as long as the run is there.
CREATE FUNCTION app.purge_exceptions(older_than_days integer, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE purged integer;
BEGIN
  DELETE FROM app.exception e WHERE ctid = ANY (ARRAY(
    SELECT x.ctid FROM app.exception x
    WHERE x.closed_at < (SELECT clock_timestamp()) - make_interval(days => greatest(older_than_days, 1))
      AND NOT (x.state = 'discarded' AND x.category = 'failed' AND EXISTS (
        SELECT 1 FROM app.run r WHERE r.tenant_id = x.tenant_id AND r.run_id = x.run_id AND r.state = 'faulted'))
    ORDER BY x.closed_at LIMIT most));
  GET DIAGNOSTICS purged = ROW_COUNT;
  RETURN purged;
END $$;

-- Notices, but of an outage that lasts and of a question that nobody has answered.
CREATE FUNCTION app.purge_notices(older_than_days integer, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE purged integer;
BEGIN
  DELETE FROM app.notice n WHERE ctid = ANY (ARRAY(
    SELECT x.ctid FROM app.notice x
    WHERE x.at < (SELECT clock_timestamp()) - make_interval(days => greatest(older_than_days, 1))
      AND NOT (x.kind = 'connection.away' AND EXISTS (SELECT 1 FROM app.outage o WHERE o.tenant_id = x.tenant_id
        AND o.connection_id = x.connection_id AND o.ended_at IS NULL))
      AND NOT (x.kind = 'effect.uncertain' AND EXISTS (SELECT 1 FROM app.effect f WHERE f.tenant_id = x.tenant_id
        AND f.run_id = x.run_id AND f.key = x.body ->> 'effect' AND f.asked_at IS NOT NULL))
    ORDER BY x.at LIMIT most));
  GET DIAGNOSTICS purged = ROW_COUNT;
  RETURN purged;
END $$;
