-- Records from systems (ADR 0080): mappings say how an event becomes a record, sightings are what systems said, one by one.

-- A partner's mappings, for its clients to build on. A version that was released never changes.
--   document  `services.records.mapping.document.Mapping`
CREATE TABLE app.partner_mapping (
  partner_id uuid NOT NULL REFERENCES app.partner,
  name text NOT NULL CHECK (name ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  version integer NOT NULL CHECK (version > 0),
  document json NOT NULL CHECK (octet_length(document::text) <= 262144),
  made_by text NOT NULL,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  released_by text,
  released_at timestamptz,
  PRIMARY KEY (partner_id, name, version),
  CHECK ((released_by IS NULL) = (released_at IS NULL))
);
CREATE UNIQUE INDEX partner_mapping_draft ON app.partner_mapping (partner_id, name) WHERE released_at IS NULL;
CREATE POLICY organization ON app.partner_mapping TO waybill_app
  USING (partner_id = app.partner_id()) WITH CHECK (partner_id = app.partner_id());
CREATE POLICY below ON app.partner_mapping FOR SELECT TO waybill_app USING (released_at IS NOT NULL AND EXISTS (
  SELECT 1 FROM app.tenant t WHERE t.tenant_id = app.tenant_id() AND t.partner_id = partner_mapping.partner_id));
CREATE POLICY final ON app.partner_mapping AS RESTRICTIVE FOR UPDATE TO waybill_app
  USING (released_at IS NULL) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON app.partner_mapping TO waybill_app;

-- An environment's own mappings, and its overlays over its partner's.
--   whole  what is done since the release: the overlay and what it lies over, in one; a partner's later change is none of it
CREATE TABLE app.mapping (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  name text NOT NULL CHECK (name ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  version integer NOT NULL CHECK (version > 0),
  document json NOT NULL CHECK (octet_length(document::text) <= 262144),
  whole json,
  made_by text NOT NULL,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  released_by text,
  released_at timestamptz,
  PRIMARY KEY (tenant_id, name, version),
  CHECK (num_nulls(released_by, released_at, whole) IN (0, 3))
);
CREATE UNIQUE INDEX mapping_draft ON app.mapping (tenant_id, name) WHERE released_at IS NULL;

-- Which events a released mapping takes; of each name its newest release is here.
--   systems  `system`, and those of its connections
--   leads    members of the record whose systems of record these are
CREATE TABLE app.event_route (
  tenant_id uuid NOT NULL,
  type text NOT NULL CHECK (length(type) BETWEEN 1 AND 512),
  mapping text NOT NULL,
  version integer NOT NULL,
  record text NOT NULL,
  system text NOT NULL,
  systems text[] NOT NULL,
  leads text[] NOT NULL,
  PRIMARY KEY (tenant_id, type, mapping),
  FOREIGN KEY (tenant_id, mapping, version) REFERENCES app.mapping
);
CREATE INDEX event_route_record ON app.event_route (tenant_id, record);
CREATE INDEX event_route_mapping ON app.event_route (tenant_id, mapping, version);

-- Events that are to become records, written with the event and removed with what followed.
--   tries    of one that failed for no reason of its own
--   problem  why it makes no record as it is; it waits for the next release of its mapping
--   mark     of the exception that tells so, which ends with the last event that it stands for
CREATE TABLE app.translation (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  event_id uuid NOT NULL,
  mapping text NOT NULL,
  due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  tries integer NOT NULL DEFAULT 0,
  problem text,
  detail text CHECK (length(detail) <= 2000),
  mark text,
  PRIMARY KEY (tenant_id, event_id, mapping)
);
CREATE INDEX translation_mark ON app.translation (tenant_id, mark) WHERE mark IS NOT NULL;
CREATE INDEX translation_due ON app.translation (tenant_id, event_id) WHERE problem IS NULL;

-- What a system said of a record, once for each event and mapping. Nothing of that ever changes; whom it is of does by a split.
--   at       when it was so, as the event says; else when it came
--   states   of an order: by line, `''` for the order itself
--   told     which changes of an order's state were told since this came, such as `shipped:1`; each is told once
--   made     events of the catalogue that it led to
CREATE TABLE app.sighting (
  tenant_id uuid NOT NULL,
  sighting_id uuid NOT NULL,
  entity_id uuid NOT NULL,
  event_id uuid NOT NULL,
  mapping text NOT NULL,
  version integer NOT NULL,
  system text NOT NULL,
  type text NOT NULL,
  source text NOT NULL,
  at timestamptz NOT NULL,
  states json,
  told text[] NOT NULL DEFAULT '{}',
  made uuid[] NOT NULL DEFAULT '{}',
  taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, sighting_id),
  UNIQUE (tenant_id, event_id, mapping),
  FOREIGN KEY (tenant_id, entity_id) REFERENCES app.entity,
  FOREIGN KEY (tenant_id, mapping, version) REFERENCES app.mapping
);
CREATE INDEX sighting_entity_at ON app.sighting (tenant_id, entity_id, at, sighting_id);
CREATE INDEX sighting_mapping ON app.sighting (tenant_id, mapping, version);
-- Which connections have told a mapping of a system: of most there is one, and its sources are few.
CREATE INDEX sighting_told_by ON app.sighting (tenant_id, mapping, system, source text_pattern_ops)
  WHERE source LIKE '/connections/%';

-- Whom a sighting is about besides its own entity: the order that a shipment is of.
CREATE TABLE app.sighting_about (
  tenant_id uuid NOT NULL,
  entity_id uuid NOT NULL,
  sighting_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, entity_id, sighting_id),
  FOREIGN KEY (tenant_id, entity_id) REFERENCES app.entity,
  FOREIGN KEY (tenant_id, sighting_id) REFERENCES app.sighting
);
CREATE INDEX sighting_about_sighting ON app.sighting_about (tenant_id, sighting_id);

