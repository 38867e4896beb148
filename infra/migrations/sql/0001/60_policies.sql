-- Forced on every table, partitions included; the catalogue test names any that slips (S-11).
DO $$
DECLARE t record;
BEGIN
  FOR t IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p') LOOP
    EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY', t.relname);
    EXECUTE format('ALTER TABLE app.%I FORCE ROW LEVEL SECURITY', t.relname);
  END LOOP;
  -- Tables of one tenant: seen and written in that tenant's transactions and no others.
  FOR t IN SELECT unnest(ARRAY['tenant_key', 'connection', 'connection_secret', 'workflow_version', 'deployment',
                               'deployment_revision', 'audit', 'event_key', 'event', 'tenant_clock', 'run', 'journal',
                               'usage', 'outbox', 'run_key', 'signal', 'key_writer', 'subscription', 'inbox', 'schedule', 'outage', 'connection_line',
                               'notice',
                               'deployment_trigger', 'pending_event', 'candidate']) AS relname LOOP
    EXECUTE format('CREATE POLICY tenant ON app.%I TO waybill_app, waybill_worker '
                   'USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id())', t.relname);
  END LOOP;
END $$;

-- Alembic's own table is older than its first migration and outlives its last.
DROP POLICY IF EXISTS owner ON app.alembic_version;
DROP POLICY IF EXISTS everyone ON app.alembic_version;
CREATE POLICY owner ON app.alembic_version TO waybill_owner USING (true) WITH CHECK (true);
CREATE POLICY everyone ON app.alembic_version FOR SELECT TO waybill_app, waybill_worker USING (true);
GRANT SELECT ON app.alembic_version TO waybill_app, waybill_worker;

-- The owner moves early rows from a default partition into their month's; it reaches no other table's rows.
DO $$
DECLARE parent text;
BEGIN
  FOREACH parent IN ARRAY ARRAY['event', 'journal', 'usage', 'audit', 'effect'] LOOP
    EXECUTE format('CREATE POLICY owner ON app.%I TO waybill_owner USING (true) WITH CHECK (true)', parent || '_default');
  END LOOP;
END $$;

CREATE POLICY everyone ON app.installation FOR SELECT TO waybill_app, waybill_worker USING (true);

CREATE POLICY organization ON app.partner TO waybill_app
  USING (app.is_operator() OR partner_id = app.partner_id()) WITH CHECK (app.is_operator());
CREATE POLICY organization ON app.client TO waybill_app
  USING (app.is_operator() OR partner_id = app.partner_id())
  WITH CHECK (app.is_operator() OR partner_id = app.partner_id());
CREATE POLICY organization ON app.tenant TO waybill_app
  USING (app.is_operator() OR partner_id = app.partner_id() OR tenant_id = app.tenant_id())
  WITH CHECK (app.is_operator() OR partner_id = app.partner_id());
CREATE POLICY tenant ON app.tenant FOR SELECT TO waybill_worker USING (tenant_id = app.tenant_id());
-- A child's key is written in its tenant's scope; a partner sees its own and its clients' keys, never another's.
CREATE POLICY organization ON app.api_key TO waybill_app
  USING (app.is_operator() OR partner_id = app.partner_id() OR tenant_id = app.tenant_id())
  WITH CHECK (app.is_operator() OR partner_id = app.partner_id() OR tenant_id = app.tenant_id());
-- Accounts and their sessions: of the partner on whose host somebody signs in, and of the tenant that they see.
CREATE POLICY organization ON app.account TO waybill_app
  USING (partner_id = app.partner_id() OR tenant_id = app.tenant_id())
  WITH CHECK (partner_id = app.partner_id() OR tenant_id = app.tenant_id());
CREATE POLICY organization ON app.portal_session TO waybill_app
  USING (partner_id = app.partner_id() OR tenant_id = app.tenant_id())
  WITH CHECK (partner_id = app.partner_id() OR tenant_id = app.tenant_id());
CREATE POLICY organization ON app.known_device TO waybill_app
  USING (partner_id = app.partner_id() OR tenant_id = app.tenant_id())
  WITH CHECK (partner_id = app.partner_id() OR tenant_id = app.tenant_id());
CREATE POLICY organization ON app.sign_in_attempt TO waybill_app
  USING (partner_id = app.partner_id()) WITH CHECK (partner_id = app.partner_id());
CREATE POLICY organization ON app.brand TO waybill_app
  USING (app.is_operator() OR partner_id = app.partner_id())
  WITH CHECK (app.is_operator() OR partner_id = app.partner_id());
