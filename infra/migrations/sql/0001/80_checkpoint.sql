-- Checkpoint: what many activations achieved, in one statement. A run is written only under its tenant, its fence and
-- the seq that its writer read; its journal, usage, audit and outbox rows name it by place in the arrays, so that no
-- row can reach another tenant or outlive a refused checkpoint. One that adds no journal row is
-- written again when it is repeated, which changes nothing.
-- Answers one word a run: `committed`; `repeated`, when this very checkpoint was committed before and only its answer
-- was lost (F-08); `lost`, when the run is somebody else's now (F-02); `suspended`, when it is set aside with this, as a
-- person asked; `asked`, when it is written and a person asked for that.
-- `if_asked` says what becomes of a wish to suspend the run (ADR 0024): `stop` fulfils it; `tell` is for checkpoints while
-- calls are under way, whose answers are wanted; `refuse` writes nothing, which is answered with `lost`.
-- What a run listens for is replaced when `heard_counts` says how much it is, and kept when that is NULL. A run that parks
-- while an event waits for it is in line again at once; its turn is that of the moment, since a tenant's clock cannot be
-- locked here: others hold it while they wait for runs.
-- A journal row says when its line was noted, which may be long before this commit. Whatever it says, no line is before
-- the one before it, nor before the run's start, nor in the future; NULL is now.
CREATE FUNCTION app.checkpoint_runs(
  tenants uuid[], runs uuid[], fences bigint[], seqs integer[], added integer[], states text[], attempts integer[],
  delays double precision[], snapshots bytea[], outputs text[], errors text[], waits text[],
  journal_place integer[], journal_seq integer[], journal_kind text[], journal_reference text[], journal_name text[],
  journal_data text[], journal_at timestamptz[],
  usage_place integer[], usage_seq integer[], usage_kind text[], usage_quantity bigint[],
  audit_place integer[], audit_ids uuid[], audit_actions text[], audit_targets text[], audit_after text[],
  outbox_place integer[], outbox_ids uuid[], outbox_topics text[], outbox_bodies text[],
  listens boolean[], heard_counts integer[],
  heard_place integer[], heard_number integer[], heard_type text[], heard_attributes text[], heard_since timestamptz[],
  read_place integer[], read_ids uuid[], if_asked text[]
) RETURNS TABLE (run_id uuid, outcome text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
  WITH item AS MATERIALIZED (
    SELECT * FROM unnest(tenants, runs, fences, seqs, added, states, attempts, delays, snapshots, outputs, errors, waits,
                         listens, heard_counts, if_asked)
      WITH ORDINALITY AS x(tenant_id, run_id, fence, seq, added, state, attempt, delay, snapshot, output, error, waiting,
                           listening, filters, if_asked, place),
      LATERAL (SELECT x.state IN ('running', 'waiting') AND x.if_asked = 'stop' AS may_stop) y
  ), called AS MATERIALIZED (
    SELECT i.place, (SELECT last_value / 1000000.0::double precision FROM app.virtual_clock) AS turn FROM item i
    WHERE i.listening AND i.state = 'waiting' AND EXISTS (
      SELECT 1 FROM app.inbox b WHERE b.tenant_id = i.tenant_id AND b.run_id = i.run_id AND NOT b.is_read AND NOT EXISTS (
        SELECT 1 FROM unnest(read_place, read_ids) AS k(place, id) WHERE k.place = i.place AND k.id = b.event_id))
  ), written AS (
    UPDATE app.run r SET
      state = CASE WHEN i.may_stop AND r.asked IS NOT NULL THEN 'suspended' ELSE i.state END,
      seq = i.seq + i.added + (i.may_stop AND r.asked IS NOT NULL)::integer,
      attempt = i.attempt, snapshot = i.snapshot, output = i.output::json, error = i.error::json,
      suspect = false, solo_claims = 0, turn = greatest(r.turn, c.turn),
      waiting_for = CASE WHEN i.may_stop AND r.asked IS NOT NULL THEN json_build_object(
        'kind', 'suspension', 'ref', '', 'since', clock_timestamp(), 'reason', 'somebody suspended it',
        'by', r.asked ->> 'actor', 'was', i.waiting::json) ELSE i.waiting::json END,
      due_at = CASE WHEN i.state = 'waiting' AND c.place IS NULL AND r.asked IS NULL
        THEN clock_timestamp() + make_interval(secs => i.delay) END,
      lane = CASE WHEN c.place IS NOT NULL AND r.asked IS NULL THEN 0 END,
      lease_until = CASE WHEN i.state = 'running' AND NOT (i.may_stop AND r.asked IS NOT NULL) THEN r.lease_until END,
      claimed_by = CASE WHEN i.state = 'running' AND NOT (i.may_stop AND r.asked IS NOT NULL) THEN r.claimed_by END,
      asked = CASE WHEN i.state IN ('running', 'waiting') THEN r.asked END,
      ended_at = CASE WHEN i.state IN ('completed', 'faulted', 'cancelled') THEN clock_timestamp() END
    FROM item i LEFT JOIN called c ON c.place = i.place
    WHERE r.tenant_id = i.tenant_id AND r.run_id = i.run_id AND r.fence = i.fence AND r.seq = i.seq
      AND r.lease_until IS NOT NULL AND (r.asked IS NULL OR i.if_asked <> 'refuse')
    RETURNING r.tenant_id, r.run_id, i.place, i.filters, r.ended_at IS NOT NULL AS is_over, r.seq,
      r.state = 'suspended' AS is_aside, r.asked IS NOT NULL AS is_asked, r.waiting_for ->> 'by' AS actor,
      r.asked -> 'message' AS message, greatest(
        r.started_at, (SELECT j.at FROM app.journal j
                       WHERE j.tenant_id = r.tenant_id AND j.run_id = r.run_id AND j.seq = i.seq - 1)) AS since
  ), journalled AS (
    INSERT INTO app.journal (tenant_id, run_id, seq, at, kind, reference, name, data)
    SELECT w.tenant_id, w.run_id, j.seq,
           greatest(w.since, max(least(j.at, clock_timestamp())) OVER (PARTITION BY j.place ORDER BY j.seq)),
           j.kind, j.reference, j.name, j.data::json
    FROM (
      SELECT * FROM unnest(journal_place, journal_seq, journal_kind, journal_reference, journal_name, journal_data, journal_at)
      UNION ALL
      SELECT w.place, w.seq - 1, 'run.suspended', '', '', json_build_object('actor', w.actor)::text, NULL FROM written w
      WHERE w.is_aside
    ) AS j(place, seq, kind, reference, name, data, at)
    JOIN written w ON w.place = j.place
    RETURNING run_id, seq, at
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
  ), set_aside AS (
    INSERT INTO app.audit (tenant_id, audit_id, actor, action, target)
    SELECT w.tenant_id, app.new_id(), w.actor, 'run.suspended', app.show_id('run', w.run_id) FROM written w
    WHERE w.is_aside
  ), told AS (
    INSERT INTO app.outbox (tenant_id, outbox_id, topic, body)
    SELECT w.tenant_id, o.id, o.topic, o.body::json
    FROM unnest(outbox_place, outbox_ids, outbox_topics, outbox_bodies) AS o(place, id, topic, body)
    JOIN written w ON w.place = o.place
    UNION ALL
    SELECT w.tenant_id, app.new_id(), 'runs', app.suspension_message(w.message, w.run_id, j.seq, j.at)
    FROM written w JOIN journalled j ON j.run_id = w.run_id AND j.seq = w.seq - 1 WHERE w.is_aside
  ), unsubscribed AS (
    DELETE FROM app.subscription s USING written w
    WHERE s.tenant_id = w.tenant_id AND s.run_id = w.run_id AND (w.is_over OR s.place >= w.filters)
  ), subscribed AS (
    INSERT INTO app.subscription (tenant_id, run_id, place, type, attributes, since)
    SELECT w.tenant_id, w.run_id, h.number, h.type, h.attributes::jsonb, h.since
    FROM unnest(heard_place, heard_number, heard_type, heard_attributes, heard_since)
      AS h(place, number, type, attributes, since)
    JOIN written w ON w.place = h.place
    ON CONFLICT (tenant_id, run_id, place) DO UPDATE SET type = excluded.type, attributes = excluded.attributes,
      since = excluded.since, made_at = excluded.made_at, settled = false
  ), emptied AS (
    DELETE FROM app.inbox b USING written w WHERE w.is_over AND b.tenant_id = w.tenant_id AND b.run_id = w.run_id
  ), read AS (
    UPDATE app.inbox b SET is_read = true FROM unnest(read_place, read_ids) AS k(place, id)
    JOIN written w ON w.place = k.place AND NOT w.is_over
    WHERE b.tenant_id = w.tenant_id AND b.run_id = w.run_id AND b.event_id = k.id
  )
  SELECT i.run_id,
         CASE WHEN w.is_aside OR r.state = 'suspended' THEN 'suspended'
              WHEN w.is_asked OR r.asked IS NOT NULL THEN 'asked'
              WHEN w.run_id IS NOT NULL THEN 'committed'
              WHEN r.run_id IS NOT NULL THEN 'repeated'
              ELSE 'lost' END
  FROM item i
  LEFT JOIN written w ON w.place = i.place
  LEFT JOIN app.run r ON r.tenant_id = i.tenant_id AND r.run_id = i.run_id AND r.fence = i.fence
    AND w.run_id IS NULL AND (r.asked IS NULL OR i.if_asked <> 'refuse') AND (
      (r.seq = i.seq + i.added AND r.state = i.state) OR (r.seq = i.seq + i.added + 1 AND r.state = 'suspended' AND i.may_stop))
$$;
