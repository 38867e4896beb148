-- Sweep: find what nobody rings for. Each row is its own conditional update, so that two sweepers never do a thing twice
-- (F-14); nothing is executed here, only put back in line.
--   1. a lease that ran out: its worker died or hangs. The run is suspect and will be claimed alone. Not in the first
--      `lease_seconds` of a server's life: then every lease looks old, and living workers renew theirs (F-06).
--   2. a suspect whose worker died `solo_limit` times while it ran alone: quarantined, with the cause.
--      One that a person wanted suspended is set aside as soon as nobody holds it.
--   3. a waiting run whose time has come, or for which an event lies there that nobody woke it for. It takes a new turn, so
--      that a backlog queues behind its own tenant (A13).
-- The clock is asked once, in a subquery: compared with a function that changes, an index is read to its end (F-16).
-- `next_due` tells in how many seconds the next time comes, NULL when none does.
CREATE FUNCTION app.sweep_runs(most integer, solo_limit integer, lease_seconds double precision)
RETURNS TABLE (requeued integer, quarantined integer, woken integer, next_due double precision)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
-- Inboxes of suspended runs keep what comes for as long as they stay: most sweeps look at what came lately, some at all.
DECLARE came_since timestamptz := CASE WHEN random() < 0.02 THEN '-infinity' ELSE clock_timestamp() - interval '10 minutes' END;
BEGIN
  WITH dead AS (
    SELECT r.tenant_id, r.run_id FROM app.run r WHERE r.lease_until <= (SELECT clock_timestamp())
      AND clock_timestamp() > pg_postmaster_start_time() + make_interval(secs => lease_seconds)
    ORDER BY r.lease_until LIMIT most FOR UPDATE SKIP LOCKED
  ), put_back AS (
    UPDATE app.run r SET
      lease_until = NULL, claimed_by = NULL, suspect = true,
      lane = CASE WHEN r.solo_claims < solo_limit THEN 1 END,
      state = CASE WHEN r.solo_claims < solo_limit THEN r.state ELSE 'suspended' END,
      seq = CASE WHEN r.solo_claims < solo_limit THEN r.seq ELSE r.seq + 1 END,
      waiting_for = CASE WHEN r.solo_claims >= solo_limit THEN json_build_object(
        'kind', 'quarantine', 'ref', 'no-commit', 'since', clock_timestamp(),
        'reason', format('it ran alone %s times and its worker came to no commit', r.solo_claims)) END
    FROM dead WHERE r.tenant_id = dead.tenant_id AND r.run_id = dead.run_id
    RETURNING r.tenant_id, r.run_id, r.seq, r.state, r.waiting_for
  ), noted AS (
    INSERT INTO app.journal (tenant_id, run_id, seq, kind, reference, name, data)
    SELECT p.tenant_id, p.run_id, p.seq - 1, 'run.quarantined', '', '', p.waiting_for FROM put_back p
    WHERE p.state = 'suspended'
  ), audited AS (
    INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
    SELECT p.tenant_id, app.new_id(), 'engine', 'run.quarantined', app.show_id('run', p.run_id), p.waiting_for FROM put_back p
    WHERE p.state = 'suspended'
  )
  SELECT count(*) FILTER (WHERE p.state <> 'suspended'), count(*) FILTER (WHERE p.state = 'suspended')
  INTO requeued, quarantined FROM put_back p;
  PERFORM app.suspend_asked(NULL, NULL);

  WITH due AS MATERIALIZED (
    SELECT r.tenant_id, r.run_id, r.priority, r.due_at FROM app.run r WHERE r.due_at <= (SELECT clock_timestamp())
    ORDER BY r.due_at LIMIT most FOR UPDATE SKIP LOCKED
  ), called AS MATERIALIZED (
    SELECT r.tenant_id, r.run_id, r.priority, clock_timestamp() AS due_at
    FROM (SELECT DISTINCT b.tenant_id, b.run_id FROM app.inbox b WHERE NOT b.is_read AND b.posted_at >= came_since) b
    JOIN app.run r ON r.tenant_id = b.tenant_id AND r.run_id = b.run_id
    WHERE r.state = 'waiting' AND r.lane IS NULL
      AND EXISTS (SELECT 1 FROM app.subscription s WHERE s.tenant_id = r.tenant_id AND s.run_id = r.run_id)
    LIMIT most FOR UPDATE OF r SKIP LOCKED
  ), found AS (
    SELECT DISTINCT ON (f.tenant_id, f.run_id) f.tenant_id, f.run_id, f.priority, f.due_at
    FROM (SELECT * FROM due UNION ALL SELECT * FROM called) f ORDER BY f.tenant_id, f.run_id, f.due_at
  ), placed AS MATERIALIZED (
    SELECT d.tenant_id, d.run_id, d.priority + 1 AS class, count(*) OVER (PARTITION BY d.tenant_id, d.priority)
             - row_number() OVER (PARTITION BY d.tenant_id, d.priority ORDER BY d.due_at, d.run_id) AS behind
    FROM found d
  ), clock AS MATERIALIZED (
    -- In the order of tenants, as every sweep takes their clocks.
    SELECT n.tenant_id, t.lasts, t.costs FROM (
      SELECT p.tenant_id, count(*) FILTER (WHERE p.class = 1) AS quick, count(*) FILTER (WHERE p.class = 2) AS normal,
             count(*) FILTER (WHERE p.class = 3) AS slow FROM placed p GROUP BY p.tenant_id ORDER BY p.tenant_id
    ) n CROSS JOIN LATERAL app.take_places(n.tenant_id, n.quick, n.normal, n.slow) t
  ), ready AS (
    UPDATE app.run r SET lane = 0, due_at = NULL, turn = clock.lasts[p.class] - p.behind * clock.costs[p.class]
    FROM placed p JOIN clock ON clock.tenant_id = p.tenant_id
    WHERE r.tenant_id = p.tenant_id AND r.run_id = p.run_id RETURNING 1
  ) SELECT count(*) INTO woken FROM ready;
  woken := woken + app.pass_keys(most);
  -- What was to be done with by now is late from here on: the desk orders it by its value alone (ADR 0116).
  UPDATE app.exception e SET is_late = true FROM (
    SELECT x.tenant_id, x.exception_id FROM app.exception x
    WHERE x.state = 'open' AND NOT x.is_late AND x.breach_at <= (SELECT clock_timestamp())
    ORDER BY x.breach_at LIMIT most FOR UPDATE SKIP LOCKED
  ) late WHERE e.tenant_id = late.tenant_id AND e.exception_id = late.exception_id;
  -- With what this sweep has woken; of what gets in line otherwise, the next one sees it.
  PERFORM app.set_aside(most);
  SELECT extract(epoch FROM min(r.due_at) - clock_timestamp()) INTO next_due FROM app.run r WHERE r.due_at IS NOT NULL;
  RETURN NEXT;