-- A host is the operator's to give: a partner that could write one could take another's name (S-99).
CREATE POLICY organization ON app.portal_host TO waybill_app
  USING (app.is_operator() OR partner_id = app.partner_id()) WITH CHECK (app.is_operator());
CREATE POLICY organization ON app.organization_audit TO waybill_app
  USING (app.is_operator() OR partner_id = app.partner_id())
  WITH CHECK (app.is_operator() OR partner_id = app.partner_id());

CREATE POLICY organization ON app.kept_answer TO waybill_app
  USING (owner_id = app.tenant_id() OR owner_id = app.partner_id()
         OR (app.is_operator() AND owner_id = '00000000-0000-0000-0000-000000000000'))
  WITH CHECK (owner_id = app.tenant_id() OR owner_id = app.partner_id()
              OR (app.is_operator() AND owner_id = '00000000-0000-0000-0000-000000000000'));

GRANT USAGE ON SCHEMA app TO waybill_app, waybill_worker, waybill_doors;
GRANT EXECUTE ON FUNCTION app.tenant_id(), app.partner_id(), app.is_operator() TO PUBLIC;

GRANT SELECT ON app.installation TO waybill_app, waybill_worker;
GRANT SELECT, INSERT, UPDATE ON app.partner, app.client, app.tenant, app.api_key TO waybill_app;
GRANT SELECT, INSERT, UPDATE ON app.account, app.brand TO waybill_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.portal_session, app.known_device, app.sign_in_attempt TO waybill_app;
GRANT SELECT, INSERT, DELETE, UPDATE (is_claimed) ON app.portal_host TO waybill_app;
GRANT SELECT, INSERT, UPDATE ON app.kept_answer TO waybill_app;
GRANT SELECT ON app.tenant TO waybill_worker;
GRANT SELECT, INSERT ON app.organization_audit, app.audit TO waybill_app;
GRANT SELECT, INSERT ON app.audit TO waybill_worker;
GRANT SELECT, INSERT ON app.tenant_key, app.workflow_version, app.deployment_revision TO waybill_app;
GRANT SELECT, INSERT, UPDATE ON app.connection, app.deployment TO waybill_app;
-- The API seals and does not open: it writes sealed values and reads all of a secret but them (ADR 0010).
GRANT INSERT, UPDATE, DELETE ON app.connection_secret TO waybill_app;
GRANT SELECT (tenant_id, connection_id, field, version, key_version, last4, updated_at)
  ON app.connection_secret TO waybill_app;
GRANT SELECT ON app.tenant_key, app.workflow_version, app.deployment, app.deployment_revision, app.connection,
  app.connection_secret TO waybill_worker;
-- The API starts runs and reads them; from then on only the doors change them.
GRANT SELECT, INSERT ON app.event_key, app.event, app.run, app.usage, app.run_key TO waybill_app;
GRANT SELECT ON app.journal, app.signal TO waybill_app;
GRANT SELECT ON app.signal, app.key_writer TO waybill_worker;
GRANT SELECT ON app.key_writer TO waybill_app;
GRANT SELECT, INSERT, UPDATE ON app.tenant_clock TO waybill_app;
GRANT SELECT ON app.virtual_clock TO waybill_app;
-- The worker starts runs, too: those of events that runs emitted.
GRANT SELECT, INSERT ON app.event_key, app.event, app.run, app.usage, app.run_key TO waybill_worker;
GRANT SELECT, INSERT, UPDATE ON app.tenant_clock TO waybill_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.schedule TO waybill_app;
GRANT SELECT, UPDATE ON app.schedule TO waybill_worker;
GRANT SELECT, INSERT ON app.deployment_trigger TO waybill_app;
GRANT SELECT ON app.deployment_trigger TO waybill_worker;
GRANT SELECT, INSERT, DELETE ON app.pending_event, app.candidate TO waybill_app, waybill_worker;
GRANT UPDATE (tries) ON app.candidate TO waybill_worker;
GRANT SELECT ON app.virtual_clock, app.subscription, app.inbox TO waybill_worker;
GRANT SELECT, INSERT, UPDATE ON app.outage TO waybill_worker;
GRANT SELECT ON app.outage TO waybill_app;
GRANT SELECT, INSERT, UPDATE ON app.connection_line TO waybill_worker;
-- What a connection's owner is told is written by whoever finds it away or back, as its audit is.
GRANT INSERT ON app.notice, app.outbox TO waybill_worker;
GRANT SELECT ON app.notice, app.outbox TO waybill_app;
