-- Doors of those who mail links (ADR 0111, ADR 0112).

-- Whether somebody outside may be written to about a task: it is open, no role's, and their link was not withdrawn, or was sent
-- again by hand since. No door.
CREATE FUNCTION app.asks_outside(of_tenant uuid, of_task uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  SELECT EXISTS (SELECT FROM app.human_task h WHERE h.tenant_id = of_tenant AND h.task_id = of_task AND h.closed_at IS NULL AND h.role = '')
    AND NOT EXISTS (SELECT FROM app.human_task_event w
      WHERE w.tenant_id = of_tenant AND w.task_id = of_task AND w.action = 'withdrawn' AND NOT EXISTS (
        SELECT FROM app.human_task_event s
        WHERE s.tenant_id = of_tenant AND s.task_id = of_task AND s.action = 'sent' AND s.number > w.number))
$$;

-- A link and the mail that it goes out by, or neither: false where the same occasion has one, or where its task is over, or asks
-- nobody outside any more. A lasting one ends those before it. Its mail carries the text sealed until it is sent.
CREATE FUNCTION app.send_link(
  of_tenant uuid, of_link uuid, of_purpose text, of_subject text, of_recipient text, of_occasion text, hash bytea, lasting boolean,
  seconds double precision, maker text, of_mail uuid, of_kind text, of_language text, address text, of_name text, of_facts text,
  of_sealed bytea
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE task uuid;
BEGIN
  IF of_purpose IN ('task', 'outside') THEN
    task := app.read_id(of_subject);
    -- Whoever closes the task, hands it on or withdraws its link has its row: what they did is looked at behind the lock.
    PERFORM FROM app.human_task h WHERE h.tenant_id = of_tenant AND h.task_id = task FOR SHARE;
    IF NOT EXISTS (SELECT FROM app.human_task h WHERE h.tenant_id = of_tenant AND h.task_id = task AND h.closed_at IS NULL) THEN
      RETURN false;
    END IF;
    IF of_purpose = 'outside' AND NOT app.asks_outside(of_tenant, task) THEN RETURN false; END IF;
  END IF;
  INSERT INTO app.link (tenant_id, link_id, purpose, subject, recipient, occasion, token_hash, is_lasting, made_by, expires_at)
  VALUES (of_tenant, of_link, of_purpose, of_subject, of_recipient, of_occasion, hash, lasting, maker,
          clock_timestamp() + make_interval(secs => seconds))
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN false; END IF;
  IF lasting THEN
    UPDATE app.link l SET ended_at = clock_timestamp(), reason = 'replaced'
    WHERE l.tenant_id = of_tenant AND l.purpose = of_purpose AND l.subject = of_subject AND l.recipient = of_recipient
      AND l.link_id <> of_link AND l.ended_at IS NULL;
  END IF;
  INSERT INTO app.mail (partner_id, mail_id, tenant_id, kind, about, language, recipient, recipient_name, facts, sealed)
  SELECT t.partner_id, of_mail, of_tenant, of_kind, of_link, of_language, address, of_name, of_facts::json, of_sealed
  FROM app.tenant t WHERE t.tenant_id = of_tenant;
  RETURN true;
END $$;

-- The mail of a link that ended, or was used before it went out, needs not go out any more; what opens it is gone.
CREATE FUNCTION app.void_link_mail() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
BEGIN
  UPDATE app.mail m SET state = 'void', sealed = NULL, ended_at = clock_timestamp()
  WHERE m.about = OLD.link_id AND m.tenant_id = OLD.tenant_id AND m.state IN ('waiting', 'kept');
  RETURN NULL;
END $$;
CREATE TRIGGER void_mail AFTER UPDATE OF ended_at ON app.link FOR EACH ROW
WHEN (NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL) EXECUTE FUNCTION app.void_link_mail();
-- One that is removed, since its client has another partner, leads nowhere either.
CREATE TRIGGER void_mail_gone AFTER DELETE ON app.link FOR EACH ROW EXECUTE FUNCTION app.void_link_mail();

-- Links of long ago.
CREATE FUNCTION app.purge_links(older_than_days integer, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE purged integer;
BEGIN
  DELETE FROM app.link l WHERE ctid = ANY (ARRAY(
    SELECT x.ctid FROM app.link x
    WHERE x.expires_at < (SELECT clock_timestamp()) - make_interval(days => greatest(older_than_days, 1)) LIMIT most));
  GET DIAGNOSTICS purged = ROW_COUNT;
  RETURN purged;
END $$;

-- Acts on tasks that somebody may have to be written to about, each somebody's for `seconds`. Of a client that is not active they
-- stay in line: nobody would be found to be written to.
CREATE FUNCTION app.take_task_mails(most integer, seconds double precision)
RETURNS TABLE (tenant_id uuid, task_id uuid, number integer)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  WITH next AS (
    SELECT m.tenant_id, m.task_id, m.number FROM app.task_mail m
    WHERE m.due_at <= (SELECT clock_timestamp()) AND NOT (SELECT app.failed_over()) AND EXISTS (
      SELECT FROM app.tenant t JOIN app.client l ON l.partner_id = t.partner_id AND l.client_id = t.client_id
      WHERE t.tenant_id = m.tenant_id AND l.status = 'active')
    ORDER BY m.due_at LIMIT most FOR UPDATE SKIP LOCKED
  )
  UPDATE app.task_mail m SET due_at = clock_timestamp() + make_interval(secs => seconds)
  FROM next n WHERE m.tenant_id = n.tenant_id AND m.task_id = n.task_id AND m.number = n.number
  RETURNING m.tenant_id, m.task_id, m.number
$$;

-- Who is to be written to about an act on a task, and was not yet: whoever has it in hand, else all of its role, and of each who is
-- away whoever acts for them; of these who may work on tasks, wants a mail for each, and got fewer than `most` within a day. Who
-- took it by themselves knows of it.
CREATE FUNCTION app.task_mail_to(of_tenant uuid, of_task uuid, of_number integer, most integer)
RETURNS TABLE (account_id uuid, email text, name text, permissions text[], action text, kind text, title text,
  created_at timestamptz, client text, environment text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  WITH asked AS (
    SELECT t.task_id, t.role, t.assignee, t.kind, t.title, t.created_at, e.action FROM app.human_task t
    JOIN app.human_task_event e ON e.tenant_id = t.tenant_id AND e.task_id = t.task_id AND e.number = of_number
    WHERE t.tenant_id = of_tenant AND t.task_id = of_task AND t.closed_at IS NULL AND t.role <> ''
      AND (t.state <> 'claimed' OR e.action = 'told')
  ), whose AS (
    SELECT a.assignee AS account_id FROM asked a WHERE a.assignee IS NOT NULL
    UNION
    SELECT p.account_id FROM asked a CROSS JOIN LATERAL app.people_of(of_tenant, 'role:' || a.role) p(account_id)
    WHERE a.assignee IS NULL
  ), there AS (
    SELECT DISTINCT CASE WHEN b.account_id IS NULL THEN w.account_id ELSE b.substitute END AS account_id
    FROM whose w LEFT JOIN app.absence b ON b.tenant_id = of_tenant AND b.account_id = w.account_id
      AND b.since <= clock_timestamp() AND clock_timestamp() < b.until
  ), wanting AS (
    SELECT a.account_id, a.email, a.name, app.held_permissions(a.partner_id, a.account_id, a.permissions) AS permissions,
      'account:' || app.show_id('acc', a.account_id) AS recipient
    FROM there h JOIN app.account a ON a.tenant_id = of_tenant AND a.account_id = h.account_id AND a.status = 'active'
    JOIN app.task_mail_choice c ON c.tenant_id = of_tenant AND c.account_id = a.account_id AND c.choice = 'each'
  )
  SELECT w.account_id, w.email, w.name, w.permissions, k.action, k.kind, k.title, k.created_at, l.name, t.environment
  FROM wanting w CROSS JOIN asked k
  JOIN app.tenant t ON t.tenant_id = of_tenant
  JOIN app.client l ON l.partner_id = t.partner_id AND l.client_id = t.client_id AND l.status = 'active'
  WHERE 'tasks:work' = ANY (w.permissions)
    AND NOT EXISTS (SELECT FROM app.link x WHERE x.tenant_id = of_tenant AND x.purpose = 'task' AND x.recipient = w.recipient
                    AND x.subject = app.show_id('tsk', k.task_id) AND x.occasion = of_number::text)
    AND (SELECT count(*) FROM app.link x WHERE x.tenant_id = of_tenant AND x.recipient = w.recipient
         AND x.created_at > clock_timestamp() - interval '1 day') < most
  ORDER BY w.account_id LIMIT 200
$$;

-- The one outside participant of a task, to be written to about an act on it: asked, asked again, reminded. No row where there is
-- nobody, where their link was withdrawn, or where they were written to about it. `has_enough`: their address got `most` such mails
-- within a day, or has them in line.
CREATE FUNCTION app.task_outside(of_tenant uuid, of_task uuid, of_number integer, most integer)
RETURNS TABLE (email text, name text, language text, action text, title text, client text, environment text, has_enough boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT h.content -> 'outside' ->> 'email', h.content -> 'outside' ->> 'name', h.content -> 'outside' ->> 'language',
    e.action, h.title, l.name, t.environment,
    (SELECT count(*) FROM app.mail m WHERE m.tenant_id = of_tenant AND m.kind IN ('task.outside', 'task.outside-reminder')
     AND m.recipient = lower(h.content -> 'outside' ->> 'email') AND m.state <> 'void'
     AND m.created_at > clock_timestamp() - interval '1 day') >= most
  FROM app.human_task h JOIN app.human_task_event e ON e.tenant_id = h.tenant_id AND e.task_id = h.task_id AND e.number = of_number
  JOIN app.tenant t ON t.tenant_id = h.tenant_id
  JOIN app.client l ON l.partner_id = t.partner_id AND l.client_id = t.client_id AND l.status = 'active'
  WHERE h.tenant_id = of_tenant AND h.task_id = of_task AND e.action IN ('offered', 'told', 'sent')
    AND app.asks_outside(of_tenant, of_task) AND NOT EXISTS (
      SELECT FROM app.link x WHERE x.tenant_id = of_tenant AND x.purpose = 'outside' AND x.recipient = 'outside'
        AND x.subject = app.show_id('tsk', of_task) AND x.occasion = of_number::text)
$$;

-- Whose daily mail is due, each somebody's for `seconds`; and what it says: open tasks of their roles that nobody has, or that they
-- have in hand.
CREATE FUNCTION app.take_task_digests(most integer, seconds double precision)
RETURNS TABLE (tenant_id uuid, account_id uuid, digest_at timestamptz)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  WITH next AS (
    SELECT c.tenant_id, c.account_id FROM app.task_mail_choice c
    WHERE c.digest_at <= (SELECT clock_timestamp()) AND (c.taken_until IS NULL OR c.taken_until <= clock_timestamp())
      AND NOT (SELECT app.failed_over())
    ORDER BY c.digest_at LIMIT most FOR UPDATE SKIP LOCKED
  )
  UPDATE app.task_mail_choice c SET taken_until = clock_timestamp() + make_interval(secs => seconds)
  FROM next n WHERE c.tenant_id = n.tenant_id AND c.account_id = n.account_id
  RETURNING c.tenant_id, c.account_id, c.digest_at
$$;

CREATE FUNCTION app.task_digest(of_tenant uuid, of_account uuid)
RETURNS TABLE (email text, name text, client text, environment text, waiting integer, overdue integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  WITH whose AS (
    SELECT a.partner_id, a.email, a.name, ARRAY(
      SELECT r.slug FROM app.account_role g JOIN app.role r ON r.role_id = g.role_id AND r.status = 'active' AND r.level = 'client'
      WHERE g.partner_id = a.partner_id AND g.account_id = a.account_id) AS roles
    FROM app.account a WHERE a.tenant_id = of_tenant AND a.account_id = of_account AND a.status = 'active'
      AND 'tasks:work' = ANY (app.held_permissions(a.partner_id, a.account_id, a.permissions))
  )
  SELECT w.email, w.name, l.name, t.environment, n.waiting, n.overdue FROM whose w
  JOIN app.tenant t ON t.tenant_id = of_tenant
  JOIN app.client l ON l.partner_id = t.partner_id AND l.client_id = t.client_id AND l.status = 'active'
  CROSS JOIN LATERAL (
    SELECT count(*)::integer AS waiting, (count(*) FILTER (WHERE h.due < clock_timestamp()))::integer AS overdue
    FROM app.human_task h WHERE h.tenant_id = of_tenant AND h.closed_at IS NULL
      AND (h.assignee = of_account OR (h.assignee IS NULL AND h.role = ANY (w.roles)))
  ) n
$$;

-- The daily mail of somebody, once for `was`, when it was due; without `of_mail` there is nothing to tell. False: it was sent.
CREATE FUNCTION app.send_task_digest(of_tenant uuid, of_account uuid, was timestamptz, next timestamptz, of_mail uuid, of_facts text)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
BEGIN
  UPDATE app.task_mail_choice c SET digest_at = next, taken_until = NULL
  WHERE c.tenant_id = of_tenant AND c.account_id = of_account AND c.digest_at = was;
  IF NOT FOUND THEN RETURN false; END IF;
  INSERT INTO app.mail (partner_id, mail_id, tenant_id, kind, recipient, recipient_name, facts)
  SELECT a.partner_id, of_mail, of_tenant, 'task.digest', a.email, a.name, of_facts::json
  FROM app.account a WHERE a.tenant_id = of_tenant AND a.account_id = of_account AND of_mail IS NOT NULL;
  RETURN true;
END $$;
