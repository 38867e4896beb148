-- A client is deleted (ADR 0042): at once what opens anything and whom it was about, then row by row what is left.

-- Tables of a tenant that are emptied, in an order that no reference stands in the way of: what counts events and runs comes
-- behind them. People's are in `app.remove_people`. What is in neither, and not kept with a reason, fails a test.
CREATE FUNCTION app.erased_tables() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY[
    'parameter', 'quota', 'tenant_load', 'peak', 'fleet', 'retention', 'kept_run', 'archive_round',
    'archive', 'webhook_attempt', 'webhook_delivery', 'webhook_message', 'webhook_secret', 'webhook_endpoint', 'private_network', 'candidate', 'pending_event', 'deployment_trigger', 'schedule', 'subscription', 'inbox', 'signal',
    'run_key', 'key_writer', 'link', 'task_mail', 'task_mail_choice', 'human_task_decision', 'human_task_event', 'human_task_skill', 'absence', 'human_task', 'approval', 'effect', 'payload', 'journal', 'exception', 'entry', 'continuity', 'outage',
    'connection_line', 'poll', 'connection_health', 'connection_choice', 'notice', 'outbox', 'run', 'event', 'event_key', 'promotion', 'deployment_revision', 'deployment',
    'workflow_version', 'secret_use', 'connection_secret', 'connection_grant', 'connection_link', 'tenant_key', 'inbound_request', 'inbound_secret', 'inbound_webhook',
    'connection_group', 'connection', 'event_schema', 'owner', 'interface', 'authority_matrix',
    'interface_traffic', 'interface_told', 'interface_mark', 'deadline', 'calendar_change', 'calendar_version', 'site', 'tenant_clock', 'audit_keeping', 'mail', 'mail_suppression',
    'evidence_pack', 'evidence_document', 'evidence_case', 'customer_notice', 'notice_opt_out', 'notice_mixing', 'touch', 'workaround', 'order_sale', 'hold_wait', 'hold', 'hold_subject', 'hold_type_version', 'document', 'document_key', 'kept_entity', 'sighting_about', 'sighting', 'record_view', 'translation', 'event_route', 'mapping', 'entity_change', 'entity_merge', 'entity_key', 'entity'
  ]
$$;
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY app.erased_tables() LOOP
    EXECUTE format('CREATE POLICY doors_erase ON app.%I TO waybill_doors USING (true) WITH CHECK (true)', t);
    EXECUTE format('GRANT SELECT, DELETE ON app.%I TO waybill_doors', t);
  END LOOP;
END $$;

-- All that people of the tenants have but their accounts, which are left as ids, as are API keys. Answers rows by table.
CREATE FUNCTION app.remove_people(tenants uuid[]) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE t text; gone integer; counted jsonb := app.end_presence(tenants);
BEGIN
  FOREACH t IN ARRAY ARRAY['recovery_code', 'totp', 'provisioned_account', 'account_identity', 'account_role'] LOOP
    EXECUTE format('DELETE FROM app.%I x USING app.account a WHERE a.tenant_id = ANY ($1) '
                   'AND x.partner_id = a.partner_id AND x.account_id = a.account_id', t) USING tenants;
    GET DIAGNOSTICS gone = ROW_COUNT;
    IF gone > 0 THEN counted := counted || jsonb_build_object(t, gone); END IF;
  END LOOP;
  FOREACH t IN ARRAY ARRAY['identity_provider', 'role'] LOOP
    EXECUTE format('DELETE FROM app.%I x WHERE x.tenant_id = ANY ($1)', t) USING tenants;
    GET DIAGNOSTICS gone = ROW_COUNT;
    IF gone > 0 THEN counted := counted || jsonb_build_object(t, gone); END IF;
  END LOOP;
  UPDATE app.account a SET status = 'disabled', name = 'deleted', password_hash = NULL, permissions = '{}',
    email = 'deleted-' || a.account_id || '@deleted.invalid'
  WHERE a.tenant_id = ANY (tenants) AND (a.name <> 'deleted' OR a.status <> 'disabled');
  -- Who made one is as little told as who did anything else (S-79).
  UPDATE app.api_key k SET revoked_at = coalesce(k.revoked_at, clock_timestamp()), name = 'deleted', networks = NULL,
    made_by = NULL
  WHERE k.tenant_id = ANY (tenants) AND (k.name <> 'deleted' OR k.revoked_at IS NULL);
  RETURN counted;
