-- Business calendars, as versions of what a client has said: nothing is changed, the newest holds (ADR 0102).
--   definition  `tenants.calendars.definition.Definition`, with the days of public holidays as they were known; NULL: it is gone
CREATE TABLE app.calendar_version (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  name text NOT NULL CHECK (name ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  version integer NOT NULL CHECK (version > 0),
  definition json CHECK (octet_length(definition::text) <= 262144),
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, name, version)
);
CREATE POLICY tenant ON app.calendar_version TO waybill_app, waybill_worker
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
GRANT SELECT, INSERT ON app.calendar_version TO waybill_app;
GRANT SELECT ON app.calendar_version TO waybill_worker;
