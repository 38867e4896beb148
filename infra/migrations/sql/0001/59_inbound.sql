-- Webhooks that other systems send (ADR 0060). Each endpoint is a connection's; its address is 128 random bits.
--   verification  how a request proves from whom it is; event: what becomes of it; both checked when they were set
CREATE TABLE app.inbound_webhook (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  hook_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  name text NOT NULL CHECK (name ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  address text NOT NULL CHECK (address ~ '^[A-Za-z0-9_-]{22}$'),
  verification json NOT NULL,
  event json NOT NULL,
  media_types text[] NOT NULL CHECK (cardinality(media_types) BETWEEN 1 AND 8),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled', 'deleted')),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, hook_id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connection
);
CREATE UNIQUE INDEX inbound_webhook_name ON app.inbound_webhook (tenant_id, name) WHERE status <> 'deleted';
CREATE INDEX inbound_webhook_address ON app.inbound_webhook (address);

-- What senders sign with. `ends_at` NULL: the present one; the one before it is good until then.
CREATE TABLE app.inbound_secret (
  tenant_id uuid NOT NULL,
  hook_id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  sealed bytea NOT NULL,
  last4 text NOT NULL CHECK (length(last4) <= 4),
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ends_at timestamptz,
  PRIMARY KEY (tenant_id, hook_id, version),
  FOREIGN KEY (tenant_id, hook_id) REFERENCES app.inbound_webhook
);

-- Requests whose sender was proven, as they came. Once for each endpoint and id of the sender's.
--   state   taken: it became an event · ignored: of a type that nobody asked for · refused: `problem` says why
--   digest  SHA-256 of the body; headers: those that the endpoint reads, and none that proves anything
--   replay_key  of the replay that took it in first, as a digest
CREATE TABLE app.inbound_request (
  tenant_id uuid NOT NULL,
  request_id uuid NOT NULL,
  hook_id uuid NOT NULL,
  sent_id text NOT NULL CHECK (length(sent_id) BETWEEN 1 AND 256),
  digest bytea NOT NULL CHECK (length(digest) = 32),
  state text NOT NULL CHECK (state IN ('taken', 'ignored', 'refused')),
  event_id uuid,
  event_type text,
  problem text,
  detail text,
  headers json NOT NULL,
  body bytea NOT NULL CHECK (octet_length(body) <= 1048576),
  replays integer NOT NULL DEFAULT 0,
  replay_key text,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, request_id),
  UNIQUE (tenant_id, hook_id, sent_id),
  FOREIGN KEY (tenant_id, hook_id) REFERENCES app.inbound_webhook
);
CREATE INDEX inbound_request_age ON app.inbound_request (received_at);
CREATE INDEX inbound_request_hook ON app.inbound_request (tenant_id, hook_id, request_id);

CREATE POLICY tenant ON app.inbound_webhook TO waybill_app
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY tenant ON app.inbound_secret TO waybill_app
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY tenant ON app.inbound_request TO waybill_app
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY doors ON app.inbound_webhook FOR SELECT TO waybill_doors USING (true);
GRANT SELECT, INSERT, UPDATE ON app.inbound_webhook, app.inbound_request TO waybill_app;
-- The API opens these: it is who compares (ADR 0060). Those of connections stay closed to it.
GRANT SELECT, INSERT, UPDATE, DELETE ON app.inbound_secret TO waybill_app;
GRANT SELECT ON app.inbound_webhook TO waybill_doors;