END $$;

-- What the installation's keys sealed, by whose it was, as the SHA-256 of its stored form: no tenant's key for connections is its
-- own, and so it goes itself. Of an environment: its key for documents.
CREATE FUNCTION app.sealed_above(tenants uuid[]) RETURNS json
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  SELECT coalesce(json_agg(json_build_object('of', s.shown, 'sha256', encode(sha256(s.sealed), 'hex')) ORDER BY s.shown), '[]') FROM (
    SELECT app.show_id('idp', p.provider_id) AS shown, p.secret AS sealed FROM app.identity_provider p
    WHERE p.tenant_id = ANY (tenants) AND p.secret IS NOT NULL
    UNION ALL
    SELECT app.show_id('acc', o.account_id), o.sealed FROM app.account a
    JOIN app.totp o ON o.partner_id = a.partner_id AND o.account_id = a.account_id WHERE a.tenant_id = ANY (tenants)
    UNION ALL
    SELECT app.show_id('hok', w.hook_id), w.sealed FROM app.inbound_secret w WHERE w.tenant_id = ANY (tenants)
    UNION ALL
    SELECT app.show_id('ten', d.tenant_id), d.wrapped FROM app.document_key d WHERE d.tenant_id = ANY (tenants)
    UNION ALL
    SELECT app.show_id('mail', m.mail_id), m.sealed FROM app.mail m WHERE m.tenant_id = ANY (tenants) AND m.sealed IS NOT NULL
  ) s
$$;