END $$;

-- Outbox rows to deliver now, the oldest first; `topics` NULL: of any topic. A taken row comes back by itself when its taker dies.
-- While a failover is not accepted the outside is told nothing; what only moves runs goes on (ADR 0036). In the words of
-- `app.failed_over`, which would cost each batch a tenth of a millisecond.
CREATE FUNCTION app.take_outbox(most integer, seconds double precision, topics text[] DEFAULT NULL)
RETURNS TABLE (tenant_id uuid, outbox_id uuid, topic text, body text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  WITH next AS (
    SELECT o.tenant_id, o.outbox_id FROM app.outbox o
    WHERE (o.taken_until IS NULL OR o.taken_until <= clock_timestamp()) AND (topics IS NULL OR o.topic = ANY (topics))
      AND (o.topic IN ('emit', 'start') OR (
        SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer <> (
          SELECT t.number FROM app.timeline t WHERE t.accepted_at IS NOT NULL ORDER BY t.accepted_at DESC LIMIT 1)) IS NOT TRUE)
    ORDER BY o.outbox_id LIMIT most FOR UPDATE SKIP LOCKED
  )
  UPDATE app.outbox o SET taken_until = clock_timestamp() + make_interval(secs => seconds)
  FROM next WHERE o.tenant_id = next.tenant_id AND o.outbox_id = next.outbox_id
  RETURNING o.tenant_id, o.outbox_id, o.topic, o.body::text
$$;

CREATE FUNCTION app.settle_outbox(tenants uuid[], ids uuid[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE settled integer;
BEGIN
  DELETE FROM app.outbox o USING unnest(tenants, ids) AS i(tenant_id, outbox_id)
  WHERE o.tenant_id = i.tenant_id AND o.outbox_id = i.outbox_id;
  GET DIAGNOSTICS settled = ROW_COUNT;
  RETURN settled;
END $$;

-- Dedupe keys older than their window: the longest sender's schedule is 75.6 h, the window 7 days (A7). With that of a signal
-- goes whom it was handed to, which only an equal one is answered with.
CREATE FUNCTION app.purge_event_keys(older_than_days integer, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE purged integer;
BEGIN
  WITH gone AS (
    DELETE FROM app.event_key k WHERE ctid = ANY (ARRAY(
      SELECT e.ctid FROM app.event_key e
      WHERE e.received_at < (SELECT clock_timestamp()) - make_interval(days => greatest(older_than_days, 1)) LIMIT most))
    RETURNING k.tenant_id, k.event_id
  ), told AS (
    DELETE FROM app.signal s USING gone g WHERE s.tenant_id = g.tenant_id AND s.event_id = g.event_id
  ) SELECT count(*) INTO purged FROM gone;
  RETURN purged;
END $$;

-- Answers of requests that carried an Idempotency-Key, once their day is over.
CREATE FUNCTION app.purge_kept_answers(older_than_hours integer, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE purged integer;
BEGIN
  DELETE FROM app.kept_answer k WHERE ctid = ANY (ARRAY(
    SELECT a.ctid FROM app.kept_answer a
    WHERE a.created_at < (SELECT clock_timestamp()) - make_interval(hours => greatest(older_than_hours, 1)) LIMIT most));
  GET DIAGNOSTICS purged = ROW_COUNT;
  RETURN purged;
END $$;

DO $$
DECLARE door regprocedure;
BEGIN
  FOR door IN SELECT p.oid::regprocedure FROM pg_proc p
    WHERE p.pronamespace = 'app'::regnamespace AND p.prosecdef AND p.proname NOT IN ('ensure_partitions', 'drop_month') LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', door);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', door, CASE
      WHEN door::text ~ 'find_api_key|note_key_uses|find_portal_host|find_inbound_webhook|cancel_run|suspend_run|resume_run|retry_run|compensate_run|migrate_run|hold_runs|tell_run|line_(sums|page)|begin_deletion|move_client|takes_people|audit_(veil|hold_of)' THEN 'waybill_app'
      WHEN door::text ~ 'post_signal|set_opt_out|notice_link|decide_effect|release_domain|documents_to_scan|packs_to_make|note_scan' THEN 'waybill_app'
      -- Events come by the API and by the worker, which takes those that runs emit.
      WHEN door::text ~ 'wake_task\(|post_events|exchange_loads|serialize_runs|move_playbook|judge_domain|stored_kek_ids|opened_networks|audit_(state|tell_late)' THEN 'waybill_app, waybill_worker'
      ELSE 'waybill_worker' END);
    EXECUTE format('ALTER FUNCTION %s OWNER TO waybill_doors', door);
  END LOOP;
END $$;

-- Who drops an empty month owns the tables and sees no row of them: it asks a door, and nobody else may. Given behind the
-- change of the owner, which would take it along.
SET ROLE waybill_doors;
REVOKE ALL ON FUNCTION app.month_is_empty(text, uuid, uuid) FROM waybill_worker;
GRANT EXECUTE ON FUNCTION app.month_is_empty(text, uuid, uuid) TO waybill_owner;
SET ROLE waybill_owner;
