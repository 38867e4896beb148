-- Mail (ADR 0061). What is to be sent is a row, written in the transaction of what it announces; a worker renders and sends it.

-- How a partner's mail goes out: the operator says from which address, since whoever could write one could send as anybody.
CREATE TABLE app.mail_setting (
  partner_id uuid PRIMARY KEY REFERENCES app.partner,
  sender text CHECK (length(sender) BETWEEN 3 AND 254),
  language text NOT NULL DEFAULT 'en' CHECK (language IN ('en', 'es')),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- To one person. Of a partner's own people where no tenant is named.
--   about   what it announces, such as an invitation; what of it is over needs no mail
--   facts   what the template is filled with; nothing that opens anything
--   sealed  what opens something, under the installation's key; gone as soon as it is sent or given up
--   state   waiting · sent · kept: no mail server is set · bounced: its recipient's server refuses it for good · suppressed ·
--           dead: given up · void: what it announces is over
--   tries   of sending, with the one under way
CREATE TABLE app.mail (
  partner_id uuid NOT NULL REFERENCES app.partner,
  mail_id uuid NOT NULL,
  tenant_id uuid,
  kind text NOT NULL CHECK (kind ~ '^[a-z]+([.-][a-z]+)+$'),
  about uuid,
  language text CHECK (language ~ '^[a-z]{2}(-[A-Z]{2})?$'),
  recipient text NOT NULL CHECK (length(recipient) BETWEEN 3 AND 254),
  recipient_name text NOT NULL CHECK (length(recipient_name) <= 200),
  facts json NOT NULL,
  sealed bytea,
  state text NOT NULL DEFAULT 'waiting'
    CHECK (state IN ('waiting', 'sent', 'kept', 'bounced', 'suppressed', 'dead', 'void')),
  tries smallint NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  taken_until timestamptz,
  reason text CHECK (length(reason) <= 500),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  PRIMARY KEY (partner_id, mail_id),
  FOREIGN KEY (partner_id, tenant_id) REFERENCES app.tenant (partner_id, tenant_id) ON UPDATE CASCADE,
  CHECK (state IN ('waiting', 'kept') OR sealed IS NULL)
);
CREATE UNIQUE INDEX mail_id ON app.mail (mail_id);
CREATE INDEX mail_due ON app.mail (due_at) WHERE state = 'waiting';
CREATE INDEX mail_tenant ON app.mail (tenant_id, mail_id);
CREATE INDEX mail_about ON app.mail (about) WHERE state IN ('waiting', 'kept') AND about IS NOT NULL;
CREATE INDEX mail_outside ON app.mail (tenant_id, recipient, created_at) WHERE kind IN ('task.outside', 'task.outside-reminder');
CREATE INDEX mail_ended ON app.mail (created_at) WHERE state <> 'waiting';

-- Addresses that nothing is sent to, of one tenant or of a partner's own people, until somebody lifts that.
CREATE TABLE app.mail_suppression (
  partner_id uuid NOT NULL REFERENCES app.partner,
  suppression_id uuid NOT NULL,
  tenant_id uuid,
  address text NOT NULL CHECK (length(address) BETWEEN 3 AND 254),
  reason text NOT NULL CHECK (length(reason) <= 500),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (partner_id, suppression_id),
  UNIQUE NULLS NOT DISTINCT (partner_id, tenant_id, address),
  FOREIGN KEY (partner_id, tenant_id) REFERENCES app.tenant (partner_id, tenant_id) ON UPDATE CASCADE
);
CREATE INDEX mail_suppression_tenant ON app.mail_suppression (tenant_id, suppression_id);

CREATE POLICY organization ON app.mail_setting TO waybill_app
  USING (app.is_operator() OR partner_id = app.partner_id()) WITH CHECK (app.is_operator());
CREATE POLICY organization ON app.mail TO waybill_app
  USING (partner_id = app.partner_id() OR tenant_id = app.tenant_id())
  WITH CHECK (partner_id = app.partner_id() OR tenant_id = app.tenant_id());
CREATE POLICY organization ON app.mail_suppression TO waybill_app
  USING (partner_id = app.partner_id() OR tenant_id = app.tenant_id())
  WITH CHECK (partner_id = app.partner_id() OR tenant_id = app.tenant_id());
CREATE POLICY doors ON app.mail_setting FOR SELECT TO waybill_doors USING (true);
CREATE POLICY doors ON app.mail TO waybill_doors USING (true) WITH CHECK (true);
CREATE POLICY doors ON app.mail_suppression TO waybill_doors USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON app.mail_setting TO waybill_app;
-- The API writes what is sealed and does not read it.
GRANT INSERT ON app.mail TO waybill_app;
GRANT SELECT (partner_id, mail_id, tenant_id, kind, about, language, recipient, recipient_name, state, tries, due_at, reason,
  created_at, ended_at) ON app.mail TO waybill_app;
GRANT SELECT, DELETE ON app.mail_suppression TO waybill_app;
GRANT SELECT ON app.mail_setting TO waybill_doors;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.mail, app.mail_suppression TO waybill_doors;
GRANT SELECT (partner_id, account_id, tenant_id, email, name, status) ON app.account TO waybill_doors;
GRANT SELECT ON app.account_role TO waybill_doors;

-- One mail as it is rendered. No door: it sees what its caller sees.
CREATE FUNCTION app.mail_letter(m app.mail)
RETURNS TABLE (partner_id uuid, mail_id uuid, tenant_id uuid, kind text, language text, recipient text, recipient_name text,
  facts text, sealed bytea, tries smallint, created_at timestamptz, is_suppressed boolean, name text, accent text, logo text,
  support_email text, sender text, hosts text[])
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  SELECT m.partner_id, m.mail_id, m.tenant_id, m.kind, coalesce(m.language, s.language, 'en'), m.recipient, m.recipient_name,
    m.facts::text, m.sealed, m.tries, m.created_at,
    EXISTS (SELECT 1 FROM app.mail_suppression x WHERE x.partner_id = m.partner_id
            AND x.tenant_id IS NOT DISTINCT FROM m.tenant_id AND x.address = m.recipient),
    coalesce(b.name, left(p.name, 64)), coalesce(b.accent, '#3b5b92'), b.logo, b.support_email, s.sender,
    ARRAY(SELECT h.host FROM app.portal_host h WHERE h.partner_id = m.partner_id AND h.use = 'portal' ORDER BY h.host)
  FROM app.partner p LEFT JOIN app.brand b ON b.partner_id = p.partner_id
  LEFT JOIN app.mail_setting s ON s.partner_id = p.partner_id WHERE p.partner_id = m.partner_id
$$;

-- Mails that are due, with whose they are and how that one looks; a taken one comes back by itself when its taker dies. While a
-- failover is not accepted the outside is told nothing, and nobody is written to for a partner that is disabled, or for a client
-- that is suspended: what waits goes out when it is resumed.
CREATE FUNCTION app.take_mails(most integer, seconds double precision)
RETURNS TABLE (partner_id uuid, mail_id uuid, tenant_id uuid, kind text, language text, recipient text, recipient_name text,
  facts text, sealed bytea, tries smallint, created_at timestamptz, is_suppressed boolean, name text, accent text, logo text,
  support_email text, sender text, hosts text[])
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  WITH next AS (
    SELECT m.partner_id, m.mail_id FROM app.mail m
    JOIN app.partner p ON p.partner_id = m.partner_id AND p.status = 'active'
    WHERE m.state = 'waiting' AND m.due_at <= (SELECT clock_timestamp()) AND (m.tenant_id IS NULL OR EXISTS (
        SELECT FROM app.tenant t JOIN app.client l ON l.partner_id = t.partner_id AND l.client_id = t.client_id
        WHERE t.tenant_id = m.tenant_id AND l.status IN ('active', 'disabled')))
      AND (m.taken_until IS NULL OR m.taken_until <= clock_timestamp()) AND NOT (SELECT app.failed_over())
    ORDER BY m.due_at LIMIT most FOR UPDATE OF m SKIP LOCKED
  ), taken AS (
    UPDATE app.mail m SET taken_until = clock_timestamp() + make_interval(secs => seconds), tries = m.tries + 1
    FROM next n WHERE m.partner_id = n.partner_id AND m.mail_id = n.mail_id RETURNING m AS mail
  )
  SELECT l.* FROM taken t CROSS JOIN LATERAL app.mail_letter(t.mail) l
$$;

-- What became of a try. `again`: seconds until the next, of one that waits. What did not reach anybody is audited.
CREATE FUNCTION app.settle_mail(of_mail uuid, becomes text, why text, again double precision) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE m app.mail;
BEGIN
  UPDATE app.mail x SET state = becomes, reason = left(why, 500), taken_until = NULL,
    due_at = clock_timestamp() + make_interval(secs => again),
    sealed = CASE WHEN becomes IN ('waiting', 'kept') THEN x.sealed END,
    ended_at = CASE WHEN becomes <> 'waiting' THEN clock_timestamp() END
  WHERE x.mail_id = of_mail AND x.state IN ('waiting', 'kept') RETURNING * INTO m;
  IF NOT FOUND THEN RETURN; END IF;
  IF becomes = 'bounced' THEN PERFORM app.suppress_address(m, why); END IF;
  IF becomes IN ('bounced', 'dead', 'suppressed') THEN PERFORM app.audit_mail(m, 'mail.' || becomes); END IF;
END $$;

CREATE FUNCTION app.suppress_address(m app.mail, why text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, app AS $$
  INSERT INTO app.mail_suppression (partner_id, suppression_id, tenant_id, address, reason)
  VALUES (m.partner_id, app.new_id(), m.tenant_id, m.recipient, left(why, 500)) ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION app.audit_mail(m app.mail, what text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
-- The server's code and not its words, which may name the address: nobody's is in the audit (ADR 0057).
DECLARE told json := json_build_object('kind', m.kind, 'code', substring(m.reason FROM '\m[245][0-9]{2}( [245][.][0-9]{1,3}[.][0-9]{1,3})?'),
                                       'tries', m.tries);
BEGIN
  IF m.tenant_id IS NULL THEN
    INSERT INTO app.organization_audit (audit_id, partner_id, actor, action, target, after)
    VALUES (app.new_id(), m.partner_id, 'engine', what, app.show_id('mail', m.mail_id), told);
  ELSE
    INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
    VALUES (m.tenant_id, app.new_id(), 'engine', what, app.show_id('mail', m.mail_id), told);
  END IF;
END $$;

-- A report says that a mail which was sent did not arrive. Only what names the mail and its very recipient counts.
CREATE FUNCTION app.bounce_mail(of_mail uuid, address text, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE m app.mail;
BEGIN
  UPDATE app.mail x SET state = 'bounced', reason = left(why, 500)
  WHERE x.mail_id = of_mail AND x.recipient = address AND x.state = 'sent' RETURNING * INTO m;
  IF NOT FOUND THEN RETURN false; END IF;
  PERFORM app.suppress_address(m, why);
  PERFORM app.audit_mail(m, 'mail.bounced');
  RETURN true;
END $$;

-- For whoever runs the installation: the latest mails, one of them as it is rendered, and one put in line again.
CREATE FUNCTION app.latest_mails(most integer, wanted text)
RETURNS TABLE (mail_id uuid, partner text, kind text, recipient text, state text, tries smallint, reason text, created_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT m.mail_id, p.slug, m.kind, m.recipient, m.state, m.tries, m.reason, m.created_at
  FROM app.mail m JOIN app.partner p ON p.partner_id = m.partner_id
  WHERE wanted IS NULL OR m.state = wanted ORDER BY m.mail_id DESC LIMIT most
$$;

CREATE FUNCTION app.find_letter(of_mail uuid)
RETURNS TABLE (partner_id uuid, mail_id uuid, tenant_id uuid, kind text, language text, recipient text, recipient_name text,
  facts text, sealed bytea, tries smallint, created_at timestamptz, is_suppressed boolean, name text, accent text, logo text,
  support_email text, sender text, hosts text[], state text, reason text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT l.*, m.state, m.reason FROM app.mail m CROSS JOIN LATERAL app.mail_letter(m) l WHERE m.mail_id = of_mail
$$;

CREATE FUNCTION app.retry_mail(of_mail uuid) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  WITH put AS (
    UPDATE app.mail m SET state = 'waiting', due_at = clock_timestamp(), tries = 0, ended_at = NULL
    WHERE m.mail_id = of_mail AND m.state IN ('waiting', 'kept') RETURNING 1
  ) SELECT EXISTS (SELECT 1 FROM put)
$$;

-- Mails of long ago. One that still waits is kept.
CREATE FUNCTION app.purge_mails(older_than_days integer, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE purged integer;
BEGIN
  DELETE FROM app.mail m WHERE ctid = ANY (ARRAY(
    SELECT x.ctid FROM app.mail x WHERE x.state <> 'waiting'
      AND x.created_at < (SELECT clock_timestamp()) - make_interval(days => greatest(older_than_days, 1)) LIMIT most));
  GET DIAGNOSTICS purged = ROW_COUNT;
  RETURN purged;
END $$;

-- An invitation that was withdrawn, accepted or removed needs no mail any more, and what opens it is gone.
CREATE FUNCTION app.void_mail() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
BEGIN
  UPDATE app.mail m SET state = 'void', sealed = NULL, ended_at = clock_timestamp()
  WHERE m.about = OLD.invitation_id AND m.state IN ('waiting', 'kept');
  RETURN NULL;
END $$;
CREATE TRIGGER void_mail AFTER UPDATE OF ended_at ON app.invitation
  FOR EACH ROW WHEN (NEW.ended_at IS NOT NULL) EXECUTE FUNCTION app.void_mail();
CREATE TRIGGER void_mail_gone AFTER DELETE ON app.invitation FOR EACH ROW EXECUTE FUNCTION app.void_mail();

-- Who is written to about a connection, or an endpoint that webhooks go to, by its public id: whom it names itself, an address or
-- somebody who signs in, and who answers for it by its seat (ADR 0051), else for the architecture. One mail a person.
CREATE FUNCTION app.told_of(of_tenant uuid, of_subject text, named text) RETURNS TABLE (email text, name text)
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  WITH whom AS (
    SELECT named AS who WHERE named IS NOT NULL
    UNION SELECT coalesce(app.who_answers(of_tenant, 'integration', of_subject), app.who_answers(of_tenant, 'architecture', ''))
  ), found AS (
    SELECT a.email, a.name FROM whom w CROSS JOIN LATERAL app.people_of(of_tenant, w.who) p(account_id)
    JOIN app.account a ON a.tenant_id = of_tenant AND a.account_id = p.account_id
    UNION ALL
    SELECT lower(w.who), '' FROM whom w
    WHERE lower(w.who) ~ '^[a-z0-9.!#$%&''*+/=?^_`{|}~-]{1,64}@[a-z0-9]([a-z0-9.-]{0,180}[a-z0-9])?$'
  )
  SELECT DISTINCT ON (f.email) f.email, f.name FROM found f ORDER BY f.email, f.name DESC LIMIT 50
$$;

-- That a connection is away or back, or that what it signs in with ends soon, is told by mail in the transaction that finds it so; and that nothing is sent to an endpoint
-- of webhooks any more, or something again. Why nothing is has words of its own: `webhook.gone`, `webhook.failing`.
CREATE FUNCTION app.mail_notice() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
BEGIN
  INSERT INTO app.mail (partner_id, mail_id, tenant_id, kind, about, recipient, recipient_name, facts)
  SELECT t.partner_id, app.new_id(), NEW.tenant_id,
    CASE NEW.kind WHEN 'webhook.disabled' THEN 'webhook.' || (NEW.body ->> 'why') ELSE NEW.kind END,
    NEW.notice_id, w.email, w.name, json_build_object(
      'connection', c.name, 'endpoint', NEW.body ->> 'endpoint', 'address', NEW.body ->> 'address', 'client', l.name,
      'environment', t.environment, 'since', NEW.body ->> 'since', 'until', NEW.body ->> 'until')
  FROM app.tenant t JOIN app.client l ON l.partner_id = t.partner_id AND l.client_id = t.client_id AND l.status = 'active'
  LEFT JOIN app.connection c ON c.tenant_id = t.tenant_id AND c.connection_id = NEW.connection_id
  CROSS JOIN LATERAL app.told_of(t.tenant_id, coalesce(app.show_id('con', NEW.connection_id), NEW.body ->> 'endpoint'), NEW.owner) w
  WHERE t.tenant_id = NEW.tenant_id;
  RETURN NULL;
END $$;
CREATE TRIGGER mail AFTER INSERT ON app.notice FOR EACH ROW
  WHEN (NEW.kind IN ('connection.away', 'connection.back', 'connection.ending', 'webhook.disabled', 'webhook.recovered'))
  EXECUTE FUNCTION app.mail_notice();
