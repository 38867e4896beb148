-- What nobody rings for while a playbook is entered, reconciled or left (ADR 0035). Each door takes a little at a time and is
-- committed by itself, so that what is much of one tenant's keeps no other tenant's from being done.

-- Runs whose entry was answered are called, and again while a worker has them in hand.
CREATE FUNCTION app.wake_entries(most integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  WITH due AS MATERIALIZED (
    SELECT e.tenant_id, e.entry_id, e.run_id FROM app.entry e WHERE e.wake_at <= clock_timestamp()
    ORDER BY e.wake_at LIMIT most FOR UPDATE SKIP LOCKED
  ), woken AS (
    UPDATE app.run r SET due_at = clock_timestamp() FROM due d
    WHERE r.tenant_id = d.tenant_id AND r.run_id = d.run_id AND r.state = 'waiting' AND r.lane IS NULL
      AND r.lease_until IS NULL AND r.writer IS DISTINCT FROM 'waits'
  )
  UPDATE app.entry e SET wake_at = CASE WHEN r.lease_until IS NOT NULL THEN clock_timestamp() + interval '1 second' END
  FROM due d LEFT JOIN app.run r ON r.tenant_id = d.tenant_id AND r.run_id = d.run_id
  WHERE e.tenant_id = d.tenant_id AND e.entry_id = d.entry_id;
$$;

-- Runs that wait for the connection of one playbook that was moved: `most` of them are called one after the other, twenty a
-- second, in the order of their promises, behind those that were given a moment before. What comes before that last moment by
-- itself is left alone, and what waits since more than five seconds behind the move does so by what the move said. Answers the
-- playbook's connection, NULL where none is to be spread now.
CREATE FUNCTION app.spread_playbook(most integer) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE one app.continuity; kinds text[]; first timestamptz; placed bigint;
BEGIN
  SELECT * INTO one FROM app.continuity c WHERE NOT c.settled AND c.spread_at <= clock_timestamp()
  ORDER BY c.spread_at LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN NULL; END IF;
  kinds := CASE one.state WHEN 'entered' THEN '{connection,playbook}' WHEN 'normal' THEN '{playbook}' ELSE '{}' END;
  first := greatest(clock_timestamp(), one.spread_to);
  WITH placed AS MATERIALIZED (
    SELECT w.run_id, row_number() OVER (ORDER BY w.promise, w.created_at, w.run_id) AS place FROM (
      SELECT r.run_id, r.created_at, coalesce(r.deadline, 'infinity'::timestamptz) AS promise FROM app.run r
      WHERE r.tenant_id = one.tenant_id AND r.waiting_for ->> 'ref' = app.show_id('con', one.connection_id)
        AND r.waiting_for ->> 'kind' IN ('connection', 'slot', 'quota', 'playbook')
        AND r.waiting_for ->> 'kind' = ANY (kinds)
        AND (r.waiting_for ->> 'kind' <> 'connection' OR r.waiting_for ->> 'parked' = 'true')
        AND r.state = 'waiting' AND r.lane IS NULL AND r.due_at > first
        AND (r.waiting_for ->> 'since')::timestamptz < one.moved_at + interval '5 seconds'
      ORDER BY promise, r.created_at, r.run_id LIMIT most FOR UPDATE SKIP LOCKED
    ) w
  ), called AS (
    UPDATE app.run r SET due_at = first + p.place * interval '50 milliseconds'
    FROM placed p WHERE r.tenant_id = one.tenant_id AND r.run_id = p.run_id
  )
  SELECT count(*) INTO placed FROM placed;
  UPDATE app.continuity c SET spread_at = clock_timestamp() + interval '500 milliseconds',
    spread_to = CASE WHEN placed = 0 THEN one.spread_to ELSE first + placed * interval '50 milliseconds' END,
    settled = placed < most AND one.moved_at <= clock_timestamp() - interval '5 seconds'
  WHERE c.tenant_id = one.tenant_id AND c.connection_id = one.connection_id;
  RETURN one.connection_id;
END $$;

-- Answers playbooks that are to be entered since their connection is away for so long (`enter`), and entries for which the
-- system is to be asked (`look`), each to one caller. The connections take turns, and four at most are answered of one, less
-- those that the caller is about (`busy`, one for each): a system that hangs keeps nobody else's from being asked.
CREATE FUNCTION app.tend_playbooks(most integer, seconds double precision, busy uuid[])
RETURNS TABLE (what text, tenant_id uuid, id uuid, minutes double precision, of_connection uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
BEGIN
  -- An answer that crossed the move saw the playbook entered, and the move did not see it.
  UPDATE app.entry e SET look_at = clock_timestamp() FROM (
    SELECT l.tenant_id, l.entry_id FROM app.continuity c
    JOIN app.entry l ON l.tenant_id = c.tenant_id AND l.connection_id = c.connection_id
    WHERE c.state = 'reconciling' AND l.state = 'answered' AND l.resolution IS NULL AND l.found IS NULL
      AND l.posting IS NULL AND l.look_at IS NULL
    LIMIT 500 FOR UPDATE OF l SKIP LOCKED
  ) crossed WHERE e.tenant_id = crossed.tenant_id AND e.entry_id = crossed.entry_id;
  RETURN QUERY
    SELECT 'enter', o.tenant_id, o.connection_id, (c.playbook ->> 'enters_after_minutes')::double precision, o.connection_id
    FROM app.outage o JOIN app.connection c ON c.tenant_id = o.tenant_id AND c.connection_id = o.connection_id
    LEFT JOIN app.continuity p ON p.tenant_id = o.tenant_id AND p.connection_id = o.connection_id
    WHERE o.ended_at IS NULL AND c.status = 'active' AND coalesce(p.state, 'normal') = 'normal'
      AND greatest(o.since, p.left_at) + (c.playbook ->> 'enters_after_minutes')::double precision * interval '1 minute' <= clock_timestamp()
    LIMIT 100;
  RETURN QUERY
    WITH ready AS MATERIALIZED (
      SELECT l.tenant_id, l.entry_id, l.look_at,
        row_number() OVER (PARTITION BY l.tenant_id, l.connection_id ORDER BY l.look_at, l.entry_id)
          + (SELECT count(*) FROM unnest(busy) b(connection) WHERE b.connection = l.connection_id) AS turn
      FROM app.entry l WHERE l.look_at <= clock_timestamp()
    ), chosen AS MATERIALIZED (
      SELECT r.tenant_id, r.entry_id FROM ready r WHERE r.turn <= 4 ORDER BY r.turn, r.look_at LIMIT most
    ), mine AS MATERIALIZED (
      SELECT l.tenant_id, l.entry_id FROM chosen r
      JOIN app.entry l ON l.tenant_id = r.tenant_id AND l.entry_id = r.entry_id
      WHERE l.look_at <= clock_timestamp() FOR UPDATE OF l SKIP LOCKED
    )
    UPDATE app.entry e SET look_at = clock_timestamp() + make_interval(secs => seconds)
    FROM mine d WHERE e.tenant_id = d.tenant_id AND e.entry_id = d.entry_id
    RETURNING 'look', e.tenant_id, e.entry_id, NULL::double precision, e.connection_id;
END $$;
