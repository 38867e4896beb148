-- Who sees the ledger and who writes it: tenants read their own, and lines of the journal and the door below are all that
-- writes.
CREATE POLICY tenant ON app.effect TO waybill_app, waybill_worker
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY doors ON app.effect TO waybill_doors USING (true) WITH CHECK (true);
GRANT SELECT ON app.effect TO waybill_app;
GRANT SELECT, INSERT, UPDATE ON app.effect TO waybill_doors;
-- A question's notice names the connection's owner, and the doors know no more of a connection than that.
CREATE POLICY doors ON app.connection FOR SELECT TO waybill_doors USING (true);
GRANT SELECT (tenant_id, connection_id, owner) ON app.connection TO waybill_doors;
CREATE POLICY doors ON app.notice TO waybill_doors USING (true) WITH CHECK (true);
GRANT INSERT ON app.notice TO waybill_doors;

-- Whether the effect is as this very decision left it.
CREATE FUNCTION app.is_decided(known app.effect, actor text, seen integer, fact json) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT known.version = seen + 1 AND known.settled_by = actor
    AND known.status = CASE fact ->> 'decision' WHEN 'happened' THEN 'confirmed' WHEN 'did-not-happen' THEN 'intended' ELSE 'failed' END
    AND (fact ->> 'decision' <> 'happened' OR known.answer::jsonb = (fact -> 'answer')::jsonb)
$$;

-- Decide: what became of an effect that nobody but a person can tell of. It names the version of the effect that was seen and
-- the number of lines that the run had, of which `snapshot` was made; NULL: the run does not wait for it any more. A run that
-- waits is put in line; one that has ended, or is suspended, stays so, and takes the decision when it goes on.
-- Answers `decided`, `repeated` where the same person said the same before, `changed` where the effect is not as it was seen, `moved` where the run is not, `held` where a worker has
-- it, NULL for no such effect.
CREATE FUNCTION app.decide_effect(
  wanted uuid, effect_key text, actor text, audit_id uuid, seen integer, lines integer, snapshot bytea, told text, audited text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE held app.run; known app.effect; is_asked boolean;
BEGIN
  SELECT * INTO held FROM app.run r WHERE r.tenant_id = app.tenant_id() AND r.run_id = wanted FOR UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT * INTO known FROM app.effect e
  WHERE e.tenant_id = held.tenant_id AND e.run_id = held.run_id AND e.key = effect_key FOR UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  IF known.version <> seen OR known.status <> 'unknown' THEN
    RETURN CASE WHEN app.is_decided(known, actor, seen, told::json -> 'effect') THEN 'repeated' ELSE 'changed' END;
  END IF;
  IF held.lease_until IS NOT NULL THEN RETURN 'held'; END IF;
  IF held.seq <> lines THEN RETURN 'moved'; END IF;
  IF held.ended_at IS NOT NULL THEN
    -- Nothing is written behind a run's end: the row and the audit have it.
    PERFORM app.write_effect(held.tenant_id, held.run_id, 'effect.decided', known.seq, clock_timestamp(), known.reference,
                             known.name, told::json -> 'effect');
    UPDATE app.run r SET snapshot = coalesce(decide_effect.snapshot, r.snapshot)
    WHERE r.tenant_id = held.tenant_id AND r.run_id = held.run_id;
  ELSE
    PERFORM set_config('app.actor', actor, true);  -- for the exception that this closes
    is_asked := EXISTS (SELECT FROM app.effect e WHERE e.tenant_id = held.tenant_id AND e.run_id = held.run_id
                          AND e.key <> effect_key AND e.asked_at IS NOT NULL);
    UPDATE app.run r SET snapshot = coalesce(decide_effect.snapshot, r.snapshot), seq = r.seq + 1,
      state = CASE r.state WHEN 'waiting' THEN 'running' ELSE r.state END,
      lane = CASE WHEN r.state = 'suspended' THEN NULL WHEN r.lane IS NOT NULL THEN r.lane WHEN r.suspect THEN 1 ELSE 0 END,
      turn = CASE WHEN r.state = 'suspended' THEN r.turn ELSE app.next_turn(r.tenant_id, r.priority) END,
      due_at = NULL, waiting_for = CASE WHEN r.state = 'suspended' THEN CASE
        WHEN r.waiting_for -> 'was' ->> 'kind' = 'uncertain' AND NOT is_asked THEN (r.waiting_for::jsonb - 'was')::json
        ELSE r.waiting_for END END
    WHERE r.tenant_id = held.tenant_id AND r.run_id = held.run_id;
    INSERT INTO app.journal (tenant_id, run_id, seq, kind, reference, name, data)
    VALUES (held.tenant_id, held.run_id, held.seq, 'effect.decided', known.reference, known.name, told::json);
  END IF;
  INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
  VALUES (held.tenant_id, audit_id, actor, 'effect.decided', app.show_id('run', held.run_id), audited::json);
  RETURN 'decided';
END $$;
