-- What needs somebody: a row for each thing that stands still and does not go on as it should, from then until it goes on or
-- somebody gives it up (ADR 0030). Rows of runs and of outages are opened and closed by triggers, in the transaction that
-- made it so, so that no door can forget one.
--   mark       what it is of where it is of no run, or of an entry of its run: of the same there is one open row
--   cause      of a fault its type, else the kind of what happened; `title` says it in words
--   reference  JSON pointer of the task where it happened, empty where that is not known
--   connection public id of the connection that it is about
--   entity     entity of data that it is about, as owners name them: `order`, `customer`; entity_id: which record, where it is of one
--   value      of what it holds up, in minor units of `currency`, and until when that is promised, as the run had it (ADR 0028)
--   worth, due value and deadline to order by: what has none comes last
--   owner      who looks after it: `role:…`, or `account:…` or `key:…` as in the audit; is_assigned: somebody said so, and what the
--              same run runs into later is that one's too
--   outcome    what became of it, NULL while it is open; `reason`: why it was discarded
--   times      how often it came back to the same while it was open, the first time included
--   changes    raised with each act of a person, so that of two who act on what they saw one does
--   takes_skip a failed run's task may be skipped, as its document declares (ADR 0133); `reason`: then why it was
--   compensation  the workflow that undoes what a failed run did, as its document declares it (ADR 0138), NULL for none
--   kind       which of the exceptions that its template names it is; NULL: none of them
--   warehouse, channel, order_type, segment, stage   what the desk groups by: keys of the run, or the deployment's site; the class of
--              its customer; the step of the workflow where it stands
--   breach_at  until when it is to be done with: the deadline or what its kind is given, whichever comes first; else what its category is
--   within     milliseconds of business time that its kind is given from its beginning; until that is counted, of the wall's
--   count_at   when a worker counts that by the client's calendar; NULL: there is nothing to be counted (ADR 0130)
--   stake      the value's logarithm to the base 2, -1000 of what has none; pressure: `stake` less `breach_at` in units of 8 hours,
--              so that the order of what is not late stays the same while time goes on; is_late: set by the sweep (ADR 0116)
--   fence      of the claim that took a run from where it stood: one that ends there again goes on with the same row
CREATE TABLE app.exception (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  exception_id uuid NOT NULL,
  category text NOT NULL
    CHECK (category IN ('failed', 'uncertain', 'parked', 'quarantined', 'outage', 'dead-letter', 'missed', 'data')),
  mark text CHECK (length(mark) <= 200),
  run_id uuid,
  deployment_id uuid,
  revision integer,
  cause text NOT NULL,
  title text NOT NULL CHECK (length(title) <= 1000),
  reference text NOT NULL DEFAULT '',
  connection text,
  entity text,
  entity_id uuid,
  value bigint,
  currency text,
  deadline timestamptz,
  worth bigint NOT NULL DEFAULT -9223372036854775808,
  due timestamptz NOT NULL DEFAULT 'infinity',
  owner text CHECK (length(owner) <= 200),
  is_assigned boolean NOT NULL DEFAULT false,
  note text CHECK (length(note) <= 2000),
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved', 'discarded')),
  outcome text,
  reason text CHECK (length(reason) <= 2000),
  times integer NOT NULL DEFAULT 1,
  changes integer NOT NULL DEFAULT 0,
  fence bigint,
  takes_skip boolean NOT NULL DEFAULT false,
  compensation text CHECK (length(compensation) <= 400),
  kind text,
  warehouse text,
  channel text,
  order_type text,
  segment text,
  stage text,
  breach_at timestamptz NOT NULL,
  within bigint,
  count_at timestamptz,
  stake double precision NOT NULL,
  pressure double precision NOT NULL,
  is_late boolean NOT NULL DEFAULT false,
  opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  closed_at timestamptz,
  closed_by text,
  PRIMARY KEY (tenant_id, exception_id),
  CHECK ((state = 'open') = (closed_at IS NULL)),
  CHECK ((state = 'open') = (outcome IS NULL)),
  CHECK ((state = 'open') = (closed_by IS NULL)),
  CHECK ((state = 'discarded' OR coalesce(outcome, '') = 'skipped') = (reason IS NOT NULL)),
  CHECK (run_id IS NOT NULL OR mark IS NOT NULL)
);
CREATE UNIQUE INDEX exception_open_of_run ON app.exception (tenant_id, run_id) WHERE state = 'open' AND mark IS NULL;
CREATE UNIQUE INDEX exception_open_mark ON app.exception (tenant_id, mark) WHERE state = 'open';
CREATE INDEX exception_run ON app.exception (tenant_id, run_id, exception_id);
CREATE INDEX exception_entity ON app.exception (tenant_id, entity_id) WHERE entity_id IS NOT NULL;
-- The three orders of a list. Of columns: behind row-level security no index answers a condition on `coalesce`, which PostgreSQL
-- does not know to be leakproof.
CREATE INDEX exception_age ON app.exception (tenant_id, state, exception_id);
CREATE INDEX exception_value ON app.exception (tenant_id, state, worth, exception_id);
CREATE INDEX exception_deadline ON app.exception (tenant_id, state, due, exception_id);
-- By value and probability of breach: what is late by its value alone, the rest by what time does not change; for all, and for an owner.
CREATE INDEX exception_late ON app.exception (tenant_id, stake, exception_id) WHERE state = 'open' AND is_late;
CREATE INDEX exception_early ON app.exception (tenant_id, pressure, exception_id) WHERE state = 'open' AND NOT is_late;
CREATE INDEX exception_owned_late ON app.exception (tenant_id, owner, stake, exception_id) WHERE state = 'open' AND is_late;
CREATE INDEX exception_owned_early ON app.exception (tenant_id, owner, pressure, exception_id) WHERE state = 'open' AND NOT is_late;
CREATE INDEX exception_count ON app.exception (count_at) WHERE count_at IS NOT NULL;
CREATE INDEX exception_breach ON app.exception (breach_at) WHERE state = 'open' AND NOT is_late;
CREATE INDEX exception_turned ON app.exception (tenant_id, breach_at) WHERE state = 'open' AND is_late;

