-- Once per (tenant, source, id). Unpartitioned, since PostgreSQL wants the partition column in every unique key.
CREATE TABLE app.event_key (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  source text NOT NULL CHECK (length(source) BETWEEN 1 AND 512),
  id text NOT NULL CHECK (length(id) BETWEEN 1 AND 512),
  event_id uuid NOT NULL,
  digest bytea NOT NULL CHECK (length(digest) = 32),
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, source, id)
);
CREATE INDEX event_key_age ON app.event_key (received_at);

CREATE TABLE app.event (
  tenant_id uuid NOT NULL,
  event_id uuid NOT NULL,
  source text NOT NULL,
  id text NOT NULL,
  type text NOT NULL,
  subject text,
  content json NOT NULL,
  depth smallint NOT NULL DEFAULT 0,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, event_id)
) PARTITION BY RANGE (event_id);

-- The last place in line that each class of a tenant's runs took, in virtual time (ADR 0033), and what its quota of runs
-- counts: those that events from outside started in one minute since 1970.
--   turn         of its ordinary runs; NULL in the others: the tenant has never had such
CREATE TABLE app.tenant_clock (
  tenant_id uuid PRIMARY KEY REFERENCES app.tenant,
  turn double precision NOT NULL,
  interactive double precision,
  bulk double precision,
  minute integer NOT NULL DEFAULT 0,
  started integer NOT NULL DEFAULT 0
);

-- The type of a fault, for a column of its own: an operator that looks into JSON reaches no index under row-level security.
-- It answers whatever the error is. Whoever writes `error` writes it, too; a generated column would have this function read and
-- planned anew with each statement that starts runs or writes them, some 30 µs each.
CREATE FUNCTION app.error_type(error json) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN error IS NOT NULL AND error::text !~ '\\u(0000|[dD][89a-fA-F])' AND json_typeof(error) = 'object'
              THEN left(error ->> 'type', 512) END
$$;

