-- Private networks that the operator opened to one environment of a client, such as that of its ERP in its own house (ADR 0058).
-- Nobody else may: who writes a workflow or a connection cannot lead it into a network that was not opened.
CREATE TABLE app.private_network (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  network text NOT NULL CHECK (length(network) <= 43),
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200),
  opened_by text NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, network)
);
CREATE POLICY operator ON app.private_network TO waybill_app USING (app.is_operator()) WITH CHECK (app.is_operator());
CREATE POLICY tenant ON app.private_network FOR SELECT TO waybill_app, waybill_worker USING (tenant_id = app.tenant_id());
CREATE POLICY doors ON app.private_network FOR SELECT TO waybill_doors USING (true);
GRANT SELECT, INSERT, DELETE ON app.private_network TO waybill_app;
GRANT SELECT ON app.private_network TO waybill_worker, waybill_doors;

-- All of them, for the guards of the way out in each process. A door, since one process calls for many tenants.
CREATE FUNCTION app.opened_networks() RETURNS TABLE (tenant_id uuid, network text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT p.tenant_id, p.network FROM app.private_network p ORDER BY p.tenant_id, p.network
$$;
