-- Who answers for what in a tenant, and who does while that one is away (ADR 0051). Nothing goes live without them, and what
-- stands still goes to them.
--   subject  a domain of processes, an entity of data, the public id of a connection or of an endpoint that webhooks go to; '' for
--            interfaces and standards
--   owner    `role:…` or `account:…`, as exceptions have it
CREATE TABLE app.owner (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  kind text NOT NULL CHECK (kind IN ('process', 'data', 'integration', 'architecture')),
  subject text NOT NULL CHECK (length(subject) <= 100),
  owner text NOT NULL CHECK (length(owner) <= 200),
  deputy text NOT NULL CHECK (length(deputy) <= 200),
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, kind, subject),
  CHECK (owner <> deputy),
  CHECK ((kind = 'architecture') = (subject = ''))
);
CREATE POLICY tenant ON app.owner TO waybill_app USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY doors ON app.owner FOR SELECT TO waybill_doors USING (true);
CREATE POLICY owners ON app.account FOR SELECT TO waybill_doors USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.owner TO waybill_app;
GRANT SELECT ON app.owner TO waybill_doors;
GRANT SELECT (partner_id, tenant_id, account_id, status) ON app.account TO waybill_doors;

CREATE POLICY owners ON app.role FOR SELECT TO waybill_doors USING (true);
GRANT SELECT ON app.role TO waybill_doors;

