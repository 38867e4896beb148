-- The audit is sealed (ADR 0056): rows go into batches, a batch has a Merkle root, each head takes the one before it in and is signed.

-- Each row has a salt, from which each of its personal fields is salted: what is sealed of a field is a hash of salt and field.
-- Who destroys the salt and the field leaves the hash, and the seal holds (ADR 0057).
--   veil  NULL, or three times 33 bytes for actor, target and after: 0 and the field's hash where it was erased, else 1 and its salt
ALTER TABLE app.audit ADD COLUMN salt bytea DEFAULT uuid_send(gen_random_uuid()), ADD COLUMN veil bytea;
ALTER TABLE app.organization_audit ADD COLUMN salt bytea DEFAULT uuid_send(gen_random_uuid()), ADD COLUMN veil bytea;

-- In the order in which a sealer takes rows, and as people look for them. What the engine does is most of it, and nobody's trail.
CREATE INDEX audit_order ON app.audit (tenant_id, xid, audit_id);
CREATE INDEX audit_target ON app.audit (tenant_id, target, audit_id);
CREATE INDEX audit_action ON app.audit (tenant_id, action, audit_id);
CREATE INDEX audit_actor ON app.audit (tenant_id, actor, audit_id) WHERE actor <> 'engine';
CREATE INDEX organization_audit_order ON app.organization_audit (partner_id, xid, audit_id);

