-- Values over 32 KiB, stored once for the run that has them and named by their hash where they stood (ADR 0034). They go with
-- their run, by month as its journal does, so that nobody counts references. The hash is of the JSON text; who reads checks it.
--   owner_id  the run; its id says the month
--   size      bytes of the text, `body` packed by `codec`
CREATE TABLE app.payload (
  tenant_id uuid NOT NULL,
  owner_id uuid NOT NULL,
  hash bytea NOT NULL CHECK (length(hash) = 32),
  size integer NOT NULL CHECK (size > 0),
  codec text NOT NULL CHECK (codec IN ('zlib')),
  body bytea NOT NULL,
  PRIMARY KEY (tenant_id, owner_id, hash)
) PARTITION BY RANGE (owner_id);
-- It is packed already.
ALTER TABLE app.payload ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE TABLE app.payload_default PARTITION OF app.payload DEFAULT;
ALTER TABLE app.payload_default ALTER COLUMN body SET STORAGE EXTERNAL;
SELECT app.ensure_partitions(2);

CREATE POLICY tenant ON app.payload TO waybill_app, waybill_worker
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY doors ON app.payload TO waybill_doors USING (true) WITH CHECK (true);
CREATE POLICY owner ON app.payload_default TO waybill_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON app.payload TO waybill_app, waybill_worker, waybill_doors;

-- Keep: the large values of what checkpoints are about to write, in their transaction. Only of runs that their writer still
-- holds, by their fence; what a refused checkpoint leaves belongs to its run all the same, and goes with it.
CREATE FUNCTION app.keep_payloads(
  tenants uuid[], runs uuid[], fences bigint[], hashes bytea[], sizes integer[], bodies bytea[]
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  INSERT INTO app.payload (tenant_id, owner_id, hash, size, codec, body)
  SELECT r.tenant_id, r.run_id, k.hash, k.size, 'zlib', k.body
  FROM unnest(tenants, runs, fences, hashes, sizes, bodies) AS k(tenant_id, run_id, fence, hash, size, body)
  JOIN app.run r ON r.tenant_id = k.tenant_id AND r.run_id = k.run_id AND r.fence = k.fence
  ON CONFLICT DO NOTHING
$$;
