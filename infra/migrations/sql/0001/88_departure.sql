-- A client leaves: for another partner, or for good (ADR 0042). Here what both need, and the move; `89_deletion.sql` has the rest.
CREATE POLICY doors_depart ON app.client FOR UPDATE TO waybill_doors USING (true) WITH CHECK (true);
CREATE POLICY doors_depart ON app.organization_audit TO waybill_doors USING (true) WITH CHECK (true);
GRANT UPDATE ON app.client TO waybill_doors;
GRANT UPDATE (name, networks, made_by, expires_at, revoked_at) ON app.api_key TO waybill_doors;
GRANT SELECT, UPDATE (after) ON app.organization_audit TO waybill_doors;
GRANT UPDATE (actor, target, after) ON app.audit TO waybill_doors;
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY[
    'account', 'role', 'identity_provider', 'account_role', 'account_identity', 'provisioned_account', 'totp', 'recovery_code', 'passkey',
    'passkey_challenge', 'sign_in_flow', 'provider_logout', 'invitation', 'portal_session', 'known_device'
  ] LOOP
    EXECUTE format('CREATE POLICY doors ON app.%I TO waybill_doors USING (true) WITH CHECK (true)', t);
    EXECUTE format('GRANT SELECT, DELETE ON app.%I TO waybill_doors', t);
  END LOOP;
END $$;
REVOKE DELETE ON app.account FROM waybill_doors;
GRANT UPDATE ON app.account TO waybill_doors;
GRANT INSERT ON app.role TO waybill_doors;
GRANT UPDATE (role_id) ON app.account_role, app.identity_provider TO waybill_doors;

