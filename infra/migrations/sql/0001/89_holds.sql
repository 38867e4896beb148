CREATE POLICY doors ON app.hold_wait TO waybill_doors USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE, DELETE ON app.hold_wait TO waybill_doors;

-- Whether the run of a call is in the hands of who makes it, and stays there until the transaction ends: what an earlier worker of
-- the run does late is nothing (F-02). For what a call does in a transaction of its own.
CREATE FUNCTION app.is_in_hand(run uuid, holding bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
BEGIN
  PERFORM 1 FROM app.run r WHERE r.tenant_id = app.tenant_id() AND r.run_id = is_in_hand.run AND r.fence = holding
    AND r.lease_until IS NOT NULL AND r.ended_at IS NULL FOR SHARE;
  RETURN FOUND;
END $$;

-- Runs whose order may have become free are called, and again while a worker has them in hand or somebody has their row: nobody is
-- waited for, and of a run that parks at the very moment of a clearing nothing is lost (ADR 0104). Of those that ended nothing is
-- left. Answers how many were looked at.
CREATE FUNCTION app.wake_hold_waits(most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE looked integer;
BEGIN
  WITH due AS MATERIALIZED (
    SELECT w.tenant_id, w.run_id, w.key FROM app.hold_wait w WHERE w.wake_at <= (SELECT clock_timestamp())
    ORDER BY w.wake_at LIMIT most FOR UPDATE SKIP LOCKED
  ), seen AS MATERIALIZED (
    SELECT r.tenant_id, r.run_id, r.lease_until IS NOT NULL AS is_held,
      r.state = 'waiting' AND r.lane IS NULL AND r.lease_until IS NULL AND r.writer IS DISTINCT FROM 'waits' AS is_parked
    FROM app.run r JOIN (SELECT DISTINCT d.tenant_id, d.run_id FROM due d) d ON d.tenant_id = r.tenant_id AND d.run_id = r.run_id
    FOR UPDATE OF r SKIP LOCKED
  ), woken AS (
    UPDATE app.run r SET due_at = clock_timestamp() FROM seen s
    WHERE s.is_parked AND r.tenant_id = s.tenant_id AND r.run_id = s.run_id
  ), gone AS (
    DELETE FROM app.hold_wait w USING due d WHERE w.tenant_id = d.tenant_id AND w.run_id = d.run_id AND w.key = d.key
      AND NOT EXISTS (SELECT 1 FROM app.run r WHERE r.tenant_id = d.tenant_id AND r.run_id = d.run_id AND r.ended_at IS NULL)
  ), told AS (
    UPDATE app.hold_wait w SET wake_at = CASE WHEN s.is_held IS NOT FALSE THEN clock_timestamp() + interval '1 second' END
    FROM due d JOIN app.run r ON r.tenant_id = d.tenant_id AND r.run_id = d.run_id AND r.ended_at IS NULL
    LEFT JOIN seen s ON s.tenant_id = d.tenant_id AND s.run_id = d.run_id
    WHERE w.tenant_id = d.tenant_id AND w.run_id = d.run_id AND w.key = d.key
  ) SELECT count(*) INTO looked FROM due;
  RETURN looked;
END $$;
