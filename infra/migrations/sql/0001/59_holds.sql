-- Holds (ADR 0104): why an order may not go out now. An order may when none is active on it, on its lines, or on its customer.

-- What kinds of holds an environment has, as versions of what was said: nothing is changed, the newest is in force.
--   types  list of `services.holds.kinds.Kind`
CREATE TABLE app.hold_type_version (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  version integer NOT NULL CHECK (version > 0),
  types json NOT NULL CHECK (octet_length(types::text) <= 65536),
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, version)
);

-- An order or a customer of which a hold or a release was ever told. Its row is what both are locked by, the customer's before the order's.
--   key          the number that people know it by
--   customer     of an order the key of its customer, NULL while nobody said; of a customer its own
--   entity_id    the record that it is, where one is known by this key
--   released_at  when an order was last let go; NULL again with the next hold, whose raiser is told
CREATE TABLE app.hold_subject (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  kind text NOT NULL CHECK (kind IN ('order', 'customer')),
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
  customer text CHECK (length(customer) BETWEEN 1 AND 200),
  site text CHECK (length(site) BETWEEN 1 AND 125),
  entity_id uuid,
  released_at timestamptz,
  released_by text,
  PRIMARY KEY (tenant_id, kind, key),
  CHECK (kind = 'order' OR customer = key),
  CHECK ((released_at IS NULL) = (released_by IS NULL)),
  CHECK (kind = 'order' OR released_at IS NULL)
);
CREATE INDEX hold_subject_customer ON app.hold_subject (tenant_id, customer) WHERE customer IS NOT NULL;
CREATE INDEX hold_subject_entity ON app.hold_subject (tenant_id, entity_id) WHERE entity_id IS NOT NULL;

--   line         of the order, empty for the whole of it
--   type, reason of which kind it is, and a code that says why; of the same of one order there is one active row
--   raise_keys   of the effects that raised it: a call that is repeated raises nothing a second time
--   due          until when somebody is to decide, infinity for no time; worth: `value`, or less than any where there is none
--   raisers      who raised it, the first one first: it stands for all of them. Of runs no more than two, since they are nobody
--   facts        that whoever raised it stated for the authority: `services.holds.facts`
--   decision     that the authority is asked for since it was raised, run_may_clear likewise: whatever its type says later, neither becomes
--     less (ADR 0115). NULL: the type's of now
--   consents     who has agreed to let it go, and to what: list of `services.holds.authority.Consent`
--   salt         of the digests by which the audit knows words of people (ADR 0115)
--   after_release  the order had been let go when it was raised: who raised it has to call it back
--   version      raised with each change, so that of two who act on what they saw one does
CREATE TABLE app.hold (
  tenant_id uuid NOT NULL,
  hold_id uuid NOT NULL,
  kind text NOT NULL,
  key text NOT NULL,
  line text NOT NULL DEFAULT '' CHECK (length(line) <= 100),
  type text NOT NULL CHECK (type ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  reason text NOT NULL CHECK (reason ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  words text CHECK (length(words) <= 2000),
  run_id uuid,
  raised_by text NOT NULL,
  raisers text[] NOT NULL,
  raised_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  raise_keys text[] NOT NULL DEFAULT '{}',
  owner_role text NOT NULL CHECK (length(owner_role) BETWEEN 1 AND 125),
  due timestamptz NOT NULL DEFAULT 'infinity',
  value bigint,
  currency text CHECK (currency ~ '^[A-Z]{3}$'),
  worth bigint NOT NULL DEFAULT -9223372036854775808,
  facts json NOT NULL DEFAULT '{}' CHECK (octet_length(facts::text) <= 65536),
  decision text CHECK (length(decision) BETWEEN 1 AND 125),
  run_may_clear boolean NOT NULL DEFAULT false,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'cleared', 'overridden')),
  consents json NOT NULL DEFAULT '[]' CHECK (octet_length(consents::text) <= 262144),
  cleared_by text,
  cleared_at timestamptz,
  why text CHECK (length(why) <= 2000),
  after_release boolean NOT NULL DEFAULT false,
  salt bytea NOT NULL DEFAULT uuid_send(gen_random_uuid()),
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, hold_id),
  FOREIGN KEY (tenant_id, kind, key) REFERENCES app.hold_subject,
  CHECK ((status = 'active') = (cleared_at IS NULL)),
  CHECK ((status = 'active') = (cleared_by IS NULL)),
  CHECK ((value IS NULL) = (currency IS NULL)),
  CHECK (kind = 'order' OR line = '')
);
CREATE UNIQUE INDEX hold_active ON app.hold (tenant_id, kind, key, line, type, reason) WHERE status = 'active';
CREATE INDEX hold_subject_holds ON app.hold (tenant_id, kind, key, hold_id);
CREATE INDEX hold_run ON app.hold (tenant_id, run_id) WHERE run_id IS NOT NULL;
-- The three orders of a list, as those of exceptions.
CREATE INDEX hold_age ON app.hold (tenant_id, status, hold_id);
CREATE INDEX hold_value ON app.hold (tenant_id, status, worth, hold_id);
CREATE INDEX hold_due ON app.hold (tenant_id, status, due, hold_id);