-- Whether somebody may be let in there now: the client is active, and stays so until the transaction ends. Of the partner
-- itself where no tenant is named. Whoever suspends, moves or deletes the client waits for that, and is waited for.
CREATE FUNCTION app.takes_people(of_partner uuid, of_tenant uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE open boolean;
BEGIN
  IF app.partner_id() IS DISTINCT FROM of_partner AND app.tenant_id() IS DISTINCT FROM of_tenant THEN RETURN false; END IF;
  SELECT p.status = 'active' INTO open FROM app.partner p WHERE p.partner_id = of_partner;
  IF of_tenant IS NULL OR open IS NOT TRUE THEN RETURN coalesce(open, false); END IF;
  SELECT c.status = 'active' INTO open FROM app.tenant t
  JOIN app.client c ON c.partner_id = t.partner_id AND c.client_id = t.client_id
  WHERE t.partner_id = of_partner AND t.tenant_id = of_tenant FOR SHARE OF c;
  RETURN coalesce(open, false);
END $$;

-- What is bound to a host of the partner's, or is only under way: sessions, those who act as the tenants too, browsers,
-- passkeys, sign-ins and invitations. Answers rows by table.
CREATE FUNCTION app.end_presence(tenants uuid[]) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE t text; gone integer; counted jsonb := '{}';
BEGIN
  DELETE FROM app.sign_in_flow f USING app.identity_provider p
  WHERE p.tenant_id = ANY (tenants) AND f.partner_id = p.partner_id AND f.provider_id = p.provider_id;
  DELETE FROM app.provider_logout l USING app.identity_provider p
  WHERE p.tenant_id = ANY (tenants) AND l.partner_id = p.partner_id AND l.provider_id = p.provider_id;
  DELETE FROM app.sign_in_flow f USING app.invitation i
  WHERE i.tenant_id = ANY (tenants) AND f.partner_id = i.partner_id AND f.invitation_id = i.invitation_id;
  DELETE FROM app.portal_session s USING app.tenant n
  WHERE n.tenant_id = ANY (tenants) AND s.partner_id = n.partner_id AND s.acting_tenant_id = n.tenant_id;
  DELETE FROM app.connection_link l WHERE l.tenant_id = ANY (tenants);
  -- They lead to hosts of the former partner, by its mail.
  DELETE FROM app.link l WHERE l.tenant_id = ANY (tenants);
  DELETE FROM app.invitation i WHERE i.tenant_id = ANY (tenants);
  GET DIAGNOSTICS gone = ROW_COUNT;
  IF gone > 0 THEN counted := jsonb_build_object('invitation', gone); END IF;
  FOREACH t IN ARRAY ARRAY['sign_in_flow', 'provider_logout', 'passkey_challenge', 'portal_session', 'known_device', 'passkey']
  LOOP
    EXECUTE format('DELETE FROM app.%I x USING app.account a WHERE a.tenant_id = ANY ($1) '
                   'AND x.partner_id = a.partner_id AND x.account_id = a.account_id', t) USING tenants;
    GET DIAGNOSTICS gone = ROW_COUNT;
    IF gone > 0 THEN counted := counted || jsonb_build_object(t, gone); END IF;
  END LOOP;
  RETURN counted;
END $$;

-- Roles of the former partner that people and providers of the tenants have stay with them, as roles of the tenant's own: what
-- somebody may do is not changed by who serves their client.
CREATE FUNCTION app.keep_roles(former uuid, tenants uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE used record; copy uuid; its_slug text;
BEGIN
  FOR used IN
    SELECT u.tenant_id, r.* FROM (
      SELECT a.tenant_id, g.role_id FROM app.account a
      JOIN app.account_role g ON g.partner_id = a.partner_id AND g.account_id = a.account_id WHERE a.tenant_id = ANY (tenants)
      UNION SELECT p.tenant_id, p.role_id FROM app.identity_provider p WHERE p.tenant_id = ANY (tenants)
    ) u(tenant_id, used_id) JOIN (
      SELECT o.role_id, o.slug, o.name, o.permissions, o.status, o.level FROM app.role o
      WHERE o.partner_id = former AND o.tenant_id IS NULL
    ) r ON r.role_id = u.used_id
  LOOP
    copy := app.new_id();
    its_slug := used.slug;
    IF EXISTS (SELECT 1 FROM app.role o WHERE o.tenant_id = used.tenant_id AND o.slug = used.slug) THEN
      its_slug := rtrim(left(used.slug, 36), '-') || '-' || substr(app.show_id('rol', copy), 5);
    END IF;
    INSERT INTO app.role (role_id, partner_id, tenant_id, level, slug, name, permissions, status)
    VALUES (copy, former, used.tenant_id, used.level, its_slug, used.name, used.permissions, used.status);
    UPDATE app.account_role g SET role_id = copy FROM app.account a
    WHERE a.tenant_id = used.tenant_id AND g.partner_id = a.partner_id AND g.account_id = a.account_id AND g.role_id = used.role_id;
    UPDATE app.identity_provider p SET role_id = copy WHERE p.tenant_id = used.tenant_id AND p.role_id = used.role_id;
  END LOOP;
END $$;

-- Give a client of any partner to another one, with its environments, accounts, quotas and parameters, by the cascades of its
-- key. What the former partner gave or saw ends: API keys in `keys_end`, what is bound to its hosts and its providers at once.
-- Answers NULL, or what stands in the way. In a transaction of the operator alone.
CREATE FUNCTION app.move_client(of_client uuid, to_partner uuid, keys_end interval) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE was app.client; tenants uuid[];
BEGIN
  IF NOT app.is_operator() THEN RAISE EXCEPTION 'only the operator moves a client' USING ERRCODE = 'insufficient_privilege'; END IF;
  SELECT c.* INTO was FROM app.client c WHERE c.client_id = of_client FOR UPDATE;
  IF was.partner_id = to_partner THEN RETURN NULL; END IF;
  IF EXISTS (SELECT 1 FROM app.client c WHERE c.partner_id = to_partner AND c.slug = was.slug) THEN RETURN 'slug'; END IF;
  -- Whoever signs in, is let in or begins to act at this moment is first, or finds the client elsewhere.
  SELECT array_agg(l.tenant_id) INTO tenants FROM (
    SELECT t.tenant_id FROM app.tenant t WHERE t.client_id = of_client ORDER BY t.tenant_id FOR UPDATE) l;
  PERFORM a.account_id FROM app.account a WHERE a.tenant_id = ANY (tenants) ORDER BY a.account_id FOR UPDATE;
  PERFORM p.provider_id FROM app.identity_provider p WHERE p.tenant_id = ANY (tenants) ORDER BY p.provider_id FOR UPDATE;
  IF EXISTS (SELECT 1 FROM app.account a JOIN app.account o ON o.partner_id = to_partner AND o.email = a.email
             WHERE a.tenant_id = ANY (tenants) AND a.password_hash IS NOT NULL AND o.password_hash IS NOT NULL) THEN
    RETURN 'accounts';
  END IF;
  PERFORM app.end_presence(tenants);
  DELETE FROM app.account_identity i USING app.account a, app.identity_provider p
  WHERE a.tenant_id = ANY (tenants) AND i.partner_id = a.partner_id AND i.account_id = a.account_id
    AND p.partner_id = i.partner_id AND p.provider_id = i.provider_id AND p.tenant_id IS NULL;
  PERFORM app.keep_roles(was.partner_id, tenants);
  UPDATE app.api_key k SET expires_at = least(coalesce(k.expires_at, 'infinity'), clock_timestamp() + keys_end)
  WHERE k.tenant_id = ANY (tenants) AND k.revoked_at IS NULL;
  UPDATE app.client c SET partner_id = to_partner WHERE c.partner_id = was.partner_id AND c.client_id = of_client;
  -- Who is asked outside has lost the link by which they would answer: they get one that leads to the new partner.
  INSERT INTO app.task_mail (tenant_id, task_id, number)
  SELECT h.tenant_id, h.task_id, max(e.number) FROM app.human_task h
  JOIN app.human_task_event e ON e.tenant_id = h.tenant_id AND e.task_id = h.task_id AND e.action IN ('offered', 'told', 'sent')
  WHERE h.tenant_id = ANY (tenants) AND h.closed_at IS NULL AND h.role = '' AND app.asks_outside(h.tenant_id, h.task_id)
  GROUP BY h.tenant_id, h.task_id ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
