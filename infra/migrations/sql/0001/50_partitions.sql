CREATE FUNCTION app.partition_key(parent text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE parent WHEN 'event' THEN 'event_id' WHEN 'audit' THEN 'audit_id'
                              WHEN 'payload' THEN 'owner_id' ELSE 'run_id' END $$;

-- Partitions by month for the tables that only grow. Rows whose month has none yet land in the default partition.
-- Nobody is granted a partition itself: it is reached through its parent, whose policies count.
-- Rows that came before their month had a partition move there from the default one.
CREATE FUNCTION app.ensure_partitions(months_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET lock_timeout = '2s' AS $$
DECLARE
  parent text; first_day date; low uuid; high uuid; partition_name text; made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(7161004219002);
  FOREACH parent IN ARRAY ARRAY['event', 'journal', 'usage', 'audit', 'effect', 'payload'] LOOP
    FOR i IN 0 .. months_ahead LOOP
      first_day := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => i))::date;
      partition_name := format('%s_%s', parent, to_char(first_day, 'YYYY_MM'));
      CONTINUE WHEN to_regclass(format('app.%I', partition_name)) IS NOT NULL;
      low := app.month_floor(first_day);
      high := app.month_floor((first_day + interval '1 month')::date);
      EXECUTE format('CREATE TABLE app.%I (LIKE app.%I INCLUDING ALL)', partition_name, parent);
      EXECUTE format('WITH early AS (DELETE FROM app.%I WHERE %I >= %L AND %I < %L RETURNING *) '
                     'INSERT INTO app.%I SELECT * FROM early', parent || '_default', app.partition_key(parent), low,
                     app.partition_key(parent), high, partition_name);
      EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY', partition_name);
      EXECUTE format('ALTER TABLE app.%I FORCE ROW LEVEL SECURITY', partition_name);
      EXECUTE format('ALTER TABLE app.%I ATTACH PARTITION app.%I FOR VALUES FROM (%L) TO (%L)', parent, partition_name,
                     low, high);
      made := made + 1;
    END LOOP;
  END LOOP;
  RETURN made;
END $$;
REVOKE ALL ON FUNCTION app.ensure_partitions(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.ensure_partitions(integer) TO waybill_worker;

CREATE TABLE app.event_default PARTITION OF app.event DEFAULT;
CREATE TABLE app.journal_default PARTITION OF app.journal DEFAULT;
CREATE TABLE app.usage_default PARTITION OF app.usage DEFAULT;
CREATE TABLE app.effect_default PARTITION OF app.effect DEFAULT;
CREATE TABLE app.audit_default PARTITION OF app.audit DEFAULT;
