-- What a person has authorised a connection to do at its system (ADR 0086): an access token and the refresh token behind it,
-- sealed together by the tenant's key. No role of the control plane reads them. Of a connection whose client has credentials of
-- its own, the token that those were exchanged for, which all workers use.
--   state         held: it counts · ended: the system, or a change of where it leads, has ended it; `reason` says why ·
--                 asked: a machine's, of which no token has come yet
--   version       of the pair; it never goes back, and the seal is bound to it
--   until         when the access token ends, less a little; NULL: when it is refused
--   leased_until  somebody asks for the next pair until then, and nobody else does
CREATE TABLE app.connection_grant (
  tenant_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('held', 'ended', 'asked')),
  version integer NOT NULL CHECK (version > 0),
  key_version integer,
  sealed bytea,
  until timestamptz,
  leased_until timestamptz,
  reason text CHECK (length(reason) <= 300),
  authorized_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  refreshed_at timestamptz,
  by_machine boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant_id, connection_id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connection,
  FOREIGN KEY (tenant_id, key_version) REFERENCES app.tenant_key (tenant_id, version),
  CHECK ((state = 'held') = (sealed IS NOT NULL)),
  CHECK ((sealed IS NULL) = (key_version IS NULL)),
  CHECK (state <> 'asked' OR by_machine)
);

-- The link by which somebody authorises a connection: one at a time, the newest (ADR 0086).
--   token_hash   of the link's text; opener_hash: of the cookie of the browser that opened it last
--   maker        who made it, as the audit names them
--   state        open · left: its browser is at the system · returned: it came back with a code, which a worker exchanges ·
--                taken: a worker does · refused: in vain, `reason` says why; the link may be tried again · done
--   attempt      raised with each leaving, and by each new link: the seal of the code is bound to it
--   sealed       the code, its PKCE verifier and where they may go, until a worker has exchanged it
CREATE TABLE app.connection_link (
  tenant_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
  opener_hash bytea CHECK (length(opener_hash) = 32),
  host text NOT NULL,
  maker text NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'left', 'returned', 'taken', 'refused', 'done')),
  reason text CHECK (length(reason) <= 100),
  attempt integer NOT NULL DEFAULT 1 CHECK (attempt > 0),
  key_version integer,
  sealed bytea,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  opened_at timestamptz,
  moved_at timestamptz,
  PRIMARY KEY (tenant_id, connection_id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connection,
  FOREIGN KEY (tenant_id, key_version) REFERENCES app.tenant_key (tenant_id, version),
  CHECK ((state IN ('returned', 'taken')) = (sealed IS NOT NULL)),
  CHECK ((sealed IS NULL) = (key_version IS NULL))
);
CREATE INDEX connection_link_brought ON app.connection_link (moved_at) WHERE state IN ('returned', 'taken');

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['connection_grant', 'connection_link'] LOOP
    EXECUTE format('CREATE POLICY tenant ON app.%I TO waybill_app, waybill_worker '
                   'USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id())', t);
    EXECUTE format('CREATE POLICY doors ON app.%I TO waybill_doors USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;
GRANT SELECT (tenant_id, connection_id, state, version, key_version, until, leased_until, reason, authorized_at, refreshed_at, by_machine),
  UPDATE ON app.connection_grant TO waybill_app;
GRANT SELECT, INSERT, UPDATE ON app.connection_grant TO waybill_worker;
GRANT SELECT (tenant_id, connection_id, token_hash, opener_hash, host, maker, state, reason, attempt, key_version,
  created_at, expires_at, opened_at, moved_at), INSERT, UPDATE ON app.connection_link TO waybill_app;
GRANT SELECT, UPDATE ON app.connection_link TO waybill_worker, waybill_doors;
