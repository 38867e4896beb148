-- Schemas that a tenant registered for the data of its events (ADR 0047): its own types, and those of the catalogue that it
-- wants held to. A version never changes; `enforced` of the newest one says whether events of the type are held to it unasked.
CREATE TABLE app.event_schema (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  type text NOT NULL CHECK (length(type) BETWEEN 1 AND 512),
  version integer NOT NULL CHECK (version >= 1),
  schema json NOT NULL,
  enforced boolean NOT NULL,
  made_by text NOT NULL,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, type, version)
);
CREATE POLICY tenant ON app.event_schema TO waybill_app, waybill_worker
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
GRANT SELECT, INSERT, UPDATE (enforced) ON app.event_schema TO waybill_app;
-- For what runs emit, which is held to them as well.
GRANT SELECT ON app.event_schema TO waybill_worker;
