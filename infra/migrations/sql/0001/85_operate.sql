-- What an operator of one tenant may do to a run. They read the tenant from the transaction, never from the caller.

-- Cancel: the run ends here and now. Its worker, if it has one, finds its fence gone and writes nothing more; a call that
-- is under way may still take effect. Answers the state that the run had, NULL for none of this id.
CREATE FUNCTION app.cancel_run(wanted uuid, actor text, audit_id uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE held app.run;
BEGIN
  SELECT * INTO held FROM app.run r WHERE r.tenant_id = app.tenant_id() AND r.run_id = wanted FOR UPDATE;
  IF NOT FOUND OR held.ended_at IS NOT NULL THEN RETURN held.state; END IF;
  UPDATE app.run r SET state = 'cancelled', fence = r.fence + 1, seq = r.seq + 1, lane = NULL, lease_until = NULL,
    claimed_by = NULL, due_at = NULL, waiting_for = NULL, snapshot = NULL, ended_at = clock_timestamp()
  WHERE r.tenant_id = held.tenant_id AND r.run_id = held.run_id;
  DELETE FROM app.subscription s WHERE s.tenant_id = held.tenant_id AND s.run_id = held.run_id;
  DELETE FROM app.inbox b WHERE b.tenant_id = held.tenant_id AND b.run_id = held.run_id;
  INSERT INTO app.journal (tenant_id, run_id, seq, kind, reference, name, data)
  VALUES (held.tenant_id, held.run_id, held.seq, 'workflow.cancelled', '', '', json_build_object('actor', actor));
  INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
  VALUES (held.tenant_id, audit_id, actor, 'run.cancelled', app.show_id('run', held.run_id),
          json_build_object('was', held.state));
  RETURN held.state;
END $$;

-- Resume: a quarantined run gets its claims back and is tried again, alone. Answers the state that the run had.
CREATE FUNCTION app.resume_run(wanted uuid, actor text, audit_id uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE held app.run;
BEGIN
  SELECT * INTO held FROM app.run r WHERE r.tenant_id = app.tenant_id() AND r.run_id = wanted FOR UPDATE;
  IF NOT FOUND OR held.state <> 'suspended' THEN RETURN held.state; END IF;
  UPDATE app.run r SET state = 'running', lane = 1, seq = r.seq + 1, solo_claims = 0, waiting_for = NULL
  WHERE r.tenant_id = held.tenant_id AND r.run_id = held.run_id;
  INSERT INTO app.journal (tenant_id, run_id, seq, kind, reference, name, data)
  VALUES (held.tenant_id, held.run_id, held.seq, 'run.resumed', '', '', json_build_object('actor', actor));
  INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
  VALUES (held.tenant_id, audit_id, actor, 'run.resumed', app.show_id('run', held.run_id), NULL);
  RETURN held.state;
END $$;

-- Tell: what the outside is told of what was done to a run, in the transaction that did it. The message is rendered from
-- the line that was written for it.
CREATE FUNCTION app.tell_run(outbox_id uuid, message text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  INSERT INTO app.outbox (tenant_id, outbox_id, topic, body) VALUES (app.tenant_id(), outbox_id, 'runs', message::json)
$$;