-- Which exception a run is as it stands, NULL for none. A person's suspension is none, but one that a person set aside
-- while its outcome was unknown is still that.
CREATE FUNCTION app.exception_of(state text, waiting_for json) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE state
    WHEN 'faulted' THEN 'failed'
    WHEN 'waiting' THEN CASE waiting_for ->> 'kind' WHEN 'uncertain' THEN 'uncertain'
      WHEN 'connection' THEN CASE waiting_for ->> 'parked' WHEN 'true' THEN 'parked' END
      WHEN 'manual' THEN 'parked' WHEN 'playbook' THEN 'parked' END
    WHEN 'suspended' THEN CASE WHEN waiting_for ->> 'kind' = 'quarantine' THEN 'quarantined'
      WHEN waiting_for -> 'was' ->> 'kind' = 'uncertain' THEN 'uncertain' END END
$$;

-- What a parked run waits for: its connection, somebody who does its call by hand, or the end of a continuity playbook.
CREATE FUNCTION app.parked_cause(waiting_for json) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT coalesce(nullif(waiting_for ->> 'kind', 'connection'), 'parked') $$;

-- What a run that changed leaves behind, and what it comes to. The claim that tries whether a parked run can go on takes it
-- from where it stood; when it stands there again with that very claim, nothing has changed for whoever looks after it.
CREATE FUNCTION app.note_exception_of_run() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE
  was text := app.exception_of(OLD.state, OLD.waiting_for);
  now_is text := app.exception_of(NEW.state, NEW.waiting_for);
  waits json := CASE WHEN NEW.waiting_for ->> 'kind' = 'suspension' THEN NEW.waiting_for -> 'was' ELSE NEW.waiting_for END;
