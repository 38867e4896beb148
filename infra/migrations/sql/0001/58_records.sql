-- The cross-reference (ADR 0072): one business entity, such as a customer or an item, and what each system knows it by.
-- An entity's own row never changes. What stands for it are its keys; one that was merged stands for another entity.
--   kind  name of a record, such as `customer`
CREATE TABLE app.entity (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  entity_id uuid NOT NULL,
  kind text NOT NULL CHECK (length(kind) <= 63),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_by text NOT NULL,
  PRIMARY KEY (tenant_id, entity_id),
  UNIQUE (tenant_id, kind, entity_id)
);

-- One system's id of an entity. The key is what makes it one entity's; the kind is part of it, since a customer and an item may
-- have the same number, and a reference by kind lets no key lead to an entity of another.
--   system        such as the name of a connection
--   is_preferred  of several ids in one system the one to write by
CREATE TABLE app.entity_key (
  tenant_id uuid NOT NULL,
  kind text NOT NULL,
  system text NOT NULL CHECK (length(system) BETWEEN 1 AND 63),
  id text NOT NULL CHECK (length(id) BETWEEN 1 AND 200),
  entity_id uuid NOT NULL,
  is_preferred boolean NOT NULL DEFAULT false,
  linked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  linked_by text NOT NULL,
  PRIMARY KEY (tenant_id, kind, system, id),
  FOREIGN KEY (tenant_id, kind, entity_id) REFERENCES app.entity (tenant_id, kind, entity_id)
);
CREATE INDEX entity_key_entity ON app.entity_key (tenant_id, entity_id, system);
CREATE INDEX entity_key_id ON app.entity_key (tenant_id, id);
CREATE UNIQUE INDEX entity_key_preferred ON app.entity_key (tenant_id, entity_id, system) WHERE is_preferred;

-- Which entity another one turned out to be. Both are of one tenant and one kind. Only what stands for itself is merged, and only
-- into what stands for itself: so no way leads round.
CREATE TABLE app.entity_merge (
  tenant_id uuid NOT NULL,
  entity_id uuid NOT NULL,
  kind text NOT NULL,
  into_id uuid NOT NULL,
  merged_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, entity_id),
  FOREIGN KEY (tenant_id, kind, entity_id) REFERENCES app.entity (tenant_id, kind, entity_id),
  FOREIGN KEY (tenant_id, kind, into_id) REFERENCES app.entity (tenant_id, kind, entity_id),
  CHECK (entity_id <> into_id)
);
CREATE INDEX entity_merge_into ON app.entity_merge (tenant_id, into_id);

-- What became of entities, line by line; nothing here is ever changed.
--   entity_id  what was made, linked, unlinked; what another was merged into, or split from
--   other_id   that other
--   keys       that were linked, unlinked or went along
CREATE TABLE app.entity_change (
  tenant_id uuid NOT NULL,
  change_id uuid NOT NULL,
  entity_id uuid NOT NULL,
  what text NOT NULL CHECK (what IN ('created', 'linked', 'unlinked', 'merged', 'split')),
  other_id uuid,
  keys json NOT NULL DEFAULT '[]',
  reason text CHECK (length(reason) <= 2000),
  by text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, change_id),
  FOREIGN KEY (tenant_id, entity_id) REFERENCES app.entity,
  FOREIGN KEY (tenant_id, other_id) REFERENCES app.entity (tenant_id, entity_id),
  CHECK ((other_id IS NOT NULL) = (what IN ('merged', 'split')))
);
CREATE INDEX entity_change_entity ON app.entity_change (tenant_id, entity_id, change_id);
CREATE INDEX entity_change_other ON app.entity_change (tenant_id, other_id, change_id);

CREATE POLICY tenant ON app.entity TO waybill_app USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY tenant ON app.entity_key TO waybill_app USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY tenant ON app.entity_merge TO waybill_app USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY tenant ON app.entity_change TO waybill_app USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
GRANT SELECT, INSERT ON app.entity, app.entity_change TO waybill_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.entity_key TO waybill_app;
GRANT SELECT, INSERT, DELETE ON app.entity_merge TO waybill_app;
