-- A tenant's key: what is sealed to its public half opens with the private one, which is here wrapped by the key-encryption
-- key whose id are the first 8 bytes. `vouched`: that this installation made it; nothing is sealed to any other (ADR 0054).
CREATE TABLE app.tenant_key (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  version integer NOT NULL CHECK (version > 0),
  provider text NOT NULL,
  wrapped bytea NOT NULL,
  public bytea NOT NULL CHECK (length(public) = 32),
  vouched bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, version)
);

-- `limits` of its calls and `owner`, whom an outage concerns, are told in ADR 0029; `fallback_id` is asked while it is away.
-- `ways_at`: when its playbook last gave an operation to people or files that it had not given to them; before, calls of
-- that operation left no trace (ADR 0035). NULL: as it was created.
CREATE TABLE app.connection (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  connection_id uuid NOT NULL,
  name text NOT NULL CHECK (name ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  connector text NOT NULL,
  settings json NOT NULL,
  limits json NOT NULL DEFAULT '{}',
  owner text CHECK (length(owner) BETWEEN 1 AND 254),
  fallback_id uuid,
  playbook json NOT NULL DEFAULT '{}',
  ways_at timestamptz,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
  revision integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, connection_id),
  FOREIGN KEY (tenant_id, fallback_id) REFERENCES app.connection,
  CHECK (fallback_id <> connection_id),
  UNIQUE (tenant_id, name)
);

CREATE TABLE app.connection_secret (
  tenant_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  field text NOT NULL,
  version integer NOT NULL,
  key_version integer NOT NULL,
  sealed bytea NOT NULL,
  last4 text NOT NULL CHECK (length(last4) <= 4),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, connection_id, field),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connection,
  FOREIGN KEY (tenant_id, key_version) REFERENCES app.tenant_key (tenant_id, version)
);

-- A published document never changes: the name, the version and the digest name it for ever.
CREATE TABLE app.workflow_version (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  workflow_version_id uuid NOT NULL,
  namespace text NOT NULL,
  name text NOT NULL,
  version text NOT NULL,
  title text,
  template text,
  document text NOT NULL CHECK (octet_length(document) <= 262144),
  digest bytea NOT NULL CHECK (length(digest) = 32),
  elsewhere json,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, workflow_version_id),
  UNIQUE (tenant_id, namespace, name, version)
);

CREATE TABLE app.deployment (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  deployment_id uuid NOT NULL,
  name text NOT NULL CHECK (name ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
  revision integer NOT NULL,
  priority smallint NOT NULL DEFAULT 1 CHECK (priority BETWEEN 0 AND 2),
  site_id uuid,
  domain text NOT NULL DEFAULT 'other',
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, deployment_id),
  FOREIGN KEY (tenant_id, site_id) REFERENCES app.site,
  UNIQUE (tenant_id, name)
);

-- An immutable revision: runs in flight keep theirs. `bindings` are connections by the names in the document, `groups` those
-- names that have a group of connections (ADR 0083). `workflows` are the versions that it runs beside its own, by the names
-- that documents give them; `keys` what its runs and theirs are found by, by the same names, '' for its own. `sources`
-- says of each parameter where it comes from (ADR 0041). `exceptions` are the kinds that its workflows declare, each with its
-- title, the slug of the role that looks after it, its runbook, its time in milliseconds and its category (ADR 0130).
CREATE TABLE app.deployment_revision (
  tenant_id uuid NOT NULL,
  deployment_id uuid NOT NULL,
  revision integer NOT NULL CHECK (revision > 0),
  workflow_version_id uuid NOT NULL,
  parameters json NOT NULL,
  sources json NOT NULL DEFAULT '{}',
  bindings json NOT NULL,
  groups json NOT NULL DEFAULT '{}',
  workflows json NOT NULL DEFAULT '{}',
  keys json,
  exceptions json,
  trigger_type text,
  trigger json,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, deployment_id, revision),
  FOREIGN KEY (tenant_id, deployment_id) REFERENCES app.deployment,
  FOREIGN KEY (tenant_id, workflow_version_id) REFERENCES app.workflow_version
);
CREATE INDEX deployment_revision_trigger ON app.deployment_revision (tenant_id, trigger_type)
  WHERE trigger_type IS NOT NULL;

CREATE TABLE app.audit (
  tenant_id uuid NOT NULL,
  audit_id uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  actor text NOT NULL,
  action text NOT NULL,
  target text NOT NULL,
  after json,
  PRIMARY KEY (tenant_id, audit_id)
) PARTITION BY RANGE (audit_id);
