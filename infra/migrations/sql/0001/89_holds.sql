CREATE POLICY doors ON app.hold_wait TO waybill_doors USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE, DELETE ON app.hold_wait TO waybill_doors;

-- Runs whose order may have become free are called, and again while a worker has them in hand: of a run that parks at the very
-- moment of a clearing nothing is lost (ADR 0104). Of those that ended nothing is left. Answers how many were looked at.
CREATE FUNCTION app.wake_hold_waits(most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE seen integer;
BEGIN
  WITH due AS MATERIALIZED (
    SELECT w.tenant_id, w.run_id, w.key FROM app.hold_wait w WHERE w.wake_at <= (SELECT clock_timestamp())
    ORDER BY w.wake_at LIMIT most FOR UPDATE SKIP LOCKED
  ), woken AS (
    UPDATE app.run r SET due_at = clock_timestamp() FROM (SELECT DISTINCT d.tenant_id, d.run_id FROM due d) d
    WHERE r.tenant_id = d.tenant_id AND r.run_id = d.run_id AND r.state = 'waiting' AND r.lane IS NULL
      AND r.lease_until IS NULL AND r.writer IS DISTINCT FROM 'waits'
  ), gone AS (
    DELETE FROM app.hold_wait w USING due d WHERE w.tenant_id = d.tenant_id AND w.run_id = d.run_id AND w.key = d.key
      AND NOT EXISTS (SELECT 1 FROM app.run r WHERE r.tenant_id = d.tenant_id AND r.run_id = d.run_id AND r.ended_at IS NULL)
  ), told AS (
    UPDATE app.hold_wait w SET wake_at = CASE WHEN r.lease_until IS NOT NULL THEN clock_timestamp() + interval '1 second' END
    FROM due d JOIN app.run r ON r.tenant_id = d.tenant_id AND r.run_id = d.run_id AND r.ended_at IS NULL
    WHERE w.tenant_id = d.tenant_id AND w.run_id = d.run_id AND w.key = d.key
  ) SELECT count(*) INTO seen FROM due;
  RETURN seen;
END $$;
