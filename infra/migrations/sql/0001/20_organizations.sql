CREATE TABLE app.installation (
  installation_id uuid PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE app.partner (
  partner_id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE app.client (
  partner_id uuid NOT NULL REFERENCES app.partner,
  client_id uuid NOT NULL,
  slug text NOT NULL CHECK (slug ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled', 'suspended', 'deleted')),
  status_reason text CHECK (length(status_reason) BETWEEN 1 AND 500),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (partner_id, client_id),
  UNIQUE (partner_id, slug)
);

-- A tenant is a client in one environment: what owns runs, connections, secrets, records and audit. Every client begins with
-- dev, test and live; others are added by name. A client that moves to another partner takes all along that names its partner
-- beside it, by the cascades of this file (ADR 0042).
--   needs_owners  whether nothing goes live in it that nobody answers for; NULL: in `live`, and in none that was added (ADR 0051)
--   hold  1: its client is suspended, and its runs stand aside of the line; 2: they are being put back; NULL: neither (ADR 0040)
CREATE TABLE app.tenant (
  tenant_id uuid PRIMARY KEY,
  partner_id uuid NOT NULL,
  client_id uuid NOT NULL,
  environment text NOT NULL CHECK (environment ~ '^[a-z0-9](-?[a-z0-9]){0,31}$'),
  weight real NOT NULL DEFAULT 1 CHECK (weight > 0),
  needs_owners boolean,
  hold smallint CHECK (hold IN (1, 2)),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  FOREIGN KEY (partner_id, client_id) REFERENCES app.client ON UPDATE CASCADE,
  UNIQUE (partner_id, client_id, environment),
  UNIQUE (partner_id, tenant_id)
);
CREATE INDEX tenant_hold ON app.tenant (tenant_id) WHERE hold IS NOT NULL;

CREATE TABLE app.api_key (
  key_id uuid PRIMARY KEY,
  scope text NOT NULL CHECK (scope IN ('operator', 'partner', 'client')),
  partner_id uuid REFERENCES app.partner,
  tenant_id uuid,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
  permissions text[] NOT NULL,
  networks text[] CHECK (cardinality(networks) BETWEEN 1 AND 32),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz,
  rotated_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  -- As audit records name whoever made it: an account that is sent away may have left keys.
  made_by text,
  CHECK ((scope = 'operator') = (partner_id IS NULL)),
  CHECK ((scope = 'client') = (tenant_id IS NOT NULL)),
  -- A partner's transaction may write keys of its own: with both columns in the reference, never into another's tenant.
  FOREIGN KEY (partner_id, tenant_id) REFERENCES app.tenant (partner_id, tenant_id) ON UPDATE CASCADE
);
CREATE INDEX api_key_partner ON app.api_key (partner_id, key_id);
CREATE INDEX api_key_tenant ON app.api_key (tenant_id, key_id);

-- A person who signs in on a partner's host and sees one tenant; one without a tenant is of the partner itself. The address
-- is a name to sign in with where there is a password, and otherwise says only where to write to.
CREATE TABLE app.account (
  partner_id uuid NOT NULL REFERENCES app.partner,
  account_id uuid NOT NULL,
  tenant_id uuid,
  email text NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  password_hash text CHECK (password_hash LIKE '$argon2id$%'),
  permissions text[] NOT NULL,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (partner_id, account_id),
  UNIQUE (partner_id, account_id, tenant_id),
  FOREIGN KEY (partner_id, tenant_id) REFERENCES app.tenant (partner_id, tenant_id) ON UPDATE CASCADE
);
CREATE INDEX account_tenant ON app.account (tenant_id, account_id);
CREATE UNIQUE INDEX account_email ON app.account (partner_id, email) WHERE password_hash IS NOT NULL;

-- Which partner a host name belongs to, and what answers there; whatever is not here is nobody's. The operator gave it, or its
-- partner proved to hold it (`24_edge.sql`).
CREATE TABLE app.portal_host (
  host text PRIMARY KEY CHECK (host ~ '^[a-z0-9-]+([.][a-z0-9-]+)*$' AND length(host) <= 253),
  partner_id uuid NOT NULL REFERENCES app.partner,
  use text NOT NULL DEFAULT 'portal' CHECK (use IN ('portal', 'api')),
  is_claimed boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (partner_id, host)
);

-- A browser that is signed in. The cookie is nowhere; the key is its SHA-256, and the host it was given on binds it.
CREATE TABLE app.portal_session (
  partner_id uuid NOT NULL,
  token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
  account_id uuid NOT NULL,
  tenant_id uuid,
  host text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  -- When the person last proved who they are, by all that their account asks for.
  proved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Of a partner's person who works as one of its clients: in which tenant, and why. The session ends when that does.
  acting_tenant_id uuid,
  acting_reason text CHECK (length(acting_reason) BETWEEN 1 AND 500),
  -- The provider that vouched for the person, when, and the digest of what it calls its own session (`22_identity.sql`).
  provider_id uuid,
  vouched_at timestamptz,
  sid_hash bytea CHECK (length(sid_hash) = 32),
  CHECK ((provider_id IS NULL) = (vouched_at IS NULL)),
  CHECK (provider_id IS NOT NULL OR sid_hash IS NULL),
  CHECK ((acting_tenant_id IS NULL) = (acting_reason IS NULL)),
  CHECK (acting_tenant_id IS NULL OR tenant_id IS NULL),
  PRIMARY KEY (partner_id, token_hash),
  FOREIGN KEY (partner_id, acting_tenant_id) REFERENCES app.tenant (partner_id, tenant_id),
  FOREIGN KEY (partner_id, account_id) REFERENCES app.account,
  FOREIGN KEY (partner_id, account_id, tenant_id) REFERENCES app.account (partner_id, account_id, tenant_id),
  -- Sessions go with their host, whoever takes it away: both are the same partner's.
  FOREIGN KEY (partner_id, host) REFERENCES app.portal_host (partner_id, host) ON DELETE CASCADE
);
CREATE INDEX portal_session_account ON app.portal_session (partner_id, account_id);
CREATE INDEX portal_session_host ON app.portal_session (partner_id, host);
CREATE INDEX portal_session_end ON app.portal_session (partner_id, expires_at);

-- A browser in which an account has signed in on a host: its tries have a budget of their own (ADR 0016).
CREATE TABLE app.known_device (
  partner_id uuid NOT NULL,
  token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
  account_id uuid NOT NULL,
  tenant_id uuid,
  host text NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (partner_id, token_hash, account_id),
  FOREIGN KEY (partner_id, account_id) REFERENCES app.account,
  FOREIGN KEY (partner_id, account_id, tenant_id) REFERENCES app.account (partner_id, account_id, tenant_id),
  FOREIGN KEY (partner_id, host) REFERENCES app.portal_host (partner_id, host) ON DELETE CASCADE
);
CREATE INDEX known_device_account ON app.known_device (partner_id, account_id);
CREATE INDEX known_device_host ON app.known_device (partner_id, host);
CREATE INDEX known_device_seen ON app.known_device (partner_id, seen_at);

-- Tries to sign in, by what they count against. The subject is a digest, since people also type passwords as an address.
CREATE TABLE app.sign_in_attempt (
  partner_id uuid NOT NULL REFERENCES app.partner,
  subject bytea NOT NULL CHECK (length(subject) = 32),
  attempts integer NOT NULL CHECK (attempts >= 0),
  since timestamptz NOT NULL,
  PRIMARY KEY (partner_id, subject)
);
CREATE INDEX sign_in_attempt_since ON app.sign_in_attempt (partner_id, since);

CREATE TABLE app.brand (
  partner_id uuid PRIMARY KEY REFERENCES app.partner,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
  accent text NOT NULL CHECK (accent ~ '^#[0-9a-f]{6}$'),
  font text NOT NULL DEFAULT 'system' CHECK (font IN ('system', 'grotesque', 'humanist', 'geometric', 'serif')),
  logo text CHECK (octet_length(logo) <= 65536),
  support_email text CHECK (length(support_email) BETWEEN 3 AND 254),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

INSERT INTO app.installation (installation_id) VALUES (app.new_id());

-- What was done to partners, clients and keys; what was done inside a tenant is in app.audit.
CREATE TABLE app.organization_audit (
  audit_id uuid PRIMARY KEY,
  partner_id uuid,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  actor text NOT NULL,
  action text NOT NULL,
  target text NOT NULL,
  after json
);
CREATE INDEX organization_audit_partner ON app.organization_audit (partner_id, audit_id);
