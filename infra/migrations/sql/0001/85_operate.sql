-- What an operator of one tenant may do to a run. They read the tenant from the transaction, never from the caller.

-- Cancel: the run ends here and now. Its worker, if it has one, finds its fence gone and writes nothing more; a call that
-- is under way may still take effect. Answers the state that the run had, NULL for none of this id.
CREATE FUNCTION app.cancel_run(wanted uuid, actor text, audit_id uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE held app.run; moment timestamptz;
BEGIN
  SELECT * INTO held FROM app.run r WHERE r.tenant_id = app.tenant_id() AND r.run_id = wanted FOR UPDATE;
  IF NOT FOUND OR held.ended_at IS NOT NULL THEN RETURN held.state; END IF;
  PERFORM set_config('app.actor', actor, true);  -- for what is written of the run in consequence
  -- One moment for the run and its line: nothing happens in a run behind its end.
  moment := clock_timestamp();
  UPDATE app.run r SET state = 'cancelled', fence = r.fence + 1, seq = r.seq + 1, lane = NULL, lease_until = NULL,
    claimed_by = NULL, due_at = NULL, waiting_for = NULL, asked = NULL, snapshot = NULL, ended_at = moment
  WHERE r.tenant_id = held.tenant_id AND r.run_id = held.run_id;
  DELETE FROM app.subscription s WHERE s.tenant_id = held.tenant_id AND s.run_id = held.run_id;
  DELETE FROM app.inbox b WHERE b.tenant_id = held.tenant_id AND b.run_id = held.run_id;
  INSERT INTO app.journal (tenant_id, run_id, seq, at, kind, reference, name, data)
  VALUES (held.tenant_id, held.run_id, held.seq, moment, 'workflow.cancelled', '', '', json_build_object('actor', actor));
  INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
  VALUES (held.tenant_id, audit_id, actor, 'run.cancelled', app.show_id('run', held.run_id),
          json_build_object('was', held.state));
  UPDATE app.effect e SET status = 'unknown', version = e.version + 1, asked_at = NULL
  WHERE e.tenant_id = held.tenant_id AND e.run_id = held.run_id AND (e.status = 'sent' OR e.asked_at IS NOT NULL);
  RETURN held.state;
END $$;

-- Suspend: a run that nobody holds is set aside here and now. One in a worker's hands gets a wish, which its next checkpoint
-- fulfils, or the sweep when there comes none: what a call under way achieves is kept (ADR 0024). To ask once more changes
-- nothing. `message` is what the outside is told when it happens. Answers the state that the run had.
CREATE FUNCTION app.suspend_run(wanted uuid, actor text, audit_id uuid, message text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE held app.run;
BEGIN
  SELECT * INTO held FROM app.run r WHERE r.tenant_id = app.tenant_id() AND r.run_id = wanted FOR UPDATE;
  IF NOT FOUND OR held.ended_at IS NOT NULL OR held.state = 'suspended' OR held.asked IS NOT NULL THEN
    RETURN held.state;
  END IF;
  UPDATE app.run r SET asked = json_build_object('action', 'suspend', 'actor', actor, 'at', clock_timestamp(),
                                                'message', message::json)
  WHERE r.tenant_id = held.tenant_id AND r.run_id = held.run_id;
  INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
  VALUES (held.tenant_id, audit_id, actor, 'run.suspension-asked', app.show_id('run', held.run_id),
          json_build_object('was', held.state));
  PERFORM app.suspend_asked(held.tenant_id, held.run_id);
  RETURN held.state;
END $$;

-- The tenant's next turn of a class, as for a run that starts: who resumes or retries many queues behind itself (A13). To be
-- asked for with the run's lock in hand; nobody who holds a tenant's clock waits for a run.
CREATE FUNCTION app.next_turn(of_tenant uuid, priority smallint) RETURNS double precision
LANGUAGE sql SET search_path = pg_catalog, app AS $$
  SELECT t.lasts[priority + 1]
  FROM app.take_places(of_tenant, (priority = 0)::integer, (priority = 1)::integer, (priority = 2)::integer) t
$$;

-- Resume: a suspended run goes on where it is; one that was quarantined with its claims given back, alone. A wish to suspend
-- it that is not fulfilled yet is dropped. `seen`: the number of lines that its reader saw, NULL for any. Answers the state that
-- the run had, `asked` for a dropped wish, `changed` when it is not the one that was seen.
CREATE FUNCTION app.resume_run(wanted uuid, actor text, audit_id uuid, seen integer) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE held app.run;
BEGIN
  SELECT * INTO held FROM app.run r WHERE r.tenant_id = app.tenant_id() AND r.run_id = wanted FOR UPDATE;
  IF NOT FOUND OR (held.state <> 'suspended' AND held.asked IS NULL) THEN RETURN held.state; END IF;
  IF held.seq <> seen THEN RETURN 'changed'; END IF;
  INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
  VALUES (held.tenant_id, audit_id, actor, 'run.resumed', app.show_id('run', held.run_id), NULL);
  IF held.state <> 'suspended' THEN
    UPDATE app.run r SET asked = NULL WHERE r.tenant_id = held.tenant_id AND r.run_id = held.run_id;
    RETURN 'asked';
  END IF;
  PERFORM set_config('app.actor', actor, true);
  UPDATE app.run r SET state = CASE WHEN r.started_at IS NULL THEN 'pending' ELSE 'running' END,
    lane = CASE WHEN r.suspect THEN 1 ELSE 0 END, turn = app.next_turn(r.tenant_id, r.priority), seq = r.seq + 1, solo_claims = 0,
    waiting_for = NULL, asked = NULL
  WHERE r.tenant_id = held.tenant_id AND r.run_id = held.run_id;
  INSERT INTO app.journal (tenant_id, run_id, seq, kind, reference, name, data)
  VALUES (held.tenant_id, held.run_id, held.seq, 'run.resumed', '', '', json_build_object('actor', actor));
  RETURN held.state;
END $$;

-- Whether another run undoes what this one did. Of a run whose lock is in hand: who has that lock alone makes another one.
CREATE FUNCTION app.is_compensated(of_tenant uuid, wanted uuid) RETURNS boolean
LANGUAGE sql SET search_path = pg_catalog, app AS $$
  SELECT EXISTS (SELECT 1 FROM app.run c WHERE c.tenant_id = of_tenant AND c.compensates = wanted)
$$;

-- Compensate: a faulted run is left as it is for good, and `by` is to undo what it did (ADR 0138); its caller begins that one in
-- the same transaction. Answers the state that the run had, `compensated` when another one undoes it already.
CREATE FUNCTION app.compensate_run(wanted uuid, by uuid, actor text, audit_id uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE held app.run;
BEGIN
  SELECT * INTO held FROM app.run r WHERE r.tenant_id = app.tenant_id() AND r.run_id = wanted FOR UPDATE;
  IF NOT FOUND OR held.state <> 'faulted' THEN RETURN held.state; END IF;
  IF app.is_compensated(held.tenant_id, held.run_id) THEN RETURN 'compensated'; END IF;
  INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
  VALUES (held.tenant_id, audit_id, actor, 'run.compensated', app.show_id('run', held.run_id),
          json_build_object('by', app.show_id('run', by)));
  RETURN held.state;
END $$;

-- Retry: a faulted run goes on from where it stood before it failed (ADR 0024). `seen` is the number of lines that its reader
-- saw, so that of two who retry it one does. `snapshot` NULL: it begins anew, with `given` as its input unless NULL.
-- What was given up of it while a playbook was entered, and what nobody has done, goes to the system itself (ADR 0035).
-- Answers the state that the run had, `changed` when it is not the one that was seen, `compensated` when what it did is undone.
CREATE FUNCTION app.retry_run(
  wanted uuid, actor text, audit_id uuid, seen integer, snapshot bytea, given text, told text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE held app.run; anew json;
BEGIN
  SELECT * INTO held FROM app.run r WHERE r.tenant_id = app.tenant_id() AND r.run_id = wanted FOR UPDATE;
  IF NOT FOUND OR held.state <> 'faulted' THEN RETURN held.state; END IF;
  IF held.seq <> seen THEN RETURN 'changed'; END IF;
  IF app.is_compensated(held.tenant_id, held.run_id) THEN RETURN 'compensated'; END IF;
  PERFORM set_config('app.actor', actor, true);
  UPDATE app.run r SET state = 'running', lane = 0, turn = app.next_turn(r.tenant_id, r.priority), fence = r.fence + 1, seq = r.seq + 1,
    ended_at = NULL, error = NULL, error_type = NULL, suspect = false, solo_claims = 0, snapshot = retry_run.snapshot,
    input = coalesce(given::json, r.input)
  WHERE r.tenant_id = held.tenant_id AND r.run_id = held.run_id;
  INSERT INTO app.journal (tenant_id, run_id, seq, kind, reference, name, data)
  VALUES (held.tenant_id, held.run_id, held.seq, 'run.retried', coalesce(held.error ->> 'instance', ''), '', told::json);
  WITH queued AS (
    UPDATE app.entry e SET state = 'queued', resolution = 'queued', version = e.version + 1, resolved_by = actor,
      resolved_at = clock_timestamp()
    WHERE e.tenant_id = held.tenant_id AND e.run_id = held.run_id AND e.state = 'withdrawn'
      AND e.resolution IN ('withdrawn', 'dropped')
    RETURNING app.show_id('ent', e.entry_id) AS entry
  ) SELECT json_agg(q.entry) INTO anew FROM queued q;
  INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
  VALUES (held.tenant_id, audit_id, actor, 'run.retried', app.show_id('run', held.run_id), json_strip_nulls(
          json_build_object('line', held.seq, 'edited', (told::json -> 'input') IS NOT NULL, 'skipped', told::json -> 'skipped', 'entries', anew)));
  RETURN held.state;
END $$;

-- Tell: what the outside is told of what was done to a run, in the transaction that did it. The message is rendered from
-- the line that was written for it.
CREATE FUNCTION app.tell_run(outbox_id uuid, message text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  INSERT INTO app.outbox (tenant_id, outbox_id, topic, body) VALUES (app.tenant_id(), outbox_id, 'runs', message::json)
$$;
