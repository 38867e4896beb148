-- Documents: files that belong to runs and to entities (ADR 0062, ADR 0085). What is in them lies in a store of objects, sealed;
-- here is what they are.

-- A tenant's key for documents, wrapped by the API's own key: the API hands documents out, and so opens them. With it go all
-- documents of the tenant, wherever copies of their files are.
CREATE TABLE app.document_key (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  version integer NOT NULL CHECK (version > 0),
  wrapped bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, version)
);

--   run_id, entity_id  whose it is: of one of them, or of both. A run may be archived; an entity that is merged keeps its own
--   name        as somebody gave it: shown, and never a path (S-18)
--   media_type  as it was found, not as it was said
--   digest      SHA-256 of the file
--   sealed_key  the file's own key, sealed by the tenant's key for documents
--   state       coming: not whole yet · held: nobody looked into it yet · clean · unscanned: nobody is to look · infected · going:
--               removed, its file may still be there
--   keep_until  it is removed then, unless its run or its entity is kept
CREATE TABLE app.document (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  document_id uuid NOT NULL,
  run_id uuid,
  entity_id uuid,
  class text NOT NULL CHECK (class IN ('standard', 'proof', 'financial')),
  name text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 255),
  media_type text NOT NULL CHECK (length(media_type) <= 120),
  size bigint NOT NULL CHECK (size >= 0),
  digest bytea CHECK (length(digest) = 32),
  key_version integer NOT NULL,
  sealed_key bytea NOT NULL,
  state text NOT NULL CHECK (state IN ('coming', 'held', 'clean', 'unscanned', 'infected', 'going')),
  made_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  keep_until timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, document_id),
  FOREIGN KEY (tenant_id, entity_id) REFERENCES app.entity,
  CHECK (num_nonnulls(run_id, entity_id) > 0),
  CHECK (state IN ('coming', 'going') OR digest IS NOT NULL)
);
CREATE INDEX document_run ON app.document (tenant_id, run_id, document_id);
CREATE INDEX document_entity ON app.document (tenant_id, entity_id, document_id);
CREATE INDEX document_over ON app.document (keep_until);
CREATE INDEX document_unfinished ON app.document (changed_at) WHERE state IN ('coming', 'held', 'going');

-- What was done to the documents of an entity, also to those that are gone: the timeline reads it (ADR 0081).
CREATE INDEX audit_document ON app.audit (tenant_id, (after ->> 'entity'), audit_id)
  WHERE action IN ('document.added', 'document.removed', 'document.expired');

-- Entities whose documents somebody wants kept whatever their age, and why (S-86): their own, and those of what was merged into them.
CREATE TABLE app.kept_entity (
  tenant_id uuid NOT NULL,
  entity_id uuid NOT NULL,
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
  kept_by text NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, entity_id),
  FOREIGN KEY (tenant_id, entity_id) REFERENCES app.entity
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['document', 'document_key', 'kept_entity'] LOOP
    EXECUTE format('CREATE POLICY tenant ON app.%I TO waybill_app '
                   'USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id())', t);
  END LOOP;
END $$;
CREATE POLICY doors ON app.document TO waybill_doors USING (true) WITH CHECK (true);
CREATE POLICY doors ON app.document_key TO waybill_doors USING (true) WITH CHECK (true);
CREATE POLICY doors ON app.kept_entity FOR SELECT TO waybill_doors USING (true);
GRANT SELECT, INSERT ON app.document, app.document_key TO waybill_app;
GRANT UPDATE (name, media_type, size, digest, state, changed_at, keep_until) ON app.document TO waybill_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.kept_entity TO waybill_app;
GRANT SELECT, UPDATE, DELETE ON app.document TO waybill_doors;
GRANT SELECT, DELETE ON app.document_key TO waybill_doors;
GRANT SELECT ON app.kept_entity TO waybill_doors;