BEGIN
  IF was IS NOT DISTINCT FROM now_is THEN
    UPDATE app.exception e SET revision = NEW.revision,
      cause = CASE WHEN now_is = 'parked' THEN app.parked_cause(waits) ELSE e.cause END,
      title = CASE WHEN now_is = 'parked' THEN left(coalesce(waits ->> 'reason', ''), 1000) ELSE e.title END
    WHERE (NEW.revision <> OLD.revision OR (now_is = 'parked' AND app.parked_cause(waits) <> app.parked_cause(OLD.waiting_for)))
      AND e.tenant_id = NEW.tenant_id AND e.run_id = NEW.run_id AND e.mark IS NULL AND e.state = 'open';
    RETURN NULL;
  END IF;
  IF was IS NOT NULL THEN
    UPDATE app.exception e SET state = 'resolved', closed_at = clock_timestamp(), fence = NEW.fence,
      closed_by = coalesce(nullif(current_setting('app.actor', true), ''), NEW.waiting_for ->> 'by', 'engine'),
      outcome = CASE WHEN NEW.state = 'cancelled' THEN 'cancelled' WHEN was = 'failed' THEN 'retried'
        WHEN OLD.state = NEW.state THEN 'went-on' WHEN OLD.state = 'suspended' THEN 'resumed'
        WHEN NEW.state = 'suspended' THEN 'suspended' ELSE 'went-on' END
    WHERE e.tenant_id = NEW.tenant_id AND e.run_id = NEW.run_id AND e.mark IS NULL AND e.state = 'open';
  END IF;
  IF now_is IS NULL THEN RETURN NULL; END IF;
  UPDATE app.exception e SET state = 'open', closed_at = NULL, closed_by = NULL, outcome = NULL, last_at = clock_timestamp(),
    times = e.times + 1
  WHERE e.tenant_id = NEW.tenant_id AND e.run_id = NEW.run_id AND e.mark IS NULL AND e.category = now_is AND e.state = 'resolved'
    AND e.outcome = 'went-on' AND e.fence = NEW.fence;
  IF FOUND THEN RETURN NULL; END IF;
  INSERT INTO app.exception (tenant_id, exception_id, category, run_id, deployment_id, revision, cause, title, reference,
                             connection, value, currency, deadline, worth, due, owner, is_assigned, takes_skip, compensation)
  SELECT NEW.tenant_id, app.new_id(), now_is, NEW.run_id, NEW.deployment_id, NEW.revision,
    left(coalesce(CASE now_is WHEN 'failed' THEN NEW.error ->> 'type' WHEN 'quarantined' THEN waits ->> 'ref' WHEN 'parked' THEN app.parked_cause(waits) END,
      now_is), 500),
    left(coalesce(CASE now_is WHEN 'failed' THEN NEW.error ->> 'title' ELSE waits ->> 'reason' END, ''), 1000),
    left(coalesce(CASE now_is WHEN 'failed' THEN NEW.error ->> 'instance' WHEN 'uncertain' THEN coalesce(waits ->> 'task', waits ->> 'ref')
      ELSE waits ->> 'task' END, ''), 1000),
    CASE now_is WHEN 'failed' THEN coalesce(left(NEW.error ->> 'connection', 100),
        (SELECT app.show_id('con', f.connection_id) FROM app.effect f WHERE f.tenant_id = NEW.tenant_id AND f.run_id = NEW.run_id
           AND NEW.error ->> 'type' = '/errors/outcome-unknown' AND f.reference = NEW.error ->> 'instance' AND f.connection_id IS NOT NULL ORDER BY f.intended_at DESC LIMIT 1))
      WHEN 'uncertain' THEN (SELECT app.show_id('con', f.connection_id) FROM app.effect f WHERE f.tenant_id = NEW.tenant_id
        AND f.run_id = NEW.run_id AND f.asked_at IS NOT NULL AND f.connection_id IS NOT NULL ORDER BY f.asked_at LIMIT 1)
      ELSE CASE WHEN waits ->> 'ref' LIKE 'con\_%' THEN left(waits ->> 'ref', 100) END END,
    NEW.value_amount, NEW.value_currency, NEW.deadline, coalesce(NEW.value_amount, -9223372036854775808),
    coalesce(NEW.deadline, 'infinity'), last.owner, last.owner IS NOT NULL,
    now_is = 'failed' AND coalesce((NEW.error ->> 'skippable')::boolean, false),
    CASE WHEN now_is = 'failed' THEN left(NEW.error ->> 'compensation', 400) END
  FROM (VALUES (1)) AS one
  LEFT JOIN (SELECT CASE WHEN e.is_assigned THEN e.owner END AS owner FROM app.exception e
    WHERE e.tenant_id = NEW.tenant_id AND e.run_id = NEW.run_id AND e.mark IS NULL ORDER BY e.exception_id DESC LIMIT 1) AS last ON true;
  RETURN NULL;
