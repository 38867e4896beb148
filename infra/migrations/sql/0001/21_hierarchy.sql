-- A place of a client's: a warehouse, a branch. A scope inside a tenant; parameters may be its own (ADR 0041).
CREATE TABLE app.site (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  site_id uuid NOT NULL,
  slug text NOT NULL CHECK (slug ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  time_zone text NOT NULL DEFAULT 'UTC' CHECK (length(time_zone) BETWEEN 1 AND 64),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, site_id),
  UNIQUE (tenant_id, slug)
);
CREATE POLICY tenant ON app.site TO waybill_app USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
GRANT SELECT, INSERT, UPDATE ON app.site TO waybill_app;

-- Values that are inherited: operator, partner, client, environment, site, the nearest first (ADR 0041).
--   owner_id  whose it is: the partner, client, tenant or site; the nil UUID stands for the operator
--   partner_id  of every level but the operator's; client_id of a client's; tenant_id of an environment's and a site's
CREATE TABLE app.parameter (
  owner_id uuid NOT NULL,
  name text NOT NULL CHECK (name ~ '^[A-Za-z_][A-Za-z0-9_]{0,63}$'),
  level text NOT NULL CHECK (level IN ('operator', 'partner', 'client', 'environment', 'site')),
  partner_id uuid REFERENCES app.partner,
  client_id uuid,
  tenant_id uuid,
  value json NOT NULL CHECK (octet_length(value::text) <= 32768),
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (owner_id, name),
  FOREIGN KEY (partner_id, client_id) REFERENCES app.client ON UPDATE CASCADE,
  FOREIGN KEY (partner_id, tenant_id) REFERENCES app.tenant (partner_id, tenant_id) ON UPDATE CASCADE,
  CHECK (num_nonnulls(client_id, tenant_id) = CASE WHEN level IN ('operator', 'partner') THEN 0 ELSE 1 END),
  CHECK ((CASE level WHEN 'operator' THEN owner_id = '00000000-0000-0000-0000-000000000000' AND partner_id IS NULL
                    WHEN 'partner' THEN owner_id = partner_id
                    WHEN 'client' THEN owner_id = client_id AND partner_id IS NOT NULL
                    WHEN 'environment' THEN owner_id = tenant_id AND partner_id IS NOT NULL
                    ELSE tenant_id IS NOT NULL AND partner_id IS NOT NULL END) IS TRUE)
);
CREATE INDEX parameter_client ON app.parameter (partner_id, client_id);
CREATE INDEX parameter_tenant ON app.parameter (partner_id, tenant_id);
-- What applies to somebody is read by them: the operator's by all, a partner's by its clients. Each writes its own and what is
-- below it, and nothing above.
CREATE POLICY below ON app.parameter FOR SELECT TO waybill_app USING (
  level = 'operator' AND (app.is_operator() OR app.partner_id() IS NOT NULL OR app.tenant_id() IS NOT NULL)
  OR level IN ('partner', 'client') AND EXISTS (
    SELECT 1 FROM app.tenant t WHERE t.tenant_id = app.tenant_id() AND t.partner_id = parameter.partner_id
      AND (parameter.client_id IS NULL OR parameter.client_id = t.client_id)));
CREATE POLICY organization ON app.parameter TO waybill_app
  USING (level = 'operator' AND app.is_operator() OR level <> 'operator' AND partner_id = app.partner_id()
         OR tenant_id = app.tenant_id())
  WITH CHECK (level = 'operator' AND app.is_operator() OR level <> 'operator' AND partner_id = app.partner_id()
              OR tenant_id = app.tenant_id());
GRANT SELECT, INSERT, UPDATE, DELETE ON app.parameter TO waybill_app;

-- What a partner is told of its clients' environments: numbers, kept by the sweep, and nothing of what they hold (ADR 0041).
-- Each is counted to 10,000 at most.
CREATE TABLE app.fleet (
  tenant_id uuid PRIMARY KEY,
  partner_id uuid NOT NULL,
  open_runs integer NOT NULL,
  suspended_runs integer NOT NULL,
  faulted_runs integer NOT NULL,
  exceptions integer NOT NULL,
  oldest_exception timestamptz,
  outages integer NOT NULL,
  deployments integer NOT NULL,
  last_run_at timestamptz,
  counted_at timestamptz NOT NULL,
  FOREIGN KEY (tenant_id, partner_id) REFERENCES app.tenant (tenant_id, partner_id) ON UPDATE CASCADE
);
CREATE INDEX fleet_partner ON app.fleet (partner_id, tenant_id);
CREATE INDEX fleet_age ON app.fleet (counted_at);
CREATE POLICY organization ON app.fleet FOR SELECT TO waybill_app
  USING (app.is_operator() OR partner_id = app.partner_id());
CREATE POLICY doors ON app.fleet TO waybill_doors USING (true) WITH CHECK (true);
GRANT SELECT ON app.fleet TO waybill_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.fleet TO waybill_doors;

-- Clients that were deleted, and what became of what they had: their certificate is read from here (ADR 0042).
--   keys     of each tenant key that was destroyed, whose it was, its version and the SHA-256 of its wrapped form
--   salt     of the pseudonyms in the audit; gone when all is done, so that nobody can make them again
--   sealed   of each secret that the installation's key sealed, whose it was and the SHA-256 of its stored form
--   removed  rows by table, so far
--   backups_until  when the last backup that holds anything of the client's is gone, by what was set when all was done
CREATE TABLE app.deletion (
  client_id uuid PRIMARY KEY,
  partner_id uuid NOT NULL REFERENCES app.partner,
  asked_by text NOT NULL,
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  keys json NOT NULL,
  sealed json NOT NULL,
  salt bytea,
  removed jsonb NOT NULL DEFAULT '{}',
  done_at timestamptz,
  backups_until timestamptz,
  CHECK ((done_at IS NULL) = (backups_until IS NULL))
);
CREATE INDEX deletion_open ON app.deletion (asked_at) WHERE done_at IS NULL;
CREATE POLICY organization ON app.deletion FOR SELECT TO waybill_app
  USING (app.is_operator() OR partner_id = app.partner_id());
CREATE POLICY doors ON app.deletion TO waybill_doors USING (true) WITH CHECK (true);
GRANT SELECT (client_id, partner_id, asked_by, reason, asked_at, keys, sealed, removed, done_at, backups_until) ON app.deletion TO waybill_app;
GRANT SELECT, INSERT, UPDATE ON app.deletion TO waybill_doors;