-- Whether an entity is kept, or one that it turned out to be.
CREATE FUNCTION app.entity_is_kept(of_tenant uuid, of_entity uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  WITH RECURSIVE way AS (
    SELECT of_entity AS entity_id
    UNION SELECT m.into_id FROM way w JOIN app.entity_merge m ON m.tenant_id = of_tenant AND m.entity_id = w.entity_id
  ) SELECT EXISTS (SELECT 1 FROM way w JOIN app.kept_entity k ON k.tenant_id = of_tenant AND k.entity_id = w.entity_id)
$$;

-- Documents whose files are to be removed: what somebody removed, what never became whole, and what is past its time; but for
-- those whose run or entity is kept.
CREATE FUNCTION app.documents_to_drop(most integer) RETURNS TABLE (tenant_id uuid, document_id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  WITH over AS (
    SELECT d.tenant_id, d.document_id FROM app.document d
    WHERE d.state = 'going' OR (d.state = 'coming' AND d.changed_at < clock_timestamp() - interval '1 hour')
      OR (d.keep_until <= clock_timestamp() AND NOT EXISTS (
        SELECT 1 FROM app.kept_run k WHERE k.tenant_id = d.tenant_id AND k.run_id = d.run_id)
        AND (d.entity_id IS NULL OR NOT app.entity_is_kept(d.tenant_id, d.entity_id)))
    ORDER BY d.document_id LIMIT most FOR UPDATE SKIP LOCKED
  )
  UPDATE app.document d SET state = 'going' FROM over o
  WHERE d.tenant_id = o.tenant_id AND d.document_id = o.document_id RETURNING d.tenant_id, d.document_id
$$;

-- Their files are gone. What went by its age is audited; what a person removed was when they did.
CREATE FUNCTION app.drop_documents(tenants uuid[], ids uuid[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE dropped integer;
BEGIN
  WITH gone AS (
    DELETE FROM app.document d USING unnest(tenants, ids) AS i(tenant_id, document_id)
    WHERE d.tenant_id = i.tenant_id AND d.document_id = i.document_id AND d.state = 'going'
    RETURNING d.tenant_id, d.document_id, d.run_id, d.entity_id, d.keep_until
  ), audited AS (
    INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
    SELECT g.tenant_id, app.new_id(), 'engine', 'document.expired', app.show_id('doc', g.document_id),
      json_strip_nulls(json_build_object('run', app.show_id('run', g.run_id), 'entity', app.show_id('ety', g.entity_id)))
    FROM gone g WHERE g.keep_until <= clock_timestamp()
  ) SELECT count(*) INTO dropped FROM gone;
  RETURN dropped;
END $$;

-- Documents that nobody has looked into yet, whoever asked longest ago first; each is somebody's for `seconds`.
CREATE FUNCTION app.documents_to_scan(most integer, seconds double precision)
RETURNS TABLE (tenant_id uuid, document_id uuid, key_version integer, sealed_key bytea, wrapped bytea)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  WITH next AS (
    SELECT d.tenant_id, d.document_id FROM app.document d
    WHERE d.state = 'held' AND d.changed_at < clock_timestamp() - make_interval(secs => seconds)
    ORDER BY d.changed_at LIMIT most FOR UPDATE SKIP LOCKED
  ), taken AS (
    UPDATE app.document d SET changed_at = clock_timestamp() FROM next n
    WHERE d.tenant_id = n.tenant_id AND d.document_id = n.document_id RETURNING d.*
  )
  SELECT t.tenant_id, t.document_id, t.key_version, t.sealed_key, k.wrapped FROM taken t
  JOIN app.document_key k ON k.tenant_id = t.tenant_id AND k.version = t.key_version
$$;

CREATE FUNCTION app.note_scan(of_tenant uuid, of_document uuid, verdict text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
BEGIN
  UPDATE app.document d SET state = verdict, changed_at = clock_timestamp()
  WHERE d.tenant_id = of_tenant AND d.document_id = of_document AND d.state = 'held' AND verdict IN ('clean', 'infected');
  IF FOUND THEN
    INSERT INTO app.audit (tenant_id, audit_id, actor, action, target)
    VALUES (of_tenant, app.new_id(), 'engine', 'document.' || verdict, app.show_id('doc', of_document));
  END IF;
END $$;
