-- Rules on writes, as versions of what an owner has said: nothing is changed, the newest holds (ADR 0063). What is above holds
-- below as well, so that nobody loosens what somebody above has set.
--   owner_id  the partner or client; the nil UUID stands for the operator
--   rules     list of `template_library.policies.rules.Rule`
CREATE TABLE app.policy_version (
  owner_id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  level text NOT NULL CHECK (level IN ('operator', 'partner', 'client')),
  partner_id uuid REFERENCES app.partner,
  client_id uuid,
  rules json NOT NULL CHECK (octet_length(rules::text) <= 131072),
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (owner_id, version),
  FOREIGN KEY (partner_id, client_id) REFERENCES app.client ON UPDATE CASCADE,
  CHECK ((CASE level WHEN 'operator' THEN owner_id = '00000000-0000-0000-0000-000000000000' AND num_nonnulls(partner_id, client_id) = 0
                     WHEN 'partner' THEN owner_id = partner_id AND client_id IS NULL
                     ELSE owner_id = client_id AND partner_id IS NOT NULL END) IS TRUE)
);
CREATE INDEX policy_version_client ON app.policy_version (partner_id, client_id);
CREATE POLICY below ON app.policy_version FOR SELECT TO waybill_app, waybill_worker USING (
  level = 'operator' AND (app.is_operator() OR app.partner_id() IS NOT NULL OR app.tenant_id() IS NOT NULL)
  OR EXISTS (SELECT 1 FROM app.tenant t WHERE t.tenant_id = app.tenant_id() AND t.partner_id = policy_version.partner_id
               AND (policy_version.client_id IS NULL OR policy_version.client_id = t.client_id)));
CREATE POLICY organization ON app.policy_version TO waybill_app
  USING (level = 'operator' AND app.is_operator() OR level <> 'operator' AND partner_id = app.partner_id())
  WITH CHECK (level = 'operator' AND app.is_operator() OR level <> 'operator' AND partner_id = app.partner_id());
CREATE POLICY doors_erase ON app.policy_version TO waybill_doors USING (client_id IS NOT NULL) WITH CHECK (false);
GRANT SELECT, INSERT ON app.policy_version TO waybill_app;
GRANT SELECT ON app.policy_version TO waybill_worker;
GRANT SELECT, DELETE ON app.policy_version TO waybill_doors;

-- What was decided about tasks of runs that asked for it. A row is written once, with what tells the run (ADR 0063, 0119).
--   reference  of the task, as in the run's journal; of a human task it may have moved since, which its own row says
--   event_source, event_key  of the event: the run has heard it when its journal says so. `/tasks` and the human task's id, with no
--              event: the run has heard it when the task is completed. `/authority` and the call's key: the matrix let the write go
--   task_id, outcome, shown_digest  of a human task: what was chosen, and SHA-256 of what the last who decided it was shown
--   decision   type of decision of the matrix
CREATE TABLE app.approval (
  tenant_id uuid NOT NULL REFERENCES app.tenant,
  approval_id uuid NOT NULL,
  run_id uuid NOT NULL,
  reference text NOT NULL CHECK (length(reference) BETWEEN 1 AND 2000),
  event_source text NOT NULL,
  event_key text NOT NULL,
  is_approved boolean NOT NULL,
  note text CHECK (length(note) <= 2000),
  decided_by text NOT NULL,
  decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  task_id uuid,
  decision text,
  outcome text,
  shown_digest bytea CHECK (length(shown_digest) = 32),
  PRIMARY KEY (tenant_id, approval_id),
  CHECK (num_nonnulls(task_id, outcome, shown_digest) IN (0, 3))
);
CREATE INDEX approval_run ON app.approval (tenant_id, run_id, approval_id);
CREATE POLICY tenant ON app.approval TO waybill_app, waybill_worker
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
GRANT SELECT, INSERT ON app.approval TO waybill_app;
-- A worker writes down what the matrix let go by itself.
GRANT SELECT, INSERT ON app.approval TO waybill_worker;
-- Whether a run waits for a decision is asked before one is taken.
GRANT SELECT ON app.subscription, app.inbox TO waybill_app;
