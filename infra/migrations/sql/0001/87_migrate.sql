-- Migrate: a run that stands still goes on as a run of another revision of its deployment (ADR 0032). It is moved only as
-- its reader saw it: `seen` lines of its journal, no claim since (`held_fence`), revision `former`. One that somebody holds, or that is in
-- line, is left alone; nobody is waited for, so that a batch of moves cannot stand in the way of others. What it listens for
-- and the times that move it stay as they are. One whose worker died with it in hand may have made a call that its snapshot does
-- not know, and stays. Answers `migrated`; `already` when it is of the new revision; else `changed`.
CREATE FUNCTION app.migrate_run(
  wanted uuid, actor text, audit_id uuid, seen integer, held_fence bigint, former integer, next integer, snapshot bytea,
  waiting text, told text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE held app.run;
BEGIN
  SELECT * INTO held FROM app.run r WHERE r.tenant_id = app.tenant_id() AND r.run_id = wanted FOR UPDATE SKIP LOCKED;
  IF held.revision = next THEN RETURN 'already'; END IF;
  IF NOT FOUND OR held.revision <> former OR held.seq <> seen OR held.fence <> held_fence OR held.lane IS NOT NULL
    OR held.lease_until IS NOT NULL OR held.suspect OR held.state NOT IN ('waiting', 'suspended') THEN RETURN 'changed'; END IF;
  UPDATE app.run r SET revision = next, snapshot = migrate_run.snapshot, waiting_for = waiting::json, seq = r.seq + 1
  WHERE r.tenant_id = held.tenant_id AND r.run_id = held.run_id;
  INSERT INTO app.journal (tenant_id, run_id, seq, kind, reference, name, data)
  VALUES (held.tenant_id, held.run_id, held.seq, 'run.migrated', '', '', told::json);
  INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
  VALUES (held.tenant_id, audit_id, actor, 'run.migrated', app.show_id('run', held.run_id),
          json_build_object('line', held.seq, 'from', former, 'to', next));
  RETURN 'migrated';
END $$;

-- Hold: those of `wanted` that nobody else has locked, locked until the transaction ends. Who does something to many runs in
-- one commit asks for this first: the tenant's clock is taken behind the runs and never before (`app.next_turn`).
CREATE FUNCTION app.hold_runs(wanted uuid[]) RETURNS uuid[]
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  SELECT coalesce(array_agg(h.run_id), '{}') FROM (
    SELECT r.run_id FROM app.run r WHERE r.tenant_id = app.tenant_id() AND r.run_id = ANY (wanted)
    ORDER BY r.run_id FOR UPDATE SKIP LOCKED) h
$$;
