-- Places: the next turns of a tenant's runs, by class. A class goes on behind its own last run and never before what is served
-- now, so that a tenant that floods queues behind itself (A13); a turn costs 1 / weight, one of bulk four times as much. What a
-- class takes is added to the clocks of those below it, whose next runs come that much later. A run keeps the place that it
-- was given: whatever comes after it, its turn comes (ADR 0033).
-- `pushed` of them count for the quota of starts (`services.engine.quotas`). Answers the last place and what one costs, each by
-- priority + 1; and what was started in this minute, with its second. No door: it sees what its caller sees.
CREATE FUNCTION app.take_places(of_tenant uuid, quick bigint, normal bigint, slow bigint, pushed integer DEFAULT 0)
RETURNS TABLE (lasts double precision[], costs double precision[], started integer, second double precision)
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
#variable_conflict use_column
DECLARE
  now_turn double precision := (SELECT last_value / 1000000.0::double precision FROM app.virtual_clock);
  cost double precision := (SELECT 1 / t.weight FROM app.tenant t WHERE t.tenant_id = of_tenant);
BEGIN
  costs := ARRAY[cost, cost, 4 * cost];
  INSERT INTO app.tenant_clock AS c (tenant_id, turn, interactive, bulk, minute, started)
  VALUES (of_tenant, now_turn + (quick + normal) * cost, CASE WHEN quick > 0 THEN now_turn + quick * cost END,
          CASE WHEN slow > 0 THEN now_turn + (quick + normal + 4 * slow) * cost END,
          floor(date_part('epoch', now()) / 60), pushed)
  ON CONFLICT (tenant_id) DO UPDATE SET
    turn = greatest(c.turn, now_turn) + (quick + normal) * cost,
    interactive = CASE WHEN quick > 0 THEN greatest(c.interactive, now_turn) + quick * cost ELSE c.interactive END,
    bulk = CASE WHEN slow > 0 THEN greatest(c.bulk, c.turn, now_turn) + (quick + normal + 4 * slow) * cost
                ELSE c.bulk + (quick + normal) * cost END,
    minute = greatest(c.minute, excluded.minute),
    started = CASE WHEN c.minute < excluded.minute THEN 0 ELSE c.started END + excluded.started
  RETURNING ARRAY[c.interactive, c.turn, c.bulk], c.started INTO lasts, started;
  second := date_part('second', now());
  RETURN NEXT;
END $$;

-- Quotas (ADR 0033): the most that others may push into the installation, into all that a partner serves, into a client's
-- environments together, and into one of them. The tightest holds; where there is no row, there is no limit.
--   owner_id  whose it is: the partner, client or tenant; the nil UUID stands for the operator
--   told      the share in percent that people were told last, at `told_at`
--   counted   of a quota of open runs: how many there were at `counted_at`, no more than it and one of each tenant's
CREATE TABLE app.quota (
  owner_id uuid NOT NULL,
  name text NOT NULL CHECK (name IN ('runs-per-minute', 'open-runs', 'payload-bytes-per-day')),
  level text NOT NULL CHECK (level IN ('operator', 'partner', 'client', 'environment')),
  partner_id uuid REFERENCES app.partner,
  client_id uuid,
  tenant_id uuid,
  amount bigint NOT NULL CHECK (amount >= 0),
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  told smallint NOT NULL DEFAULT 0,
  told_at timestamptz,
  counted bigint NOT NULL DEFAULT 0,
  counted_at timestamptz,
  PRIMARY KEY (owner_id, name),
  -- A partner's transaction writes these: with both columns in the reference, never those of another's client or tenant.
  FOREIGN KEY (partner_id, client_id) REFERENCES app.client ON UPDATE CASCADE,
  FOREIGN KEY (partner_id, tenant_id) REFERENCES app.tenant (partner_id, tenant_id) ON UPDATE CASCADE,
  CHECK (num_nonnulls(client_id, tenant_id) = CASE WHEN level IN ('operator', 'partner') THEN 0 ELSE 1 END),
  CHECK ((CASE level WHEN 'operator' THEN owner_id = '00000000-0000-0000-0000-000000000000' AND partner_id IS NULL
                    WHEN 'partner' THEN owner_id = partner_id
                    WHEN 'client' THEN owner_id = client_id AND partner_id IS NOT NULL
                    ELSE owner_id = tenant_id AND partner_id IS NOT NULL END) IS TRUE)
);
CREATE INDEX quota_client ON app.quota (partner_id, client_id);
CREATE INDEX quota_tenant ON app.quota (partner_id, tenant_id);

