-- Who people are and what they may: roles, identity providers, second factors, invitations (ADRs 0043 to 0046).

-- A named set of permissions. One without a partner comes with the product; one without a tenant is for all of a partner's.
CREATE TABLE app.role (
  role_id uuid PRIMARY KEY,
  partner_id uuid REFERENCES app.partner,
  tenant_id uuid,
  level text NOT NULL CHECK (level IN ('partner', 'client')),
  slug text NOT NULL CHECK (slug ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  permissions text[] NOT NULL CHECK (cardinality(permissions) BETWEEN 1 AND 64),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (tenant_id IS NULL OR (partner_id IS NOT NULL AND level = 'client')),
  FOREIGN KEY (partner_id, tenant_id) REFERENCES app.tenant (partner_id, tenant_id) ON UPDATE CASCADE,
  UNIQUE NULLS NOT DISTINCT (partner_id, tenant_id, level, slug)
);
CREATE INDEX role_tenant ON app.role (tenant_id, role_id);

CREATE TABLE app.account_role (
  partner_id uuid NOT NULL,
  account_id uuid NOT NULL,
  role_id uuid NOT NULL REFERENCES app.role,
  tenant_id uuid,
  given_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (partner_id, account_id, role_id),
  FOREIGN KEY (partner_id, account_id) REFERENCES app.account ON UPDATE CASCADE,
  FOREIGN KEY (partner_id, account_id, tenant_id) REFERENCES app.account (partner_id, account_id, tenant_id) ON UPDATE CASCADE
);
CREATE INDEX account_role_role ON app.account_role (role_id, partner_id, account_id);

-- What an account may: what it was given itself, and by its roles, as far as the transaction may see them.
CREATE FUNCTION app.held_permissions(of_partner uuid, of_account uuid, own text[]) RETURNS text[]
LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg(DISTINCT held ORDER BY held), '{}') FROM (
    SELECT unnest(own) AS held
    UNION ALL
    SELECT unnest(r.permissions) FROM app.account_role g JOIN app.role r USING (role_id)
    WHERE g.partner_id = of_partner AND g.account_id = of_account AND r.status = 'active'
  ) AS every
$$;

-- Where people of a partner, or of one of its tenants, sign in besides here: an OpenID provider of their own.
CREATE TABLE app.identity_provider (
  partner_id uuid NOT NULL REFERENCES app.partner,
  provider_id uuid NOT NULL,
  tenant_id uuid,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
  issuer text NOT NULL CHECK (length(issuer) BETWEEN 8 AND 512),
  client_id text NOT NULL CHECK (length(client_id) BETWEEN 1 AND 255),
  secret bytea,
  algorithm text NOT NULL CHECK (algorithm IN ('RS256', 'PS256', 'ES256')),
  -- Which claim of its tokens is the subject: `oid` where each application is told another `sub` for the same person.
  subject_claim text NOT NULL DEFAULT 'sub' CHECK (subject_claim IN ('sub', 'oid')),
  role_id uuid REFERENCES app.role,
  -- Who stands for newcomers; without, nobody new enters until somebody does.
  vouched_by text,
  provisions boolean NOT NULL DEFAULT false,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (partner_id, provider_id),
  FOREIGN KEY (partner_id, tenant_id) REFERENCES app.tenant (partner_id, tenant_id) ON UPDATE CASCADE
);
-- Its directory says over SCIM who the people are; one in each scope (ADR 0053).
CREATE UNIQUE INDEX identity_provider_provisions ON app.identity_provider (partner_id, tenant_id) NULLS NOT DISTINCT
  WHERE provisions;
CREATE INDEX identity_provider_tenant ON app.identity_provider (tenant_id, provider_id);

-- Whom a provider's subject is here. An e-mail address never joins the two (S-58).
CREATE TABLE app.account_identity (
  partner_id uuid NOT NULL,
  provider_id uuid NOT NULL,
  subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
  account_id uuid NOT NULL,
  tenant_id uuid,
  linked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (partner_id, provider_id, subject),
  FOREIGN KEY (partner_id, provider_id) REFERENCES app.identity_provider ON UPDATE CASCADE,
  FOREIGN KEY (partner_id, account_id) REFERENCES app.account ON UPDATE CASCADE,
  FOREIGN KEY (partner_id, account_id, tenant_id) REFERENCES app.account (partner_id, account_id, tenant_id) ON UPDATE CASCADE
);
CREATE INDEX account_identity_account ON app.account_identity (partner_id, account_id);

