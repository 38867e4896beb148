-- What runs listen for: a row for each filter of each listener, written with the checkpoint that began or ended it.
--   type        NULL: any, or one that only the interpreter can tell
--   attributes  texts that the event's attributes must equal; the interpreter asks for the rest
--   since       events from then on are looked for once more after the commit: they may have come while it was written
--   settled     that was done again, some seconds later, for transactions that took long
CREATE TABLE app.subscription (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  run_id uuid NOT NULL,
  place integer NOT NULL,
  type text,
  attributes jsonb NOT NULL,
  since timestamptz NOT NULL,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  settled boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant_id, run_id, place)
);
CREATE INDEX subscription_type ON app.subscription (tenant_id, type);
CREATE INDEX subscription_fresh ON app.subscription (made_at) WHERE NOT settled;

-- Events on their way to a run that listened when they came. A row that was read stays a while, so that none comes twice.
CREATE TABLE app.inbox (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  run_id uuid NOT NULL,
  event_id uuid NOT NULL,
  posted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  is_read boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant_id, run_id, event_id)
);
CREATE INDEX inbox_unread ON app.inbox (tenant_id, run_id, event_id) WHERE NOT is_read;
CREATE INDEX inbox_age ON app.inbox (posted_at);

-- When active deployments begin runs by themselves.
--   milliseconds  of `every`, from start to start, and of `after`, from end to start
--   run_id        the run that it began last; of `after` the next time comes with its end, and `next_at` is NULL until then
CREATE TABLE app.schedule (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  deployment_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('every', 'cron', 'after')),
  revision integer NOT NULL,
  milliseconds bigint CHECK (milliseconds >= 0),
  cron text,
  next_at timestamptz,
  run_id uuid,
  PRIMARY KEY (tenant_id, deployment_id, kind),
  FOREIGN KEY (tenant_id, deployment_id, revision) REFERENCES app.deployment_revision,
  CHECK ((kind = 'cron') = (cron IS NOT NULL) AND (kind = 'cron') = (milliseconds IS NULL))
);
CREATE INDEX schedule_due ON app.schedule (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX schedule_following ON app.schedule (tenant_id, run_id) WHERE kind = 'after' AND next_at IS NULL;

-- Filters of events that start a revision's runs, where there is more to them than one event with written attributes.
--   strategy    how many of them it takes; those of `until` stand behind the others
--   type        NULL: any, or one that only an expression can tell
--   attributes  texts that the event's attributes must equal
--   judged      expressions decide, after the event is stored: what passes here becomes a candidate
CREATE TABLE app.deployment_trigger (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  deployment_id uuid NOT NULL,
  revision integer NOT NULL,
  place integer NOT NULL,
  places integer NOT NULL,
  strategy text NOT NULL CHECK (strategy IN ('one', 'any', 'all')),
  type text,
  attributes json NOT NULL,
  judged boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant_id, deployment_id, revision, place),
  FOREIGN KEY (tenant_id, deployment_id, revision) REFERENCES app.deployment_revision
);
CREATE INDEX deployment_trigger_type ON app.deployment_trigger (tenant_id, type);

-- Events that wait for others that begin a run with them, in sets; each is used once. One of `until` may be in several.
--   keys  the event's values by correlation: a set takes events that agree
CREATE TABLE app.pending_event (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  deployment_id uuid NOT NULL,
  revision integer NOT NULL,
  gathering_id uuid NOT NULL,
  event_id uuid NOT NULL,
  place integer NOT NULL,
  keys json NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, deployment_id, revision, gathering_id, event_id)
);

-- Events that may begin runs of a deployment, written with the event and removed with what followed from them.
--   actor, trace  of the request that brought the event
--   due_at        of a deployment's oldest one: not before it; who takes the deployment moves it on
--   tries         of judging it that failed for no reason of its filters
CREATE TABLE app.candidate (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  deployment_id uuid NOT NULL,
  event_id uuid NOT NULL,
  actor text NOT NULL,
  trace bytea,
  due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  tries integer NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, deployment_id, event_id)
);
