-- Workarounds (ADR 0116): what people do beside the systems, by spreadsheet, mail or telephone; whose it is to end one, and by when.
--   step       what is done so, in a word of the client's
--   uses       how often it was noted; of one way and step there is one open row
--   last_by    who noted it last: the same again within a minute is the same
--   changes    raised with each act of a person, so that of two who act on what they saw one does
CREATE TABLE app.workaround (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  workaround_id uuid NOT NULL,
  way text NOT NULL CHECK (way IN ('spreadsheet', 'mail', 'telephone', 'chat', 'paper', 'other')),
  step text NOT NULL CHECK (step ~ '^[a-z0-9]([.-]?[a-z0-9]){0,99}$'),
  words text CHECK (length(words) <= 2000),
  owner text NOT NULL CHECK (length(owner) <= 200),
  retire_on date NOT NULL,
  uses integer NOT NULL DEFAULT 1,
  changes integer NOT NULL DEFAULT 0,
  made_by text NOT NULL,
  noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_by text NOT NULL,
  last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  retired_at timestamptz,
  retired_by text,
  reason text CHECK (length(reason) <= 2000),
  PRIMARY KEY (tenant_id, workaround_id),
  CHECK ((retired_at IS NULL) = (retired_by IS NULL))
);
CREATE UNIQUE INDEX workaround_open ON app.workaround (tenant_id, way, step) WHERE retired_at IS NULL;
CREATE INDEX workaround_due ON app.workaround (tenant_id, retire_on, workaround_id) WHERE retired_at IS NULL;
CREATE INDEX workaround_retired ON app.workaround (tenant_id, workaround_id) WHERE retired_at IS NOT NULL;

CREATE POLICY tenant ON app.workaround TO waybill_app USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
GRANT SELECT, INSERT, UPDATE ON app.workaround TO waybill_app;
