-- Which deadlines have a step to be done now, for `seconds` nobody else's. Each tenant's first before any tenant's second, so that
-- one with thousands of them keeps no other waiting (A13). Nothing of a suspended client.
CREATE FUNCTION app.take_deadlines(most integer, seconds double precision) RETURNS TABLE (
  tenant_id uuid, deadline_id uuid, fence bigint
) LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  WITH due AS (
    SELECT d.tenant_id, d.deadline_id, d.wake_at, row_number() OVER (PARTITION BY d.tenant_id ORDER BY d.wake_at) AS n
    FROM app.deadline d WHERE d.wake_at <= (SELECT clock_timestamp())
      AND d.tenant_id <> ALL (ARRAY(SELECT t.tenant_id FROM app.tenant t WHERE t.hold = 1))
  ), locked AS (
    SELECT d.tenant_id, d.deadline_id FROM app.deadline d
    JOIN (SELECT * FROM due d ORDER BY d.n, d.wake_at LIMIT most) c USING (tenant_id, deadline_id)
    WHERE d.wake_at <= clock_timestamp() FOR UPDATE OF d SKIP LOCKED
  )
  UPDATE app.deadline d SET wake_at = clock_timestamp() + make_interval(secs => seconds), fence = d.fence + 1
  FROM locked l WHERE d.tenant_id = l.tenant_id AND d.deadline_id = l.deadline_id
  RETURNING d.tenant_id, d.deadline_id, d.fence
$$;

-- Which changes of calendars are to be carried on with, likewise.
CREATE FUNCTION app.take_calendar_changes(most integer, seconds double precision) RETURNS TABLE (
  tenant_id uuid, calendar text, fence bigint
) LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  WITH due AS (
    SELECT c.tenant_id, c.calendar, c.wake_at, row_number() OVER (PARTITION BY c.tenant_id ORDER BY c.wake_at) AS n
    FROM app.calendar_change c WHERE c.wake_at <= (SELECT clock_timestamp())
      AND c.tenant_id <> ALL (ARRAY(SELECT t.tenant_id FROM app.tenant t WHERE t.hold = 1))
  ), locked AS (
    SELECT c.tenant_id, c.calendar FROM app.calendar_change c
    JOIN (SELECT * FROM due d ORDER BY d.n, d.wake_at LIMIT most) x USING (tenant_id, calendar)
    WHERE c.wake_at <= clock_timestamp() FOR UPDATE OF c SKIP LOCKED
  )
  UPDATE app.calendar_change c SET wake_at = clock_timestamp() + make_interval(secs => seconds), fence = c.fence + 1
  FROM locked l WHERE c.tenant_id = l.tenant_id AND c.calendar = l.calendar
  RETURNING c.tenant_id, c.calendar, c.fence
$$;

-- By which rules of time zones open deadlines were computed: a worker that starts compares them with its own.
CREATE FUNCTION app.deadline_zones() RETURNS TABLE (tenant_id uuid, calendar text, zone_mark text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT DISTINCT d.tenant_id, d.calendar, d.zone_mark FROM app.deadline d WHERE d.ended_at IS NULL
$$;

-- Deadlines that ended so long ago.
CREATE FUNCTION app.purge_deadlines(older_than_days integer, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE purged integer;
BEGIN
  DELETE FROM app.deadline d WHERE ctid = ANY (ARRAY(
    SELECT e.ctid FROM app.deadline e
    WHERE e.ended_at < (SELECT clock_timestamp()) - make_interval(days => greatest(older_than_days, 1))
    ORDER BY e.ended_at LIMIT most));
  GET DIAGNOSTICS purged = ROW_COUNT;
  RETURN purged;
END $$;
