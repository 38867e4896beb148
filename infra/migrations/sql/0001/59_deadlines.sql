-- Deadlines in business time: what is to be done about a subject when so much of it has passed (ADR 0103).
--   subject_kind, subject_id  of what: `human-task`, `hold`, `exception`. There is one open deadline of each
--   calendar_version, zone_mark  by which its moments were computed: a version of the calendar, and the rules of its time zone
--   steps     in order, `{after, do, role, outcome}`, `after` in milliseconds of business time since `began_at`
--   done_at   when each step was done, as far as they are done: the next one is behind them
--   next_at   when the next step is to be done; NULL: there is none, or the deadline has ended
--   due_at    when the step `due` is, done or not; NULL: there is none
--   wake_at   when a worker looks: `next_at`, or when whoever does the step now has lost it, or when it is tried again
--   fence     raised by each who takes it, and with every change of its moments: of two the later one's deed counts (F-02)
--   failures  in a row; `failure` says why
CREATE TABLE app.deadline (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  deadline_id uuid NOT NULL,
  subject_kind text NOT NULL CHECK (length(subject_kind) BETWEEN 1 AND 63),
  subject_id uuid NOT NULL,
  run_id uuid,
  calendar text NOT NULL,
  calendar_version integer NOT NULL,
  zone_mark text NOT NULL,
  began_at timestamptz NOT NULL,
  steps json NOT NULL CHECK (octet_length(steps::text) <= 16384),
  done_at timestamptz[] NOT NULL DEFAULT '{}',
  next_at timestamptz,
  due_at timestamptz,
  wake_at timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  failures integer NOT NULL DEFAULT 0,
  failure text CHECK (length(failure) <= 1000),
  ended_at timestamptz,
  outcome text CHECK (length(outcome) <= 100),
  PRIMARY KEY (tenant_id, deadline_id),
  FOREIGN KEY (tenant_id, calendar, calendar_version) REFERENCES app.calendar_version,
  CHECK ((ended_at IS NULL) = (outcome IS NULL)),
  CHECK (ended_at IS NULL OR num_nonnulls(next_at, wake_at) = 0),
  CHECK ((next_at IS NULL) = (wake_at IS NULL))
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX deadline_open ON app.deadline (tenant_id, subject_kind, subject_id) WHERE ended_at IS NULL;
CREATE INDEX deadline_subject ON app.deadline (tenant_id, subject_kind, subject_id, deadline_id);
CREATE INDEX deadline_wake ON app.deadline (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX deadline_due ON app.deadline (tenant_id, due_at, deadline_id) WHERE ended_at IS NULL;
CREATE INDEX deadline_calendar ON app.deadline (tenant_id, calendar, deadline_id) WHERE ended_at IS NULL;
-- A list is read in the order of its ids, the newest first.
CREATE INDEX deadline_list ON app.deadline (tenant_id, deadline_id) WHERE ended_at IS NULL;
CREATE INDEX deadline_list_ended ON app.deadline (tenant_id, deadline_id) WHERE ended_at IS NOT NULL;
CREATE INDEX deadline_run ON app.deadline (tenant_id, run_id, deadline_id) WHERE run_id IS NOT NULL;
CREATE INDEX deadline_ended ON app.deadline (ended_at) WHERE ended_at IS NOT NULL;

-- A calendar has changed, or a time zone's rules: the open deadlines that count by it are computed anew, some at a time. The row
-- goes with the last one.
--   looked, moved  how many were computed anew so far, and how many of those had another moment; behind: the last one of them
CREATE TABLE app.calendar_change (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  calendar text NOT NULL,
  began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  looked integer NOT NULL DEFAULT 0,
  moved integer NOT NULL DEFAULT 0,
  behind uuid,
  wake_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  fence bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, calendar)
);
CREATE INDEX calendar_change_wake ON app.calendar_change (wake_at);

CREATE POLICY tenant ON app.deadline TO waybill_app, waybill_worker
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY tenant ON app.calendar_change TO waybill_app, waybill_worker
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY doors ON app.deadline TO waybill_doors USING (true) WITH CHECK (true);
CREATE POLICY doors ON app.calendar_change TO waybill_doors USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON app.deadline TO waybill_app, waybill_worker;
GRANT SELECT, INSERT, UPDATE ON app.calendar_change TO waybill_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.calendar_change TO waybill_worker;
GRANT SELECT, UPDATE ON app.deadline, app.calendar_change TO waybill_doors;

-- One whose step fails for the third time needs somebody, until it is done or the deadline ends.
CREATE FUNCTION app.note_exception_of_deadline() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE its_mark text := app.show_id('dln', NEW.deadline_id);
BEGIN
  IF NEW.failures >= 3 AND NEW.ended_at IS NULL THEN
    INSERT INTO app.exception AS e (tenant_id, exception_id, category, mark, cause, title, run_id)
    VALUES (NEW.tenant_id, app.new_id(), 'missed', its_mark, 'deadline', coalesce(NEW.failure, ''), NEW.run_id)
    ON CONFLICT (tenant_id, mark) WHERE state = 'open'
    DO UPDATE SET title = excluded.title, times = e.times + 1, last_at = clock_timestamp();
  ELSE
    UPDATE app.exception e SET state = 'resolved', closed_at = clock_timestamp(), closed_by = 'engine', outcome = 'went-on'
    WHERE e.tenant_id = NEW.tenant_id AND e.mark = its_mark AND e.state = 'open';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER exception_of_deadline AFTER UPDATE OF failures, ended_at ON app.deadline FOR EACH ROW
WHEN (NEW.failures >= 3 OR OLD.failures >= 3) EXECUTE FUNCTION app.note_exception_of_deadline();
