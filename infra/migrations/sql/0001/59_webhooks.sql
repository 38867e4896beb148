-- Events that leave by webhook (ADR 0059): to whom, which, and what became of each try.

-- Where a tenant's events go.
--   types          of events, whole or as a beginning with `*` behind it; `*` alone takes all
--   why            of a disabled one: somebody asked for it, it answered 410, or it failed for five days
--   secret_version of the newest secret
--   failing_since  the first failure behind which nothing was delivered
--   is_slow        its last answer took more than five seconds: it shares the part of the senders that failing ones have
--   told_at        since when its owner knows that it takes nothing; until something is delivered again
CREATE TABLE app.webhook_endpoint (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  endpoint_id uuid NOT NULL,
  url text NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
  description text NOT NULL DEFAULT '' CHECK (length(description) <= 200),
  types text[] NOT NULL CHECK (cardinality(types) BETWEEN 1 AND 100),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
  why text CHECK (why IN ('asked', 'gone', 'failing')),
  secret_version integer NOT NULL DEFAULT 1,
  failing_since timestamptz,
  is_slow boolean NOT NULL DEFAULT false,
  told_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, endpoint_id),
  CHECK ((status = 'disabled') = (why IS NOT NULL))
);

-- What an endpoint's messages are signed with. The earlier one signs, too, until `ends_at`.
CREATE TABLE app.webhook_secret (
  tenant_id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  version integer NOT NULL,
  key_version integer NOT NULL,
  sealed bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ends_at timestamptz,
  PRIMARY KEY (tenant_id, endpoint_id, version),
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES app.webhook_endpoint,
  FOREIGN KEY (tenant_id, key_version) REFERENCES app.tenant_key (tenant_id, version)
);

-- An event that somebody wanted, written with the event itself. Its id is the `webhook-id` of each try, for ever.
CREATE TABLE app.webhook_message (
  tenant_id uuid NOT NULL,
  message_id uuid NOT NULL,
  type text NOT NULL,
  subject text,
  content json NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, message_id)
);
CREATE INDEX webhook_message_age ON app.webhook_message (created_at);

-- One message on its way to one endpoint. No reference to that: whoever removes it must not fail what a run writes at that
-- moment. What is left of one that is gone goes with its message.
--   tries     since it was last begun; `attempts` ever
--   due_at    of a pending one: when it is tried next, unless its endpoint is disabled
--   taken_until  whoever sends it has until then to say what came of it; then it is sent again
CREATE TABLE app.webhook_delivery (
  tenant_id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  message_id uuid NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
  tries integer NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  taken_until timestamptz,
  ended_at timestamptz,
  PRIMARY KEY (tenant_id, endpoint_id, message_id),
  FOREIGN KEY (tenant_id, message_id) REFERENCES app.webhook_message
);
CREATE INDEX webhook_delivery_due ON app.webhook_delivery (tenant_id, endpoint_id, due_at) WHERE state = 'pending';
CREATE INDEX webhook_delivery_taken ON app.webhook_delivery (tenant_id, endpoint_id) WHERE taken_until IS NOT NULL;
CREATE INDEX webhook_delivery_message ON app.webhook_delivery (tenant_id, message_id);

-- What came of one try. `answer` is the beginning of what the receiver said.
CREATE TABLE app.webhook_attempt (
  tenant_id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  message_id uuid NOT NULL,
  number integer NOT NULL,
  at timestamptz NOT NULL,
  milliseconds integer NOT NULL,
  status integer,
  error text CHECK (length(error) <= 200),
  answer text NOT NULL DEFAULT '' CHECK (length(answer) <= 4096),
  PRIMARY KEY (tenant_id, endpoint_id, message_id, number),
  FOREIGN KEY (tenant_id, endpoint_id, message_id) REFERENCES app.webhook_delivery
);

