-- Evidence (ADR 0114): which papers a dispute or a claim needs, which documents count as them, and packs that were made of those.

--   key       by which every call and every person means the same case
--   required  by name of each paper its title and the words of its names: `template_library.evidence.Needed`
--   run_id    that opened it; NULL: a person or a key
--   last_run  that opened it last, of several that mean the same case; last_at: when somebody did
CREATE TABLE app.evidence_case (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  case_id uuid NOT NULL,
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
  about_kind text NOT NULL CHECK (about_kind ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  about_key text NOT NULL CHECK (length(about_key) BETWEEN 1 AND 200),
  reason text NOT NULL CHECK (reason ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  required json NOT NULL CHECK (octet_length(required::text) <= 131072),
  run_id uuid,
  opened_by text NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_run uuid,
  last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, case_id),
  UNIQUE (tenant_id, key)
);
CREATE INDEX evidence_case_last ON app.evidence_case (last_at);
CREATE INDEX evidence_case_about ON app.evidence_case (tenant_id, about_kind, about_key, case_id);

-- Which document somebody said counts as which paper, NULL as none; the names of all others tell it.
CREATE TABLE app.evidence_document (
  tenant_id uuid NOT NULL,
  case_id uuid NOT NULL,
  document_id uuid NOT NULL,
  paper text CHECK (paper ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  added_by text NOT NULL,
  added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, case_id, document_id),
  FOREIGN KEY (tenant_id, case_id) REFERENCES app.evidence_case
);

-- Packs that are asked for and made. The API opens documents, so that it makes them.
--   key          of the effect or the request that asked: the same again asks for nothing more
--   run_id       that asked; a document needs a home where no record is known
--   document_id  of the pack, kept with the record or the run; digest: its SHA-256
--   tries        processes that began to make it: of one that ends them all no more begin than a few
--   parts        documents that are in it; missing: papers that are not
--   why          of one that was refused
CREATE TABLE app.evidence_pack (
  tenant_id uuid NOT NULL,
  pack_id uuid NOT NULL,
  case_id uuid NOT NULL,
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
  run_id uuid,
  asked_by text NOT NULL,
  asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  taken_until timestamptz,
  tries integer NOT NULL DEFAULT 0,
  state text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'made', 'refused')),
  document_id uuid,
  digest bytea CHECK (length(digest) = 32),
  parts integer CHECK (parts >= 0),
  missing text[],
  why text CHECK (why IN ('too-large', 'too-many', 'no-home', 'unreadable')),
  made_at timestamptz,
  PRIMARY KEY (tenant_id, pack_id),
  UNIQUE (tenant_id, case_id, key),
  FOREIGN KEY (tenant_id, case_id) REFERENCES app.evidence_case,
  CHECK ((state = 'made') = (document_id IS NOT NULL)),
  CHECK ((state = 'asked') = (made_at IS NULL))
);
CREATE INDEX evidence_pack_asked ON app.evidence_pack (asked_at) WHERE state = 'asked';

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['evidence_case', 'evidence_document', 'evidence_pack'] LOOP
    EXECUTE format('CREATE POLICY tenant ON app.%I TO waybill_app, waybill_worker '
                   'USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id())', t);
    EXECUTE format('GRANT SELECT, INSERT ON app.%I TO waybill_app, waybill_worker', t);
  END LOOP;
END $$;
GRANT UPDATE (required, last_run, last_at) ON app.evidence_case TO waybill_app, waybill_worker;
GRANT UPDATE (paper, added_by, added_at) ON app.evidence_document TO waybill_app, waybill_worker;
GRANT UPDATE (state, tries, document_id, digest, parts, missing, why, made_at) ON app.evidence_pack TO waybill_app;
CREATE POLICY doors ON app.evidence_pack TO waybill_doors USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (taken_until, tries) ON app.evidence_pack TO waybill_doors;
-- What is there, and not what is in it: that takes the API's key.
CREATE POLICY evidence ON app.document FOR SELECT TO waybill_worker USING (tenant_id = app.tenant_id());
GRANT SELECT (tenant_id, document_id, run_id, entity_id, class, name, media_type, size, digest, state, made_by, created_at) ON app.document
  TO waybill_worker;
