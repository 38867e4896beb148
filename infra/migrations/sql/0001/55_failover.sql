-- The timelines of the database's log that this installation has lived on (ADR 0036). A standby that is promoted begins another
-- one, and so does a backup that is rolled forward to a moment: what was committed last before it may be missing.
--   cluster    of PostgreSQL; a new one, as a dump is restored into, is nobody's failover
--   position   in the log, in bytes, when it was found
--   seen_position, seen_at  the last that a worker saw of the one before it, which outlives it in the worker's own memory
--   newest_at  when the newest event came that was there when it was found, and that is not younger than `seen_at`
--   accepted_at  NULL: nobody has looked yet, and nothing is told to the outside
CREATE TABLE app.timeline (
  cluster bigint NOT NULL,
  number integer NOT NULL CHECK (number > 0),
  found_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  position bigint NOT NULL,
  seen_position bigint,
  seen_at timestamptz,
  newest_at timestamptz,
  accepted_at timestamptz,
  accepted_by text,
  PRIMARY KEY (cluster, number),
  CHECK ((accepted_at IS NULL) = (accepted_by IS NULL))
);
CREATE POLICY everyone ON app.timeline FOR SELECT TO waybill_app, waybill_worker USING (true);
CREATE POLICY doors ON app.timeline TO waybill_doors USING (true) WITH CHECK (true);
CREATE POLICY doors ON app.organization_audit FOR INSERT TO waybill_doors WITH CHECK (partner_id IS NULL);
GRANT SELECT ON app.timeline TO waybill_app, waybill_worker;
GRANT SELECT, INSERT, UPDATE ON app.timeline TO waybill_doors;
GRANT INSERT ON app.organization_audit TO waybill_doors;

-- The timeline that is written to now; NULL on a standby, where nothing is.
-- It names its schemas itself: with a setting of its own no caller's statement could take it in.
CREATE FUNCTION app.timeline_now() RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN
    ('x' || pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8))::pg_catalog.bit(32)::integer END
$$;

-- How far the log is, in bytes.
CREATE FUNCTION app.log_position() RETURNS bigint LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint
$$;

-- Whether the database has failed over and nobody has said that it may go on. False before anybody has looked for the first time.
CREATE FUNCTION app.failed_over() RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(app.timeline_now() <> (
    SELECT t.number FROM app.timeline t WHERE t.accepted_at IS NOT NULL ORDER BY t.accepted_at DESC LIMIT 1), false)
$$;

-- Look: the timeline of this moment, with its row when it is new. Whoever looks says what it saw last. One that nobody has seen
-- before is accepted by itself where it is the first of its cluster, else it is a failover and audited. No row on a standby.
CREATE FUNCTION app.look_at_timeline(saw_cluster bigint, saw_number integer, saw_position bigint, saw_at timestamptz)
RETURNS TABLE (cluster bigint, number integer, log_position bigint, at timestamptz, is_accepted boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
#variable_conflict use_column
DECLARE here bigint; current integer := app.timeline_now(); is_first boolean;
BEGIN
  IF current IS NULL THEN RETURN; END IF;
  SELECT c.system_identifier INTO here FROM pg_control_system() c;
  IF NOT EXISTS (SELECT 1 FROM app.timeline t WHERE t.cluster = here AND t.number = current) THEN
    is_first := NOT EXISTS (SELECT 1 FROM app.timeline t WHERE t.cluster = here);
    INSERT INTO app.timeline (cluster, number, position, accepted_at, accepted_by)
    VALUES (here, current, app.log_position(), CASE WHEN is_first THEN clock_timestamp() END, CASE WHEN is_first THEN 'engine' END)
    ON CONFLICT DO NOTHING;
    IF FOUND AND NOT is_first THEN
      INSERT INTO app.organization_audit (audit_id, actor, action, target, after)
      VALUES (app.new_id(), 'engine', 'database.failed-over', current::text, NULL);
    END IF;
  END IF;
  IF saw_cluster = here AND saw_number < current THEN
    UPDATE app.timeline t SET seen_position = saw_position, seen_at = saw_at,
      newest_at = (SELECT max(k.received_at) FROM app.event_key k WHERE k.received_at <= saw_at)
    WHERE t.cluster = here AND t.number = current AND t.accepted_at IS NULL
      AND (t.seen_position IS NULL OR t.seen_position < saw_position);
  END IF;
  RETURN QUERY SELECT t.cluster, t.number, app.log_position(), clock_timestamp(), t.accepted_at IS NOT NULL
  FROM app.timeline t WHERE t.cluster = here AND t.number = current;
END $$;

-- Accept the timeline that the operator has looked at; answers whether that is the one of this moment, and was not accepted yet.
CREATE FUNCTION app.accept_timeline(wanted integer, actor text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE here bigint;
BEGIN
  SELECT c.system_identifier INTO here FROM pg_control_system() c;
  UPDATE app.timeline t SET accepted_at = clock_timestamp(), accepted_by = actor
  WHERE t.cluster = here AND t.number = wanted AND t.number = app.timeline_now() AND t.accepted_at IS NULL;
  IF NOT FOUND THEN RETURN false; END IF;
  INSERT INTO app.organization_audit (audit_id, actor, action, target, after)
  VALUES (app.new_id(), actor, 'database.failover-accepted', wanted::text, NULL);
  RETURN true;
END $$;

-- How much there is to look at: runs that were under way before the failover, and messages that are held.
CREATE FUNCTION app.left_by_failover(before timestamptz) RETURNS TABLE (runs bigint, held bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT (SELECT count(*) FROM app.run r WHERE r.created_at <= before AND (r.ended_at IS NULL OR r.ended_at > before)),
         (SELECT count(*) FROM app.outbox o WHERE o.topic NOT IN ('emit', 'start'))
$$;