CREATE FUNCTION app.webhook_takes(types text[], type text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, app AS $$
  SELECT type = ANY (types)
    OR EXISTS (SELECT 1 FROM unnest(types) AS w(wanted) WHERE right(w.wanted, 1) = '*' AND starts_with(type, left(w.wanted, -1)))
$$;

-- An event as a message has it: one of more than 20,000 bytes without its data, which is read where `place` leads.
CREATE FUNCTION app.webhook_content(content json, place text) RETURNS json
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, app AS $$
  SELECT CASE WHEN octet_length(content::text) <= 20000 THEN content
    ELSE ((content::jsonb - 'data') || jsonb_build_object('dataref', place))::json END
$$;

-- What happened to runs, told in the transaction in which it did. No doors: each sees what its caller sees. Where no endpoint is,
-- nothing is read.
CREATE FUNCTION app.announce_run() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM added a JOIN app.webhook_endpoint p ON p.tenant_id = a.tenant_id WHERE a.topic = 'runs') THEN
    RETURN NULL;
  END IF;
  WITH wanted AS MATERIALIZED (
    SELECT a.tenant_id, a.outbox_id, a.body, p.endpoint_id, p.status
    FROM added a JOIN app.webhook_endpoint p ON p.tenant_id = a.tenant_id
    WHERE a.topic = 'runs' AND app.webhook_takes(p.types, a.body ->> 'type')
  ), kept AS (
    INSERT INTO app.webhook_message (tenant_id, message_id, type, subject, content)
    SELECT DISTINCT ON (w.tenant_id, w.outbox_id) w.tenant_id, w.outbox_id, w.body ->> 'type', w.body ->> 'subject',
           app.webhook_content(w.body, '/v1/runs/' || (w.body ->> 'subject'))
    FROM wanted w
  )
  INSERT INTO app.webhook_delivery (tenant_id, endpoint_id, message_id)
  SELECT w.tenant_id, w.endpoint_id, w.outbox_id FROM wanted w WHERE w.status = 'active';
  RETURN NULL;
END $$;
CREATE TRIGGER announce AFTER INSERT ON app.outbox REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION app.announce_run();

-- Events that runs emitted, which are one deeper than what moved their run; what others send in is told to nobody.
CREATE FUNCTION app.announce_event() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM added a JOIN app.webhook_endpoint p ON p.tenant_id = a.tenant_id WHERE a.depth > 0) THEN
    RETURN NULL;
  END IF;
  WITH wanted AS MATERIALIZED (
    SELECT a.tenant_id, a.event_id, a.type, a.subject, a.content, p.endpoint_id, p.status
    FROM added a JOIN app.webhook_endpoint p ON p.tenant_id = a.tenant_id
    WHERE a.depth > 0 AND app.webhook_takes(p.types, a.type)
  ), kept AS (
    INSERT INTO app.webhook_message (tenant_id, message_id, type, subject, content)
    SELECT DISTINCT ON (w.tenant_id, w.event_id) w.tenant_id, w.event_id, w.type, w.subject,
           app.webhook_content(w.content, '/v1/events/' || app.show_id('evt', w.event_id))
    FROM wanted w
  )
  INSERT INTO app.webhook_delivery (tenant_id, endpoint_id, message_id)
  SELECT w.tenant_id, w.endpoint_id, w.event_id FROM wanted w WHERE w.status = 'active';
  RETURN NULL;
END $$;
CREATE TRIGGER announce AFTER INSERT ON app.event REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION app.announce_event();

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['webhook_endpoint', 'webhook_secret', 'webhook_message', 'webhook_delivery', 'webhook_attempt'] LOOP
    EXECUTE format('CREATE POLICY tenant ON app.%I TO waybill_app, waybill_worker '
                   'USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id())', t);
    EXECUTE format('CREATE POLICY doors ON app.%I TO waybill_doors USING (true) WITH CHECK (true)', t);
    EXECUTE format('GRANT SELECT ON app.%I TO waybill_worker', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.webhook_endpoint, app.webhook_delivery TO waybill_app;
GRANT SELECT, DELETE ON app.webhook_attempt TO waybill_app;
-- The API seals and does not open, as with the secrets of connections.
GRANT SELECT (tenant_id, endpoint_id, version, key_version, created_at, ends_at) ON app.webhook_secret TO waybill_app;
GRANT INSERT, DELETE, UPDATE (key_version, sealed, ends_at) ON app.webhook_secret TO waybill_app;
GRANT SELECT, INSERT ON app.webhook_message TO waybill_app;
GRANT INSERT ON app.webhook_message TO waybill_worker;
GRANT INSERT, UPDATE ON app.webhook_delivery TO waybill_worker;
GRANT UPDATE (status, why, failing_since, is_slow, told_at, updated_at) ON app.webhook_endpoint TO waybill_worker;
GRANT INSERT ON app.webhook_attempt TO waybill_worker;
GRANT SELECT, INSERT, DELETE ON app.webhook_message TO waybill_doors;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.webhook_delivery TO waybill_doors;
GRANT SELECT, DELETE ON app.webhook_attempt TO waybill_doors;
GRANT SELECT, UPDATE ON app.webhook_endpoint TO waybill_doors;
