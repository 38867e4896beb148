-- Notices to customers (ADR 0113): what a client's own customers were told by mail, who wants none, and why somebody was not told.

-- What addresses are mixed with before they are hashed, so that no list of addresses made elsewhere finds anybody in here.
CREATE TABLE app.notice_mixing (
  tenant_id uuid PRIMARY KEY REFERENCES app.tenant,
  digest_key bytea NOT NULL CHECK (length(digest_key) = 32)
);

--   key             of the effect that told it: a call that is repeated tells nothing a second time
--   notice          its name, that of its text; milestone: which it tells of
--   address_digest  of whom it was for; the address itself is in the mail alone, for as long as mails are kept
--   link_digest     SHA-256 of what stands in its link that ends further notices
--   why             of one that was withheld why; of one that waits that it does
--   mail_id         of one that was written
--   promise_was, promise_now  of a delay: days or moments, for whoever has the link of its status page
CREATE TABLE app.customer_notice (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  notice_id uuid NOT NULL,
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
  run_id uuid NOT NULL,
  notice text NOT NULL CHECK (notice ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  milestone text CHECK (milestone ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  about_kind text CHECK (about_kind ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  about_key text CHECK (length(about_key) BETWEEN 1 AND 200),
  outcome text NOT NULL CHECK (outcome IN ('sent', 'withheld')),
  why text CHECK (why IN ('quiet', 'no-address', 'bad-address', 'opted-out', 'suppressed', 'not-wanted', 'not-late', 'too-many', 'no-host')),
  language text NOT NULL CHECK (language ~ '^[a-z]{2}(-[A-Z]{2})?$'),
  address_digest bytea CHECK (length(address_digest) = 32),
  link_digest bytea CHECK (length(link_digest) = 32),
  mail_id uuid,
  promise_was text CHECK (length(promise_was) <= 40),
  promise_now text CHECK (length(promise_now) <= 40),
  due_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, notice_id),
  UNIQUE (tenant_id, key),
  CHECK ((about_kind IS NULL) = (about_key IS NULL)),
  CHECK ((promise_was IS NULL) = (promise_now IS NULL)),
  CHECK ((outcome = 'sent') = (mail_id IS NOT NULL)),
  CHECK (outcome = 'sent' OR why IS NOT NULL)
);
CREATE INDEX customer_notice_about ON app.customer_notice (tenant_id, about_kind, about_key, notice_id) WHERE about_key IS NOT NULL;
CREATE INDEX customer_notice_run ON app.customer_notice (tenant_id, run_id);
CREATE INDEX customer_notice_address ON app.customer_notice (tenant_id, address_digest, created_at) WHERE outcome = 'sent';
CREATE INDEX customer_notice_link ON app.customer_notice (link_digest) WHERE link_digest IS NOT NULL;

-- Who wants no notices of this client's any more.
--   source  link: by the one in a mail · person: somebody of the client's noted it
CREATE TABLE app.notice_opt_out (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  address_digest bytea NOT NULL CHECK (length(address_digest) = 32),
  source text NOT NULL CHECK (source IN ('link', 'person')),
  made_by text NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, address_digest)
);

-- Notices about the orders and customers that records are, or of their runs: as holds, `app.holds_about`. No door.
CREATE FUNCTION app.notices_about(tenant uuid, entities uuid[], runs uuid[]) RETURNS SETOF uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  SELECT n.notice_id FROM app.customer_notice n WHERE n.tenant_id = tenant AND n.run_id = ANY (runs)
  UNION SELECT n.notice_id FROM app.entity_key k
  JOIN app.customer_notice n ON n.tenant_id = k.tenant_id AND n.about_kind = k.kind AND n.about_key = k.id
  WHERE k.tenant_id = tenant AND k.entity_id = ANY (entities) AND NOT EXISTS (SELECT 1 FROM app.entity_key o
    WHERE o.tenant_id = tenant AND o.kind = k.kind AND o.id = k.id AND o.entity_id <> ALL (entities))
$$;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['notice_mixing', 'customer_notice', 'notice_opt_out'] LOOP
    EXECUTE format('CREATE POLICY tenant ON app.%I TO waybill_app '
                   'USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id())', t);
    EXECUTE format('CREATE POLICY doors ON app.%I TO waybill_doors USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;
GRANT SELECT ON app.customer_notice, app.notice_opt_out, app.notice_mixing TO waybill_app;
-- A worker writes them into the archive with their run.
CREATE POLICY archived ON app.customer_notice FOR SELECT TO waybill_worker USING (tenant_id = app.tenant_id());
GRANT SELECT ON app.customer_notice TO waybill_worker;
GRANT SELECT, INSERT ON app.customer_notice, app.notice_mixing TO waybill_doors;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.notice_opt_out TO waybill_doors;
