-- Checkpoint: what many activations achieved, in one statement. A run is written only under its tenant, its fence and
-- the seq that its writer read; its journal, usage, audit and outbox rows name it by place in the arrays, so that no
-- row can reach another tenant or outlive a refused checkpoint. One that adds no journal row is
-- written again when it is repeated, which changes nothing.
-- Answers one word a run: `committed`; `repeated`, when this very checkpoint was committed before and only its answer
-- was lost (F-08); `lost`, when the run is somebody else's now (F-02).
-- A journal row says when its line was noted, which may be long before this commit. Whatever it says, no line is before
-- the one before it, nor before the run's start, nor in the future; NULL is now.
CREATE FUNCTION app.checkpoint_runs(
  tenants uuid[], runs uuid[], fences bigint[], seqs integer[], added integer[], states text[], attempts integer[],
  delays double precision[], snapshots bytea[], outputs text[], errors text[], waits text[],
  journal_place integer[], journal_seq integer[], journal_kind text[], journal_reference text[], journal_name text[],
  journal_data text[], journal_at timestamptz[],
  usage_place integer[], usage_seq integer[], usage_kind text[], usage_quantity bigint[],
  audit_place integer[], audit_ids uuid[], audit_actions text[], audit_targets text[], audit_after text[],
  outbox_place integer[], outbox_ids uuid[], outbox_topics text[], outbox_bodies text[]
) RETURNS TABLE (run_id uuid, outcome text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  WITH item AS MATERIALIZED (
    SELECT * FROM unnest(tenants, runs, fences, seqs, added, states, attempts, delays, snapshots, outputs, errors, waits)
      WITH ORDINALITY AS x(tenant_id, run_id, fence, seq, added, state, attempt, delay, snapshot, output, error, waiting, place)
  ), written AS (
    UPDATE app.run r SET
      state = i.state, seq = i.seq + i.added, attempt = i.attempt, snapshot = i.snapshot, output = i.output::json,
      error = i.error::json, waiting_for = i.waiting::json, suspect = false, solo_claims = 0,
      due_at = CASE WHEN i.state = 'waiting' THEN clock_timestamp() + make_interval(secs => i.delay) END,
      lease_until = CASE WHEN i.state = 'running' THEN r.lease_until END,
      claimed_by = CASE WHEN i.state = 'running' THEN r.claimed_by END,
      ended_at = CASE WHEN i.state IN ('completed', 'faulted', 'cancelled') THEN clock_timestamp() END
    FROM item i
    WHERE r.tenant_id = i.tenant_id AND r.run_id = i.run_id AND r.fence = i.fence AND r.seq = i.seq
      AND r.lease_until IS NOT NULL
    RETURNING r.tenant_id, r.run_id, i.place, greatest(r.started_at, (
      SELECT j.at FROM app.journal j WHERE j.tenant_id = r.tenant_id AND j.run_id = r.run_id AND j.seq = i.seq - 1)) AS since
  ), journalled AS (
    INSERT INTO app.journal (tenant_id, run_id, seq, at, kind, reference, name, data)
    SELECT w.tenant_id, w.run_id, j.seq,
           greatest(w.since, max(least(j.at, clock_timestamp())) OVER (PARTITION BY j.place ORDER BY j.seq)),
           j.kind, j.reference, j.name, j.data::json
    FROM unnest(journal_place, journal_seq, journal_kind, journal_reference, journal_name, journal_data, journal_at)
      AS j(place, seq, kind, reference, name, data, at)
    JOIN written w ON w.place = j.place
  ), metered AS (
    INSERT INTO app.usage (tenant_id, run_id, seq, kind, quantity)
    SELECT w.tenant_id, w.run_id, u.seq, u.kind, u.quantity
    FROM unnest(usage_place, usage_seq, usage_kind, usage_quantity) AS u(place, seq, kind, quantity)
    JOIN written w ON w.place = u.place
  ), audited AS (
    INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
    SELECT w.tenant_id, a.id, 'engine', a.action, a.target, a.after::json
    FROM unnest(audit_place, audit_ids, audit_actions, audit_targets, audit_after) AS a(place, id, action, target, after)
    JOIN written w ON w.place = a.place
  ), told AS (
    INSERT INTO app.outbox (tenant_id, outbox_id, topic, body)
    SELECT w.tenant_id, o.id, o.topic, o.body::json
    FROM unnest(outbox_place, outbox_ids, outbox_topics, outbox_bodies) AS o(place, id, topic, body)
    JOIN written w ON w.place = o.place
  )
  SELECT i.run_id,
         CASE WHEN w.run_id IS NOT NULL THEN 'committed'
              WHEN r.run_id IS NOT NULL THEN 'repeated'
              ELSE 'lost' END
  FROM item i
  LEFT JOIN written w ON w.place = i.place
  LEFT JOIN app.run r ON r.tenant_id = i.tenant_id AND r.run_id = i.run_id AND r.fence = i.fence
    AND r.seq = i.seq + i.added AND r.state = i.state AND w.run_id IS NULL
$$;
