-- Human tasks: what a run waits for a person to do or to decide (ADR 0097). A row is made before the run waits, once for the key
-- of its call, and is closed by a decision, by its deadline, or with its run.
--   kind       what forms, runbooks and the authority matrix speak of
--   role       slug of the role whose queue it is in
--   decision   decision type of the authority matrix; NULL: whoever has the role may decide
--   state      created: nobody has the role · offered: to the queue, or by rule to `assignee` first · claimed · delegated: given to
--              `assignee` by somebody · completed · expired: nobody decided in time · cancelled: with its run, or as it went on without it
--   is_given   to `assignee` by somebody: theirs also without the role
--   version    raised by each act, so that of two who act on what they saw one does
--   content    the call as it was asked: `template_library.human_tasks.Asked`
--   worth, due value and deadline to order by: what has none comes last
--   wake_at    its run is to be called; it is tried until the run was free to be
--   salt       of the digests by which the audit knows what somebody outside was shown, answered and said
CREATE TABLE app.human_task (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  task_id uuid NOT NULL,
  run_id uuid NOT NULL,
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 64),
  reference text NOT NULL,
  kind text NOT NULL,
  title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  role text NOT NULL,
  decision text,
  state text NOT NULL CHECK (state IN ('created', 'offered', 'claimed', 'delegated', 'completed', 'expired', 'cancelled')),
  version integer NOT NULL DEFAULT 1,
  assignee uuid,
  is_given boolean NOT NULL DEFAULT false,
  skills text[] NOT NULL DEFAULT '{}',
  entity_kind text,
  entity_key text,
  value bigint,
  currency text,
  worth bigint NOT NULL DEFAULT -9223372036854775808,
  due_at timestamptz,
  due timestamptz NOT NULL DEFAULT 'infinity',
  content json NOT NULL CHECK (octet_length(content::text) <= 524288),
  outcome text,
  answer json,
  decided_by text,
  decided_at timestamptz,
  reason text CHECK (length(reason) <= 2000),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  closed_at timestamptz,
  wake_at timestamptz,
  salt bytea NOT NULL DEFAULT uuid_send(gen_random_uuid()),
  PRIMARY KEY (tenant_id, task_id),
  UNIQUE (tenant_id, run_id, key),
  CHECK ((state IN ('completed', 'expired', 'cancelled')) = (closed_at IS NOT NULL)),
  CHECK ((state = 'completed') = (outcome IS NOT NULL)),
  CHECK ((entity_kind IS NULL) = (entity_key IS NULL))
);
-- A list is read in the order of one of these, by conditions that row-level security lets an index answer: equality of texts and
-- ids, and rows that compare times, numbers and ids (E11 of the measurements). The closed ones are listed by what they were, the newest first.
CREATE INDEX human_task_queue_due ON app.human_task (tenant_id, role, due, task_id) INCLUDE (assignee) WHERE closed_at IS NULL;
CREATE INDEX human_task_free_due ON app.human_task (tenant_id, role, due, task_id) WHERE closed_at IS NULL AND assignee IS NULL;
CREATE INDEX human_task_free_worth ON app.human_task (tenant_id, role, worth, task_id) WHERE closed_at IS NULL AND assignee IS NULL;
CREATE INDEX human_task_queue_worth ON app.human_task (tenant_id, role, worth, task_id) WHERE closed_at IS NULL;
CREATE INDEX human_task_mine_due ON app.human_task (tenant_id, assignee, due, task_id) WHERE closed_at IS NULL AND assignee IS NOT NULL;
CREATE INDEX human_task_mine_worth ON app.human_task (tenant_id, assignee, worth, task_id) WHERE closed_at IS NULL AND assignee IS NOT NULL;
CREATE INDEX human_task_kind_due ON app.human_task (tenant_id, kind, due, task_id) WHERE closed_at IS NULL;
CREATE INDEX human_task_due ON app.human_task (tenant_id, due, task_id) WHERE closed_at IS NULL;
CREATE INDEX human_task_worth ON app.human_task (tenant_id, worth, task_id) WHERE closed_at IS NULL;
CREATE INDEX human_task_closed ON app.human_task (tenant_id, task_id) WHERE closed_at IS NOT NULL;
CREATE INDEX human_task_closed_queue ON app.human_task (tenant_id, role, task_id) WHERE closed_at IS NOT NULL;
CREATE INDEX human_task_closed_mine ON app.human_task (tenant_id, assignee, task_id) WHERE closed_at IS NOT NULL AND assignee IS NOT NULL;
CREATE INDEX human_task_closed_kind ON app.human_task (tenant_id, kind, task_id) WHERE closed_at IS NOT NULL;
CREATE INDEX human_task_entity ON app.human_task (tenant_id, entity_kind, entity_key, task_id) WHERE entity_key IS NOT NULL;
CREATE INDEX human_task_wake ON app.human_task (wake_at) WHERE wake_at IS NOT NULL;

