-- What must hold whatever happened, looked for among the runs made since a moment: rows that break it, each with the
-- name of its invariant (`docs/reliability.md`), at most `most` of each. One statement, so one moment: a run, its
-- journal, its usage and its audit are one commit, and nothing here is only on its way.
CREATE FUNCTION app.broken(since_id uuid, lease_seconds double precision, most integer)
RETURNS TABLE (invariant text, tenant_id uuid, run_id uuid, words text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  WITH runs AS MATERIALIZED (
    SELECT r.tenant_id, r.run_id, r.state, r.lane, r.lease_until, r.due_at, r.seq, r.waiting_for IS NULL AS waits_for_nothing,
           coalesce(r.state = 'waiting' AND r.waiting_for ->> 'kind' = 'uncertain', false) AS asks,
           r.created_at, r.ended_at, app.show_id('run', r.run_id) AS shown,
           app.exception_of(r.state, r.waiting_for) AS exception
    FROM app.run r WHERE r.run_id >= since_id
  ), lines AS MATERIALIZED (
    SELECT j.tenant_id, j.run_id, count(*) AS lines, max(j.seq) AS last, max(j.at) AS last_at,
           count(*) FILTER (WHERE j.kind = 'task.completed') AS tasks,
           bool_or(j.at < j.before) AS backwards,
           (array_agg(j.kind ORDER BY j.seq DESC) FILTER (
             WHERE j.kind LIKE 'workflow.%' OR j.kind = 'run.retried'))[1] AS told
    FROM (SELECT i.*, lag(i.at) OVER (PARTITION BY i.tenant_id, i.run_id ORDER BY i.seq) AS before
          FROM app.journal i WHERE i.run_id >= since_id) j
    GROUP BY j.tenant_id, j.run_id
  ), metered AS MATERIALIZED (
    SELECT u.tenant_id, u.run_id, coalesce(sum(u.quantity) FILTER (WHERE u.kind = 'task'), 0) AS tasks,
           coalesce(sum(u.quantity) FILTER (WHERE u.kind = 'run'), 0) AS runs
    FROM app.usage u WHERE u.run_id >= since_id GROUP BY u.tenant_id, u.run_id
  ), audited AS MATERIALIZED (
    SELECT a.tenant_id, a.target, array_agg(a.action) AS actions
    FROM app.audit a WHERE a.action LIKE 'run.%' AND a.audit_id >= since_id GROUP BY a.tenant_id, a.target
  )
  (SELECT 'I1', r.tenant_id, r.run_id, 'nobody has taken it back since its worker died' FROM runs r
   WHERE r.lease_until < clock_timestamp() - make_interval(secs => 2 * lease_seconds) LIMIT most)
  UNION ALL
  (SELECT 'I1', r.tenant_id, r.run_id, 'it has not ended, and no worker has it or will take it' FROM runs r
   WHERE r.state IN ('pending', 'running') AND r.lane IS NULL AND r.lease_until IS NULL AND r.due_at IS NULL LIMIT most)
  UNION ALL
  (SELECT 'I1', r.tenant_id, r.run_id, 'it stands aside, and its client is not suspended' FROM runs r
   JOIN app.tenant t USING (tenant_id) WHERE r.lane = 2 AND t.hold IS NULL LIMIT most)
  UNION ALL
  (SELECT 'I1', r.tenant_id, r.run_id, 'it waits and does not say for what' FROM runs r
   WHERE r.state = 'waiting' AND r.lane IS NULL AND r.lease_until IS NULL AND r.waits_for_nothing LIMIT most)
  UNION ALL
  (SELECT 'I1', r.tenant_id, r.run_id, 'it waits, and neither a clock nor an event will move it' FROM runs r
   WHERE r.state = 'waiting' AND r.lane IS NULL AND r.lease_until IS NULL AND r.due_at IS NULL AND NOT r.asks AND NOT EXISTS (
     SELECT 1 FROM app.subscription s WHERE s.tenant_id = r.tenant_id AND s.run_id = r.run_id) AND NOT EXISTS (
     SELECT 1 FROM app.run o WHERE o.tenant_id = r.tenant_id AND o.run_id = app.key_holder(r.tenant_id, r.run_id)) LIMIT most)
  UNION ALL
  (SELECT 'I1', r.tenant_id, r.run_id, 'it has ended, and passes its key on to nobody' FROM runs r
   JOIN app.key_writer k USING (tenant_id, run_id) WHERE r.ended_at < clock_timestamp() - interval '5 minutes' LIMIT most)
  UNION ALL
  (SELECT 'I1', r.tenant_id, r.run_id, format('its time came at %s, and nobody has moved it', r.due_at) FROM runs r
   WHERE r.due_at < clock_timestamp() - interval '5 minutes' LIMIT most)
  UNION ALL
  (SELECT 'I1', r.tenant_id, r.run_id, 'an event lies there for it, and nobody has moved it' FROM runs r
   WHERE r.state = 'waiting' AND r.lane IS NULL AND r.lease_until IS NULL AND EXISTS (
     SELECT 1 FROM app.inbox b WHERE b.tenant_id = r.tenant_id AND b.run_id = r.run_id AND NOT b.is_read
       AND b.posted_at < clock_timestamp() - interval '5 minutes') LIMIT most)
  UNION ALL
  (SELECT 'I1', r.tenant_id, r.run_id, format('it is %s, and no exception says so', r.exception) FROM runs r
   WHERE r.exception IS NOT NULL AND NOT EXISTS (
     SELECT 1 FROM app.exception e WHERE e.tenant_id = r.tenant_id AND e.run_id = r.run_id AND e.mark IS NULL AND e.category = r.exception
       AND (e.state = 'open' OR (r.exception = 'failed' AND e.state = 'discarded' AND e.opened_at >= r.ended_at))) LIMIT most)
  UNION ALL
  (SELECT 'I1', e.tenant_id, e.run_id, format('an exception says that it is %s, and it is not', e.category)
   FROM app.exception e LEFT JOIN runs r USING (tenant_id, run_id)
   WHERE e.state = 'open' AND e.mark IS NULL AND e.run_id >= since_id AND r.exception IS DISTINCT FROM e.category LIMIT most)
  UNION ALL
  (SELECT 'I1', n.tenant_id, n.run_id, format('its entry %s is to be decided, and no exception says so', app.show_id('ent', n.entry_id))
   FROM app.entry n WHERE n.run_id >= since_id AND app.is_undecided(n.found, n.posting, n.resolution) AND NOT EXISTS (
     SELECT 1 FROM app.exception e WHERE e.tenant_id = n.tenant_id AND e.mark = app.show_id('ent', n.entry_id)
       AND e.state = 'open') LIMIT most)
  UNION ALL
  (SELECT 'I1', e.tenant_id, e.run_id, 'an exception says that an entry of it is to be decided, and none is' FROM app.exception e
   WHERE e.state = 'open' AND e.mark IS NOT NULL AND e.run_id >= since_id AND NOT EXISTS (
     SELECT 1 FROM app.entry n WHERE n.tenant_id = e.tenant_id AND n.run_id = e.run_id AND e.mark = app.show_id('ent', n.entry_id)
       AND app.is_undecided(n.found, n.posting, n.resolution)) LIMIT most)
  UNION ALL
  (SELECT 'I2', r.tenant_id, r.run_id, format('its row counts %s lines of journal, and there are %s', r.seq, coalesce(l.lines, 0))
   FROM runs r LEFT JOIN lines l USING (tenant_id, run_id)
   WHERE coalesce(l.lines, 0) <> r.seq OR coalesce(l.last + 1, 0) <> r.seq LIMIT most)
  UNION ALL
  (SELECT 'I2', r.tenant_id, r.run_id, 'its journal runs backwards, or past its end' FROM runs r
   JOIN lines l USING (tenant_id, run_id)
   WHERE l.backwards OR l.last_at > coalesce(r.ended_at, clock_timestamp()) LIMIT most)
  UNION ALL
  (SELECT 'I2', r.tenant_id, r.run_id, format('it is %s, and its journal says %s', r.state, coalesce(l.told, 'nothing'))
   FROM runs r LEFT JOIN lines l USING (tenant_id, run_id)
   WHERE (r.state IN ('completed', 'faulted', 'cancelled') AND l.told IS DISTINCT FROM 'workflow.' || r.state)
      OR (r.ended_at IS NULL AND l.told IN ('workflow.completed', 'workflow.faulted', 'workflow.cancelled')) LIMIT most)
  UNION ALL
  (SELECT 'I3', e.tenant_id, e.run_id, format('its effect %s is on its way, and it has ended', e.key) FROM app.effect e
   JOIN runs r USING (tenant_id, run_id) WHERE e.status = 'sent' AND r.ended_at IS NOT NULL LIMIT most)
  UNION ALL
  (SELECT 'I3', e.tenant_id, e.run_id, format('its effect %s is on its way, and it has gone on without it', e.key)
   FROM app.effect e WHERE e.run_id >= since_id AND e.status = 'sent' AND EXISTS (
     SELECT 1 FROM app.journal j WHERE j.tenant_id = e.tenant_id AND j.run_id = e.run_id AND j.reference = e.reference
       AND j.seq > e.seq AND j.kind IN ('task.completed', 'task.faulted', 'task.cancelled')) LIMIT most)
  UNION ALL
  (SELECT 'I3', e.tenant_id, e.run_id, format('nobody knows what became of its effect %s, and nobody is asked', e.key)
   FROM app.effect e JOIN runs r USING (tenant_id, run_id)
   WHERE e.asked_at IS NOT NULL AND r.state = 'waiting' AND r.lane IS NULL AND r.lease_until IS NULL AND NOT r.asks
     AND NOT EXISTS (
       SELECT 1 FROM app.journal j WHERE j.tenant_id = e.tenant_id AND j.run_id = e.run_id AND j.reference = e.reference
         AND j.seq > e.seq AND j.kind IN ('task.completed', 'task.faulted', 'task.cancelled')) LIMIT most)
  UNION ALL
  (SELECT 'I3', r.tenant_id, r.run_id, 'it waits for a person, and no effect of it is unknown' FROM runs r
   WHERE r.asks AND NOT EXISTS (SELECT 1 FROM app.effect e WHERE e.tenant_id = r.tenant_id AND e.run_id = r.run_id
     AND e.status = 'unknown' AND e.asked_at IS NOT NULL) LIMIT most)
  UNION ALL
  (SELECT 'I4', r.tenant_id, r.run_id, format('%s tasks were metered, and %s are done', coalesce(m.tasks, 0), coalesce(l.tasks, 0))
   FROM runs r LEFT JOIN lines l USING (tenant_id, run_id) LEFT JOIN metered m USING (tenant_id, run_id)
   WHERE coalesce(m.tasks, 0) <> coalesce(l.tasks, 0) LIMIT most)
  UNION ALL
  (SELECT 'I4', r.tenant_id, r.run_id, format('it was metered as %s runs', coalesce(m.runs, 0))
   FROM runs r LEFT JOIN metered m USING (tenant_id, run_id) WHERE coalesce(m.runs, 0) <> 1 LIMIT most)
  UNION ALL
  (SELECT 'I5', r.tenant_id, r.run_id, 'its start is not in the audit' FROM runs r
   LEFT JOIN audited a ON a.tenant_id = r.tenant_id AND a.target = r.shown
   WHERE NOT coalesce('run.started' = ANY (a.actions), false) LIMIT most)
  UNION ALL
  (SELECT 'I5', r.tenant_id, r.run_id, format('that it is %s is not in the audit', r.state) FROM runs r
   LEFT JOIN audited a ON a.tenant_id = r.tenant_id AND a.target = r.shown
   WHERE r.ended_at IS NOT NULL AND NOT coalesce('run.' || r.state = ANY (a.actions), false) LIMIT most)
  UNION ALL
  (SELECT 'I6', x.tenant_id, x.run_id, format('a row of %s is not of a run of its tenant', x.place) FROM (
     SELECT l.tenant_id, l.run_id, 'journal' AS place FROM lines l
     UNION ALL SELECT m.tenant_id, m.run_id, 'usage' FROM metered m
     UNION ALL SELECT s.tenant_id, s.run_id, 'subscription' FROM app.subscription s WHERE s.run_id >= since_id
   ) x LEFT JOIN runs r USING (tenant_id, run_id) WHERE r.run_id IS NULL AND NOT EXISTS (
     SELECT 1 FROM app.archive a WHERE a.tenant_id = x.tenant_id AND a.last_id >= x.run_id AND a.first_id <= x.run_id
       AND x.run_id = ANY (a.runs) AND x.place = 'usage') LIMIT most)
  UNION ALL
  (SELECT 'I10', o.tenant_id, NULL, format('a message of %s has waited since %s', o.topic, o.created_at) FROM app.outbox o
   WHERE o.created_at < clock_timestamp() - interval '10 minutes' LIMIT most)
$$;

-- How long runs made since a moment waited for a worker, by tenant: 95 of a hundred no longer. Not those that waited for a key.
CREATE FUNCTION app.waits_by_tenant(since_id uuid) RETURNS TABLE (tenant_id uuid, runs bigint, seconds double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT r.tenant_id, count(*), percentile_disc(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM r.started_at - r.created_at)::float8)
  FROM app.run r WHERE r.run_id >= since_id AND r.started_at IS NOT NULL AND r.writer IS NULL GROUP BY r.tenant_id
$$;
