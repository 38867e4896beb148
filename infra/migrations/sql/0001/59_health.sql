-- How a connection is, as checks of it tell (ADR 0089): a row for each, begun anew with every change of the connection, so that
-- nothing in it is about other settings or secrets.
--   due_at     when it is checked next, or when whoever checks it now has lost it; NULL: it is disabled
--   fence      raised by each who takes it; of two who check, the later one's answer counts (F-02)
--   failures   in a row; `error` is the kind of the last check's, NULL where that was well; `detail` says what to change
--   good_at    when its side last answered a check well, or did what a call of a run or a watch asked (to half a minute); `took` is how long its last answer took, in milliseconds
--   quota_*    what a header of its last answer said is left, of how many, and until when
--   ends_at    when the first of what signs its calls ends; `ends` says what that is; `renews`: it is fetched anew by itself
--   warned_of  the end that its owner was told of
--   excess     rights that its credentials were given and no operation needs; `rights_told`: somebody said which they have
CREATE TABLE app.connection_health (
  tenant_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  due_at timestamptz DEFAULT clock_timestamp(),
  fence bigint NOT NULL DEFAULT 0,
  failures integer NOT NULL DEFAULT 0,
  checked_at timestamptz,
  good_at timestamptz,
  took integer,
  error text CHECK (length(error) <= 60),
  detail text CHECK (length(detail) <= 1000),
  quota_left bigint,
  quota_most bigint,
  quota_until timestamptz,
  ends_at timestamptz,
  ends text CHECK (length(ends) <= 200),
  renews boolean NOT NULL DEFAULT false,
  warned_of timestamptz,
  excess text[] NOT NULL DEFAULT '{}',
  rights_told boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant_id, connection_id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connection
) WITH (fillfactor = 50);
CREATE INDEX connection_health_due ON app.connection_health (due_at) WHERE due_at IS NOT NULL;

CREATE POLICY tenant ON app.connection_health TO waybill_app, waybill_worker
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY doors ON app.connection_health TO waybill_doors USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON app.connection_health TO waybill_app, waybill_doors;
GRANT SELECT, UPDATE ON app.connection_health TO waybill_worker;

-- A connection that is made or changed is checked at once.
CREATE FUNCTION app.check_connection() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
BEGIN
  INSERT INTO app.connection_health AS h (tenant_id, connection_id, due_at)
  VALUES (NEW.tenant_id, NEW.connection_id, CASE WHEN NEW.status = 'active' THEN clock_timestamp() END)
  ON CONFLICT (tenant_id, connection_id) DO UPDATE SET due_at = excluded.due_at, fence = h.fence + 1, failures = 0,
    checked_at = NULL, good_at = NULL, took = NULL, error = NULL, detail = NULL, quota_left = NULL, quota_most = NULL,
    quota_until = NULL, ends_at = NULL, ends = NULL, renews = false,
    warned_of = NULL, excess = '{}', rights_told = false;
  RETURN NULL;
END $$;
CREATE TRIGGER health AFTER INSERT OR UPDATE OF revision ON app.connection
FOR EACH ROW EXECUTE FUNCTION app.check_connection();

-- One that somebody has authorised is checked at once, and one whose authorisation ended, too: what was found before says nothing
-- of it now, nor does a check that is under way. A renewal changes nothing.
CREATE FUNCTION app.check_authorized() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
BEGIN
  UPDATE app.connection_health h SET due_at = clock_timestamp(), fence = h.fence + 1, failures = 0, checked_at = NULL, error = NULL,
    detail = NULL, ends_at = NULL, ends = NULL, renews = false, warned_of = NULL, excess = '{}', rights_told = false
  WHERE h.tenant_id = NEW.tenant_id AND h.connection_id = NEW.connection_id AND h.due_at IS NOT NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER health AFTER INSERT OR UPDATE OF authorized_at, state ON app.connection_grant
FOR EACH ROW WHEN (NOT NEW.by_machine) EXECUTE FUNCTION app.check_authorized();

-- One that fails its third check in a row needs somebody, until it is well or changed.
CREATE FUNCTION app.note_exception_of_health() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE
  of_connection text := app.show_id('con', NEW.connection_id);
  its_mark text := of_connection || ' health';
BEGIN
  IF NEW.failures >= 3 THEN
    INSERT INTO app.exception AS e (tenant_id, exception_id, category, mark, cause, title, connection)
    VALUES (NEW.tenant_id, app.new_id(), 'outage', its_mark, 'health', coalesce(NEW.detail, NEW.error), of_connection)
    ON CONFLICT (tenant_id, mark) WHERE state = 'open'
    DO UPDATE SET title = excluded.title, times = e.times + 1, last_at = clock_timestamp();
  ELSE
    UPDATE app.exception e SET state = 'resolved', closed_at = clock_timestamp(), closed_by = 'engine', outcome = 'went-on'
    WHERE e.tenant_id = NEW.tenant_id AND e.mark = its_mark AND e.state = 'open';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER exception_of_health AFTER UPDATE OF failures ON app.connection_health FOR EACH ROW
WHEN (NEW.failures >= 3 OR OLD.failures >= 3) EXECUTE FUNCTION app.note_exception_of_health();
