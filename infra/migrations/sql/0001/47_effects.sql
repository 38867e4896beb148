-- The ledger of effects that need a row: those that may not be repeated, those that are looked for before they are written,
-- and every one of which nobody knew what became of it. The others are in the journal alone (ADR 0027).
--   key        the idempotency key: equal in every repetition of one effect
--   status     intended: wanted, and nothing of it is out there · sent: it may be on its way · confirmed · failed
--              unknown: it may have happened; where `asked_at` is set a person is to say so
--   version    raised by every change; who decides names the one that was seen
--   seq        the journal's line that it is as of
--   sent, answer, error   what was sent and what is known of the answer; never a secret, and of 32 KiB at most
--   settled_by  `read-back`, or the person who decided; NULL: it was answered
CREATE TABLE app.effect (
  tenant_id uuid NOT NULL,
  run_id uuid NOT NULL,
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 64),
  reference text NOT NULL,
  name text NOT NULL,
  mode text NOT NULL CHECK (mode IN ('keyed', 'check-then-write', 'once-or-ask')),
  operation text NOT NULL,
  connection_id uuid,
  status text NOT NULL CHECK (status IN ('intended', 'sent', 'confirmed', 'unknown', 'failed')),
  version integer NOT NULL DEFAULT 1,
  seq integer NOT NULL,
  intended_at timestamptz NOT NULL,
  first_sent_at timestamptz,
  sent_at timestamptz,
  settled_at timestamptz,
  asked_at timestamptz,
  sent json,
  answer json,
  error json,
  settled_by text,
  PRIMARY KEY (tenant_id, run_id, key)
) PARTITION BY RANGE (run_id);
CREATE INDEX effect_asked ON app.effect (tenant_id, asked_at) WHERE asked_at IS NOT NULL;

-- One fact about an effect. `decision` is a person's, by name; it settles what was unknown, or has it called again.
CREATE FUNCTION app.write_effect(
  of_tenant uuid, of_run uuid, kind text, line integer, at timestamptz, reference text, name text, fact json
) RETURNS void LANGUAGE sql SET search_path = pg_catalog, app AS $$
  INSERT INTO app.effect AS e (
    tenant_id, run_id, key, reference, name, mode, operation, connection_id, status, seq, intended_at, first_sent_at, sent_at,
    settled_at, asked_at, sent, answer, error, settled_by)
  SELECT of_tenant, of_run, fact ->> 'key', reference, name, coalesce(fact ->> 'mode', 'once-or-ask'),
         coalesce(fact ->> 'operation', ''), (fact ->> 'connection')::uuid, s.status, line, at,
         CASE s.status WHEN 'sent' THEN at END, CASE s.status WHEN 'sent' THEN at END,
         CASE WHEN s.status IN ('confirmed', 'failed') THEN at END, CASE WHEN (fact ->> 'asked')::boolean THEN at END,
         fact -> 'sent', fact -> 'answer', fact -> 'error', fact ->> 'by'
  FROM (SELECT CASE kind WHEN 'task.sent' THEN 'sent'
                         WHEN 'effect.decided' THEN CASE fact ->> 'decision' WHEN 'happened' THEN 'confirmed'
                                                                             WHEN 'did-not-happen' THEN 'intended'
                                                                             ELSE 'failed' END
                         ELSE substr(kind, 8) END AS status) s
  ON CONFLICT (tenant_id, run_id, key) DO UPDATE SET
    status = excluded.status, version = e.version + 1, seq = excluded.seq, settled_at = excluded.settled_at,
    first_sent_at = coalesce(e.first_sent_at, excluded.first_sent_at), sent_at = coalesce(excluded.sent_at, e.sent_at),
    asked_at = excluded.asked_at, sent = coalesce(excluded.sent, e.sent), error = excluded.error,
    answer = CASE WHEN excluded.status IN ('failed', 'unknown') THEN coalesce(excluded.answer, e.answer) ELSE excluded.answer END,
    settled_by = excluded.settled_by
$$;

-- That a person is asked: a notice for whoever owns the connection, under the id of the message that the outbox has of it, and
-- the connection on the exception that the run became in this commit. It holds no payload.
CREATE FUNCTION app.note_question(of_tenant uuid, of_run uuid, task text, fact json) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE over app.connection.connection_id%TYPE; owned_by text;
BEGIN
  SELECT c.connection_id, c.owner INTO over, owned_by FROM app.connection c
  WHERE c.tenant_id = of_tenant AND c.connection_id = (fact ->> 'connection')::uuid;
  INSERT INTO app.notice (tenant_id, notice_id, kind, connection_id, run_id, owner, body)
  SELECT of_tenant, coalesce((fact ->> 'notice')::uuid, app.new_id()), 'effect.uncertain', over, of_run, owned_by,
    json_build_object('effect', fact ->> 'key', 'operation', fact ->> 'operation', 'task', task, 'since', clock_timestamp(),
      'business_key', r.business_key, 'value', CASE WHEN r.value_amount IS NOT NULL THEN
        json_build_object('amount', r.value_amount, 'currency', r.value_currency) END, 'deadline', r.deadline)
  FROM app.run r WHERE r.tenant_id = of_tenant AND r.run_id = of_run;
  IF over IS NOT NULL THEN
    UPDATE app.exception e SET connection = app.show_id('con', over)
    WHERE e.tenant_id = of_tenant AND e.run_id = of_run AND e.mark IS NULL AND e.state = 'open' AND e.connection IS NULL;
  END IF;
END $$;

-- A line of the journal that tells of an effect leaves its row, whoever writes the line. The lines of other runs pay for
-- nothing but the comparison of the kind.
CREATE FUNCTION app.note_effect() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
BEGIN
  PERFORM app.write_effect(NEW.tenant_id, NEW.run_id, NEW.kind, NEW.seq, NEW.at, NEW.reference, NEW.name,
                           NEW.data -> 'effect');
  IF NEW.kind = 'effect.unknown' AND (NEW.data -> 'effect' ->> 'asked')::boolean THEN
    PERFORM app.note_question(NEW.tenant_id, NEW.run_id, NEW.reference, NEW.data -> 'effect');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER effect AFTER INSERT ON app.journal FOR EACH ROW
  WHEN (NEW.kind IN ('task.sent', 'effect.confirmed', 'effect.failed', 'effect.unknown', 'effect.intended', 'effect.decided'))
  EXECUTE FUNCTION app.note_effect();
