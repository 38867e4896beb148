-- The continuity playbook of a connection, once it was entered for the first time (ADR 0035). A connection without a row, or in
-- the state `normal`, is called as ever.
--   state     entered: effects take the way that the playbook declares · reconciling: the other side is back, what was done
--             meanwhile is compared with it, and effects wait · normal: left
--   changes   raised by every move, so that of two people who move what they saw one does
--   first_at  when it was entered for the first time: until workers know of it, calls are made without a look for entries
--   settled   what waited when it was moved has been called, and what waits since by what workers knew before: two seconds
--   spread_at when more of that is called; spread_to: the last moment that was given to a run
CREATE TABLE app.continuity (
  tenant_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('entered', 'reconciling', 'normal')),
  changes integer NOT NULL DEFAULT 1,
  entered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  entered_by text NOT NULL,
  reason text NOT NULL CHECK (length(reason) <= 1000),
  moved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  moved_by text NOT NULL,
  first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  left_at timestamptz,
  settled boolean NOT NULL DEFAULT false,
  spread_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  spread_to timestamptz,
  PRIMARY KEY (tenant_id, connection_id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connection
);
CREATE INDEX continuity_unsettled ON app.continuity (spread_at) WHERE NOT settled;
CREATE INDEX continuity_reconciling ON app.continuity (tenant_id, connection_id) WHERE state = 'reconciling';