-- Bytes of payload that were pushed in on this day (UTC), as the processes of the API reported them: of tenants for which such a
-- quota holds, and of no others.
CREATE TABLE app.tenant_load (
  tenant_id uuid PRIMARY KEY REFERENCES app.tenant,
  day date NOT NULL,
  bytes bigint NOT NULL DEFAULT 0
);

-- The operator sets its own and its partners', a partner those of its clients and their environments. A partner reads what the
-- operator gave it, a tenant what holds for itself and for its client; nobody reads what others have.
CREATE POLICY seen ON app.quota FOR SELECT TO waybill_app USING (
  app.is_operator() AND level IN ('operator', 'partner') OR level <> 'operator' AND partner_id = app.partner_id()
  OR tenant_id = app.tenant_id()
  OR level = 'client' AND EXISTS (SELECT 1 FROM app.tenant t WHERE t.tenant_id = app.tenant_id()
                                  AND t.partner_id = quota.partner_id AND t.client_id = quota.client_id));
CREATE POLICY organization ON app.quota TO waybill_app
  USING (app.is_operator() AND level IN ('operator', 'partner') OR level IN ('client', 'environment') AND partner_id = app.partner_id())
  WITH CHECK (app.is_operator() AND level IN ('operator', 'partner') OR level IN ('client', 'environment') AND partner_id = app.partner_id());
CREATE POLICY tenant ON app.tenant_load FOR SELECT TO waybill_app USING (tenant_id = app.tenant_id());
CREATE POLICY doors ON app.quota TO waybill_doors USING (true) WITH CHECK (true);
CREATE POLICY doors ON app.tenant_load TO waybill_doors USING (true) WITH CHECK (true);
CREATE POLICY quotas ON app.organization_audit FOR INSERT TO waybill_doors WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.quota TO waybill_app;
GRANT SELECT ON app.tenant_load TO waybill_app;
GRANT SELECT, UPDATE ON app.quota TO waybill_doors;
GRANT SELECT, INSERT, UPDATE ON app.tenant_load TO waybill_doors;
GRANT INSERT ON app.notice, app.organization_audit TO waybill_doors;

-- Peak mode (ADR 0033): the rule by which a tenant's runs share the places that they have in line, while a peak lasts.
--   mode         `auto`: from `from_runs` in line on, until fewer than half as many are
--   classes      customer classes, the first one first; any other comes behind them
--   ship_key, cut_off_key  declared keys of runs that hold a date or a moment: the earlier first
--   began_at     NULL: no peak
--   dealt_clock  what the tenant's clock read when places were dealt last: where it reads the same, nothing came since
--   rests_until  places are not dealt again before it: what is dealt nobody can claim meanwhile
--   seen_turn, seen_at, speed  where virtual time was, and turns a second since, the last minutes counting most
CREATE TABLE app.peak (
  tenant_id uuid PRIMARY KEY REFERENCES app.tenant,
  mode text NOT NULL CHECK (mode IN ('off', 'on', 'auto')),
  from_runs integer NOT NULL CHECK (from_runs BETWEEN 1 AND 100000),
  classes text[] NOT NULL,
  ship_key text,
  cut_off_key text,
  began_at timestamptz,
  dealt_at timestamptz,
  dealt_clock double precision,
  rests_until timestamptz,
  seen_turn double precision,
  seen_at timestamptz,
  speed double precision,
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE POLICY tenant ON app.peak TO waybill_app USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY doors ON app.peak TO waybill_doors USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON app.peak TO waybill_app;
GRANT SELECT, UPDATE ON app.peak TO waybill_doors;

-- The moment that a key's text names, NULL for none: a day lasts to its end in UTC, as deadlines do (ADR 0028).
CREATE FUNCTION app.key_moment(value text) RETURNS timestamptz
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, app SET timezone = 'UTC' AS $$
  SELECT CASE WHEN value !~ '^\d{4}-\d{2}-\d{2}' OR NOT pg_input_is_valid(value, 'timestamptz') THEN NULL
              WHEN length(value) = 10 THEN value::timestamptz + interval '1 day' ELSE value::timestamptz END
$$;