-- The first step of a deletion, at once and for good: secrets and the keys that sealed them are gone, no key, account or
-- provider of the client works, nobody is asked in any more, and nobody reads its name or its people's. Of a suspended client
-- of the transaction's partner, or of any for the operator; answers whether it was. `erase_rows` does the rest.
CREATE FUNCTION app.begin_deletion(of_client uuid, actor text, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE was app.client; tenants uuid[]; destroyed json; sealed json; people jsonb; given integer; keys integer; hooks integer; ends integer;
  opened integer; letters integer; grants integer;
BEGIN
  SELECT c.* INTO was FROM app.client c WHERE c.client_id = of_client AND c.status = 'suspended'
    AND (app.is_operator() OR c.partner_id = app.partner_id()) FOR UPDATE;
  IF NOT FOUND THEN RETURN false; END IF;
  SELECT array_agg(l.tenant_id) INTO tenants FROM (
    SELECT t.tenant_id FROM app.tenant t WHERE t.client_id = of_client ORDER BY t.tenant_id FOR UPDATE) l;
  PERFORM a.account_id FROM app.account a WHERE a.tenant_id = ANY (tenants) ORDER BY a.account_id FOR UPDATE;
  PERFORM p.provider_id FROM app.identity_provider p WHERE p.tenant_id = ANY (tenants) ORDER BY p.provider_id FOR UPDATE;
  SELECT coalesce(json_agg(json_build_object('tenant', app.show_id('ten', k.tenant_id), 'version', k.version,
    'sha256', encode(sha256(k.wrapped), 'hex')) ORDER BY k.tenant_id, k.version), '[]') INTO destroyed
  FROM app.tenant_key k WHERE k.tenant_id = ANY (tenants);
  sealed := app.sealed_above(tenants);
  DELETE FROM app.webhook_secret s WHERE s.tenant_id = ANY (tenants);
  GET DIAGNOSTICS ends = ROW_COUNT;
  DELETE FROM app.connection_secret s WHERE s.tenant_id = ANY (tenants);
  GET DIAGNOSTICS given = ROW_COUNT;
  DELETE FROM app.connection_link l WHERE l.tenant_id = ANY (tenants);
  DELETE FROM app.connection_grant g WHERE g.tenant_id = ANY (tenants);
  GET DIAGNOSTICS grants = ROW_COUNT;
  DELETE FROM app.tenant_key k WHERE k.tenant_id = ANY (tenants);
  GET DIAGNOSTICS keys = ROW_COUNT;
  DELETE FROM app.document_key k WHERE k.tenant_id = ANY (tenants);
  GET DIAGNOSTICS opened = ROW_COUNT;
  DELETE FROM app.inbound_secret w WHERE w.tenant_id = ANY (tenants);
  GET DIAGNOSTICS hooks = ROW_COUNT;
  DELETE FROM app.mail m WHERE m.tenant_id = ANY (tenants) AND m.sealed IS NOT NULL;
  GET DIAGNOSTICS letters = ROW_COUNT;
  people := app.remove_people(tenants) || jsonb_build_object('connection_secret', given, 'tenant_key', keys, 'inbound_secret', hooks, 'webhook_secret', ends,
    'document_key', opened, 'mail', letters, 'connection_grant', grants);
  UPDATE app.client c SET status = 'deleted', status_reason = NULL, name = 'deleted',
    slug = 'deleted-' || substr(app.show_id('cli', of_client), 5)
  WHERE c.partner_id = was.partner_id AND c.client_id = of_client;
  -- Of every partner that ever had it.
  UPDATE app.organization_audit o SET after = NULL, salt = NULL,
    veil = app.veil_row(o.salt, o.veil, o.actor, o.target, o.after::text, false, false, true)
  WHERE o.after IS NOT NULL AND o.target = ANY (
    SELECT app.show_id('cli', of_client) UNION ALL SELECT app.show_id('ten', t) FROM unnest(tenants) t
    UNION ALL SELECT app.show_id('key', k.key_id) FROM app.api_key k WHERE k.tenant_id = ANY (tenants)
    UNION ALL SELECT app.show_id('acc', a.account_id) FROM app.account a WHERE a.tenant_id = ANY (tenants));
  INSERT INTO app.deletion (client_id, partner_id, asked_by, reason, keys, sealed, removed, salt)
  VALUES (of_client, was.partner_id, actor, why, destroyed, sealed, people,
    uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
  RETURN true;
END $$;

-- Deletions that are not done: the tenants whose rows and files they are about, and how many files of archives those have.
CREATE FUNCTION app.open_deletions() RETURNS TABLE (client_id uuid, tenants uuid[], archives bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT d.client_id, (SELECT array_agg(t.tenant_id) FROM app.tenant t WHERE t.client_id = d.client_id),
    (SELECT count(*) FROM app.archive a JOIN app.tenant t ON t.tenant_id = a.tenant_id WHERE t.client_id = d.client_id)
  FROM app.deletion d WHERE d.done_at IS NULL ORDER BY d.asked_at
$$;

-- Remove up to `most` rows of a table of a deleted client, and make its audit pseudonymous; answers how many, 0 when nothing is
-- left. Usage stays, which was paid for and names nobody. Each call is a commit of its own. `files_gone`: its archives' files
-- are no more, so that their rows may go; with nothing left that ends the deletion, and says until when backups hold anything.
CREATE FUNCTION app.erase_rows(of_client uuid, most integer, files_gone boolean, backup_days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE d app.deletion; whose uuid[]; t text; gone integer; late jsonb;
BEGIN
  SELECT x.* INTO d FROM app.deletion x WHERE x.client_id = of_client AND x.done_at IS NULL FOR UPDATE;
  IF NOT FOUND THEN RETURN 0; END IF;
  SELECT array_agg(x.tenant_id) INTO whose FROM app.tenant x WHERE x.client_id = of_client;
  FOREACH t IN ARRAY app.erased_tables() LOOP
    -- A document's entity stays as long as it does.
    CONTINUE WHEN t IN ('archive', 'document', 'entity') AND NOT files_gone;
    EXECUTE format('DELETE FROM app.%1$I x WHERE x.tenant_id = ANY ($1) AND (x.tableoid, x.ctid) IN '
                   '(SELECT y.tableoid, y.ctid FROM app.%1$I y WHERE y.tenant_id = ANY ($1) LIMIT $2)', t) USING whose, most;
    GET DIAGNOSTICS gone = ROW_COUNT;
    IF gone > 0 THEN
      UPDATE app.deletion x SET removed = x.removed || jsonb_build_object(t, coalesce((x.removed ->> t)::bigint, 0) + gone)
      WHERE x.client_id = of_client;
      RETURN gone;
    END IF;
  END LOOP;
  -- What was the client's own, and of none of its environments.
  FOREACH t IN ARRAY ARRAY['parameter', 'quota', 'policy_version'] LOOP
    EXECUTE format('DELETE FROM app.%I x WHERE x.client_id = $1', t) USING of_client;
    GET DIAGNOSTICS gone = ROW_COUNT;
    IF gone > 0 THEN
      UPDATE app.deletion x SET removed = x.removed || jsonb_build_object(t, coalesce((x.removed ->> t)::bigint, 0) + gone)
      WHERE x.client_id = of_client;
      RETURN gone;
    END IF;
  END LOOP;
  DELETE FROM app.kept_answer k WHERE k.owner_id = ANY (whose);
  UPDATE app.audit a SET after = NULL, salt = NULL,
    veil = app.veil_row(a.salt, a.veil, a.actor, a.target, a.after::text, a.actor !~ '^(pseudonym:|engine$|schedule$)',
                        a.target !~ '^([a-z]{2,4}_[0-9a-z]{26}|deleted)$', a.after IS NOT NULL),
    actor = CASE WHEN a.actor ~ '^(pseudonym:|engine$|schedule$)' THEN a.actor
                 ELSE 'pseudonym:' || left(encode(sha256(d.salt || convert_to(a.actor, 'UTF8')), 'hex'), 16) END,
    target = CASE WHEN a.target ~ '^[a-z]{2,4}_[0-9a-z]{26}$' THEN a.target ELSE 'deleted' END
  WHERE a.tenant_id = ANY (whose) AND (a.tableoid, a.ctid) IN (
    SELECT b.tableoid, b.ctid FROM app.audit b WHERE b.tenant_id = ANY (whose)
      AND (b.after IS NOT NULL OR b.actor !~ '^(pseudonym:|engine$|schedule$)'
           OR b.target !~ '^([a-z]{2,4}_[0-9a-z]{26}|deleted)$') LIMIT most);
  GET DIAGNOSTICS gone = ROW_COUNT;
  IF gone = 0 AND files_gone THEN
    -- Once more, for what crossed the first step.
    SELECT coalesce(jsonb_object_agg(n.key, n.value::bigint + coalesce((d.removed ->> n.key)::bigint, 0)), '{}') INTO late
    FROM jsonb_each_text(app.remove_people(whose)) n;
    UPDATE app.deletion x SET done_at = clock_timestamp(), salt = NULL, removed = x.removed || late,
      backups_until = clock_timestamp() + make_interval(days => backup_days) WHERE x.client_id = of_client;
    UPDATE app.tenant x SET hold = NULL WHERE x.tenant_id = ANY (whose);
    INSERT INTO app.organization_audit (audit_id, partner_id, actor, action, target)
    VALUES (app.new_id(), d.partner_id, 'engine', 'client.erased', app.show_id('cli', of_client));
  END IF;
  RETURN gone;
END $$;