-- Fields are at most 4 KiB (S-83), whoever writes them: what is longer is cut, with its size and hash in its place.
CREATE FUNCTION app.cut_text(given text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
  SELECT CASE WHEN octet_length(given) <= 4096 THEN given ELSE
    left(given, 900) || '… (' || octet_length(given) || ' bytes, sha256 ' || encode(sha256(convert_to(given, 'UTF8')), 'hex') || ')' END
$$;
CREATE FUNCTION app.cut_audit() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
BEGIN
  NEW.actor := app.cut_text(NEW.actor);
  NEW.action := app.cut_text(NEW.action);
  NEW.target := app.cut_text(NEW.target);
  IF octet_length(NEW.after::text) > 4096 AND json_typeof(NEW.after) = 'object' THEN
    NEW.after := (SELECT json_object_agg(m.key, CASE WHEN octet_length(m.value::text) > 4096
                                                THEN to_json(app.cut_text(m.value::text)) ELSE m.value END) FROM json_each(NEW.after) m);
  END IF;
  IF octet_length(NEW.after::text) > 65536 OR (octet_length(NEW.after::text) > 4096 AND json_typeof(NEW.after) <> 'object') THEN
    NEW.after := json_build_object('cut', app.cut_text(NEW.after::text));
  END IF;
  RETURN NEW;
END $$;
-- The condition costs an insert nothing that counts; the function is called for what is too long.
CREATE TRIGGER cut BEFORE INSERT ON app.audit FOR EACH ROW
  WHEN (octet_length(NEW.actor) > 4096 OR octet_length(NEW.action) > 4096 OR octet_length(NEW.target) > 4096
        OR octet_length(NEW.after::text) > 4096) EXECUTE FUNCTION app.cut_audit();
CREATE TRIGGER cut BEFORE INSERT ON app.organization_audit FOR EACH ROW
  WHEN (octet_length(NEW.actor) > 4096 OR octet_length(NEW.action) > 4096 OR octet_length(NEW.target) > 4096
        OR octet_length(NEW.after::text) > 4096) EXECUTE FUNCTION app.cut_audit();

-- A log is a tenant's, a partner's, or the operator's own, whose id is nobody's. Seals are added and never changed.
--   kind   of log: tenant, partner, operator
--   count  rows in the batch; first_id, last_id  of them, in the batch's order
--   prev   the head before; NULL in the first. `head` is what `signature` is of, by the key of these 32 public bytes
CREATE TABLE app.audit_seal (
  log_id uuid NOT NULL,
  n integer NOT NULL CHECK (n > 0),
  kind text NOT NULL CHECK (kind IN ('tenant', 'partner', 'operator')),
  root bytea NOT NULL CHECK (length(root) = 32),
  count integer NOT NULL CHECK (count > 0),
  first_id uuid NOT NULL,
  last_id uuid NOT NULL,
  prev bytea CHECK (length(prev) = 32 AND n > 1 OR prev IS NULL AND n = 1),
  head bytea NOT NULL CHECK (length(head) = 32),
  sealed_at timestamptz NOT NULL,
  key bytea NOT NULL CHECK (length(key) = 32),
  signature bytea NOT NULL CHECK (length(signature) = 64),
  PRIMARY KEY (log_id, n)
);

-- The rows of a batch in its order, each by its id and its leaf of 32 bytes; gone with the rows when their time is over.
CREATE TABLE app.audit_leaves (
  log_id uuid NOT NULL,
  n integer NOT NULL,
  least_id uuid NOT NULL,
  greatest_id uuid NOT NULL,
  ids uuid[] NOT NULL,
  leaves bytea NOT NULL CHECK (length(leaves) = 32 * cardinality(ids)),
  PRIMARY KEY (log_id, n),
  FOREIGN KEY (log_id, n) REFERENCES app.audit_seal
);
CREATE INDEX audit_leaves_greatest ON app.audit_leaves (log_id, greatest_id);

-- How far a log is sealed: behind that row of that transaction, of that cluster; with the newest batch and its head.
--   published_n  the newest batch that workers say to have published; for looking after them, no proof of it
CREATE TABLE app.audit_mark (
  log_id uuid PRIMARY KEY,
  kind text NOT NULL,
  cluster bigint NOT NULL,
  xid xid8 NOT NULL,
  audit_id uuid NOT NULL,
  n integer NOT NULL,
  head bytea,
  published_n integer NOT NULL DEFAULT 0,
  published_at timestamptz
);

-- Batches up to `n` were dropped when their time was over; their heads stay. Signed, so that nobody else's deletion passes for it.
CREATE TABLE app.audit_floor (
  log_id uuid NOT NULL,
  n integer NOT NULL,
  at timestamptz NOT NULL,
  key bytea NOT NULL,
  signature bytea NOT NULL,
  PRIMARY KEY (log_id, n),
  FOREIGN KEY (log_id, n) REFERENCES app.audit_seal
);

-- A database that is behind what was published of it (F-31): until somebody accepts it, nothing of the log is sealed.
CREATE TABLE app.audit_rollback (
  log_id uuid NOT NULL,
  found_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  published_n integer NOT NULL,
  published_head bytea NOT NULL,
  own_n integer NOT NULL,
  accepted_at timestamptz,
  accepted_by text,
  PRIMARY KEY (log_id, published_n, published_head),
  CHECK ((accepted_at IS NULL) = (accepted_by IS NULL))
);

-- How long a tenant's audit is kept (NULL: for ever), and a legal hold that keeps all of it, whatever anybody wants.
CREATE TABLE app.audit_keeping (
  tenant_id uuid PRIMARY KEY REFERENCES app.tenant,
  days integer CHECK (days BETWEEN 30 AND 36500),
  hold_reason text CHECK (length(hold_reason) BETWEEN 1 AND 2000),
  held_by text,
  held_at timestamptz,
  CHECK ((hold_reason IS NULL) = (held_by IS NULL) AND (held_by IS NULL) = (held_at IS NULL))
);

-- The same of a partner's log, or of the operator's own, whose id is nobody's.
CREATE TABLE app.audit_keeping_above (
  log_id uuid PRIMARY KEY,
  days integer CHECK (days BETWEEN 30 AND 36500),
  hold_reason text CHECK (length(hold_reason) BETWEEN 1 AND 2000),
  held_by text,
  held_at timestamptz,
  CHECK ((hold_reason IS NULL) = (held_by IS NULL) AND (held_by IS NULL) = (held_at IS NULL))
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['audit_seal', 'audit_leaves', 'audit_floor', 'audit_rollback'] LOOP
    EXECUTE format('CREATE POLICY log ON app.%I FOR SELECT TO waybill_app USING (log_id = app.tenant_id() '
                   'OR log_id = app.partner_id() OR app.is_operator() AND log_id = %L)', t, '00000000-0000-0000-0000-000000000000');
    EXECUTE format('CREATE POLICY doors ON app.%I TO waybill_doors USING (true) WITH CHECK (true)', t);
    EXECUTE format('GRANT SELECT ON app.%I TO waybill_app', t);
  END LOOP;
END $$;
CREATE POLICY doors ON app.audit_mark TO waybill_doors USING (true) WITH CHECK (true);
CREATE POLICY tenant ON app.audit_keeping TO waybill_app
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY log ON app.audit_keeping_above TO waybill_app
  USING (log_id = app.partner_id() OR app.is_operator() AND log_id = '00000000-0000-0000-0000-000000000000')
  WITH CHECK (log_id = app.partner_id() OR app.is_operator() AND log_id = '00000000-0000-0000-0000-000000000000');
CREATE POLICY doors ON app.audit_keeping FOR SELECT TO waybill_doors USING (true);
CREATE POLICY doors ON app.audit_keeping_above FOR SELECT TO waybill_doors USING (true);
GRANT SELECT, INSERT, UPDATE ON app.audit_keeping, app.audit_keeping_above TO waybill_app;
GRANT SELECT ON app.audit_keeping, app.audit_keeping_above TO waybill_doors;
GRANT SELECT, INSERT ON app.audit_seal, app.audit_floor TO waybill_doors;
GRANT SELECT, INSERT, DELETE ON app.audit_leaves TO waybill_doors;
GRANT SELECT, INSERT, UPDATE ON app.audit_mark, app.audit_rollback TO waybill_doors;
GRANT UPDATE (xid, salt, veil), DELETE ON app.audit TO waybill_doors;
GRANT SELECT, INSERT, UPDATE (xid, actor, target, after, salt, veil), DELETE ON app.organization_audit TO waybill_doors;