-- What each system says of a record now, member by member: `services.records.folding.Said`.
CREATE TABLE app.record_view (
  tenant_id uuid NOT NULL,
  entity_id uuid NOT NULL,
  system text NOT NULL,
  members json NOT NULL,
  PRIMARY KEY (tenant_id, entity_id, system),
  FOREIGN KEY (tenant_id, entity_id) REFERENCES app.entity
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['mapping', 'event_route', 'translation', 'sighting', 'sighting_about', 'record_view'] LOOP
    EXECUTE format('CREATE POLICY tenant ON app.%I TO waybill_app, waybill_worker '
                   'USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id())', t);
    EXECUTE format('GRANT SELECT ON app.%I TO waybill_app, waybill_worker', t);
  END LOOP;
  -- The worker makes entities of what systems tell, and links them.
  FOREACH t IN ARRAY ARRAY['entity', 'entity_key', 'entity_merge', 'entity_change'] LOOP
    EXECUTE format('CREATE POLICY worker ON app.%I TO waybill_worker '
                   'USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id())', t);
  END LOOP;
END $$;
CREATE POLICY final ON app.mapping AS RESTRICTIVE FOR UPDATE TO waybill_app USING (released_at IS NULL) WITH CHECK (true);
CREATE POLICY doors ON app.translation TO waybill_doors USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE ON app.translation TO waybill_doors;
GRANT INSERT, UPDATE ON app.mapping TO waybill_app;
GRANT INSERT, DELETE ON app.event_route TO waybill_app;
GRANT INSERT ON app.translation TO waybill_app, waybill_worker;
GRANT UPDATE ON app.translation TO waybill_app, waybill_worker;
GRANT DELETE ON app.translation TO waybill_worker;
GRANT INSERT ON app.sighting, app.sighting_about, app.record_view TO waybill_worker;
GRANT UPDATE (told, made) ON app.sighting TO waybill_worker;
GRANT UPDATE ON app.record_view TO waybill_worker;
GRANT SELECT, INSERT ON app.entity, app.entity_key TO waybill_worker;
GRANT SELECT ON app.entity_merge TO waybill_worker;
GRANT SELECT, INSERT ON app.entity_change TO waybill_worker;
-- A split takes along what was said.
GRANT UPDATE (entity_id) ON app.sighting TO waybill_app;
GRANT UPDATE (entity_id, members) ON app.record_view TO waybill_app;

-- Tenants with events to translate, for `seconds` nobody else's: the oldest of each is marked. Tenants are found by steps along
-- the key, so that a flood of one's events costs no more than one of them.
CREATE FUNCTION app.take_translations(most integer, seconds double precision) RETURNS TABLE (tenant_id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  WITH RECURSIVE one AS (
    (SELECT t.tenant_id FROM app.translation t WHERE t.problem IS NULL ORDER BY 1 LIMIT 1)
    UNION ALL
    SELECT n.tenant_id FROM one o, LATERAL (
      SELECT t.tenant_id FROM app.translation t WHERE t.problem IS NULL AND t.tenant_id > o.tenant_id ORDER BY 1 LIMIT 1) n
  ), head AS (
    SELECT h.* FROM one o, LATERAL (
      SELECT t.tenant_id, t.event_id, t.mapping, t.due_at FROM app.translation t
      WHERE t.problem IS NULL AND t.tenant_id = o.tenant_id ORDER BY t.event_id LIMIT 1) h
    WHERE h.due_at <= clock_timestamp() ORDER BY h.due_at LIMIT most
  ), locked AS (
    SELECT t.tenant_id, t.event_id, t.mapping FROM app.translation t JOIN head USING (tenant_id, event_id, mapping)
    WHERE t.due_at <= clock_timestamp() AND t.problem IS NULL FOR UPDATE OF t SKIP LOCKED
  )
  UPDATE app.translation t SET due_at = clock_timestamp() + make_interval(secs => seconds) FROM locked l
  WHERE t.tenant_id = l.tenant_id AND t.event_id = l.event_id AND t.mapping = l.mapping
  RETURNING t.tenant_id
$$;
