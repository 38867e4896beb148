-- Links that are mailed (ADR 0111): who has one may look at one thing, and do the one thing that it is for, without a sign-in.
--   purpose    what it opens, such as `task` for a person with an account, `outside` for one without, `status` of an order
--   subject    of what, by its public id or its key
--   recipient  whose it is: `account:acc_…`, `outside` of its subject's one outside participant, or `customer:` with the keyed
--              hash of an address
--   occasion   for what it was made: once each, through restarts and doubled messages
--   token_hash SHA-256 of the link's text, which is kept nowhere
--   is_lasting good until its subject or its time is over; else it is used once
--   reason     why it ended: withdrawn by somebody, replaced by another one, over with its subject
CREATE TABLE app.link (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  link_id uuid NOT NULL,
  purpose text NOT NULL CHECK (purpose ~ '^[a-z](-?[a-z]){0,31}$'),
  subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 512),
  recipient text NOT NULL CHECK (length(recipient) BETWEEN 1 AND 200),
  occasion text NOT NULL CHECK (length(occasion) BETWEEN 1 AND 200),
  token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
  is_lasting boolean NOT NULL,
  made_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  ended_at timestamptz,
  reason text CHECK (reason IN ('withdrawn', 'replaced', 'over')),
  PRIMARY KEY (tenant_id, link_id),
  UNIQUE (tenant_id, token_hash),
  UNIQUE (tenant_id, purpose, subject, recipient, occasion),
  CHECK ((ended_at IS NULL) = (reason IS NULL))
);
CREATE INDEX link_subject ON app.link (tenant_id, subject) WHERE ended_at IS NULL;
CREATE INDEX link_recipient ON app.link (tenant_id, recipient, created_at);
CREATE INDEX link_expired ON app.link (expires_at);

-- Acts on tasks that people may have to be written to about: of whom that is true is looked at when it is sent. `due_at`: when
-- somebody looks, later while the calendar is closed or while somebody has it.
CREATE TABLE app.task_mail (
  tenant_id uuid NOT NULL,
  task_id uuid NOT NULL,
  number integer NOT NULL,
  due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, task_id, number),
  FOREIGN KEY (tenant_id, task_id, number) REFERENCES app.human_task_event
);
CREATE INDEX task_mail_due ON app.task_mail (due_at);

-- How somebody wants to hear of tasks. Who never said is written to about none.
--   choice     each: of each task by itself · daily: one mail a day of what waits · none
--   digest_at  when the next daily one is due; `taken_until`: somebody writes it
CREATE TABLE app.task_mail_choice (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  account_id uuid NOT NULL,
  choice text NOT NULL CHECK (choice IN ('each', 'daily', 'none')),
  digest_at timestamptz,
  taken_until timestamptz,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, account_id),
  CHECK ((choice = 'daily') = (digest_at IS NOT NULL))
);
CREATE INDEX task_mail_choice_digest ON app.task_mail_choice (digest_at) WHERE digest_at IS NOT NULL;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['link', 'task_mail', 'task_mail_choice'] LOOP
    EXECUTE format('CREATE POLICY tenant ON app.%I TO waybill_app, waybill_worker '
                   'USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id())', t);
    EXECUTE format('CREATE POLICY doors ON app.%I TO waybill_doors USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;
-- Links are made by a door, with their mail; whoever closes a task ends its links.
GRANT SELECT, UPDATE ON app.link TO waybill_app, waybill_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.link TO waybill_doors;
GRANT SELECT, INSERT ON app.task_mail TO waybill_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.task_mail TO waybill_worker;
GRANT SELECT, INSERT, UPDATE ON app.task_mail TO waybill_doors;
GRANT SELECT, INSERT, UPDATE ON app.task_mail_choice TO waybill_app;
GRANT SELECT ON app.task_mail_choice TO waybill_worker;
GRANT SELECT, UPDATE ON app.task_mail_choice TO waybill_doors;

-- What somebody is asked, given or reminded of is looked at by whoever writes mail, where anybody wants any. No door.
CREATE FUNCTION app.queue_task_mail() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
BEGIN
  INSERT INTO app.task_mail (tenant_id, task_id, number)
  SELECT NEW.tenant_id, NEW.task_id, NEW.number WHERE EXISTS (
    SELECT FROM app.task_mail_choice c WHERE c.tenant_id = NEW.tenant_id AND c.choice = 'each')
  OR EXISTS (SELECT FROM app.human_task t WHERE t.tenant_id = NEW.tenant_id AND t.task_id = NEW.task_id AND t.role = '')
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER mail AFTER INSERT ON app.human_task_event FOR EACH ROW
WHEN (NEW.action IN ('offered', 'delegated', 'reassigned', 'told', 'sent')) EXECUTE FUNCTION app.queue_task_mail();

-- A task that is over takes its links along, in its own commit; so does one that was somebody's outside and becomes a role's. No door.
CREATE FUNCTION app.end_links_of_task() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
BEGIN
  UPDATE app.link l SET ended_at = clock_timestamp(), reason = 'over'
  WHERE l.tenant_id = NEW.tenant_id AND l.subject = app.show_id('tsk', NEW.task_id) AND l.ended_at IS NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER links AFTER UPDATE OF closed_at, role ON app.human_task FOR EACH ROW
WHEN ((NEW.closed_at IS NOT NULL AND OLD.closed_at IS NULL) OR (OLD.role = '' AND NEW.role <> '')) EXECUTE FUNCTION app.end_links_of_task();
