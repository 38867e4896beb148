-- Partitions by month for the tables that only grow. Rows whose month has none yet land in the default partition.
-- Nobody is granted a partition itself: it is reached through its parent, whose policies count.
CREATE FUNCTION app.ensure_partitions(months_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE
  parent text; first_day date; partition_name text; made integer := 0;
BEGIN
  FOREACH parent IN ARRAY ARRAY['event', 'journal', 'usage', 'audit'] LOOP
    FOR i IN 0 .. months_ahead LOOP
      first_day := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => i))::date;
      partition_name := format('%s_%s', parent, to_char(first_day, 'YYYY_MM'));
      CONTINUE WHEN to_regclass(format('app.%I', partition_name)) IS NOT NULL;
      EXECUTE format('CREATE TABLE app.%I PARTITION OF app.%I FOR VALUES FROM (%L) TO (%L)', partition_name, parent,
                     app.month_floor(first_day), app.month_floor((first_day + interval '1 month')::date));
      EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY', partition_name);
      EXECUTE format('ALTER TABLE app.%I FORCE ROW LEVEL SECURITY', partition_name);
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
CREATE TABLE app.audit_default PARTITION OF app.audit DEFAULT;
SELECT app.ensure_partitions(2);
