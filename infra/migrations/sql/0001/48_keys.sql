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
