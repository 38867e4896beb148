-- The one digest of an address in a tenant. No door: it sees what its caller sees.
CREATE FUNCTION app.notice_address(of_tenant uuid, address text) RETURNS bytea
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE mixing bytea;
BEGIN
  INSERT INTO app.notice_mixing (tenant_id, digest_key)
  VALUES (of_tenant, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) ON CONFLICT DO NOTHING;
  SELECT m.digest_key INTO mixing FROM app.notice_mixing m WHERE m.tenant_id = of_tenant;
  RETURN sha256(mixing || convert_to(lower(address), 'UTF8'));
END $$;

-- What a notice of the transaction's tenant is written by: its partner's language, and whether there is a host that a link in it
-- could lead to.
CREATE FUNCTION app.notice_place() RETURNS TABLE (language text, has_host boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT coalesce(s.language, 'en'),
    EXISTS (SELECT 1 FROM app.portal_host h WHERE h.partner_id = t.partner_id AND h.use = 'portal')
  FROM app.tenant t LEFT JOIN app.mail_setting s ON s.partner_id = t.partner_id WHERE t.tenant_id = app.tenant_id()
$$;

-- Tell somebody something, once for the key of a call, by who holds the run alone (F-02): the notice, its mail and its audit are one
-- commit; so is the link of its status page, of which `status_hash` is kept (ADR 0127). `withheld` says why nobody is to be told
-- whatever else there is. Answers nothing where the run is in other hands.
CREATE FUNCTION app.post_notice(
  new_notice uuid, new_mail uuid, run uuid, effect_key text, holding bigint, named text, of_milestone text, of_kind text, of_key text,
  recipient text, recipient_name text, in_language text, facts text, secret bytea, link bytea, due timestamptz, waits boolean,
  withheld text, most_a_day integer, of_promise text[], status_link uuid, status_hash bytea, status_seconds double precision
) RETURNS TABLE (notice_id uuid, outcome text, why text, language text, due_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
#variable_conflict use_column
DECLARE whose uuid := app.tenant_id(); of_partner uuid; who bytea; kept text := withheld; made timestamptz := clock_timestamp();
BEGIN
  PERFORM 1 FROM app.run r WHERE r.tenant_id = whose AND r.run_id = post_notice.run AND r.fence = holding
    AND r.lease_until IS NOT NULL AND r.ended_at IS NULL FOR SHARE;
  IF NOT FOUND THEN RETURN; END IF;
  IF NOT EXISTS (SELECT 1 FROM app.customer_notice n WHERE n.tenant_id = whose AND n.key = effect_key) THEN
    SELECT t.partner_id INTO of_partner FROM app.tenant t WHERE t.tenant_id = whose;
    IF recipient IS NOT NULL THEN
      who := app.notice_address(whose, recipient);
      -- Who opts out at this moment is first or last, and what is counted is not passed by two at once.
      PERFORM pg_advisory_xact_lock(hashtextextended(whose::text || encode(who, 'hex'), 113));
    END IF;
    kept := coalesce(kept,
      CASE WHEN EXISTS (SELECT 1 FROM app.notice_opt_out o WHERE o.tenant_id = whose AND o.address_digest = who) THEN 'opted-out'
           WHEN EXISTS (SELECT 1 FROM app.mail_suppression x WHERE x.partner_id = of_partner AND x.tenant_id = whose
                        AND lower(x.address) = lower(recipient)) THEN 'suppressed'
           WHEN (SELECT count(*) FROM app.customer_notice n WHERE n.tenant_id = whose AND n.address_digest = who
                 AND n.outcome = 'sent' AND n.created_at > made - interval '1 day') >= most_a_day THEN 'too-many' END);
    INSERT INTO app.customer_notice (tenant_id, notice_id, key, run_id, notice, milestone, about_kind, about_key, outcome, why,
      language, address_digest, link_digest, mail_id, promise_was, promise_now, due_at, created_at)
    VALUES (whose, new_notice, effect_key, post_notice.run, named, of_milestone, of_kind, of_key,
      CASE WHEN kept IS NULL THEN 'sent' ELSE 'withheld' END, coalesce(kept, CASE WHEN waits THEN 'quiet' END), in_language, who,
      CASE WHEN kept IS NULL THEN link END, CASE WHEN kept IS NULL THEN new_mail END,
      of_promise[1], of_promise[2], CASE WHEN kept IS NULL THEN greatest(due, made) END, made)
    ON CONFLICT (tenant_id, key) DO NOTHING;
    IF FOUND THEN
      IF kept IS NULL THEN
        INSERT INTO app.mail (partner_id, mail_id, tenant_id, kind, about, language, recipient, recipient_name, facts, sealed, due_at)
        VALUES (of_partner, new_mail, whose, 'customer.notice', new_notice, in_language, recipient, recipient_name, facts::json, secret,
          greatest(due, made));
        INSERT INTO app.link (tenant_id, link_id, purpose, subject, recipient, occasion, token_hash, is_lasting, made_by, expires_at)
        SELECT whose, status_link, 'status', of_kind || ':' || of_key, 'customer:' || encode(who, 'hex'), app.show_id('ntc', new_notice),
          status_hash, true, 'run:' || app.show_id('run', post_notice.run), greatest(due, made) + make_interval(secs => status_seconds)
        WHERE status_hash IS NOT NULL AND of_key IS NOT NULL;
      END IF;
      INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
      VALUES (whose, app.new_id(), 'run:' || app.show_id('run', post_notice.run),
        CASE WHEN kept IS NULL THEN 'notice.sent' ELSE 'notice.withheld' END, app.show_id('ntc', new_notice),
        json_strip_nulls(json_build_object('notice', named, 'milestone', of_milestone, 'kind', of_kind, 'key', of_key, 'why', kept)));
    END IF;
  END IF;
  RETURN QUERY SELECT n.notice_id, n.outcome, n.why, n.language, n.due_at FROM app.customer_notice n
    WHERE n.tenant_id = whose AND n.key = effect_key;
END $$;

-- Somebody wants no more notices, or wants them again; what waits for them is not sent any more. Safe to repeat: answers whether it
-- changed anything; NULL, and nothing done, where somebody of the client's would take back what a recipient said by their link.
-- No door.
CREATE FUNCTION app.note_opt_out(of_tenant uuid, who bytea, is_out boolean, by_source text, actor text, target text, reason text)
RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE is_new boolean; mixing bytea;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(of_tenant::text || encode(who, 'hex'), 113));
  IF is_out THEN
    INSERT INTO app.notice_opt_out (tenant_id, address_digest, source, made_by) VALUES (of_tenant, who, by_source, actor)
    ON CONFLICT (tenant_id, address_digest) DO UPDATE SET source = excluded.source, made_by = excluded.made_by,
      since = clock_timestamp() WHERE notice_opt_out.source = 'person' AND excluded.source = 'link';
    is_new := FOUND;
    SELECT m.digest_key INTO mixing FROM app.notice_mixing m WHERE m.tenant_id = of_tenant;
    UPDATE app.mail m SET state = 'void', sealed = NULL, ended_at = clock_timestamp()
    WHERE m.tenant_id = of_tenant AND m.kind = 'customer.notice' AND m.state IN ('waiting', 'kept')
      AND sha256(mixing || convert_to(lower(m.recipient), 'UTF8')) = who;
  ELSIF by_source = 'person' AND EXISTS (SELECT FROM app.notice_opt_out o
    WHERE o.tenant_id = of_tenant AND o.address_digest = who AND o.source = 'link') THEN RETURN NULL;
  ELSE
    DELETE FROM app.notice_opt_out o WHERE o.tenant_id = of_tenant AND o.address_digest = who;
    is_new := FOUND;
  END IF;
  IF is_new THEN
    INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
    VALUES (of_tenant, app.new_id(), actor, CASE WHEN is_out THEN 'notice.opted-out' ELSE 'notice.opted-in' END, target,
      json_strip_nulls(json_build_object('address_digest', encode(who, 'hex'), 'reason', reason)));
  END IF;
  RETURN is_new;
END $$;

-- For an address of a customer of the transaction's tenant, as somebody of the client's says.
CREATE FUNCTION app.set_opt_out(address text, is_out boolean, actor text, reason text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT app.note_opt_out(app.tenant_id(), app.notice_address(app.tenant_id(), address), is_out, 'person', actor, 'opt-outs', reason)
  WHERE app.tenant_id() IS NOT NULL
$$;

-- What a link in a notice says at a partner's host: whether its address is out now; NULL where there is no such link. With `is_out`
-- it is set so first. A client's notices end with the client.
CREATE FUNCTION app.notice_link(of_partner uuid, link bytea, is_out boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE n app.customer_notice;
BEGIN
  SELECT x.* INTO n FROM app.customer_notice x JOIN app.tenant t ON t.tenant_id = x.tenant_id AND t.partner_id = of_partner
  JOIN app.client c ON c.partner_id = t.partner_id AND c.client_id = t.client_id AND c.status <> 'deleted'
  WHERE x.link_digest = link;
  IF NOT FOUND THEN RETURN NULL; END IF;
  IF is_out IS NOT NULL THEN
    PERFORM app.note_opt_out(n.tenant_id, n.address_digest, is_out, 'link', 'recipient', app.show_id('ntc', n.notice_id), NULL);
  END IF;
  RETURN EXISTS (SELECT 1 FROM app.notice_opt_out o WHERE o.tenant_id = n.tenant_id AND o.address_digest = n.address_digest);
END $$;
