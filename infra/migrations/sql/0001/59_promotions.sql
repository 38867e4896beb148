-- What is to run in an environment as it does in another one of the same client, once a second person has said so (ADR 0106).
--   name, environment, source_revision  of the deployment that it was taken from; it will have this name here
--   answers_for  accounts behind who proposed it: the person, or those who made the key
--   deployment_id, revision  what came of it
CREATE TABLE app.promotion (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  promotion_id uuid NOT NULL,
  name text NOT NULL CHECK (name ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  environment text NOT NULL,
  source_revision integer NOT NULL CHECK (source_revision > 0),
  workflow_version_id uuid NOT NULL,
  site_id uuid,
  parameters json NOT NULL CHECK (octet_length(parameters::text) <= 262144),
  bindings json NOT NULL,
  groups json NOT NULL,
  note text CHECK (length(note) <= 2000),
  proposed_by text NOT NULL,
  answers_for uuid[] NOT NULL,
  proposed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  status text NOT NULL DEFAULT 'proposed' CHECK (status IN ('proposed', 'approved', 'refused', 'withdrawn')),
  decided_by text,
  decided_note text CHECK (length(decided_note) <= 2000),
  decided_at timestamptz,
  deployment_id uuid,
  revision integer,
  PRIMARY KEY (tenant_id, promotion_id),
  FOREIGN KEY (tenant_id, workflow_version_id) REFERENCES app.workflow_version,
  FOREIGN KEY (tenant_id, deployment_id) REFERENCES app.deployment,
  CHECK ((status = 'proposed') = (decided_at IS NULL)),
  CHECK ((status = 'approved') = (deployment_id IS NOT NULL))
);
CREATE POLICY tenant ON app.promotion TO waybill_app USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
GRANT SELECT, INSERT ON app.promotion TO waybill_app;
GRANT UPDATE (status, decided_by, decided_note, decided_at, deployment_id, revision) ON app.promotion TO waybill_app;