ALTER TABLE app.portal_session
  ADD FOREIGN KEY (partner_id, provider_id) REFERENCES app.identity_provider (partner_id, provider_id) ON UPDATE CASCADE;
CREATE INDEX portal_session_provider ON app.portal_session (partner_id, provider_id, sid_hash) WHERE provider_id IS NOT NULL;

-- A provider told that somebody's session there ended (OpenID Connect Back-Channel Logout 1.0): of a session, or of all that an
-- account has by it. Kept until no such token and no sign-in of before can come any more. Digests of the token's id and of `sid`.
CREATE TABLE app.provider_logout (
  partner_id uuid NOT NULL,
  token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
  provider_id uuid NOT NULL,
  account_id uuid,
  sid_hash bytea CHECK (length(sid_hash) = 32),
  issued_at timestamptz NOT NULL,
  heard_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (partner_id, token_hash),
  FOREIGN KEY (partner_id, provider_id) REFERENCES app.identity_provider ON UPDATE CASCADE,
  FOREIGN KEY (partner_id, account_id) REFERENCES app.account ON UPDATE CASCADE
);
CREATE INDEX provider_logout_provider ON app.provider_logout (partner_id, provider_id);
CREATE INDEX provider_logout_account ON app.provider_logout (partner_id, account_id);
CREATE INDEX provider_logout_end ON app.provider_logout (partner_id, heard_at);

-- A sign-in that is under way at a provider. Its state is nowhere; the key is its SHA-256, and it counts once.
CREATE TABLE app.sign_in_flow (
  partner_id uuid NOT NULL,
  state_hash bytea NOT NULL CHECK (length(state_hash) = 32),
  provider_id uuid NOT NULL,
  host text NOT NULL,
  origin text NOT NULL,
  purpose text NOT NULL CHECK (purpose IN ('enter', 'prove', 'accept')),
  account_id uuid,
  invitation_id uuid,
  leads_to text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (partner_id, state_hash),
  FOREIGN KEY (partner_id, provider_id) REFERENCES app.identity_provider ON UPDATE CASCADE,
  FOREIGN KEY (partner_id, host) REFERENCES app.portal_host (partner_id, host) ON DELETE CASCADE
);
CREATE INDEX sign_in_flow_end ON app.sign_in_flow (partner_id, expires_at);

-- A time-based code (RFC 6238): its secret sealed, and the last step that was used, so that no code counts twice.
CREATE TABLE app.totp (
  partner_id uuid NOT NULL,
  account_id uuid NOT NULL,
  tenant_id uuid,
  sealed bytea NOT NULL,
  last_step bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  confirmed_at timestamptz,
  PRIMARY KEY (partner_id, account_id),
  FOREIGN KEY (partner_id, account_id) REFERENCES app.account ON UPDATE CASCADE,
  FOREIGN KEY (partner_id, account_id, tenant_id) REFERENCES app.account (partner_id, account_id, tenant_id) ON UPDATE CASCADE
);

-- Codes for when the device is lost, each good once; of 80 random bits, so that a plain digest holds.
CREATE TABLE app.recovery_code (
  partner_id uuid NOT NULL,
  account_id uuid NOT NULL,
  digest bytea NOT NULL CHECK (length(digest) = 32),
  tenant_id uuid,
  PRIMARY KEY (partner_id, account_id, digest),
  FOREIGN KEY (partner_id, account_id) REFERENCES app.account ON UPDATE CASCADE,
  FOREIGN KEY (partner_id, account_id, tenant_id) REFERENCES app.account (partner_id, account_id, tenant_id) ON UPDATE CASCADE
);

