-- The doors: the only code that reads or writes rows of many tenants at once. Each is owned by waybill_doors, a role
-- that nobody logs in as, has policies of its own here and no BYPASSRLS. A new door needs a review and a line in the
-- catalogue test.
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['run', 'run_key', 'signal', 'key_writer', 'journal', 'usage', 'audit', 'outbox', 'event_key', 'tenant_clock', 'subscription',
                           'inbox', 'schedule', 'candidate', 'outage', 'kept_answer'] LOOP
    EXECUTE format('CREATE POLICY doors ON app.%I TO waybill_doors USING (true) WITH CHECK (true)', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['partner', 'client', 'tenant', 'api_key', 'brand', 'portal_host'] LOOP
    EXECUTE format('CREATE POLICY doors ON app.%I FOR SELECT TO waybill_doors USING (true)', t);
  END LOOP;
END $$;
GRANT SELECT, UPDATE ON app.run TO waybill_doors;
GRANT SELECT, INSERT, UPDATE ON app.tenant_clock TO waybill_doors;
GRANT SELECT, INSERT ON app.journal, app.usage, app.audit, app.run_key, app.signal TO waybill_doors;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.outbox TO waybill_doors;
GRANT SELECT, UPDATE ON app.schedule, app.candidate, app.outage TO waybill_doors;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.subscription, app.inbox TO waybill_doors;
GRANT SELECT, DELETE ON app.event_key, app.kept_answer TO waybill_doors;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.key_writer TO waybill_doors;
GRANT SELECT ON app.partner, app.client, app.tenant, app.api_key, app.brand, app.portal_host TO waybill_doors;
GRANT SELECT, UPDATE ON SEQUENCE app.virtual_clock TO waybill_doors;

-- Who stands behind a key. Read before any scope is known, hence a door; it finds one key by its whole id.
CREATE FUNCTION app.find_api_key(wanted uuid) RETURNS TABLE (
  scope text, partner_id uuid, partner_slug text, client_id uuid, client_slug text, tenant_id uuid, environment text,
  name text, secret_hash bytea, permissions text[], networks text[], expires_at timestamptz, suspended boolean, live boolean
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT k.scope, k.partner_id, p.slug, t.client_id, c.slug, k.tenant_id, t.environment, k.name, k.secret_hash,
         k.permissions, k.networks, k.expires_at, coalesce(c.status = 'suspended', false),
         k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
           AND coalesce(p.status, 'active') = 'active' AND coalesce(c.status, 'active') IN ('active', 'suspended')
  FROM app.api_key k
  LEFT JOIN app.partner p ON p.partner_id = k.partner_id
  LEFT JOIN app.tenant t ON t.tenant_id = k.tenant_id
  LEFT JOIN app.client c ON c.partner_id = t.partner_id AND c.client_id = t.client_id
  WHERE k.key_id = wanted
$$;

-- When keys were used, as a process noted it. Keys of everybody pass through it, hence a door; it writes nothing else.
CREATE POLICY doors_note ON app.api_key FOR UPDATE TO waybill_doors USING (true) WITH CHECK (true);
GRANT UPDATE (last_used_at) ON app.api_key TO waybill_doors;
CREATE FUNCTION app.note_key_uses(keys uuid[], times timestamptz[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  UPDATE app.api_key k SET last_used_at = least(u.at, clock_timestamp())
  FROM unnest(keys, times) AS u(key_id, at)
  WHERE k.key_id = u.key_id AND (k.last_used_at IS NULL OR k.last_used_at < least(u.at, clock_timestamp()))
$$;

-- Whose host this is and how they look. Read before any scope is known, hence a door; it finds one host by its whole
-- name, and none of a partner that is disabled.
CREATE FUNCTION app.find_portal_host(wanted text) RETURNS TABLE (
  partner_id uuid, partner_slug text, partner_name text, name text, accent text, font text, logo text, support_email text,
  use text
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT h.partner_id, p.slug, p.name, b.name, b.accent, b.font, b.logo, b.support_email, h.use
  FROM app.portal_host h
  JOIN app.partner p ON p.partner_id = h.partner_id AND p.status = 'active'
  LEFT JOIN app.brand b ON b.partner_id = h.partner_id
  WHERE h.host = wanted
$$;

-- Which key-encryption keys wrapped the tenants' keys: their ids alone, each once, found step by step in the index. A start and
-- `doctor` ask before any scope is known whether the one at hand is the right one.
CREATE POLICY doors ON app.tenant_key FOR SELECT TO waybill_doors USING (true);
GRANT SELECT (provider, wrapped) ON app.tenant_key TO waybill_doors;
CREATE INDEX tenant_key_wrapped_by ON app.tenant_key (substr(wrapped, 1, 8));
CREATE FUNCTION app.stored_kek_ids() RETURNS SETOF bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  WITH RECURSIVE found AS (
    SELECT (SELECT substr(k.wrapped, 1, 8) FROM app.tenant_key k ORDER BY 1 LIMIT 1) AS id
    UNION ALL
    SELECT (SELECT substr(k.wrapped, 1, 8) FROM app.tenant_key k
            WHERE substr(k.wrapped, 1, 8) > f.id ORDER BY 1 LIMIT 1)
    FROM found f WHERE f.id IS NOT NULL
  )
  SELECT f.id FROM found f WHERE f.id IS NOT NULL
$$;

-- The next ready runs in the order of their turns, at most `tenant_cap` in hand for a tenant, those that are leased
-- included. Nothing is locked here. While a tenant is at its cap its rows stand in front of everybody's, so then each
-- tenant is asked for its own first rows instead of reading past them. No door: it sees what its caller sees.
-- Every order here is that of a small partial index, and the settings leave the planner no other way: before a table's
-- first ANALYZE it takes most runs for ready and leased, and would read all that ever ended to find a few.
CREATE FUNCTION app.next_runs(slots integer, tenant_cap integer) RETURNS TABLE (tenant_id uuid, run_id uuid)
LANGUAGE plpgsql STABLE ROWS 64 SET search_path = pg_catalog, app
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET enable_incremental_sort = off AS $$
#variable_conflict use_column
BEGIN
  IF NOT EXISTS (SELECT 1 FROM (SELECT r.tenant_id FROM app.run r WHERE r.lease_until IS NOT NULL ORDER BY r.lease_until) h
                 GROUP BY h.tenant_id HAVING count(*) + slots > tenant_cap) THEN
    RETURN QUERY SELECT r.tenant_id, r.run_id FROM app.run r WHERE r.lane = 0 ORDER BY r.lane, r.turn, r.run_id
      LIMIT least(slots, tenant_cap);
    RETURN;
  END IF;
  RETURN QUERY
  WITH RECURSIVE waiting AS (
    (SELECT r.tenant_id FROM app.run r WHERE r.lane = 0 ORDER BY r.tenant_id, r.turn, r.run_id LIMIT 1)
    UNION ALL
    SELECT (SELECT r.tenant_id FROM app.run r WHERE r.lane = 0 AND r.tenant_id > w.tenant_id
            ORDER BY r.tenant_id, r.turn, r.run_id LIMIT 1)
    FROM waiting w WHERE w.tenant_id IS NOT NULL
  ), held AS (
    SELECT h.tenant_id, count(*) AS runs
    FROM (SELECT r.tenant_id FROM app.run r WHERE r.lease_until IS NOT NULL ORDER BY r.lease_until) h GROUP BY h.tenant_id
  )
  SELECT n.tenant_id, n.run_id FROM waiting w LEFT JOIN held h ON h.tenant_id = w.tenant_id,
    LATERAL (SELECT r.tenant_id, r.run_id, r.turn FROM app.run r WHERE r.tenant_id = w.tenant_id AND r.lane = 0
             ORDER BY r.turn, r.run_id LIMIT greatest(least(slots, tenant_cap - coalesce(h.runs, 0)), 0)) n
  WHERE w.tenant_id IS NOT NULL ORDER BY n.turn, n.run_id LIMIT slots;
END $$;

-- Claim: hand out up to `slots` ready runs, fair by tenant, under a lease and a new fence. `solo` takes one suspect.
CREATE FUNCTION app.claim_runs(
  worker text, slots integer, lease_seconds double precision, solo boolean, tenant_cap integer
) RETURNS TABLE (
  tenant_id uuid, run_id uuid, fence bigint, seq integer, attempt integer, deployment_id uuid, revision integer,
  environment text, created_at timestamptz, input text, snapshot bytea, trace bytea, program text, depth smallint,
  started_at timestamptz, claimed_at timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH chosen AS MATERIALIZED (
    SELECT n.tenant_id, n.run_id FROM app.next_runs(slots, tenant_cap) n WHERE NOT solo
    UNION ALL
    (SELECT r.tenant_id, r.run_id FROM app.run r WHERE solo AND r.lane = 1 ORDER BY r.turn, r.run_id LIMIT 8)
  ), ready AS MATERIALIZED (
    SELECT r.tenant_id, r.run_id FROM app.run r JOIN chosen c ON c.tenant_id = r.tenant_id AND c.run_id = r.run_id
    WHERE r.lane = CASE WHEN solo THEN 1 ELSE 0 END
    LIMIT CASE WHEN solo THEN 1 ELSE slots END
    FOR UPDATE OF r SKIP LOCKED
  ), claimed AS (
    UPDATE app.run r SET
      lane = NULL, state = 'running', fence = r.fence + 1, claimed_by = worker, waiting_for = NULL, due_at = NULL,
      lease_until = clock_timestamp() + make_interval(secs => lease_seconds),
      solo_claims = r.solo_claims + CASE WHEN solo THEN 1 ELSE 0 END,
      started_at = coalesce(r.started_at, clock_timestamp())
    FROM ready WHERE r.tenant_id = ready.tenant_id AND r.run_id = ready.run_id
    RETURNING r.*
  ), clock AS (
    SELECT setval('app.virtual_clock', greatest((SELECT last_value FROM app.virtual_clock),
                                                (max(c.turn) * 1000000)::bigint))
    FROM claimed c HAVING count(*) > 0
  )
  SELECT c.tenant_id, c.run_id, c.fence, c.seq, c.attempt, c.deployment_id, c.revision, t.environment,
         c.created_at, c.input::text, c.snapshot, c.trace, c.program, c.depth,
         c.started_at, c.lease_until - make_interval(secs => lease_seconds)
  FROM claimed c JOIN app.tenant t ON t.tenant_id = c.tenant_id
  -- A part of a statement that nobody reads is not run.
  WHERE (SELECT count(*) FROM clock) >= 0;
END $$;

-- Whether a run waits to be claimed alone.
CREATE FUNCTION app.solo_waiting() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT EXISTS (SELECT 1 FROM app.run WHERE lane = 1)
$$;

-- How much work there is, for the metrics: runs by state, those that are ready, and the age in seconds of the oldest that
-- nobody has taken. Numbers of all tenants together. Every count stops at `most` and reads an index of what has not ended.
CREATE FUNCTION app.queue_state(most integer) RETURNS TABLE (
  pending bigint, running bigint, waiting bigint, suspended bigint, ready bigint, oldest double precision
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  WITH ready AS (
    SELECT count(*) AS runs, count(*) FILTER (WHERE q.state = 'pending') AS pending,
           count(*) FILTER (WHERE q.state = 'running') AS running, count(*) FILTER (WHERE q.state = 'waiting') AS waiting,
           min(q.created_at) FILTER (WHERE q.state = 'pending') AS since
    FROM (SELECT r.state, r.created_at FROM app.run r WHERE r.lane < 2 ORDER BY r.lane, r.turn, r.run_id
          LIMIT most) q
  ), held AS (
    SELECT count(*) AS runs FROM (SELECT 1 FROM app.run r WHERE r.lease_until IS NOT NULL LIMIT most) q
  ), due AS (
    SELECT count(*) AS runs FROM (SELECT 1 FROM app.run r WHERE r.due_at IS NOT NULL LIMIT most) q
  ), parked AS (
    SELECT count(*) AS runs FROM (SELECT 1 FROM app.run r
      WHERE r.state = 'waiting' AND r.lane IS NULL AND r.due_at IS NULL LIMIT most) q
  ), aside AS (
    SELECT count(*) AS runs FROM (SELECT 1 FROM app.run r WHERE r.state = 'suspended' LIMIT most) q
  )
  SELECT ready.pending, held.runs + ready.running, due.runs + parked.runs + ready.waiting, aside.runs, ready.runs,
         coalesce(extract(epoch FROM clock_timestamp() - ready.since), 0)::double precision
  FROM ready, held, due, parked, aside
$$;

-- Keep leases; answers those that are kept. The others belong to somebody else now. A lease that ran out and that nobody
-- has taken yet, as after a pause of the database, is as good as before: the fence tells (F-06).
-- It waits for nobody: a run that is locked, mostly by its own worker's checkpoint, is told as held and has its turn with the
-- next round. Waiting, it met checkpoints of other runs crosswise, and a deadlock of a second costs more than a round.
CREATE FUNCTION app.renew_leases(tenants uuid[], runs uuid[], fences bigint[], lease_seconds double precision)
RETURNS TABLE (run_id uuid) LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  WITH free AS MATERIALIZED (
    SELECT r.tenant_id, r.run_id FROM unnest(tenants, runs, fences) AS i(tenant_id, run_id, fence) JOIN app.run r
      ON r.tenant_id = i.tenant_id AND r.run_id = i.run_id AND r.fence = i.fence AND r.lease_until IS NOT NULL
    FOR UPDATE OF r SKIP LOCKED
  ), renewed AS (
    UPDATE app.run r SET lease_until = clock_timestamp() + make_interval(secs => lease_seconds)
    FROM free f WHERE r.tenant_id = f.tenant_id AND r.run_id = f.run_id
  )
  SELECT r.run_id FROM unnest(tenants, runs, fences) AS i(tenant_id, run_id, fence) JOIN app.run r
    ON r.tenant_id = i.tenant_id AND r.run_id = i.run_id AND r.fence = i.fence AND r.lease_until IS NOT NULL
$$;

-- What the outside is told of a run's suspension: the message that was made when it was asked for, with the number and the
-- time of the line that tells of it (ADR 0022).
CREATE FUNCTION app.suspension_message(message json, run_id uuid, seq integer, at timestamptz) RETURNS json
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  SELECT (m.message || jsonb_build_object('id', app.show_id('run', run_id) || '-' || seq, 'time', t.moment,
            'data', (m.message -> 'data') || jsonb_build_object('suspendedAt', t.moment)))::json
  FROM (SELECT suspension_message.message::jsonb AS message) m,
       (SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS moment) t
$$;

-- Why a run that a person had suspended waits, and what for it waited before.
CREATE FUNCTION app.suspension(asked json, was json) RETURNS json
LANGUAGE sql VOLATILE SET search_path = pg_catalog, app AS $$
  SELECT json_build_object('kind', 'suspension', 'ref', '', 'since', clock_timestamp(), 'reason', 'somebody suspended it',
                           'by', asked ->> 'actor', 'was', was)
$$;

-- What setting runs aside leaves behind: the last line of each, its message and its audit row.
CREATE FUNCTION app.note_suspensions(tenants uuid[], runs uuid[]) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  WITH aside AS MATERIALIZED (
    SELECT r.tenant_id, r.run_id, r.seq - 1 AS seq, r.asked ->> 'actor' AS actor, r.asked -> 'message' AS message,
      greatest((r.waiting_for ->> 'since')::timestamptz, (
        SELECT j.at FROM app.journal j WHERE j.tenant_id = r.tenant_id AND j.run_id = r.run_id AND j.seq = r.seq - 2)) AS at
    FROM unnest(tenants, runs) AS a(tenant_id, run_id)
    JOIN app.run r ON r.tenant_id = a.tenant_id AND r.run_id = a.run_id
  ), noted AS (
    INSERT INTO app.journal (tenant_id, run_id, seq, at, kind, reference, name, data)
    SELECT a.tenant_id, a.run_id, a.seq, a.at, 'run.suspended', '', '', json_build_object('actor', a.actor) FROM aside a
  ), told AS (
    INSERT INTO app.outbox (tenant_id, outbox_id, topic, body)
    SELECT a.tenant_id, app.new_id(), 'runs', app.suspension_message(a.message, a.run_id, a.seq, a.at) FROM aside a
  )
  INSERT INTO app.audit (tenant_id, audit_id, actor, action, target)
  SELECT a.tenant_id, app.new_id(), a.actor, 'run.suspended', app.show_id('run', a.run_id) FROM aside a
$$;

-- Set aside what a person wants suspended and no worker holds: one run, or NULL for all such. Its time and its events stay
-- as they are. No door: it sees what its caller sees.
CREATE FUNCTION app.suspend_asked(of_tenant uuid, only_run uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE aside record;
BEGIN
  WITH wanted AS MATERIALIZED (
    SELECT r.tenant_id, r.run_id FROM app.run r
    WHERE r.asked IS NOT NULL AND r.state <> 'suspended' AND r.lease_until IS NULL
      AND (only_run IS NULL OR (r.tenant_id = of_tenant AND r.run_id = only_run))
    FOR UPDATE SKIP LOCKED
  ), suspended AS (
    UPDATE app.run r SET state = 'suspended', seq = r.seq + 1, lane = NULL, due_at = NULL,
      waiting_for = app.suspension(r.asked, r.waiting_for)
    FROM wanted w WHERE r.tenant_id = w.tenant_id AND r.run_id = w.run_id
    RETURNING r.tenant_id, r.run_id
  )
  SELECT array_agg(s.tenant_id) AS tenants, array_agg(s.run_id) AS runs INTO aside FROM suspended s;
  IF aside.runs IS NOT NULL THEN PERFORM app.note_suspensions(aside.tenants, aside.runs); END IF;
END $$;

-- Hand back runs that a stopping worker has not begun or has brought to a commit; nothing is counted against them.
CREATE FUNCTION app.release_runs(tenants uuid[], runs uuid[], fences bigint[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE released integer;
BEGIN
  UPDATE app.run r SET lane = CASE WHEN r.suspect THEN 1 ELSE 0 END, lease_until = NULL, claimed_by = NULL,
                       solo_claims = greatest(r.solo_claims - 1, 0)
  FROM unnest(tenants, runs, fences) AS i(tenant_id, run_id, fence)
  WHERE r.tenant_id = i.tenant_id AND r.run_id = i.run_id AND r.fence = i.fence AND r.lease_until IS NOT NULL;
  GET DIAGNOSTICS released = ROW_COUNT;
  PERFORM app.suspend_asked(NULL, NULL);
  RETURN released;
END $$;