-- How the role of a slug stands with a tenant's people: `active`, `disabled`, or NULL where there is none: then it is the name
-- of a queue, and nobody's. No door: it sees what its caller sees.
CREATE FUNCTION app.client_role(of_tenant uuid, of_slug text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  SELECT min(r.status) FROM app.role r WHERE r.level = 'client' AND r.slug = of_slug AND (r.tenant_id = of_tenant
    OR (r.tenant_id IS NULL AND (r.partner_id IS NULL OR r.partner_id = (
      SELECT t.partner_id FROM app.tenant t WHERE t.tenant_id = of_tenant))))
$$;

-- The active accounts of a tenant that `who` names: itself, or each that holds the role while that is active. No door.
CREATE FUNCTION app.people_of(of_tenant uuid, who text) RETURNS SETOF uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  SELECT a.account_id FROM app.account a WHERE a.tenant_id = of_tenant AND a.status = 'active'
    AND (app.show_id('account:acc', a.account_id) = who OR EXISTS (
      SELECT 1 FROM app.account_role g JOIN app.role r ON r.role_id = g.role_id AND r.status = 'active' AND r.level = 'client'
      WHERE g.partner_id = a.partner_id AND g.account_id = a.account_id AND 'role:' || r.slug = who))
$$;

-- Whether somebody can act as `who`: a role that nobody holds is nobody.
CREATE FUNCTION app.is_there(of_tenant uuid, who text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$ SELECT EXISTS (SELECT 1 FROM app.people_of(of_tenant, who)) $$;

-- The owner; the deputy while the owner is not there; NULL when neither is. A queue answers while its deputy is there.
CREATE FUNCTION app.who_answers(of_tenant uuid, of_kind text, of_subject text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  SELECT CASE WHEN app.is_there(of_tenant, o.owner) THEN o.owner WHEN app.is_there(of_tenant, o.deputy) THEN
    CASE WHEN o.owner LIKE 'role:%' AND app.client_role(of_tenant, substr(o.owner, 6)) IS NULL THEN o.owner ELSE o.deputy END END
  FROM app.owner o WHERE o.tenant_id = of_tenant AND o.kind = of_kind AND o.subject = of_subject
$$;

-- Which of the exceptions that a template names something is: what its fault's type ends with, else the innermost step that is
-- called so, else `NAME-away` of what the connection keeps from going on that its run calls by NAME (`names`). One that says of which
-- category it is, is of no other. No door.
CREATE FUNCTION app.exception_kind(kinds json, names text[], of_category text, cause text, reference text, is_away boolean)
RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  WITH k AS (
    SELECT e.key AS kind FROM json_each(kinds) AS e WHERE coalesce(e.value ->> 'category', of_category) = of_category
  ) SELECT f.kind FROM (
    SELECT k.kind, 1 AS place, 0 AS depth FROM k
    WHERE k.kind = regexp_replace(cause, '^.*[/:#]', '')
    UNION ALL
    SELECT k.kind, 2, s.depth::integer FROM k
    JOIN unnest(string_to_array(reference, '/')) WITH ORDINALITY AS s(name, depth) ON s.name = k.kind
    UNION ALL
    SELECT k.kind, 3, 0 FROM k
    JOIN unnest(names) AS n(name) ON n.name || '-away' = k.kind
    WHERE is_away
  ) f ORDER BY f.place, f.depth DESC, f.kind LIMIT 1
$$;

-- What stands still belongs to somebody from the moment that it does: to the role that its template names for the kind while somebody
-- has it, to the data's steward where data contradict each other, to the integration's owner where it is about a
-- connection or about an endpoint of webhooks, which is its mark, else to the process's, else to the architecture's. What a person assigned before stays with that one.
-- And it has what the desk groups and orders by.
CREATE FUNCTION app.own_exception() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE kinds json; bound json; names text[]; of_domain text; of_site text; of_role text;
BEGIN
  IF NEW.deployment_id IS NOT NULL THEN
    SELECT d.domain, s.slug, v.exceptions, v.bindings INTO of_domain, of_site, kinds, bound
    FROM app.deployment d
    LEFT JOIN app.deployment_revision v ON v.tenant_id = d.tenant_id AND v.deployment_id = d.deployment_id AND v.revision = NEW.revision
    LEFT JOIN app.site s ON s.tenant_id = d.tenant_id AND s.site_id = d.site_id
    WHERE d.tenant_id = NEW.tenant_id AND d.deployment_id = NEW.deployment_id;
  END IF;
  IF NEW.run_id IS NOT NULL THEN
    SELECT max(k.value) FILTER (WHERE k.name = 'warehouse'), max(k.value) FILTER (WHERE k.name = 'channel'),
           max(k.value) FILTER (WHERE k.name = 'orderType'), max(k.value) FILTER (WHERE k.name = '/customer_class')
    INTO NEW.warehouse, NEW.channel, NEW.order_type, NEW.segment
    FROM app.run_key k WHERE k.tenant_id = NEW.tenant_id AND k.run_id = NEW.run_id;
  END IF;
  IF kinds IS NOT NULL THEN
    -- Of a group, the name is that of the choice by which the run calls it.
    SELECT array_agg(n.name) INTO names FROM (
      SELECT b.name FROM json_each_text(bound) AS b(name, id) WHERE app.show_id('con', b.id::uuid) = NEW.connection
      UNION SELECT c.name FROM app.connection_choice c
      WHERE c.tenant_id = NEW.tenant_id AND c.run_id = NEW.run_id AND app.show_id('con', c.connection_id) = NEW.connection) AS n;
    NEW.kind := app.exception_kind(kinds, names, NEW.category, NEW.cause, NEW.reference,
      NEW.category = 'parked' OR NEW.cause LIKE '%/errors/communication');
    of_role := 'role:' || (kinds -> NEW.kind ->> 'owner');
    NEW.within := kinds -> NEW.kind ->> 'within';
    NEW.count_at := CASE WHEN NEW.within IS NOT NULL THEN NEW.opened_at END;
  END IF;
  NEW.warehouse := coalesce(NEW.warehouse, of_site);
  NEW.stage := CASE WHEN NEW.reference LIKE '/do/%' THEN nullif(left(split_part(NEW.reference, '/', 4), 200), '') END;
  NEW.breach_at := coalesce(least(NEW.deadline, NEW.opened_at + NEW.within * interval '1 millisecond'), NEW.opened_at + CASE WHEN NEW.category IN ('outage', 'quarantined', 'uncertain')
    THEN interval '4 hours' WHEN NEW.category IN ('failed', 'parked') THEN interval '8 hours' ELSE interval '24 hours' END);
  NEW.stake := CASE WHEN NEW.value > 0 THEN ln(NEW.value::double precision) / ln(2::double precision) ELSE -1000 END;
  NEW.pressure := NEW.stake - extract(epoch FROM NEW.breach_at)::double precision / 28800;
  NEW.is_late := NEW.breach_at <= clock_timestamp();
  NEW.owner := coalesce(NEW.owner,
    CASE WHEN of_role IS NOT NULL AND app.is_there(NEW.tenant_id, of_role) THEN of_role END,
    CASE WHEN NEW.entity IS NOT NULL THEN app.who_answers(NEW.tenant_id, 'data', NEW.entity) END,
    app.who_answers(NEW.tenant_id, 'integration', coalesce(NEW.connection, NEW.mark)),
    CASE WHEN NEW.deployment_id IS NOT NULL THEN app.who_answers(NEW.tenant_id, 'process', of_domain) END,
    app.who_answers(NEW.tenant_id, 'architecture', ''));
  RETURN NEW;
END $$;
CREATE TRIGGER own BEFORE INSERT ON app.exception FOR EACH ROW EXECUTE FUNCTION app.own_exception();

-- By another moment it stands elsewhere in the order of the desk.
CREATE FUNCTION app.place_exception() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
BEGIN
  NEW.pressure := NEW.stake - extract(epoch FROM NEW.breach_at)::double precision / 28800;
  NEW.is_late := NEW.breach_at <= clock_timestamp();
  RETURN NEW;
END $$;
CREATE TRIGGER place BEFORE UPDATE OF breach_at ON app.exception FOR EACH ROW
WHEN (NEW.breach_at <> OLD.breach_at) EXECUTE FUNCTION app.place_exception();

-- What is closed is not counted any more; what stands there again is, from when it began.
CREATE FUNCTION app.stop_counting() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
BEGIN
  NEW.count_at := CASE WHEN NEW.state = 'open' THEN clock_timestamp() END;
  IF NEW.state <> 'open' THEN
    UPDATE app.deadline d SET ended_at = clock_timestamp(), outcome = left(coalesce(NEW.outcome, NEW.state), 100), next_at = NULL, wake_at = NULL
    WHERE d.tenant_id = NEW.tenant_id AND d.subject_kind = 'exception' AND d.subject_id = NEW.exception_id AND d.ended_at IS NULL;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER stop_counting BEFORE UPDATE OF state ON app.exception FOR EACH ROW
WHEN (NEW.state <> OLD.state AND NEW.within IS NOT NULL) EXECUTE FUNCTION app.stop_counting();

-- Which open exceptions are to be counted by a calendar, for `seconds` nobody else's, each with the site that it is for. Nothing of a
-- suspended client.
CREATE FUNCTION app.take_uncounted(most integer, seconds double precision) RETURNS TABLE (
  tenant_id uuid, exception_id uuid, site text
) LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  WITH locked AS (
    SELECT e.tenant_id, e.exception_id FROM app.exception e WHERE e.count_at <= (SELECT clock_timestamp())
      AND e.tenant_id <> ALL (ARRAY(SELECT t.tenant_id FROM app.tenant t WHERE t.hold = 1))
    ORDER BY e.count_at LIMIT most FOR UPDATE OF e SKIP LOCKED
  ), taken AS (
    UPDATE app.exception e SET count_at = clock_timestamp() + make_interval(secs => seconds)
    FROM locked l WHERE e.tenant_id = l.tenant_id AND e.exception_id = l.exception_id
    RETURNING e.tenant_id, e.exception_id, e.deployment_id
  )
  SELECT t.tenant_id, t.exception_id, s.slug FROM taken t
  LEFT JOIN app.deployment d ON d.tenant_id = t.tenant_id AND d.deployment_id = t.deployment_id
  LEFT JOIN app.site s ON s.tenant_id = d.tenant_id AND s.site_id = d.site_id
$$;