-- A passkey (WebAuthn): public, and good on one host alone. It outlives the host's leaving: a name that comes back opens to
-- the same people.
CREATE TABLE app.passkey (
  partner_id uuid NOT NULL,
  credential_id bytea NOT NULL CHECK (length(credential_id) BETWEEN 1 AND 1023),
  account_id uuid NOT NULL,
  tenant_id uuid,
  host text NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
  public_key bytea NOT NULL CHECK (length(public_key) <= 2048),
  sign_count bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  used_at timestamptz,
  PRIMARY KEY (partner_id, credential_id),
  FOREIGN KEY (partner_id, account_id) REFERENCES app.account ON UPDATE CASCADE,
  FOREIGN KEY (partner_id, account_id, tenant_id) REFERENCES app.account (partner_id, account_id, tenant_id) ON UPDATE CASCADE
);
CREATE INDEX passkey_account ON app.passkey (partner_id, account_id);

-- What a passkey is to sign now; counts once.
CREATE TABLE app.passkey_challenge (
  partner_id uuid NOT NULL,
  challenge_hash bytea NOT NULL CHECK (length(challenge_hash) = 32),
  host text NOT NULL,
  purpose text NOT NULL CHECK (purpose IN ('add', 'enter', 'prove')),
  account_id uuid,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (partner_id, challenge_hash),
  FOREIGN KEY (partner_id, host) REFERENCES app.portal_host (partner_id, host) ON DELETE CASCADE
);
CREATE INDEX passkey_challenge_end ON app.passkey_challenge (partner_id, expires_at);

-- Somebody is asked in. The link's text is nowhere; the key is its SHA-256. Who opens it has a quarter of an hour.
CREATE TABLE app.invitation (
  partner_id uuid NOT NULL REFERENCES app.partner,
  invitation_id uuid NOT NULL,
  tenant_id uuid,
  token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
  host text NOT NULL,
  email text NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  roles uuid[] NOT NULL CHECK (cardinality(roles) BETWEEN 1 AND 16),
  inviter text NOT NULL,
  -- A client's first administrator, who gets more than the inviter holds; it counts while nobody there lets people in (ADR 0065).
  is_first boolean NOT NULL DEFAULT false CHECK (NOT is_first OR tenant_id IS NOT NULL),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  opener_hash bytea CHECK (length(opener_hash) = 32),
  opened_at timestamptz,
  ended_at timestamptz,
  account_id uuid,
  PRIMARY KEY (partner_id, invitation_id),
  UNIQUE (partner_id, token_hash),
  FOREIGN KEY (partner_id, tenant_id) REFERENCES app.tenant (partner_id, tenant_id) ON UPDATE CASCADE
);
CREATE INDEX invitation_tenant ON app.invitation (tenant_id, invitation_id);

INSERT INTO app.role (role_id, level, slug, name, permissions) VALUES
  (app.new_id(), 'partner', 'administrator', 'Administrator',
   '{clients:read,clients:write,clients:act,brand:read,brand:write,domains:read,domains:write,keys:read,keys:write,keys:issue,audit:read,templates:read,connections:read,connections:write,workflows:read,workflows:write,deployments:read,deployments:write,events:write,runs:read,runs:write,usage:read,people:read,people:write,roles:write,providers:write,scim:write,authority:write,webhooks:read,records:read,records:write,tasks:work,tasks:manage,holds:write}'),
  (app.new_id(), 'partner', 'supporter', 'Supporter',
   '{clients:read,clients:act,audit:read,templates:read,connections:read,workflows:read,deployments:read,runs:read,runs:write,usage:read,webhooks:read,records:read,records:write,tasks:work,tasks:manage,holds:write}'),
  (app.new_id(), 'partner', 'viewer', 'Viewer',
   '{clients:read,templates:read,connections:read,workflows:read,deployments:read,runs:read,usage:read,webhooks:read,records:read}'),
  (app.new_id(), 'client', 'administrator', 'Administrator',
   '{keys:read,keys:write,audit:read,templates:read,connections:read,connections:write,workflows:read,workflows:write,deployments:read,deployments:write,events:read,events:write,runs:read,runs:write,payloads:read,payloads:masked,usage:read,people:read,people:write,roles:write,providers:write,scim:write,authority:write,webhooks:read,webhooks:write,records:read,records:write,tasks:work,tasks:manage,holds:write,holds:override}'),
  (app.new_id(), 'client', 'clerk', 'Clerk',
   '{templates:read,connections:read,deployments:read,events:read,events:write,runs:read,runs:write,payloads:masked,webhooks:read,records:read,records:write,tasks:work,holds:write}'),
  (app.new_id(), 'client', 'viewer', 'Viewer',
   '{templates:read,connections:read,deployments:read,runs:read,payloads:masked,records:read}');

