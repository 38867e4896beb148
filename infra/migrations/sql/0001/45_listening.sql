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

-- Filters of events that start a revision's runs, where they are several: `any` of them, or `all` in any order.
CREATE TABLE app.deployment_trigger (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  deployment_id uuid NOT NULL,
  revision integer NOT NULL,
  place integer NOT NULL,
  places integer NOT NULL,
  strategy text NOT NULL CHECK (strategy IN ('any', 'all')),
  type text NOT NULL,
  attributes json NOT NULL,
  PRIMARY KEY (tenant_id, deployment_id, revision, place),
  FOREIGN KEY (tenant_id, deployment_id, revision) REFERENCES app.deployment_revision
);
CREATE INDEX deployment_trigger_type ON app.deployment_trigger (tenant_id, type);

-- Events that wait until the others of `all` have come; each is used once.
CREATE TABLE app.pending_event (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  deployment_id uuid NOT NULL,
  revision integer NOT NULL,
  event_id uuid NOT NULL,
  place integer NOT NULL,
  PRIMARY KEY (tenant_id, deployment_id, revision, event_id)
);
