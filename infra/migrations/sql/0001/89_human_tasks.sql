-- Whom a task is offered to first: of the people who have the role and every skill, and are not away, the one with the fewest open
-- tasks, of equals the one whose account is the oldest. No door: it sees what its caller sees.
CREATE FUNCTION app.fittest(of_tenant uuid, of_role text, wanted text[]) RETURNS uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  SELECT p.account_id FROM app.people_of(of_tenant, 'role:' || of_role) p(account_id)
  WHERE wanted <@ ARRAY(SELECT s.skill FROM app.human_task_skill s WHERE s.tenant_id = of_tenant AND s.account_id = p.account_id)
    AND NOT EXISTS (SELECT FROM app.absence a WHERE a.tenant_id = of_tenant AND a.account_id = p.account_id
                    AND clock_timestamp() >= a.since AND clock_timestamp() < a.until)
  ORDER BY (SELECT count(*) FROM app.human_task t WHERE t.tenant_id = of_tenant AND t.assignee = p.account_id AND t.closed_at IS NULL),
    p.account_id
  LIMIT 1
$$;

-- Tasks of runs, and tasks about the records that entities are, by a number that is one record's alone. No door.
CREATE FUNCTION app.tasks_about(tenant uuid, entities uuid[], runs uuid[]) RETURNS SETOF uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  SELECT t.task_id FROM app.human_task t WHERE t.tenant_id = tenant AND t.run_id = ANY (runs)
  UNION SELECT t.task_id FROM app.entity_key k JOIN app.human_task t ON t.tenant_id = k.tenant_id AND t.entity_kind = k.kind
    AND t.entity_key = k.id
  WHERE k.tenant_id = tenant AND k.entity_id = ANY (entities) AND NOT EXISTS (SELECT 1 FROM app.entity_key o
    WHERE o.tenant_id = tenant AND o.kind = k.kind AND o.id = k.id AND o.entity_id <> ALL (entities))
$$;

-- Whether who has a task in hand may still do it: they may sign in, and were given it, have its role, or stand in now for somebody
-- who has. What nobody keeps is the queue's. No door.
CREATE FUNCTION app.keeps_task(of_tenant uuid, who uuid, of_role text, was_given boolean) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  SELECT EXISTS (SELECT FROM app.account a WHERE a.tenant_id = of_tenant AND a.account_id = who AND a.status = 'active')
    AND (was_given OR EXISTS (SELECT FROM app.people_of(of_tenant, 'role:' || of_role) p(account_id) WHERE p.account_id = who
      OR EXISTS (SELECT FROM app.absence b WHERE b.tenant_id = of_tenant AND b.account_id = p.account_id AND b.substitute = who
                 AND clock_timestamp() >= b.since AND clock_timestamp() < b.until)))
$$;