-- Those of the product are everybody's to see and nobody's to change; a client sees its partner's for all of them.
CREATE POLICY seen ON app.role FOR SELECT TO waybill_app USING (
  (partner_id IS NULL AND (app.is_operator() OR coalesce(app.partner_id(), app.tenant_id()) IS NOT NULL))
  OR partner_id = app.partner_id() OR tenant_id = app.tenant_id()
  OR (tenant_id IS NULL AND level = 'client' AND EXISTS (
    SELECT FROM app.tenant t WHERE t.tenant_id = app.tenant_id() AND t.partner_id = role.partner_id)));
CREATE POLICY made ON app.role FOR INSERT TO waybill_app
  WITH CHECK (partner_id = app.partner_id() OR tenant_id = app.tenant_id());
CREATE POLICY changed ON app.role FOR UPDATE TO waybill_app
  USING (partner_id = app.partner_id() OR tenant_id = app.tenant_id())
  WITH CHECK (partner_id = app.partner_id() OR tenant_id = app.tenant_id());
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['account_role', 'account_identity', 'totp', 'recovery_code', 'passkey', 'invitation'] LOOP
    EXECUTE format('CREATE POLICY organization ON app.%I TO waybill_app '
                   'USING (partner_id = app.partner_id() OR tenant_id = app.tenant_id()) '
                   'WITH CHECK (partner_id = app.partner_id() OR tenant_id = app.tenant_id())', t);
  END LOOP;
END $$;
CREATE POLICY organization ON app.identity_provider TO waybill_app
  USING (partner_id = app.partner_id() OR tenant_id = app.tenant_id())
  WITH CHECK (partner_id = app.partner_id() OR tenant_id = app.tenant_id());
-- A role of the product's has no partner, so no key of several columns can hold to it. Instead nobody is given, and no provider
-- gives, a role of others: it is the product's, or of the same partner and of no other tenant (S-12).
CREATE POLICY of_role ON app.account_role AS RESTRICTIVE FOR INSERT TO waybill_app
  WITH CHECK (EXISTS (SELECT FROM app.role r WHERE r.role_id = account_role.role_id
    AND coalesce(r.partner_id = account_role.partner_id, true)
    AND coalesce(r.tenant_id = account_role.tenant_id, r.tenant_id IS NULL)));
CREATE POLICY of_role ON app.identity_provider AS RESTRICTIVE FOR INSERT TO waybill_app
  WITH CHECK (role_id IS NULL OR EXISTS (SELECT FROM app.role r WHERE r.role_id = identity_provider.role_id
    AND coalesce(r.partner_id = identity_provider.partner_id, true)
    AND coalesce(r.tenant_id = identity_provider.tenant_id, r.tenant_id IS NULL)));
CREATE POLICY of_new_role ON app.identity_provider AS RESTRICTIVE FOR UPDATE TO waybill_app USING (true)
  WITH CHECK (role_id IS NULL OR EXISTS (SELECT FROM app.role r WHERE r.role_id = identity_provider.role_id
    AND coalesce(r.partner_id = identity_provider.partner_id, true)
    AND coalesce(r.tenant_id = identity_provider.tenant_id, r.tenant_id IS NULL)));
CREATE POLICY organization ON app.passkey_challenge TO waybill_app
  USING (partner_id = app.partner_id()) WITH CHECK (partner_id = app.partner_id());
CREATE POLICY organization ON app.provider_logout TO waybill_app
  USING (partner_id = app.partner_id()) WITH CHECK (partner_id = app.partner_id());
CREATE POLICY organization ON app.sign_in_flow TO waybill_app
  USING (partner_id = app.partner_id()) WITH CHECK (partner_id = app.partner_id());

GRANT EXECUTE ON FUNCTION app.held_permissions(uuid, uuid, text[]) TO waybill_app;
GRANT SELECT, INSERT, UPDATE ON app.role, app.identity_provider, app.invitation TO waybill_app;
GRANT SELECT, INSERT ON app.account_identity TO waybill_app;
GRANT SELECT, INSERT, DELETE ON app.account_role, app.sign_in_flow, app.provider_logout, app.recovery_code, app.passkey_challenge
  TO waybill_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.totp, app.passkey TO waybill_app;