-- One row a run: its snapshot, its place in the queue, its lease. The journal beside it is append-only.
--   lane   NULL: not claimable; 0: claimed in batches; 1: claimed alone, after its worker died (ADR 0007); 2: it would be
--          claimable, and its client is suspended (ADR 0040)
--   priority  0 interactive, 1 normal, 2 bulk: which clock of its tenant gives it its turns (ADR 0033)
--   fence  raised by every claim; a write with an old fence changes nothing
--   seq    journal entries written so far; with the fence it makes a checkpoint safe to repeat
--   program  the workflow of its revision that it executes, as `namespace/name:version`; NULL: the revision's own
--   depth  runs and events between it and an event from outside
--   asked  who wants it suspended, `{action: suspend, actor, at, message}`; its worker may have to do it yet (ADR 0024)
--   value_amount, value_currency, deadline, customer_class  what is at stake in minor units, the promise and whose it is, as
--          its workflow declares them (ADR 0028)
--   writer  `holds` or `waits` for its key, `writer_of` the key's name; NULL: its workflow asks for no such (ADR 0028)
--   trace  place in the trace of the request that started it (`infra.telemetry.trace`), NULL when nothing was traced
CREATE TABLE app.run (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  run_id uuid NOT NULL,
  deployment_id uuid NOT NULL,
  revision integer NOT NULL,
  program text,
  event_id uuid,
  depth smallint NOT NULL DEFAULT 0,
  business_key text CHECK (length(business_key) <= 512),
  state text NOT NULL CHECK (state IN ('pending', 'running', 'waiting', 'suspended', 'cancelled', 'faulted', 'completed')),
  lane smallint CHECK (lane IN (0, 1, 2)),
  priority smallint NOT NULL DEFAULT 1,
  turn double precision NOT NULL,
  fence bigint NOT NULL DEFAULT 0,
  seq integer NOT NULL DEFAULT 0,
  lease_until timestamptz,
  claimed_by text,
  suspect boolean NOT NULL DEFAULT false,
  solo_claims smallint NOT NULL DEFAULT 0,
  due_at timestamptz,
  attempt integer NOT NULL DEFAULT 1,
  input json,
  snapshot bytea,
  output json,
  error json,
  error_type text,
  waiting_for json,
  asked json,
  trace bytea CHECK (length(trace) = 25),
  value_amount bigint,
  value_currency text,
  deadline timestamptz,
  customer_class text,
  writer text,
  writer_of text,
  compensates uuid,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_at timestamptz,
  ended_at timestamptz,
  PRIMARY KEY (tenant_id, run_id),
  FOREIGN KEY (tenant_id, deployment_id, revision) REFERENCES app.deployment_revision,
  CHECK (lane IS NULL OR lease_until IS NULL),
  CHECK (asked IS NULL OR ended_at IS NULL),
  CHECK (lane IS NULL OR state IN ('pending', 'running', 'waiting')),
  CHECK ((ended_at IS NOT NULL) = (state IN ('cancelled', 'faulted', 'completed')))
) WITH (fillfactor = 70);
CREATE INDEX run_ready ON app.run (lane, turn, run_id) WHERE lane IS NOT NULL;
CREATE INDEX run_ready_of ON app.run (tenant_id, turn, run_id) WHERE lane = 0;
CREATE INDEX run_aside ON app.run (tenant_id, turn, run_id) WHERE lane = 2;
CREATE INDEX run_leased ON app.run (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX run_due ON app.run (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX run_parked ON app.run (run_id) WHERE state = 'waiting' AND lane IS NULL AND due_at IS NULL;
CREATE INDEX run_suspended ON app.run (run_id) WHERE state = 'suspended';
CREATE INDEX run_asked ON app.run (run_id) WHERE asked IS NOT NULL AND state <> 'suspended';
-- Whether an output tells of an order that was held. Every write of a completed run asks it, so it answers whatever the
-- output is: what `->` would raise on is looked for first. As many bytes as a list of runs looks into.
CREATE FUNCTION app.is_held(output json) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN octet_length(output::text) <= 65536 AND position('"released"' IN output::text) > 0
                AND output::text !~ '\\u(0000|[dD][89a-fA-F])'
              THEN (output -> 'released')::text = 'false' END
$$;
CREATE INDEX run_held ON app.run (tenant_id, run_id) WHERE state = 'completed' AND app.is_held(output);
CREATE INDEX run_error_type ON app.run (tenant_id, error_type, run_id) WHERE error_type IS NOT NULL;
CREATE INDEX run_state ON app.run (tenant_id, state, run_id);
CREATE INDEX run_business_key ON app.run (tenant_id, business_key, run_id);
CREATE INDEX run_event ON app.run (tenant_id, event_id);
CREATE UNIQUE INDEX run_compensates ON app.run (tenant_id, compensates) WHERE compensates IS NOT NULL;

CREATE TABLE app.journal (
  tenant_id uuid NOT NULL,
  run_id uuid NOT NULL,
  seq integer NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  kind text NOT NULL,
  reference text NOT NULL,
  name text NOT NULL,
  data json,
  PRIMARY KEY (tenant_id, run_id, seq)
) PARTITION BY RANGE (run_id);

CREATE TABLE app.usage (
  tenant_id uuid NOT NULL,
  run_id uuid NOT NULL,
  seq integer NOT NULL,
  kind text NOT NULL,
  quantity bigint NOT NULL CHECK (quantity > 0),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, run_id, seq, kind)
) PARTITION BY RANGE (run_id);

-- What the outside is told of a change, in the change's own transaction; the relay delivers it at least once.
CREATE TABLE app.outbox (
  tenant_id uuid NOT NULL,
  outbox_id uuid NOT NULL,
  topic text NOT NULL,
  body json NOT NULL,
  taken_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, outbox_id)
);
CREATE INDEX outbox_order ON app.outbox (outbox_id);
