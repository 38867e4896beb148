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

-- Signal: hand a stored event of the transaction's tenant to the runs of one key that listen for such. Answers those that it was
-- handed to, none where more than `most` listen; where it was handed to none also how many runs of the key, of the newest 10,000,
-- have not ended, counted to `most`. A key that few runs ever had is looked at by its runs, any other by who listens now.
CREATE FUNCTION app.post_signal(event uuid, type text, attributes text, key_name text, key_value text, most integer)
RETURNS TABLE (alive integer, listening integer, runs uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE one uuid; newest uuid[];
BEGIN
  newest := ARRAY(SELECT k.run_id FROM app.run_key k
    WHERE k.tenant_id = app.tenant_id() AND k.name = key_name AND k.value = key_value ORDER BY k.run_id DESC LIMIT 10000);
  SELECT coalesce(array_agg(f.run_id ORDER BY f.run_id), '{}') INTO runs FROM (
    SELECT DISTINCT s.run_id FROM unnest(newest) AS k(run_id)
    JOIN app.subscription s ON s.tenant_id = app.tenant_id() AND s.run_id = k.run_id
    WHERE cardinality(newest) <= 1000
      AND (s.type = post_signal.type OR s.type IS NULL) AND post_signal.attributes::jsonb @> s.attributes
    UNION
    SELECT s.run_id FROM app.subscription s
    CROSS JOIN LATERAL (
      SELECT 1 FROM app.run_key k WHERE k.tenant_id = s.tenant_id AND k.run_id = s.run_id AND k.name = key_name
        AND k.value = key_value OFFSET 0
    ) of_key
    WHERE cardinality(newest) > 1000 AND s.tenant_id = app.tenant_id()
      AND (s.type = post_signal.type OR s.type IS NULL) AND post_signal.attributes::jsonb @> s.attributes
    LIMIT most + 1
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
    SELECT count(*) INTO alive FROM (
      SELECT 1 FROM unnest(newest) AS k(run_id)
      JOIN app.run r ON r.tenant_id = app.tenant_id() AND r.run_id = k.run_id WHERE r.ended_at IS NULL LIMIT most
    ) f;
  END IF;
  RETURN NEXT;
END $$;

-- The runs that want to be the one writer of a key, whatever deployment they are of: the one that is, and those behind it in
-- the order in which they came. A run whose workflow does not ask for that has no row.
--   holds    it is the one; the index lets no second be
--   is_over  it has ended and could not pass the key on in that commit; the sweep does
CREATE TABLE app.key_writer (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  run_id uuid NOT NULL,
  name text NOT NULL,
  value text NOT NULL,
  place bigint NOT NULL,
  holds boolean NOT NULL,
  is_over boolean NOT NULL DEFAULT false,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, run_id)
);
CREATE UNIQUE INDEX key_writer_one ON app.key_writer (tenant_id, name, value) WHERE holds;
CREATE UNIQUE INDEX key_writer_place ON app.key_writer (tenant_id, name, value, place);
CREATE INDEX key_writer_over ON app.key_writer (since) WHERE is_over;

-- One lock for each key. Who adds a run waits for it and holds it until its commit; who ends one never waits, since it holds
-- the locks of runs.
CREATE FUNCTION app.key_lock(of_tenant uuid, key_name text, key_value text) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, app AS $$
  SELECT hashtextextended(of_tenant::text || ' ' || key_name || ' ' || key_value, 28)
$$;

-- What a run that waits for its key waits for.
CREATE FUNCTION app.waits_for_key(holder uuid, since timestamptz, key_name text, key_value text) RETURNS json
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  SELECT json_build_object('kind', 'key', 'ref', app.show_id('run', holder), 'since', since,
    'reason', format('Another run has the %s %s', key_name, key_value), 'name', key_name, 'value', key_value)
$$;

-- Add a run to those of a key; answers what it waits for, NULL when it holds the key. No door: it sees what its caller sees.
CREATE FUNCTION app.add_key_writer(of_tenant uuid, run uuid, key_name text, key_value text) RETURNS json
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE holder uuid; moment timestamptz := clock_timestamp();
BEGIN
  PERFORM pg_advisory_xact_lock(app.key_lock(of_tenant, key_name, key_value));
  SELECT k.run_id INTO holder FROM app.key_writer k
  WHERE k.tenant_id = of_tenant AND k.name = key_name AND k.value = key_value AND k.holds;
  INSERT INTO app.key_writer (tenant_id, run_id, name, value, place, holds, since)
  SELECT of_tenant, run, key_name, key_value, coalesce(max(k.place), 0) + 1, holder IS NULL, moment FROM app.key_writer k
  WHERE k.tenant_id = of_tenant AND k.name = key_name AND k.value = key_value;
  IF holder IS NULL THEN RETURN NULL; END IF;
  RETURN app.waits_for_key(holder, moment, key_name, key_value);
END $$;

-- Serialize: each of these runs, which the transaction has just started, is the one writer of its key or waits for it. One that
-- is known already, or was claimed, is left as it is. In the order of the locks, so that two transactions do not wait for
-- each other.
CREATE FUNCTION app.serialize_runs(runs uuid[], names text[], texts text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE one record; waiting json;
BEGIN
  FOR one IN
    SELECT r.tenant_id, r.run_id, x.name, x.value FROM unnest(runs, names, texts) AS x(run_id, name, value)
    JOIN app.run r ON r.tenant_id = app.tenant_id() AND r.run_id = x.run_id
    WHERE r.fence = 0 AND r.ended_at IS NULL AND r.writer IS NULL
    ORDER BY app.key_lock(r.tenant_id, x.name, x.value), r.turn, r.run_id
  LOOP
    waiting := app.add_key_writer(one.tenant_id, one.run_id, one.name, one.value);
    UPDATE app.run r SET
      writer = CASE WHEN waiting IS NULL THEN 'holds' ELSE 'waits' END, writer_of = one.name, waiting_for = waiting,
      state = CASE WHEN waiting IS NULL THEN r.state ELSE 'waiting' END, lane = CASE WHEN waiting IS NULL THEN r.lane END
    WHERE r.tenant_id = one.tenant_id AND r.run_id = one.run_id;
  END LOOP;
END $$;

-- Pass the key of a run that has ended on to the next one. False when somebody is adding to it, or has the next run in hand:
-- nothing is waited for. No door: it sees what its caller sees.
CREATE FUNCTION app.pass_key(of_tenant uuid, run uuid, key_name text, key_value text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE heir uuid;
BEGIN
  IF NOT pg_try_advisory_xact_lock(app.key_lock(of_tenant, key_name, key_value)) THEN RETURN false; END IF;
  SELECT k.run_id INTO heir FROM app.key_writer k
  WHERE k.tenant_id = of_tenant AND k.name = key_name AND k.value = key_value AND NOT k.holds ORDER BY k.place LIMIT 1;
  IF heir IS NOT NULL THEN
    -- One that has ended meanwhile is no heir: whoever ended it takes it off the line, without waiting for this lock.
    PERFORM 1 FROM app.run r WHERE r.tenant_id = of_tenant AND r.run_id = heir AND r.ended_at IS NULL
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN RETURN false; END IF;
  END IF;
  DELETE FROM app.key_writer k WHERE k.tenant_id = of_tenant AND k.run_id = run;
  IF heir IS NULL THEN RETURN true; END IF;
  UPDATE app.key_writer k SET holds = true, since = clock_timestamp() WHERE k.tenant_id = of_tenant AND k.run_id = heir;
  -- One that a person has suspended holds the key, and is seen to. Its turn is that of the moment: nobody waits for a clock.
  UPDATE app.run r SET writer = 'holds',
    lane = CASE WHEN r.state = 'waiting' THEN CASE WHEN r.suspect THEN 1 ELSE 0 END ELSE r.lane END,
    turn = greatest(r.turn, (SELECT c.last_value / 1000000.0::double precision FROM app.virtual_clock c))
  WHERE r.tenant_id = of_tenant AND r.run_id = heir;
  RETURN true;
END $$;

-- What the sweep passes on: keys of runs that could not when they ended. Answers how many runs may have been put in line.
CREATE FUNCTION app.pass_keys(most integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE one app.key_writer; passed integer := 0;
BEGIN
  FOR one IN SELECT * FROM app.key_writer k WHERE k.is_over ORDER BY k.since LIMIT most FOR UPDATE SKIP LOCKED LOOP
    passed := passed + app.pass_key(one.tenant_id, one.run_id, one.name, one.value)::integer;
  END LOOP;
  RETURN passed;
END $$;

-- However a run ends, it passes its key on in that commit. However one is put in line that waits for its key, resumed or
-- retried, it waits still. Behind the update and not before it: what is before locks each row that anybody updates.
CREATE FUNCTION app.mind_key() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE mine app.key_writer; waiting json; key_value text;
BEGIN
  SELECT * INTO mine FROM app.key_writer k WHERE k.tenant_id = NEW.tenant_id AND k.run_id = NEW.run_id FOR UPDATE;
  IF NEW.ended_at IS NOT NULL THEN
    IF NOT mine.holds THEN
      DELETE FROM app.key_writer k WHERE k.tenant_id = NEW.tenant_id AND k.run_id = NEW.run_id;
    ELSIF NOT app.pass_key(mine.tenant_id, mine.run_id, mine.name, mine.value) THEN
      UPDATE app.key_writer k SET is_over = true WHERE k.tenant_id = NEW.tenant_id AND k.run_id = NEW.run_id;
    END IF;
    RETURN NULL;
  END IF;
  IF OLD.ended_at IS NOT NULL AND mine.holds THEN
    -- Retried before anybody could take the key from it: it is the one still.
    UPDATE app.key_writer k SET is_over = false WHERE k.tenant_id = NEW.tenant_id AND k.run_id = NEW.run_id;
  ELSIF OLD.ended_at IS NOT NULL THEN
    SELECT k.value INTO key_value FROM app.run_key k
    WHERE k.tenant_id = NEW.tenant_id AND k.run_id = NEW.run_id AND k.name = NEW.writer_of;
    waiting := app.add_key_writer(NEW.tenant_id, NEW.run_id, NEW.writer_of, key_value);
  ELSE
    SELECT app.waits_for_key(h.run_id, k.since, k.name, k.value) INTO waiting FROM app.key_writer k
    JOIN app.key_writer h ON h.tenant_id = k.tenant_id AND h.name = k.name AND h.value = k.value AND h.holds
    WHERE k.tenant_id = NEW.tenant_id AND k.run_id = NEW.run_id;
  END IF;
  IF waiting IS NOT NULL THEN
    UPDATE app.run r SET writer = 'waits', state = 'waiting', lane = NULL, due_at = NULL, waiting_for = waiting
    WHERE r.tenant_id = NEW.tenant_id AND r.run_id = NEW.run_id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER minds_key AFTER UPDATE OF ended_at, lane ON app.run FOR EACH ROW WHEN (
  NEW.writer IS NOT NULL AND ((OLD.ended_at IS NULL) <> (NEW.ended_at IS NULL) OR (NEW.writer = 'waits' AND NEW.lane IS NOT NULL))
) EXECUTE FUNCTION app.mind_key();

-- The run that holds what this one waits for, NULL where it waits for no key.
CREATE FUNCTION app.key_holder(of_tenant uuid, run uuid) RETURNS uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  SELECT h.run_id FROM app.key_writer k
  JOIN app.key_writer h ON h.tenant_id = k.tenant_id AND h.name = k.name AND h.value = k.value AND h.holds
  WHERE k.tenant_id = of_tenant AND k.run_id = run AND NOT k.holds
$$;