END $$;

-- The condition is what keeps it off the way of every other change: texts of a row that is in hand.
CREATE TRIGGER exception AFTER UPDATE OF state, waiting_for ON app.run FOR EACH ROW
WHEN (NEW.state IN ('faulted', 'suspended') OR OLD.state IN ('faulted', 'suspended')
  OR (NEW.state = 'waiting' AND NEW.waiting_for ->> 'kind' IN ('uncertain', 'connection', 'manual', 'playbook'))
  OR (OLD.state = 'waiting' AND OLD.waiting_for ->> 'kind' IN ('uncertain', 'connection', 'manual', 'playbook')))
EXECUTE FUNCTION app.note_exception_of_run();

-- A connection that is away, and is back.
CREATE FUNCTION app.note_exception_of_outage() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE of_connection text := app.show_id('con', NEW.connection_id);
BEGIN
  IF NEW.ended_at IS NULL THEN
    INSERT INTO app.exception (tenant_id, exception_id, category, mark, cause, title, connection)
    VALUES (NEW.tenant_id, app.new_id(), 'outage', of_connection, 'outage', NEW.reason, of_connection)
    ON CONFLICT (tenant_id, mark) WHERE state = 'open' DO NOTHING;
  ELSE
    UPDATE app.exception e SET state = 'resolved', closed_at = clock_timestamp(), closed_by = 'engine', outcome = 'went-on'
    WHERE e.tenant_id = NEW.tenant_id AND e.mark = of_connection AND e.state = 'open';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER exception_begins AFTER INSERT ON app.outage FOR EACH ROW
WHEN (NEW.ended_at IS NULL) EXECUTE FUNCTION app.note_exception_of_outage();
CREATE TRIGGER exception_changes AFTER UPDATE OF ended_at ON app.outage FOR EACH ROW
WHEN ((NEW.ended_at IS NULL) <> (OLD.ended_at IS NULL)) EXECUTE FUNCTION app.note_exception_of_outage();

-- What began no run and should have: one open row for the same of a deployment, however often it happens. Of a time that was
-- missed its words do not matter, so that the next one that is not can close it.
CREATE FUNCTION app.exception_mark(category text, deployment uuid, cause text, title text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT md5(concat_ws(' ', deployment, category, cause, CASE WHEN category = 'dead-letter' THEN title END))
$$;
CREATE FUNCTION app.note_exception(of_tenant uuid, category text, deployment uuid, cause text, title text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, app AS $$
  INSERT INTO app.exception AS e (tenant_id, exception_id, category, mark, deployment_id, revision, cause, title)
  SELECT of_tenant, app.new_id(), category, app.exception_mark(category, deployment, cause, title),
         deployment, d.revision, left(cause, 500), left(title, 1000)
  FROM app.deployment d WHERE d.tenant_id = of_tenant AND d.deployment_id = deployment
  ON CONFLICT (tenant_id, mark) WHERE state = 'open' DO UPDATE SET times = e.times + 1, last_at = clock_timestamp()
$$;

-- As its neighbours have it in 60_policies.sql, which switches row-level security on for every table. The doors write the
-- rows of runs, the worker those of outages, both what began no run; people act on all of them through the API.
CREATE POLICY tenant ON app.exception TO waybill_app, waybill_worker
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY doors ON app.exception TO waybill_doors USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON app.exception TO waybill_app, waybill_worker, waybill_doors;
