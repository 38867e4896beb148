-- What is watched by asking, over and over (ADR 0077): a row for each connection and trigger that its setting `watch` names,
-- or has named.
--   cursor     where the next one begins, as the trigger's program gave it; NULL: at the beginning
--   seen       digests, 16 bytes each, of what the last answer held: a cursor that includes its own end brings them again
--   began_at   since when it is watched
--   due_at     when it is asked next, or when whoever asks now has lost it; NULL: it is not watched
--   fence      raised by each who takes it; of two who ask, the later one's answer counts (F-02)
--   failures   in a row; `failure` says why
CREATE TABLE app.poll (
  tenant_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  trigger text NOT NULL CHECK (length(trigger) <= 100),
  cursor json,
  seen bytea NOT NULL DEFAULT '',
  began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  due_at timestamptz DEFAULT clock_timestamp(),
  fence bigint NOT NULL DEFAULT 0,
  failures integer NOT NULL DEFAULT 0,
  failure text CHECK (length(failure) <= 1000),
  polled_at timestamptz,
  PRIMARY KEY (tenant_id, connection_id, trigger),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connection
);
CREATE INDEX poll_due ON app.poll (due_at) WHERE due_at IS NOT NULL;

CREATE POLICY tenant ON app.poll TO waybill_app, waybill_worker
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY doors ON app.poll TO waybill_doors USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON app.poll TO waybill_app;
GRANT SELECT, UPDATE ON app.poll TO waybill_worker, waybill_doors;

-- A connection says what of it is watched. Any change is asked about at once: whoever corrected a setting waits for no back-off.
CREATE FUNCTION app.watch_connection() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE
  watched text[] := CASE WHEN NEW.status = 'active' AND json_typeof(NEW.settings -> 'watch') = 'array'
    THEN ARRAY(SELECT json_array_elements_text(NEW.settings -> 'watch')) ELSE '{}' END;
BEGIN
  UPDATE app.poll p SET due_at = NULL, fence = p.fence + 1, failures = 0, failure = NULL
  WHERE p.tenant_id = NEW.tenant_id AND p.connection_id = NEW.connection_id AND p.due_at IS NOT NULL
    AND p.trigger <> ALL (watched);
  -- Another system knows nothing of this one's cursors.
  IF TG_OP = 'UPDATE' AND OLD.connector <> NEW.connector THEN
    UPDATE app.poll p SET cursor = NULL, seen = '', began_at = clock_timestamp()
    WHERE p.tenant_id = NEW.tenant_id AND p.connection_id = NEW.connection_id;
  END IF;
  INSERT INTO app.poll AS p (tenant_id, connection_id, trigger)
  SELECT NEW.tenant_id, NEW.connection_id, w.name FROM unnest(watched) AS w(name)
  ON CONFLICT (tenant_id, connection_id, trigger) DO UPDATE SET due_at = clock_timestamp(), fence = p.fence + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER watch AFTER INSERT OR UPDATE OF settings, status, connector ON app.connection
FOR EACH ROW EXECUTE FUNCTION app.watch_connection();

-- Once a connection is back, what failed is asked at once, as the runs go on that waited for it.
CREATE FUNCTION app.wake_polls() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
BEGIN
  UPDATE app.poll p SET due_at = least(p.due_at, clock_timestamp())
  WHERE p.tenant_id = NEW.tenant_id AND p.connection_id = NEW.connection_id AND p.due_at IS NOT NULL AND p.failures > 0;
  RETURN NULL;
END $$;
CREATE TRIGGER wake_polls AFTER UPDATE OF ended_at ON app.outage FOR EACH ROW
WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL) EXECUTE FUNCTION app.wake_polls();

-- One that fails for the third time needs somebody, until it does not fail or is not watched any more.
CREATE FUNCTION app.note_exception_of_poll() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE
  of_connection text := app.show_id('con', NEW.connection_id);
  its_mark text := of_connection || ' ' || NEW.trigger;
BEGIN
  IF NEW.failures >= 3 THEN
    INSERT INTO app.exception AS e (tenant_id, exception_id, category, mark, cause, title, connection)
    VALUES (NEW.tenant_id, app.new_id(), 'outage', its_mark, 'trigger', NEW.failure, of_connection)
    ON CONFLICT (tenant_id, mark) WHERE state = 'open'
    DO UPDATE SET title = excluded.title, times = e.times + 1, last_at = clock_timestamp();
  ELSE
    UPDATE app.exception e SET state = 'resolved', closed_at = clock_timestamp(), closed_by = 'engine', outcome = 'went-on'
    WHERE e.tenant_id = NEW.tenant_id AND e.mark = its_mark AND e.state = 'open';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER exception_of_poll AFTER UPDATE OF failures ON app.poll FOR EACH ROW
WHEN (NEW.failures >= 3 OR OLD.failures >= 3) EXECUTE FUNCTION app.note_exception_of_poll();