-- Which run makes a sale of an order, or has made it: of one order of a customer there is one row, so that there is one sale (ADR 0140).
--   run_id   that took it up last; nothing else sells it while that run is under way
--   digest   of what was ordered: SHA-256
--   sold_at  when its run noted the sale; NULL: it has not, and where the run has ended nobody knows
--   sale     the number that the ERP gave it
CREATE TABLE app.order_sale (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  customer text NOT NULL CHECK (length(customer) BETWEEN 1 AND 200),
  order_key text NOT NULL CHECK (length(order_key) BETWEEN 1 AND 200),
  run_id uuid NOT NULL,
  digest bytea NOT NULL CHECK (octet_length(digest) = 32),
  taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  sold_at timestamptz,
  sale text CHECK (length(sale) BETWEEN 1 AND 200),
  PRIMARY KEY (tenant_id, customer, order_key),
  CHECK (sold_at IS NOT NULL OR sale IS NULL)
);

-- Runs that are parked until an order may go out, or until another run has sold it.
--   key      of the effect that waits
--   wake_at  it may have become so: the run is to be called
CREATE TABLE app.hold_wait (
  tenant_id uuid NOT NULL,
  run_id uuid NOT NULL,
  key text NOT NULL,
  order_key text NOT NULL,
  customer text NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  wake_at timestamptz,
  PRIMARY KEY (tenant_id, run_id, key)
);
CREATE INDEX hold_wait_order ON app.hold_wait (tenant_id, order_key);
CREATE INDEX hold_wait_customer ON app.hold_wait (tenant_id, customer);
CREATE INDEX hold_wait_wake ON app.hold_wait (wake_at) WHERE wake_at IS NOT NULL;

-- Holds of the orders and customers that records are: by the record that one was found to be, by the run that raised it, or by a
-- number that is one record's alone. No door: it sees what its caller sees.
CREATE FUNCTION app.holds_about(tenant uuid, entities uuid[], runs uuid[]) RETURNS SETOF uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  SELECT h.hold_id FROM app.hold_subject s JOIN app.hold h USING (tenant_id, kind, key)
  WHERE s.tenant_id = tenant AND s.entity_id = ANY (entities)
  UNION SELECT h.hold_id FROM app.hold h WHERE h.tenant_id = tenant AND h.run_id = ANY (runs)
  UNION SELECT h.hold_id FROM app.entity_key k JOIN app.hold_subject s ON s.tenant_id = k.tenant_id AND s.key = k.id
    AND s.entity_id IS NULL AND s.kind = CASE k.kind WHEN 'sales-order' THEN 'order' WHEN 'customer' THEN 'customer' END
  JOIN app.hold h ON h.tenant_id = s.tenant_id AND h.kind = s.kind AND h.key = s.key
  WHERE k.tenant_id = tenant AND k.entity_id = ANY (entities) AND NOT EXISTS (SELECT 1 FROM app.entity_key o
    WHERE o.tenant_id = tenant AND o.kind = k.kind AND o.id = k.id AND o.entity_id <> ALL (entities))
$$;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['hold_type_version', 'hold_subject', 'hold', 'hold_wait', 'order_sale'] LOOP
    EXECUTE format('CREATE POLICY tenant ON app.%I TO waybill_app, waybill_worker '
                   'USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id())', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT ON app.hold_type_version TO waybill_app;
GRANT SELECT ON app.hold_type_version TO waybill_worker;
GRANT SELECT, INSERT, UPDATE ON app.hold_subject, app.hold TO waybill_app, waybill_worker;
GRANT SELECT, UPDATE ON app.hold_wait TO waybill_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.hold_wait TO waybill_worker;
GRANT SELECT ON app.order_sale TO waybill_app;
GRANT SELECT, INSERT, UPDATE ON app.order_sale TO waybill_worker;