-- Make the task of a call, or ask for one anew that was cancelled, or that expired and whose run has heard of it: what was decided of
-- it before counts no more then. By who holds the run alone, under `holding` (F-02), and once for the key of the call. Answers `made`, `known` where it is there, or `moves`
-- where the run is not in the hands of who asks, or has ended.
CREATE FUNCTION app.add_task(
  task uuid, run uuid, effect_key text, reference text, holding bigint, kind text, title text, role text, decision text,
  skills text[], entity_kind text, entity_key text, value bigint, currency text, due_at timestamptz, content text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
#variable_conflict use_column
DECLARE whose uuid := app.tenant_id(); known app.human_task; first uuid; begun text;
BEGIN
  PERFORM 1 FROM app.run r WHERE r.tenant_id = whose AND r.run_id = add_task.run AND r.fence = holding
    AND r.lease_until IS NOT NULL AND r.ended_at IS NULL FOR SHARE;
  IF NOT FOUND THEN RETURN 'moves'; END IF;
  SELECT * INTO known FROM app.human_task t
  WHERE t.tenant_id = whose AND t.run_id = add_task.run AND t.key = effect_key FOR UPDATE;
  IF FOUND AND known.state <> 'cancelled' AND NOT (known.state = 'expired' AND EXISTS (
    SELECT FROM app.journal j WHERE j.tenant_id = whose AND j.run_id = add_task.run AND j.kind = 'task.faulted'
      AND j.reference = known.reference AND j.at > known.closed_at)) THEN RETURN 'known'; END IF;
  IF cardinality(add_task.skills) > 0 THEN first := app.fittest(whose, add_task.role, add_task.skills); END IF;
  -- Without a role it is somebody's outside, who gets a link.
  begun := CASE WHEN add_task.role = '' OR app.is_there(whose, 'role:' || add_task.role) THEN 'offered' ELSE 'created' END;
  IF known.task_id IS NULL THEN
    INSERT INTO app.human_task (tenant_id, task_id, run_id, key, reference, kind, title, role, decision, state, assignee, skills,
                                entity_kind, entity_key, value, currency, worth, due_at, due, content)
    VALUES (whose, add_task.task, add_task.run, effect_key, add_task.reference, add_task.kind, add_task.title, add_task.role,
            add_task.decision, begun, first, add_task.skills, add_task.entity_kind, add_task.entity_key, add_task.value,
            add_task.currency, coalesce(add_task.value, -9223372036854775808), add_task.due_at,
            coalesce(add_task.due_at, 'infinity'), add_task.content::json)
    ON CONFLICT (tenant_id, run_id, key) DO NOTHING RETURNING * INTO known;
    IF NOT FOUND THEN RETURN 'known'; END IF;
  ELSE
    UPDATE app.human_task_decision d SET is_void = true WHERE d.tenant_id = whose AND d.task_id = known.task_id;
    UPDATE app.human_task t SET state = begun, version = t.version + 1, assignee = first, is_given = false, reference = add_task.reference,
      kind = add_task.kind, title = add_task.title, role = add_task.role, decision = add_task.decision, skills = add_task.skills,
      entity_kind = add_task.entity_kind, entity_key = add_task.entity_key, value = add_task.value, currency = add_task.currency,
      worth = coalesce(add_task.value, -9223372036854775808), due_at = add_task.due_at,
      due = coalesce(add_task.due_at, 'infinity'), content = add_task.content::json, closed_at = NULL, wake_at = NULL, reason = NULL,
      changed_at = clock_timestamp()
    WHERE t.tenant_id = whose AND t.task_id = known.task_id RETURNING * INTO known;
  END IF;
  INSERT INTO app.human_task_event (tenant_id, task_id, number, action, state, made_by, target)
  VALUES (whose, known.task_id, known.version, begun, begun, 'engine',
          CASE WHEN first IS NOT NULL THEN app.show_id('acc', first) END);
  RETURN 'made';
END $$;

-- Call the run of a task of the transaction's tenant, in the commit that changed the task. Nobody is waited for: a run that is in
-- other hands is tried again by the sweep below, as long as the task's `wake_at` stands. Answers whether it was called.
CREATE FUNCTION app.wake_task(task uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE woken boolean := false;
BEGIN
  WITH free AS MATERIALIZED (
    SELECT r.tenant_id, r.run_id FROM app.human_task t JOIN app.run r ON r.tenant_id = t.tenant_id AND r.run_id = t.run_id
    WHERE t.tenant_id = app.tenant_id() AND t.task_id = task AND r.state = 'waiting' AND r.lane IS NULL AND r.lease_until IS NULL
      AND r.writer IS DISTINCT FROM 'waits'
    FOR UPDATE OF r SKIP LOCKED
  ), called AS (
    UPDATE app.run r SET due_at = clock_timestamp() FROM free f
    WHERE r.tenant_id = f.tenant_id AND r.run_id = f.run_id RETURNING 1
  ) SELECT EXISTS (SELECT FROM called) INTO woken;
  UPDATE app.human_task t SET wake_at = CASE WHEN woken THEN NULL ELSE clock_timestamp() END
  WHERE t.tenant_id = app.tenant_id() AND t.task_id = task;
  RETURN woken;
END $$;

-- Runs whose task changed and that nobody could call in that commit, since a worker had them: called once they are parked. One
-- that has ended, is suspended or is in line is called by nobody: whoever takes it up again asks for the task by itself.
-- Answers how many were called.
CREATE FUNCTION app.wake_tasks(most integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  WITH due AS MATERIALIZED (
    SELECT t.tenant_id, t.task_id, t.run_id FROM app.human_task t WHERE t.wake_at <= (SELECT clock_timestamp())
    ORDER BY t.wake_at LIMIT most FOR UPDATE SKIP LOCKED
  ), seen AS MATERIALIZED (
    SELECT r.tenant_id, r.run_id, r.lease_until IS NOT NULL AS is_held,
      r.state = 'waiting' AND r.lane IS NULL AND r.lease_until IS NULL AND r.writer IS DISTINCT FROM 'waits' AS is_parked
    FROM app.run r JOIN (SELECT DISTINCT d.tenant_id, d.run_id FROM due d) d ON d.tenant_id = r.tenant_id AND d.run_id = r.run_id
    FOR UPDATE OF r SKIP LOCKED
  ), called AS (
    UPDATE app.run r SET due_at = clock_timestamp() FROM seen s
    WHERE s.is_parked AND r.tenant_id = s.tenant_id AND r.run_id = s.run_id RETURNING 1
  ), settled AS (
    -- Of one that is locked nothing is known: it is tried again, as one that a worker holds.
    UPDATE app.human_task t SET wake_at = CASE WHEN s.is_held IS NOT FALSE AND EXISTS (
        SELECT FROM app.run r WHERE r.tenant_id = t.tenant_id AND r.run_id = t.run_id AND r.ended_at IS NULL)
      THEN clock_timestamp() + interval '1 second' END
    FROM due d LEFT JOIN seen s ON s.tenant_id = d.tenant_id AND s.run_id = d.run_id
    WHERE t.tenant_id = d.tenant_id AND t.task_id = d.task_id RETURNING 1
  )
  SELECT count(*)::integer FROM called WHERE (SELECT count(*) FROM settled) >= 0
$$;