-- What was done by another way while a playbook was entered: one row for each effect, before anything of it is done.
--   key         the effect's; there is one row for it, and with it the system's own call is never made
--   way         manual: by a person · file: a file that somebody takes · connection: another address of the same system
--   state       writing: of a file or another address, nothing is out there for certain · prepared: the file is whole and is
--               being given its name · open: a person is to do it, or to answer what became of the file · taken: somebody does
--               answered: the run goes on with `answer` · queued: it waits for the system itself · withdrawn: given up
--   file        its name below the folder of drops; `written`: under which it lies beside until it gets that
--   answered_by who answered; `fallback` where the playbook declares the answer
--   found       what was found in the system when it was back; NULL: nobody has looked yet
--   posting     wanted: the system is to do it now · sent: it may have, since it was asked to last at `posting_at`
--   resolution  what it came to; NULL while it keeps the playbook from being left
--   wake_at     its run is to be called; look_at: the system is to be asked
CREATE TABLE app.entry (
  tenant_id uuid NOT NULL,
  entry_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  run_id uuid NOT NULL,
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 64),
  reference text NOT NULL,
  operation text NOT NULL,
  mode text NOT NULL CHECK (mode IN ('read', 'keyed', 'check-then-write', 'once-or-ask')),
  way text NOT NULL CHECK (way IN ('manual', 'file', 'connection')),
  state text NOT NULL CHECK (state IN ('writing', 'prepared', 'open', 'taken', 'answered', 'queued', 'withdrawn')),
  version integer NOT NULL DEFAULT 1,
  request json NOT NULL,
  file text,
  written text,
  prepared_at timestamptz,
  business_key text,
  value_amount bigint,
  value_currency text,
  deadline timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  taken_by text,
  taken_at timestamptz,
  answer json,
  answered_by text,
  answered_at timestamptz,
  note text CHECK (length(note) <= 2000),
  found text CHECK (found IN ('same', 'different', 'missing', 'cannot-tell')),
  found_answer json,
  found_why text CHECK (length(found_why) <= 1000),
  looked_at timestamptz,
  posting text CHECK (posting IN ('wanted', 'sent')),
  posting_at timestamptz,
  resolution text CHECK (resolution IN ('same', 'posted-by-hand', 'posted', 'dropped', 'queued', 'withdrawn')),
  resolved_at timestamptz,
  resolved_by text,
  reason text CHECK (length(reason) <= 2000),
  wake_at timestamptz,
  look_at timestamptz,
  PRIMARY KEY (tenant_id, entry_id),
  UNIQUE (tenant_id, run_id, key),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connection,
  CHECK ((resolution IS NULL) = (resolved_at IS NULL)),
  CHECK (state <> 'answered' OR (answered_by IS NOT NULL AND answered_at IS NOT NULL))
);
CREATE INDEX entry_open ON app.entry (tenant_id, connection_id, entry_id) WHERE resolution IS NULL;
CREATE INDEX entry_connection ON app.entry (tenant_id, connection_id, entry_id);
CREATE INDEX entry_wake ON app.entry (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX entry_look ON app.entry (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX entry_unlooked ON app.entry (tenant_id, connection_id)
  WHERE state = 'answered' AND resolution IS NULL AND found IS NULL AND posting IS NULL AND look_at IS NULL;

-- As their neighbours have it in 60_policies.sql, which switches row-level security on for every table. Rows are added by the
-- doors; a worker finishes what it began, people act on them through the API.
CREATE POLICY tenant ON app.continuity TO waybill_app, waybill_worker
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY tenant ON app.entry TO waybill_app, waybill_worker
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY doors ON app.continuity TO waybill_doors USING (true) WITH CHECK (true);
CREATE POLICY doors ON app.entry TO waybill_doors USING (true) WITH CHECK (true);
CREATE POLICY moves ON app.connection FOR UPDATE TO waybill_doors USING (true) WITH CHECK (true);
GRANT SELECT ON app.continuity TO waybill_app, waybill_worker;
GRANT SELECT, UPDATE ON app.entry TO waybill_app, waybill_worker;
GRANT SELECT, INSERT, UPDATE ON app.continuity, app.entry TO waybill_doors;
GRANT DELETE ON app.entry TO waybill_doors;  -- with its run, when that is archived
GRANT SELECT, UPDATE (revision, updated_at) ON app.connection TO waybill_doors;
GRANT INSERT ON app.notice, app.outbox TO waybill_app;

-- Move a playbook of the tenant in whose scope this is called. `seen`: its `changes` as the caller saw them, NULL for whatever
-- they are; 0 for one that was never entered. Whoever adds an entry holds the row, so that none is added behind a move.
-- Answers `moved`, `repeated` where it stands there, `changed`, `open` where entries keep it, `not` where it does not lead there
-- from where it stands, NULL for no such connection.
CREATE FUNCTION app.move_playbook(wanted uuid, target text, actor text, why text, seen integer) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE tenant uuid := app.tenant_id(); known app.continuity; was text;
BEGIN
  PERFORM 1 FROM app.connection c WHERE c.tenant_id = tenant AND c.connection_id = wanted FOR UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT * INTO known FROM app.continuity c WHERE c.tenant_id = tenant AND c.connection_id = wanted FOR UPDATE;
  was := coalesce(known.state, 'normal');
  IF was = target AND target <> 'reconciling' THEN RETURN 'repeated'; END IF;
  IF seen IS NOT NULL AND seen <> coalesce(known.changes, 0) THEN RETURN 'changed'; END IF;
  IF (target = 'reconciling' AND was = 'normal') OR (target = 'normal' AND was <> 'reconciling') THEN RETURN 'not'; END IF;
  IF target = 'reconciling' THEN
    -- What nobody has begun goes to the system itself; what its run does not wait for any more is done by nobody.
    UPDATE app.entry e SET version = e.version + 1, resolved_at = clock_timestamp(), resolved_by = actor,
      state = CASE WHEN r.ended_at IS NULL THEN 'queued' ELSE 'withdrawn' END,
      resolution = CASE WHEN r.ended_at IS NULL THEN 'queued' ELSE 'withdrawn' END,
      wake_at = clock_timestamp()
    FROM app.run r WHERE e.tenant_id = tenant AND e.connection_id = wanted AND e.resolution IS NULL
      AND (e.state = 'writing' OR (e.state = 'open' AND e.way = 'manual'))
      AND r.tenant_id = e.tenant_id AND r.run_id = e.run_id;
    UPDATE app.entry e SET look_at = clock_timestamp() WHERE e.tenant_id = tenant AND e.connection_id = wanted
      AND e.resolution IS NULL AND e.state = 'answered' AND e.posting IS NULL;  -- what is being posted has a time of its own
    IF was = 'reconciling' THEN RETURN 'repeated'; END IF;
  ELSIF target = 'normal' AND EXISTS (SELECT FROM app.entry e
      WHERE e.tenant_id = tenant AND e.connection_id = wanted AND e.resolution IS NULL) THEN
    RETURN 'open';
  END IF;
  INSERT INTO app.continuity AS c (tenant_id, connection_id, state, entered_by, reason, moved_by)
  VALUES (tenant, wanted, target, actor, left(why, 1000), actor)
  ON CONFLICT (tenant_id, connection_id) DO UPDATE SET state = target, changes = c.changes + 1,
    settled = false, spread_at = clock_timestamp(), spread_to = NULL, moved_at = clock_timestamp(), moved_by = actor,
    entered_at = CASE WHEN was = 'normal' THEN clock_timestamp() ELSE c.entered_at END,
    entered_by = CASE WHEN was = 'normal' THEN actor ELSE c.entered_by END,
    reason = CASE WHEN target = 'entered' THEN excluded.reason ELSE c.reason END,
    left_at = CASE WHEN target = 'normal' THEN clock_timestamp() ELSE c.left_at END;
  IF target = 'normal' THEN
    -- Who leaves it says that the system is back. If it is not, the next calls find that, as they found it first.
    UPDATE app.outage o SET ended_at = clock_timestamp(), draining = true, drained_at = NULL
    WHERE o.tenant_id = tenant AND o.connection_id = wanted AND o.ended_at IS NULL;
  END IF;
  -- By its revision workers notice, within two seconds.
  UPDATE app.connection c SET revision = c.revision + 1, updated_at = clock_timestamp()
  WHERE c.tenant_id = tenant AND c.connection_id = wanted;
  -- Whoever tends playbooks calls the runs that wait, however many they are.
  RETURN 'moved';
END $$;

-- Note an effect that is about to take another way, unless it is noted. What the run is worth and until when goes with it.
-- `blind`: seconds for which a worker may not know what others do with a connection. Answers `noted`; or nothing is noted:
--   moves  the playbook is not entered any more, or so newly, for the first time, that a worker may still call past it; or the
--          run is not in the hands of who asks, under `holding`, or has ended
--   begun  its run had begun when the playbook did not name the operation so: by its key it may have gone out without a trace
CREATE FUNCTION app.add_entry(
  entry uuid, connection uuid, run uuid, effect_key text, reference text, operation text, mode text, way text, state text,
  request text, holding bigint, blind double precision
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE started timestamptz; unseen interval := make_interval(secs => blind);
BEGIN
  PERFORM 1 FROM app.continuity c
  WHERE c.tenant_id = app.tenant_id() AND c.connection_id = connection AND c.state = 'entered'
    AND c.first_at <= clock_timestamp() - unseen FOR SHARE;
  IF NOT FOUND THEN RETURN 'moves'; END IF;
  SELECT r.started_at INTO started FROM app.run r
  WHERE r.tenant_id = app.tenant_id() AND r.run_id = run AND r.fence = holding AND r.lease_until IS NOT NULL
    AND r.ended_at IS NULL FOR SHARE;
  IF NOT FOUND THEN RETURN 'moves'; END IF;
  PERFORM 1 FROM app.connection c
  WHERE c.tenant_id = app.tenant_id() AND c.connection_id = connection AND add_entry.mode = 'keyed'
    AND add_entry.way <> 'connection' AND started < c.ways_at + unseen;
  IF FOUND THEN RETURN 'begun'; END IF;
  INSERT INTO app.entry (tenant_id, entry_id, connection_id, run_id, key, reference, operation, mode, way, state, request,
                         business_key, value_amount, value_currency, deadline)
  SELECT r.tenant_id, entry, connection, r.run_id, effect_key, add_entry.reference, add_entry.operation, add_entry.mode,
         add_entry.way, add_entry.state, request::json, r.business_key, r.value_amount, r.value_currency, r.deadline
  FROM app.run r WHERE r.tenant_id = app.tenant_id() AND r.run_id = run
  ON CONFLICT (tenant_id, run_id, key) DO NOTHING;
  RETURN 'noted';
END $$;

-- Whether somebody has to say what an entry came to: the system was asked, and has it differently, lacks it or cannot tell.
CREATE FUNCTION app.is_undecided(found text, posting text, resolution text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT coalesce(found <> 'same' AND posting IS NULL AND resolution IS NULL, false) $$;

-- Such an entry is an exception of its run beside what the run itself may be, until it is decided (ADR 0030). Whoever looks again
-- and finds it undecided leaves the same row; a post that comes to nothing leaves another, of the same owner. Its words are ours:
-- what was found may be anybody's data.
CREATE FUNCTION app.note_exception_of_entry() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE of_entry text := app.show_id('ent', NEW.entry_id);
BEGIN
  IF NOT app.is_undecided(NEW.found, NEW.posting, NEW.resolution) THEN
    UPDATE app.exception e SET state = 'resolved', closed_at = clock_timestamp(), closed_by = coalesce(NEW.resolved_by, 'engine'),
      outcome = CASE NEW.resolution WHEN 'same' THEN 'went-on' ELSE 'decided' END
    WHERE e.tenant_id = NEW.tenant_id AND e.mark = of_entry AND e.state = 'open';
    RETURN NULL;
  END IF;
  INSERT INTO app.exception AS e (tenant_id, exception_id, category, mark, run_id, deployment_id, revision, cause, title, reference,
                                  connection, value, currency, deadline, worth, due, owner)
  SELECT NEW.tenant_id, app.new_id(), 'uncertain', of_entry, NEW.run_id, r.deployment_id, r.revision, 'reconciliation',
    left(format('%s was done %s, and %s', NEW.operation,
      CASE NEW.way WHEN 'manual' THEN 'by hand' WHEN 'file' THEN 'by file' ELSE 'on another address' END,
      CASE NEW.found WHEN 'missing' THEN 'its system does not have it' WHEN 'different' THEN 'its system has it differently'
        ELSE 'nobody can tell whether its system has it' END), 1000),
    left(NEW.reference, 1000), app.show_id('con', NEW.connection_id), NEW.value_amount, NEW.value_currency, NEW.deadline,
    coalesce(NEW.value_amount, -9223372036854775808), coalesce(NEW.deadline, 'infinity'),
    (SELECT o.owner FROM app.exception o WHERE o.tenant_id = NEW.tenant_id AND o.run_id = NEW.run_id AND o.mark = of_entry
     ORDER BY o.exception_id DESC LIMIT 1)
  FROM app.run r WHERE r.tenant_id = NEW.tenant_id AND r.run_id = NEW.run_id
  ON CONFLICT (tenant_id, mark) WHERE state = 'open' DO UPDATE SET times = e.times + 1, last_at = clock_timestamp(),
    title = excluded.title;
  RETURN NULL;
END $$;
CREATE TRIGGER exception AFTER UPDATE OF found, posting, resolution ON app.entry FOR EACH ROW
WHEN (app.is_undecided(NEW.found, NEW.posting, NEW.resolution) OR app.is_undecided(OLD.found, OLD.posting, OLD.resolution))
EXECUTE FUNCTION app.note_exception_of_entry();
