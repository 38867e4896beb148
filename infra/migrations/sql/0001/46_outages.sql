-- The last outage of each connection that had one; those before it are in the audit.
--   probe_at    when the next call may try whether the other side is back; one call in all workers takes it; the first come
--               a second apart, later ones twice as long as before, at most half a minute
--   revision    of the connection that was tried; one that somebody has changed since is tried at once
--   ended_at    NULL while it lasts
--   refused     calls that did not go out, as far as the workers have told
--   drained_at  when runs that waited for it were last put in line; `draining`: from its end until none waits any more
CREATE TABLE app.outage (
  tenant_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  revision integer NOT NULL,
  reason text NOT NULL CHECK (length(reason) <= 1000),
  probe_at timestamptz NOT NULL,
  probes smallint NOT NULL DEFAULT 0,
  refused bigint NOT NULL DEFAULT 0,
  ended_at timestamptz,
  draining boolean NOT NULL DEFAULT false,
  drained_at timestamptz,
  PRIMARY KEY (tenant_id, connection_id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connection
);
CREATE INDEX outage_draining ON app.outage (drained_at) WHERE draining;
CREATE INDEX outage_lasting ON app.outage (probe_at) WHERE ended_at IS NULL;
-- Runs that wait for a connection: for its return, for a slot, for a call of its rate or until its continuity playbook is left. In the order of their promises: by
-- deadline, then those without one, by age. What other runs wait for may be of any length.
CREATE INDEX run_waiting_for
  ON app.run (tenant_id, (waiting_for ->> 'ref'), (coalesce(deadline, 'infinity'::timestamptz)), created_at, run_id)
  WHERE state = 'waiting' AND lane IS NULL AND waiting_for ->> 'kind' IN ('connection', 'slot', 'quota', 'playbook');

-- What is left of a connection's rate, and whether runs wait in its line (ADR 0029). A connection without a rate has a row
-- once a run has waited for one of its slots.
--   calls, seconds  its rate; NULL: none
--   calls_left      of those since `filled_at`
--   waits_until     runs may be in its line; nobody looks after that
--   called_at       when runs of its line were last put in line for a worker
CREATE TABLE app.connection_line (
  tenant_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  at_once integer NOT NULL,
  calls integer,
  seconds double precision,
  calls_left integer NOT NULL DEFAULT 0,
  filled_at timestamptz,
  waits_until timestamptz,
  called_at timestamptz,
  PRIMARY KEY (tenant_id, connection_id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connection
) WITH (fillfactor = 50);
CREATE INDEX connection_line_waits ON app.connection_line (waits_until) WHERE waits_until IS NOT NULL;

-- The worker processes that live; the slots of a connection are divided among them.
CREATE TABLE app.worker (
  worker text PRIMARY KEY CHECK (length(worker) <= 300),
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

-- What people are told: in lists, in the feed of changes, and of the topic `notices` by the outbox (ADR 0029, ADR 0027). Of a
-- connection, of a run that waits for a person, of both, or of neither (ADR 0033); `owner` as the connection named it at that moment.
CREATE TABLE app.notice (
  tenant_id uuid NOT NULL,
  notice_id uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  kind text NOT NULL,
  connection_id uuid,
  run_id uuid,
  owner text,
  body json NOT NULL,
  PRIMARY KEY (tenant_id, notice_id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connection
);
CREATE INDEX notice_connection ON app.notice (tenant_id, connection_id, notice_id);
CREATE INDEX notice_run ON app.notice (tenant_id, run_id, notice_id) WHERE run_id IS NOT NULL;
