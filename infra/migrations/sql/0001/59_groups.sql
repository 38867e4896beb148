-- Several connections of one capability, and which of them is called (ADR 0083). A group stands where a deployment's name would
-- have one connection.
--   rules     in order, the first that matches counts: `{when: {site, company, channel, owner: [value, …]}, connection}`
--   revision  raised by every change of the rules
CREATE TABLE app.connection_group (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  group_id uuid NOT NULL,
  name text NOT NULL CHECK (name ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  rules json NOT NULL CHECK (octet_length(rules::text) <= 262144),
  revision integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, group_id),
  UNIQUE (tenant_id, name)
);

-- Which connection a run calls by a name of its workflow, for what its call said that it is for: written before the first such
-- call goes out, and never changed, so that a later rule leads no repetition elsewhere.
--   digest  SHA-256 of the group and `facts`; group_revision, rule: by which rule, counted from 1
CREATE TABLE app.connection_choice (
  tenant_id uuid NOT NULL,
  run_id uuid NOT NULL,
  name text NOT NULL CHECK (length(name) <= 63),
  digest bytea NOT NULL CHECK (length(digest) = 32),
  facts json NOT NULL CHECK (octet_length(facts::text) <= 8192),
  group_id uuid NOT NULL,
  group_revision integer NOT NULL,
  rule integer NOT NULL,
  connection_id uuid NOT NULL,
  chosen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, run_id, name, digest),
  FOREIGN KEY (tenant_id, group_id) REFERENCES app.connection_group,
  FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connection
);

CREATE POLICY tenant ON app.connection_group TO waybill_app, waybill_worker
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY tenant ON app.connection_choice TO waybill_app, waybill_worker
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
GRANT SELECT, INSERT, UPDATE ON app.connection_group TO waybill_app;
GRANT SELECT ON app.connection_group TO waybill_worker;
GRANT SELECT ON app.connection_choice TO waybill_app;
GRANT SELECT, INSERT ON app.connection_choice TO waybill_worker;
-- By which name a run calls a connection is how its exception is named (54_ownership.sql).
CREATE POLICY kinds ON app.connection_choice FOR SELECT TO waybill_doors USING (true);
GRANT SELECT (tenant_id, run_id, name, connection_id) ON app.connection_choice TO waybill_doors;
-- A call that names no site is for that of its deployment.
CREATE POLICY worker ON app.site FOR SELECT TO waybill_worker USING (tenant_id = app.tenant_id());
GRANT SELECT ON app.site TO waybill_worker;
