-- Checkpoint: what many activations achieved, in one call. A run is written only under its tenant, its fence and the seq
-- that its writer read; its journal, usage, audit and outbox rows name it by place in the arrays, so that no row can reach
-- another tenant or outlive a refused checkpoint. One that adds no journal row is written again when it is repeated, which
-- changes nothing. A statement a concern, and none for what this batch does not have: nearly all the cost of a small batch
-- is that of starting statements.
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
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  w record;
  -- By place: when the run's last line was; NULL: it is not written.
  last_at timestamptz[] := array_fill(NULL::timestamptz, ARRAY[cardinality(runs)]);
  called integer[] := '{}';
  aside integer[] := '{}';
  deaf integer[] := '{}';
  written integer := 0;
BEGIN
  IF true = ANY (listens) THEN
    SELECT coalesce(array_agg(i.place), '{}') INTO called FROM unnest(tenants, runs, states, listens) WITH ORDINALITY
      AS i(tenant_id, run_id, state, listening, place)
    WHERE i.listening AND i.state = 'waiting' AND EXISTS (
      SELECT 1 FROM app.inbox b WHERE b.tenant_id = i.tenant_id AND b.run_id = i.run_id AND NOT b.is_read AND NOT EXISTS (
        SELECT 1 FROM unnest(read_place, read_ids) AS k(place, id) WHERE k.place = i.place AND k.id = b.event_id));
  END IF;

  FOR w IN
    UPDATE app.run r SET
      state = CASE WHEN i.may_stop AND r.asked IS NOT NULL THEN 'suspended' ELSE i.state END,
      seq = i.seq + i.added + (i.may_stop AND r.asked IS NOT NULL)::integer,
      attempt = i.attempt, snapshot = i.snapshot, output = i.output::json, error = i.error::json,
      error_type = app.error_type(i.error::json), suspect = false, solo_claims = 0,
      turn = CASE WHEN i.is_called THEN greatest(r.turn, (SELECT c.last_value / 1000000.0::double precision
                                                          FROM app.virtual_clock c)) ELSE r.turn END,
      waiting_for = CASE WHEN i.may_stop AND r.asked IS NOT NULL THEN app.suspension(r.asked, i.waiting::json)
                         ELSE i.waiting::json END,
      due_at = CASE WHEN i.state = 'waiting' AND NOT i.is_called AND r.asked IS NULL
        THEN clock_timestamp() + make_interval(secs => i.delay) END,
      lane = CASE WHEN i.is_called AND r.asked IS NULL THEN 0 END,
      lease_until = CASE WHEN i.state = 'running' AND NOT (i.may_stop AND r.asked IS NOT NULL) THEN r.lease_until END,
      claimed_by = CASE WHEN i.state = 'running' AND NOT (i.may_stop AND r.asked IS NOT NULL) THEN r.claimed_by END,
      asked = CASE WHEN i.state IN ('running', 'waiting') THEN r.asked END,
      ended_at = CASE WHEN i.state IN ('completed', 'faulted', 'cancelled') THEN clock_timestamp() END
    FROM (
      SELECT *, x.state IN ('running', 'waiting') AND x.if_asked = 'stop' AS may_stop, x.place = ANY (called) AS is_called
      FROM unnest(tenants, runs, fences, seqs, added, states, attempts, delays, snapshots, outputs, errors, waits, if_asked)
        WITH ORDINALITY AS x(tenant_id, run_id, fence, seq, added, state, attempt, delay, snapshot, output, error, waiting,
                             if_asked, place)
    ) i
    WHERE r.tenant_id = i.tenant_id AND r.run_id = i.run_id AND r.fence = i.fence AND r.seq = i.seq
      AND r.lease_until IS NOT NULL AND (r.asked IS NULL OR i.if_asked <> 'refuse')
    RETURNING i.place, r.run_id, r.state = 'suspended' AS is_aside, r.asked IS NOT NULL AS is_asked,
      coalesce(greatest(r.started_at, CASE WHEN i.seq > 0 THEN (
        SELECT j.at FROM app.journal j WHERE j.tenant_id = r.tenant_id AND j.run_id = r.run_id AND j.seq = i.seq - 1
      ) END), '-infinity') AS since,
      r.ended_at IS NOT NULL AND (
        EXISTS (SELECT 1 FROM app.subscription s WHERE s.tenant_id = r.tenant_id AND s.run_id = r.run_id)
        OR EXISTS (SELECT 1 FROM app.inbox b WHERE b.tenant_id = r.tenant_id AND b.run_id = r.run_id)) AS is_deaf
  LOOP
    written := written + 1;
    last_at[w.place] := w.since;
    IF w.is_aside THEN aside := aside || w.place::integer; END IF;
    IF w.is_deaf THEN deaf := deaf || w.place::integer; END IF;
    run_id := w.run_id;
    outcome := CASE WHEN w.is_aside THEN 'suspended' WHEN w.is_asked THEN 'asked' ELSE 'committed' END;
    RETURN NEXT;
  END LOOP;

  IF cardinality(journal_place) > 0 THEN
    INSERT INTO app.journal (tenant_id, run_id, seq, at, kind, reference, name, data)
    SELECT tenants[j.place], runs[j.place], j.seq,
           greatest(last_at[j.place], max(least(j.at, clock_timestamp())) OVER (PARTITION BY j.place ORDER BY j.seq)),
           j.kind, j.reference, j.name, j.data::json
    FROM unnest(journal_place, journal_seq, journal_kind, journal_reference, journal_name, journal_data, journal_at)
      AS j(place, seq, kind, reference, name, data, at)
    WHERE last_at[j.place] IS NOT NULL;
  END IF;
  IF cardinality(usage_place) > 0 THEN
    INSERT INTO app.usage (tenant_id, run_id, seq, kind, quantity)
    SELECT tenants[u.place], runs[u.place], u.seq, u.kind, u.quantity
    FROM unnest(usage_place, usage_seq, usage_kind, usage_quantity) AS u(place, seq, kind, quantity)
    WHERE last_at[u.place] IS NOT NULL;
  END IF;
  IF cardinality(audit_place) > 0 THEN
    INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
    SELECT tenants[a.place], a.id, 'engine', a.action, a.target, a.after::json
    FROM unnest(audit_place, audit_ids, audit_actions, audit_targets, audit_after) AS a(place, id, action, target, after)
    WHERE last_at[a.place] IS NOT NULL;
  END IF;
  IF cardinality(outbox_place) > 0 THEN
    INSERT INTO app.outbox (tenant_id, outbox_id, topic, body)
    SELECT tenants[o.place], o.id, o.topic, o.body::json
    FROM unnest(outbox_place, outbox_ids, outbox_topics, outbox_bodies) AS o(place, id, topic, body)
    WHERE last_at[o.place] IS NOT NULL;
  END IF;

  IF cardinality(deaf) > 0 THEN
    DELETE FROM app.subscription s USING unnest(deaf) AS d(place)
    WHERE s.tenant_id = tenants[d.place] AND s.run_id = runs[d.place];
    DELETE FROM app.inbox b USING unnest(deaf) AS d(place)
    WHERE b.tenant_id = tenants[d.place] AND b.run_id = runs[d.place];
  END IF;
  IF num_nonnulls(VARIADIC heard_counts) > 0 THEN
    DELETE FROM app.subscription s USING unnest(heard_counts) WITH ORDINALITY AS h(filters, place)
    WHERE last_at[h.place] IS NOT NULL
      AND s.tenant_id = tenants[h.place] AND s.run_id = runs[h.place] AND s.place >= h.filters;
  END IF;
  IF cardinality(heard_place) > 0 THEN
    INSERT INTO app.subscription (tenant_id, run_id, place, type, attributes, since)
    SELECT tenants[h.place], runs[h.place], h.number, h.type, h.attributes::jsonb, h.since
    FROM unnest(heard_place, heard_number, heard_type, heard_attributes, heard_since)
      AS h(place, number, type, attributes, since)
    WHERE last_at[h.place] IS NOT NULL
    ON CONFLICT (tenant_id, run_id, place) DO UPDATE SET type = excluded.type, attributes = excluded.attributes,
      since = excluded.since, made_at = excluded.made_at, settled = false;
  END IF;
  IF cardinality(read_place) > 0 THEN
    UPDATE app.inbox b SET is_read = true FROM unnest(read_place, read_ids) AS k(place, id)
    WHERE last_at[k.place] IS NOT NULL AND b.tenant_id = tenants[k.place] AND b.run_id = runs[k.place] AND b.event_id = k.id;
  END IF;

  IF cardinality(aside) > 0 THEN
    PERFORM app.note_suspensions(array_agg(tenants[a.place]), array_agg(runs[a.place])) FROM unnest(aside) AS a(place);
  END IF;
  IF written < cardinality(runs) THEN
    RETURN QUERY SELECT i.run_id, CASE WHEN r.state = 'suspended' THEN 'suspended'
      WHEN r.asked IS NOT NULL THEN 'asked' WHEN r.run_id IS NOT NULL THEN 'repeated' ELSE 'lost' END
    FROM unnest(tenants, runs, fences, seqs, added, states, if_asked) WITH ORDINALITY
      AS i(tenant_id, run_id, fence, seq, added, state, if_asked, place)
    LEFT JOIN app.run r ON r.tenant_id = i.tenant_id AND r.run_id = i.run_id AND r.fence = i.fence
      AND (r.asked IS NULL OR i.if_asked <> 'refuse') AND (
        (r.seq = i.seq + i.added AND r.state = i.state)
        OR (r.seq = i.seq + i.added + 1 AND r.state = 'suspended' AND i.state IN ('running', 'waiting')
            AND i.if_asked = 'stop'))
    WHERE last_at[i.place] IS NULL;
  END IF;
END $$;
