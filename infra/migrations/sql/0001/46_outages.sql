-- The last outage of each connection that had one; those before it are in the audit.
--   probe_at    when the next call may try whether the other side is back; one call in all workers takes it; the first come
--               a second apart, later ones twice as long as before, at most half a minute
--   revision    of the connection that was tried; one that somebody has changed since is tried at once
--   ended_at    NULL while it lasts
--   drained_at  when runs that waited for it were last put in line; `draining`: from its end until none waits any more
CREATE TABLE app.outage (
  tenant_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  revision integer NOT NULL,
  reason text NOT NULL CHECK (length(reason) <= 1000),
  probe_at timestamptz NOT NULL,
  probes smallint NOT NULL DEFAULT 0,
  ended_at timestamptz,
  draining boolean NOT NULL DEFAULT false,
  drained_at timestamptz,
  PRIMARY KEY (tenant_id, connection_id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connection
);
CREATE INDEX outage_draining ON app.outage (drained_at) WHERE draining;
CREATE INDEX outage_lasting ON app.outage (probe_at) WHERE ended_at IS NULL;
-- Runs that wait for a connection, the oldest first. What other runs wait for may be of any length.
CREATE INDEX run_waiting_for ON app.run (tenant_id, (waiting_for ->> 'ref'), created_at)
  WHERE state = 'waiting' AND lane IS NULL AND waiting_for ->> 'kind' = 'connection';
