-- Who may decide what: a tenant's matrix of authority, as versions that are written once (ADR 0100). In force is the newest one
-- whose moment has come: a later one takes the place of all before, of those that were planned, too.
--   rows        list of `tenants.authority.rows.HeldRow`
--   holds_from  from when; never before it was written
CREATE TABLE app.authority_matrix (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  version integer NOT NULL CHECK (version > 0),
  rows json NOT NULL CHECK (octet_length(rows::text) <= 524288),
  holds_from timestamptz NOT NULL,
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, version)
);
CREATE POLICY tenant ON app.authority_matrix TO waybill_app, waybill_worker
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
GRANT SELECT, INSERT ON app.authority_matrix TO waybill_app;
GRANT SELECT ON app.authority_matrix TO waybill_worker;
