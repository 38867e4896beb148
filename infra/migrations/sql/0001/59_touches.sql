-- Touches (ADR 0105): what people had to do by hand, one row for each act on one thing.

-- The UUID of an id as people see it; NULL of what is none. The other way round it is `app.show_id`.
CREATE FUNCTION app.read_id(shown text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT CASE WHEN shown ~ '^[a-z]{2,16}_[0-7][0-9a-hjkmnp-tv-z]{25}$' THEN (
    SELECT string_agg(to_hex(substring(b.bits FROM place * 4 + 3 FOR 4)::bit(4)::integer), '' ORDER BY place)::uuid
    FROM (SELECT string_agg((strpos('0123456789abcdefghjkmnpqrstvwxyz', substr(right(shown, 26), letter, 1)) - 1)::bit(5)::text, ''
                            ORDER BY letter)::varbit AS bits FROM generate_series(1, 26) AS letter) b,
         generate_series(0, 31) AS place) END
$$;

--   kind, key  what it was about: `run` with its business key, `order`, `customer`, a record's name, …
--   step       what was done, such as `approval.given`; of a task its kind
--   actor_kind person, or acting: somebody of the partner's who works as the client
--   act        the transaction: what it writes about one thing for one person is one act
--   seconds_active     as a page measured it, an hour at most; NULL where nobody did
--   seconds_estimated  as somebody typed it, of work that is done elsewhere; never shown as measured
CREATE TABLE app.touch (
  tenant_id uuid NOT NULL,
  touch_id uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  kind text NOT NULL CHECK (kind ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 512),
  run_id uuid,
  step text NOT NULL CHECK (step ~ '^[a-z0-9]([.-]?[a-z0-9]){0,99}$'),
  actor_kind text NOT NULL CHECK (actor_kind IN ('person', 'acting')),
  account_id uuid NOT NULL,
  act bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
  seconds_active integer CHECK (seconds_active BETWEEN 0 AND 3600),
  seconds_estimated integer CHECK (seconds_estimated BETWEEN 0 AND 86400),
  source text NOT NULL CHECK (source IN ('task', 'mail', 'portal', 'api', 'external_estimate')),
  PRIMARY KEY (tenant_id, touch_id),
  UNIQUE (tenant_id, act, account_id, kind, key),
  CHECK ((source = 'external_estimate') = (seconds_estimated IS NOT NULL)),
  CHECK (seconds_estimated IS NULL OR seconds_active IS NULL)
);
CREATE INDEX touch_run ON app.touch (tenant_id, run_id) WHERE run_id IS NOT NULL;
CREATE INDEX touch_of ON app.touch (tenant_id, kind, key, touch_id);

CREATE POLICY tenant ON app.touch TO waybill_app, waybill_worker
  USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
CREATE POLICY doors ON app.touch FOR INSERT TO waybill_doors WITH CHECK (true);
CREATE POLICY doors_read ON app.touch FOR SELECT TO waybill_doors USING (true);
GRANT SELECT, INSERT ON app.touch TO waybill_app, waybill_worker, waybill_doors;

-- What a page measured of somebody's work, as the transaction was handed it: `ACCOUNT SECONDS PARTS`, by `infra.database` from who
-- was proven to call, and never by what a caller names. A new touch of that account takes an equal part and leaves the rest to the
-- next; NULL: nobody measured, it is another's, this act has its touch on the thing, or all is taken. What a savepoint takes back
-- is there again.
CREATE FUNCTION app.take_attention(of_tenant uuid, who uuid, of_kind text, of_key text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE
  handed text[] := string_to_array(current_setting('app.attention', true), ' ');
  seconds integer; parts integer; part integer;
BEGIN
  IF handed[1] IS DISTINCT FROM who::text THEN RETURN NULL; END IF;
  seconds := handed[2]; parts := handed[3];
  IF parts < 1 OR EXISTS (
    SELECT FROM app.touch t WHERE t.tenant_id = of_tenant AND t.act = pg_current_xact_id()::text::bigint AND t.account_id = who
      AND t.kind = of_kind AND t.key = of_key) THEN
    RETURN NULL;
  END IF;
  part := seconds / parts;
  PERFORM set_config('app.attention', concat_ws(' ', who, seconds - part, parts - 1), true);
  RETURN part;
END $$;

-- What of the audit is an act of a person that moves work: the rest is settings, or looks. Decisions about tasks write touches of
-- their own, whose step is the kind of the task.
CREATE FUNCTION app.is_touch(action text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT action IN ('approval.given', 'approval.refused', 'effect.decided', 'signal.sent',
    'entry.taken', 'entry.released', 'entry.answered', 'entry.queued', 'entry.given-up', 'entry.reconciled',
    'entity.created', 'entity.linked', 'entity.unlinked', 'entity.merged', 'entity.split',
    'exception.assigned', 'exception.noted', 'exception.discarded', 'exception.compensated',
    'hold.raised', 'hold.joined', 'hold.agreed', 'hold.cleared', 'hold.overridden',
    'evidence.opened', 'evidence.grown', 'evidence.added', 'evidence.pack-asked',
    'run.cancelled', 'run.suspension-asked', 'run.resumed', 'run.retried',
    'document.added', 'document.removed',
    'task.claimed', 'task.released', 'task.delegated', 'task.reassigned', 'task.commented', 'task.attached', 'task.sent',
    'task.withdrawn')
$$;

-- Where a person's act is written down its touch is, too, in the same transaction: no way of acting can forget it. No door: it sees
-- what its caller sees.
CREATE FUNCTION app.note_touch() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE
  prefix text := split_part(NEW.target, '_', 1);
  target uuid := app.read_id(NEW.target);
  who uuid := app.read_id(split_part(NEW.actor, ':', 2));
  what text; of_key text := NEW.target; run uuid;
BEGIN
  IF target IS NULL OR who IS NULL THEN RETURN NULL; END IF;
  CASE prefix
    WHEN 'run' THEN run := target;
    WHEN 'exc' THEN what := 'exception';
      SELECT e.run_id INTO run FROM app.exception e WHERE e.tenant_id = NEW.tenant_id AND e.exception_id = target;
    WHEN 'ent' THEN what := 'entry';
      SELECT e.run_id INTO run FROM app.entry e WHERE e.tenant_id = NEW.tenant_id AND e.entry_id = target;
    WHEN 'hld' THEN
      SELECT h.kind, h.key, h.run_id INTO what, of_key, run FROM app.hold h WHERE h.tenant_id = NEW.tenant_id AND h.hold_id = target;
    WHEN 'ety' THEN
      SELECT e.kind INTO what FROM app.entity e WHERE e.tenant_id = NEW.tenant_id AND e.entity_id = target;
    WHEN 'doc' THEN what := 'document';
      SELECT d.run_id INTO run FROM app.document d WHERE d.tenant_id = NEW.tenant_id AND d.document_id = target;
    WHEN 'evt' THEN what := 'event';
    WHEN 'evc' THEN
      -- Of what is disputed: the papers are its own.
      SELECT c.about_kind, c.about_key, c.run_id INTO what, of_key, run
      FROM app.evidence_case c WHERE c.tenant_id = NEW.tenant_id AND c.case_id = target;
    WHEN 'tsk' THEN
      -- Of what it is about, as the decision is.
      SELECT coalesce(t.entity_kind, 'human-task'), coalesce(t.entity_key, NEW.target), t.run_id INTO what, of_key, run
      FROM app.human_task t WHERE t.tenant_id = NEW.tenant_id AND t.task_id = target;
    ELSE what := prefix;
  END CASE;
  IF run IS NOT NULL AND prefix NOT IN ('hld', 'tsk', 'evc') THEN
    SELECT 'run', coalesce(nullif(r.business_key, ''), NEW.target) INTO what, of_key FROM app.run r
    WHERE r.tenant_id = NEW.tenant_id AND r.run_id = run;
  END IF;
  what := coalesce(what, 'run'); of_key := left(coalesce(of_key, NEW.target), 512);
  INSERT INTO app.touch (tenant_id, touch_id, at, kind, key, run_id, step, actor_kind, account_id, source, seconds_active)
  VALUES (NEW.tenant_id, NEW.audit_id, NEW.at, what, of_key, run, NEW.action,
    CASE split_part(NEW.actor, ':', 1) WHEN 'acting' THEN 'acting' ELSE 'person' END,
    who, CASE prefix WHEN 'tsk' THEN 'task' ELSE 'portal' END, app.take_attention(NEW.tenant_id, who, what, of_key))
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER touch AFTER INSERT ON app.audit FOR EACH ROW
WHEN ((NEW.actor LIKE 'account:acc\_%' OR NEW.actor LIKE 'acting:acc\_%') AND app.is_touch(NEW.action))
EXECUTE FUNCTION app.note_touch();
