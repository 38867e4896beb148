-- The register of interfaces (ADR 0052): what is said of each, and what is seen of it in traffic.
--   kind       api · event: a type of events · mapping: a workflow · connection
--   version    the one that is trusted; NULL: any. `retired`: those that may be used no more
--   policy     declared: whoever uses it is to be among `consumers` · open: anybody
CREATE TABLE app.interface (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  kind text NOT NULL CHECK (kind IN ('api', 'event', 'mapping', 'connection')),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  publisher text NOT NULL CHECK (length(publisher) BETWEEN 1 AND 200),
  version text CHECK (length(version) BETWEEN 1 AND 200),
  retired text[] NOT NULL DEFAULT '{}' CHECK (cardinality(retired) <= 100),
  policy text NOT NULL DEFAULT 'declared' CHECK (policy IN ('declared', 'open')),
  consumers text[] NOT NULL DEFAULT '{}' CHECK (cardinality(consumers) <= 200),
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, kind, name)
);

-- Who was seen to publish and to consume what, counted by a worker behind the events and runs themselves; nothing is written
-- for it as they come.
--   party  a source of events, or `deployment:NAME`; `…`, of a thing with that name, of a tenant that has more than can be told apart
CREATE TABLE app.interface_traffic (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  kind text NOT NULL,
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('publisher', 'consumer')),
  party text NOT NULL,
  version text NOT NULL DEFAULT '',
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  times bigint NOT NULL,
  PRIMARY KEY (tenant_id, kind, name, role, party, version)
);

-- Up to which event and run a tenant's traffic is counted, and when it had its last turn, whatever came of that.
CREATE TABLE app.interface_mark (
  tenant_id uuid PRIMARY KEY REFERENCES app.tenant,
  event_id uuid NOT NULL,
  run_id uuid NOT NULL,
  turn_at timestamptz NOT NULL DEFAULT '-infinity'
);

-- Which findings their owner was told; gone with the finding, so that one that comes again is told again.
CREATE TABLE app.interface_told (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  kind text NOT NULL,
  name text NOT NULL,
  finding text NOT NULL,
  party text NOT NULL,
  version text NOT NULL,
  told_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, kind, name, finding, party, version)
);

-- What is not as it was declared: whoever uses an interface and is not among its consumers, and a version that is retired or
-- not the trusted one. Keys by which the API was called are its consumers. No door: it sees what its caller sees.
CREATE FUNCTION app.interface_findings(of_tenant uuid)
RETURNS TABLE (kind text, name text, finding text, party text, version text, last_at timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  WITH seen AS (
    SELECT f.kind, f.name, f.role, f.party, f.version, f.last_at FROM app.interface_traffic f WHERE f.tenant_id = of_tenant
    UNION ALL
    SELECT 'api', 'v1', 'consumer', app.show_id('key:key', k.key_id), 'v1', k.last_used_at FROM app.api_key k
    WHERE k.tenant_id = of_tenant AND k.last_used_at IS NOT NULL
  ), judged AS (
    SELECT s.*, CASE
      WHEN s.version <> '' AND s.version = ANY (i.retired) THEN 'retired-version'
      WHEN s.version <> '' AND s.version <> i.version THEN 'untrusted-version'
      WHEN s.role = 'consumer' AND i.policy = 'declared' AND s.party <> ALL (i.consumers) THEN 'undeclared-consumer' END AS finding
    FROM app.interface i JOIN seen s ON s.kind = i.kind AND s.name = i.name WHERE i.tenant_id = of_tenant
  )
  SELECT j.kind, j.name, j.finding, j.party, j.version, j.last_at FROM judged j WHERE j.finding IS NOT NULL
$$;

CREATE POLICY tenant ON app.interface TO waybill_app
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY tenant ON app.interface_traffic FOR SELECT TO waybill_app USING (tenant_id = app.tenant_id());
CREATE POLICY doors ON app.interface FOR SELECT TO waybill_doors USING (true);
CREATE POLICY doors ON app.interface_traffic TO waybill_doors USING (true) WITH CHECK (true);
CREATE POLICY doors ON app.interface_told TO waybill_doors USING (true) WITH CHECK (true);
CREATE POLICY doors ON app.interface_mark TO waybill_doors USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.interface TO waybill_app;
GRANT SELECT ON app.interface_traffic TO waybill_app;
GRANT SELECT ON app.interface TO waybill_doors;
GRANT SELECT, INSERT, UPDATE ON app.interface_traffic, app.interface_mark TO waybill_doors;
GRANT SELECT, INSERT, DELETE ON app.interface_told TO waybill_doors;