-- What was done with a task, comments and attached documents among it; nothing is changed. `number`: the task's version from then on.
--   behalf    of whom, where a substitute did it
CREATE TABLE app.human_task_event (
  tenant_id uuid NOT NULL,
  task_id uuid NOT NULL,
  number integer NOT NULL,
  action text NOT NULL,
  state text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  made_by text NOT NULL,
  behalf uuid,
  target text,
  note text CHECK (length(note) <= 2000),
  PRIMARY KEY (tenant_id, task_id, number),
  FOREIGN KEY (tenant_id, task_id) REFERENCES app.human_task
);

-- What people decided of a task, and what of it counts: several where the authority asks for several.
--   shown_digest SHA-256 of what whoever decided was shown, as canonical JSON
--   rule      what the authority judged by; is_void: the task was asked for anew since, or it takes another rule by now
--   salt      of the digests by which the audit knows what was shown, answered and said (ADR 0115)
CREATE TABLE app.human_task_decision (
  tenant_id uuid NOT NULL,
  task_id uuid NOT NULL,
  number integer NOT NULL,
  account_id uuid NOT NULL,
  behalf uuid,
  outcome text NOT NULL,
  answer json NOT NULL,
  note text CHECK (length(note) <= 2000),
  network text,
  shown_digest bytea NOT NULL CHECK (length(shown_digest) = 32),
  rule json,
  salt bytea NOT NULL CHECK (length(salt) = 16),
  is_void boolean NOT NULL DEFAULT false,
  decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, task_id, number),
  FOREIGN KEY (tenant_id, task_id) REFERENCES app.human_task
);

-- What somebody is good at: tasks that ask for it are offered to who has all of it and the least in hand.
CREATE TABLE app.human_task_skill (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  account_id uuid NOT NULL,
  skill text NOT NULL CHECK (skill ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, account_id, skill)
);

-- When somebody is away, and who acts for them meanwhile. One row each: who comes back earlier says so.
CREATE TABLE app.absence (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  account_id uuid NOT NULL,
  since timestamptz NOT NULL,
  until timestamptz NOT NULL,
  substitute uuid,
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, account_id),
  CHECK (since < until),
  CHECK (substitute <> account_id)
);
CREATE INDEX absence_substitute ON app.absence (tenant_id, substitute) WHERE substitute IS NOT NULL;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['human_task', 'human_task_event', 'human_task_decision', 'human_task_skill', 'absence'] LOOP
    EXECUTE format('CREATE POLICY tenant ON app.%I TO waybill_app, waybill_worker '
                   'USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id())', t);
    EXECUTE format('CREATE POLICY doors ON app.%I TO waybill_doors USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;
-- Tasks are made by a door. People act on them through the API, deadlines through the worker.
GRANT SELECT, UPDATE ON app.human_task TO waybill_app, waybill_worker;
GRANT SELECT, INSERT ON app.human_task_event TO waybill_app, waybill_worker;
GRANT SELECT, INSERT, UPDATE (is_void) ON app.human_task_decision TO waybill_app;
GRANT SELECT ON app.human_task_decision TO waybill_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.human_task_skill, app.absence TO waybill_app;
GRANT SELECT, INSERT, UPDATE ON app.human_task, app.human_task_event, app.human_task_decision TO waybill_doors;
GRANT SELECT ON app.human_task_skill, app.absence TO waybill_doors;

-- Open tasks of a run that comes to an end without them are cancelled with it, in its own commit. One that completes has left them
-- before, which its engine tells. What is already closed stays, whatever became of the run.
CREATE FUNCTION app.cancel_tasks_of_run() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
BEGIN
  WITH gone AS (
    UPDATE app.human_task t SET state = 'cancelled', version = t.version + 1, closed_at = clock_timestamp(),
      changed_at = clock_timestamp(), wake_at = NULL
    WHERE t.tenant_id = NEW.tenant_id AND t.run_id = NEW.run_id AND t.closed_at IS NULL RETURNING t.tenant_id, t.task_id, t.version
  )
  INSERT INTO app.human_task_event (tenant_id, task_id, number, action, state, made_by, note)
  SELECT g.tenant_id, g.task_id, g.version, 'cancelled', 'cancelled',
         coalesce(nullif(current_setting('app.actor', true), ''), 'engine'), 'its run is ' || NEW.state FROM gone g;
  RETURN NULL;
END $$;
CREATE TRIGGER task AFTER UPDATE OF state ON app.run FOR EACH ROW
WHEN (NEW.state IN ('faulted', 'cancelled') AND OLD.state NOT IN ('faulted', 'cancelled'))
EXECUTE FUNCTION app.cancel_tasks_of_run();
