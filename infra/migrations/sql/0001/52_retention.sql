-- How long the ended runs of a deployment are kept, where somebody set it (ADR 0034): `subject` is the deployment, or the
-- tenant for all of its deployments whose template says nothing else.
CREATE TABLE app.retention (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  subject uuid NOT NULL,
  days integer NOT NULL CHECK (days BETWEEN 1 AND 36500),
  PRIMARY KEY (tenant_id, subject)
);

-- Runs that somebody wants kept whatever their age, and why (S-86).
CREATE TABLE app.kept_run (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  run_id uuid NOT NULL,
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
  kept_by text NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, run_id)
);

-- A file of ended runs that are no rows any more. `file` is below the folder of archives; `runs` are in it, in their order.
CREATE TABLE app.archive (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  archive_id uuid NOT NULL,
  month date NOT NULL,
  file text NOT NULL CHECK (length(file) <= 200),
  runs uuid[] NOT NULL CHECK (cardinality(runs) > 0),
  first_id uuid NOT NULL,
  last_id uuid NOT NULL,
  size bigint NOT NULL,
  digest bytea NOT NULL CHECK (length(digest) = 32),
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, archive_id)
);
CREATE INDEX archive_last ON app.archive (tenant_id, last_id);

-- How far the search for runs that are due has come in a tenant: it goes on behind that run, and begins again at the end.
CREATE TABLE app.archive_round (
  tenant_id uuid PRIMARY KEY REFERENCES app.tenant,
  behind uuid,
  looked_at timestamptz NOT NULL
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['retention', 'kept_run', 'archive', 'archive_round'] LOOP
    EXECUTE format('CREATE POLICY tenant ON app.%I TO waybill_app, waybill_worker '
                   'USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id())', t);
    EXECUTE format('CREATE POLICY doors ON app.%I TO waybill_doors USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.retention, app.kept_run TO waybill_app;
GRANT SELECT ON app.retention, app.archive, app.journal, app.effect TO waybill_worker;
GRANT SELECT ON app.archive TO waybill_app;
GRANT SELECT ON app.kept_run TO waybill_doors;
GRANT SELECT, INSERT ON app.archive TO waybill_doors;
GRANT SELECT, INSERT, UPDATE ON app.archive_round TO waybill_worker, waybill_doors;
CREATE POLICY doors ON app.event TO waybill_doors USING (true) WITH CHECK (true);
CREATE POLICY doors ON app.pending_event FOR SELECT TO waybill_doors USING (true);
GRANT SELECT ON app.pending_event TO waybill_doors;
GRANT SELECT, DELETE ON app.event TO waybill_doors;
GRANT DELETE ON app.run, app.journal, app.effect, app.payload, app.run_key, app.exception TO waybill_doors;

-- Tenants that have a run older than `before`, whoever was looked at longest ago first.
CREATE FUNCTION app.archive_turns(before uuid, most integer) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  SELECT t.tenant_id FROM app.tenant t LEFT JOIN app.archive_round a ON a.tenant_id = t.tenant_id
  WHERE EXISTS (SELECT 1 FROM app.run r WHERE r.tenant_id = t.tenant_id AND r.run_id < before)
  ORDER BY a.looked_at NULLS FIRST, t.tenant_id LIMIT most
$$;

-- Of the next `looked` runs of the transaction's tenant behind `behind` and before `before`: those that ended before the
-- time of their deployment, and that nothing asks to be kept. They are locked until the commit, so that nobody tries one
-- again while it is written down; whoever has one in hand at this moment keeps it. `lines` says how much each is: lines of
-- its journal, and KiB of its large values. `last` is the last run that was looked at, NULL at the end.
CREATE FUNCTION app.due_runs(
  behind uuid, before uuid, deployments uuid[], cutoffs timestamptz[], looked integer, most integer
) RETURNS TABLE (runs uuid[], lines integer[], last uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
BEGIN
  SELECT max(p.run_id::text)::uuid INTO last FROM (
    SELECT r.run_id FROM app.run r WHERE r.tenant_id = app.tenant_id() AND r.run_id > behind AND r.run_id < before
    ORDER BY r.run_id LIMIT looked) p;
  SELECT coalesce(array_agg(d.run_id ORDER BY d.run_id), '{}'), coalesce(array_agg(d.weight ORDER BY d.run_id), '{}')
  INTO runs, lines FROM (
    SELECT r.run_id, r.seq + coalesce((SELECT sum(p.size) / 1024 FROM app.payload p
                                       WHERE p.tenant_id = r.tenant_id AND p.owner_id = r.run_id), 0)::integer AS weight
    FROM app.run r
    JOIN unnest(deployments, cutoffs) AS c(deployment_id, cutoff) ON c.deployment_id = r.deployment_id
    WHERE r.tenant_id = app.tenant_id() AND r.run_id > behind AND r.run_id <= last AND r.ended_at < c.cutoff
      AND NOT coalesce(r.state = 'completed' AND app.is_held(r.output), false)
      AND NOT EXISTS (SELECT 1 FROM app.kept_run k WHERE k.tenant_id = r.tenant_id AND k.run_id = r.run_id)
      AND NOT EXISTS (SELECT 1 FROM app.effect e WHERE e.tenant_id = r.tenant_id AND e.run_id = r.run_id
                        AND e.status IN ('sent', 'unknown'))
      AND NOT EXISTS (SELECT 1 FROM app.exception x WHERE x.tenant_id = r.tenant_id AND x.run_id = r.run_id
                        AND x.state = 'open')
      AND NOT EXISTS (SELECT 1 FROM app.entry n WHERE n.tenant_id = r.tenant_id AND n.run_id = r.run_id
                        AND n.resolution IS NULL)
      AND NOT EXISTS (SELECT 1 FROM app.key_writer w WHERE w.tenant_id = r.tenant_id AND w.run_id = r.run_id)
      AND NOT EXISTS (SELECT 1 FROM app.schedule s WHERE s.tenant_id = r.tenant_id AND s.run_id = r.run_id
                        AND s.kind = 'after' AND s.next_at IS NULL)
    ORDER BY r.run_id LIMIT most FOR UPDATE OF r SKIP LOCKED) d;
  IF cardinality(runs) = most THEN last := runs[most]; END IF;
  RETURN NEXT;
END $$;

-- Remove ended runs of the transaction's tenant that are in a durable file, with all that belongs to them, and say where they
-- are. All or none. Usage and audit stay: they are what was done and what is paid for. An event goes with the last run that
-- it began, unless somebody else is to hear it.
CREATE FUNCTION app.remove_runs(
  archive uuid, in_month date, in_file text, bytes bigint, sha256 bytea, removed uuid[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE whose uuid := app.tenant_id(); events uuid[]; gone integer;
BEGIN
  -- Somebody may have asked for it while the search for what is due was under way; from the lock on nobody can.
  IF EXISTS (SELECT 1 FROM app.kept_run k WHERE k.tenant_id = whose AND k.run_id = ANY (removed)) THEN
    RAISE EXCEPTION 'a run is to be kept' USING ERRCODE = 'check_violation';
  END IF;
  SELECT array_agg(DISTINCT r.event_id) INTO events FROM app.run r
  WHERE r.tenant_id = whose AND r.run_id = ANY (removed) AND r.event_id IS NOT NULL;
  DELETE FROM app.run r WHERE r.tenant_id = whose AND r.run_id = ANY (removed) AND r.ended_at IS NOT NULL;
  GET DIAGNOSTICS gone = ROW_COUNT;
  IF gone <> cardinality(removed) THEN
    RAISE EXCEPTION 'of % runs only % have ended and are here', cardinality(removed), gone USING ERRCODE = 'check_violation';
  END IF;
  DELETE FROM app.journal j WHERE j.tenant_id = whose AND j.run_id = ANY (removed);
  DELETE FROM app.effect e WHERE e.tenant_id = whose AND e.run_id = ANY (removed);
  DELETE FROM app.entry n WHERE n.tenant_id = whose AND n.run_id = ANY (removed);
  DELETE FROM app.connection_choice c WHERE c.tenant_id = whose AND c.run_id = ANY (removed);
  DELETE FROM app.approval a WHERE a.tenant_id = whose AND a.run_id = ANY (removed);
  DELETE FROM app.human_task_event e USING app.human_task t WHERE t.tenant_id = whose AND t.run_id = ANY (removed) AND e.tenant_id = whose AND e.task_id = t.task_id;
  DELETE FROM app.human_task_decision d USING app.human_task t WHERE t.tenant_id = whose AND t.run_id = ANY (removed) AND d.tenant_id = whose AND d.task_id = t.task_id;
  DELETE FROM app.human_task t WHERE t.tenant_id = whose AND t.run_id = ANY (removed);
  DELETE FROM app.customer_notice n WHERE n.tenant_id = whose AND n.run_id = ANY (removed);
  DELETE FROM app.payload p WHERE p.tenant_id = whose AND p.owner_id = ANY (removed);
  DELETE FROM app.run_key k WHERE k.tenant_id = whose AND k.run_id = ANY (removed);
  DELETE FROM app.exception x WHERE x.tenant_id = whose AND x.run_id = ANY (removed) AND x.state <> 'open';
  DELETE FROM app.subscription s WHERE s.tenant_id = whose AND s.run_id = ANY (removed);
  DELETE FROM app.inbox b WHERE b.tenant_id = whose AND b.run_id = ANY (removed);
  DELETE FROM app.event v WHERE v.tenant_id = whose AND v.event_id = ANY (events)
    AND NOT EXISTS (SELECT 1 FROM app.run r WHERE r.tenant_id = whose AND r.event_id = v.event_id)
    AND NOT EXISTS (SELECT 1 FROM app.inbox b WHERE b.tenant_id = whose AND b.event_id = v.event_id)
    AND NOT EXISTS (SELECT 1 FROM app.pending_event p WHERE p.tenant_id = whose AND p.event_id = v.event_id)
    AND NOT EXISTS (SELECT 1 FROM app.candidate c WHERE c.tenant_id = whose AND c.event_id = v.event_id);
  INSERT INTO app.archive (tenant_id, archive_id, month, file, runs, first_id, last_id, size, digest)
  VALUES (whose, archive, in_month, in_file, removed, removed[1], removed[cardinality(removed)], bytes, sha256);
  INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
  VALUES (whose, app.new_id(), 'engine', 'runs.archived', app.show_id('ten', whose),
          json_build_object('archive', app.show_id('arc', archive), 'runs', gone));
END $$;

-- Whether nothing is left in a range of ids of a table by months, nor a run that it could be of.
CREATE FUNCTION app.month_is_empty(parent text, low uuid, high uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE has_rows boolean;
BEGIN
  IF parent <> 'event' AND EXISTS (SELECT 1 FROM app.run r WHERE r.run_id >= low AND r.run_id < high) THEN RETURN false; END IF;
  EXECUTE format('SELECT EXISTS (SELECT 1 FROM app.%I p WHERE p.%I >= $1 AND p.%I < $2)', parent, app.partition_key(parent),
                 app.partition_key(parent)) INTO has_rows USING low, high;
  RETURN NOT has_rows;
END $$;

-- Drop a partition of a past month that is empty, since its runs are archived. One a commit: its table of all months is
-- locked until then, and whoever writes to it waits. The table before its part, as those who write lock them; where others
-- have it for long, the next one. Answers its name, NULL when there is none.
CREATE FUNCTION app.drop_month() RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET lock_timeout = '200ms' AS $$
DECLARE one record; first_day date;
BEGIN
  PERFORM pg_advisory_xact_lock(7161004219002);
  FOR one IN SELECT c.relname, p.relname AS parent FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
             JOIN pg_class p ON p.oid = i.inhparent
             WHERE p.relnamespace = 'app'::regnamespace AND p.relname IN ('event', 'journal', 'effect', 'payload')
               AND c.relname ~ '_[0-9]{4}_[0-9]{2}$' ORDER BY c.relname LOOP
    first_day := to_date(right(one.relname, 7), 'YYYY_MM');
    CONTINUE WHEN first_day >= (date_trunc('month', now() AT TIME ZONE 'UTC') - interval '1 month')::date;
    CONTINUE WHEN NOT app.month_is_empty(one.parent, app.month_floor(first_day),
                                         app.month_floor((first_day + interval '1 month')::date));
    BEGIN
      EXECUTE format('LOCK TABLE ONLY app.%I IN ACCESS EXCLUSIVE MODE', one.parent);
      EXECUTE format('LOCK TABLE app.%I IN ACCESS EXCLUSIVE MODE', one.relname);
      -- Nobody writes to it any more; what came before the lock is seen now.
      IF app.month_is_empty(one.parent, app.month_floor(first_day),
                            app.month_floor((first_day + interval '1 month')::date)) THEN
        EXECUTE format('DROP TABLE app.%I', one.relname);
        RETURN one.relname;
      END IF;
      RAISE lock_not_available;  -- lets go of both, and takes the next one
    EXCEPTION WHEN lock_not_available THEN NULL;
    END;
  END LOOP;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.drop_month() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.drop_month() TO waybill_worker;
