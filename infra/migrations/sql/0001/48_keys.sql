-- What runs are found by beside their business key: texts that their workflow declares (ADR 0028). None for a run whose
-- workflow declares none. Value, deadline and customer's class are columns of the run, for whoever orders or adds up runs.
CREATE TABLE app.run_key (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  run_id uuid NOT NULL,
  name text NOT NULL CHECK (length(name) <= 32),
  value text NOT NULL CHECK (length(value) BETWEEN 1 AND 200),
  PRIMARY KEY (tenant_id, run_id, name)
);
CREATE INDEX run_key_value ON app.run_key (tenant_id, name, value, run_id);

-- File: what expressions told of a run that its start could not, from its first claim on. Under the claim's fence; what is
-- there stays, so that it may be repeated. Answers whether the run is still that claim's.
CREATE FUNCTION app.file_run_keys(
  of_tenant uuid, run uuid, of_fence bigint, names text[], texts text[], amount bigint, currency text,
  promised timestamptz, class text
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
BEGIN
  PERFORM 1 FROM app.run r WHERE r.tenant_id = of_tenant AND r.run_id = run AND r.fence = of_fence FOR UPDATE;
  IF NOT FOUND THEN RETURN false; END IF;
  INSERT INTO app.run_key (tenant_id, run_id, name, value)
  SELECT of_tenant, run, x.name, x.value FROM unnest(names, texts) AS x(name, value) ON CONFLICT DO NOTHING;
  UPDATE app.run r SET
    value_amount = coalesce(r.value_amount, amount), value_currency = coalesce(r.value_currency, currency),
    deadline = coalesce(r.deadline, promised), customer_class = coalesce(r.customer_class, class)
  WHERE r.tenant_id = of_tenant AND r.run_id = run
    AND (amount IS NOT NULL OR promised IS NOT NULL OR class IS NOT NULL);
  RETURN true;
END $$;

-- Events that are for runs of one key alone (ADR 0028), and the runs that each was handed to when it came.
CREATE TABLE app.signal (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  event_id uuid NOT NULL,
  name text NOT NULL,
  value text NOT NULL,
  runs uuid[] NOT NULL,
  PRIMARY KEY (tenant_id, event_id)
);

-- Signal: hand a stored event of the transaction's tenant to the runs of one key that listen for such. Answers how many runs
-- of the key have not ended, counted to `most`, and those that it was handed to: none where more than `most` listen.
CREATE FUNCTION app.post_signal(event uuid, type text, attributes text, key_name text, key_value text, most integer)
RETURNS TABLE (alive integer, listening integer, runs uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE one uuid;
BEGIN
  SELECT coalesce(array_agg(f.run_id ORDER BY f.run_id), '{}') INTO runs FROM (
    SELECT DISTINCT k.run_id FROM app.run_key k
    JOIN app.subscription s ON s.tenant_id = k.tenant_id AND s.run_id = k.run_id
    WHERE k.tenant_id = app.tenant_id() AND k.name = key_name AND k.value = key_value
      AND (s.type = post_signal.type OR s.type IS NULL) AND post_signal.attributes::jsonb @> s.attributes
    LIMIT most + 1
  ) f;
  SELECT count(*) INTO alive FROM (
    SELECT 1 FROM app.run_key k JOIN app.run r ON r.tenant_id = k.tenant_id AND r.run_id = k.run_id
    WHERE k.tenant_id = app.tenant_id() AND k.name = key_name AND k.value = key_value AND r.ended_at IS NULL LIMIT most
  ) f;
  listening := cardinality(runs);
  IF listening BETWEEN 1 AND most THEN
    FOREACH one IN ARRAY runs LOOP
      PERFORM app.post_events(ARRAY[event], ARRAY[type], ARRAY[attributes], one);
    END LOOP;
    INSERT INTO app.signal (tenant_id, event_id, name, value, runs)
    VALUES (app.tenant_id(), event, key_name, key_value, runs);
  ELSE
    runs := '{}';
  END IF;
  RETURN NEXT;
END $$;
