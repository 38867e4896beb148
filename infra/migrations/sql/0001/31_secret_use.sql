-- Who used a connection's secret, by field: how often, since when and when last, and for which run that was. A worker writes
-- what it noted every half minute (`app.note_secret_uses`), so the newest uses may be missing for as long.
CREATE TABLE app.secret_use (
  tenant_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  field text NOT NULL CHECK (length(field) <= 200),
  used_by text NOT NULL CHECK (used_by IN ('run', 'check', 'rotation')),
  uses bigint NOT NULL,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  last_run uuid,
  PRIMARY KEY (tenant_id, connection_id, field, used_by),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connection
) WITH (fillfactor = 50);
