-- Doors of the audit's seals (ADR 0056, 0057): rows to be sealed, what was sealed, what is to be dropped or veiled.

-- What is left of a field: `entry` as it was, or its hash where it is hidden, else its salt.
CREATE FUNCTION app.veiled_field(salt bytea, entry bytea, name text, value text, hidden boolean) RETURNS bytea
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
  SELECT CASE WHEN get_byte(entry, 0) = 0 THEN entry
              WHEN hidden THEN '\x00'::bytea || sha256(k.salt || convert_to(coalesce(value, ''), 'UTF8'))
              ELSE '\x01'::bytea || k.salt END
  FROM (SELECT coalesce(substring(entry FROM 2), sha256(salt || convert_to(name, 'UTF8'))) AS salt) k
$$;

-- The veil of a row of which these fields are hidden; with it its salt is not needed any more, and goes.
CREATE FUNCTION app.veil_row(salt bytea, veil bytea, actor text, target text, after text, no_actor boolean, no_target boolean, no_after boolean)
RETURNS bytea LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, app AS $$
  SELECT app.veiled_field(salt, substring(veil FROM 1 FOR 33), 'actor', actor, no_actor)
      || app.veiled_field(salt, substring(veil FROM 34 FOR 33), 'target', target, no_target)
      || app.veiled_field(salt, substring(veil FROM 67 FOR 33), 'after', after, no_after)
$$;

CREATE FUNCTION app.this_cluster() RETURNS bigint LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT system_identifier FROM pg_control_system()
$$;

-- Every log with its first row that no batch has, of transactions below `below`. A branch for each kind, so that each goes by its index.
CREATE FUNCTION app.audit_unsealed(below xid8) RETURNS TABLE (log_id uuid, kind text, at timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  WITH mark AS (
    SELECT l.log_id, l.kind, coalesce(m.xid, '0') AS xid, coalesce(m.audit_id, '00000000-0000-0000-0000-000000000000') AS audit_id
    FROM (SELECT t.tenant_id AS log_id, 'tenant' AS kind FROM app.tenant t
          UNION ALL SELECT p.partner_id, 'partner' FROM app.partner p
          UNION ALL SELECT '00000000-0000-0000-0000-000000000000', 'operator') l
    LEFT JOIN app.audit_mark m ON m.log_id = l.log_id)
  SELECT m.log_id, m.kind, f.at FROM mark m CROSS JOIN LATERAL (
    SELECT a.at FROM app.audit a WHERE a.tenant_id = m.log_id AND a.xid < below AND (a.xid, a.audit_id) > (m.xid, m.audit_id)
    ORDER BY a.xid, a.audit_id LIMIT 1) f WHERE m.kind = 'tenant'
  UNION ALL
  SELECT m.log_id, m.kind, f.at FROM mark m CROSS JOIN LATERAL (
    SELECT o.at FROM app.organization_audit o
    WHERE o.partner_id = m.log_id AND o.xid < below AND (o.xid, o.audit_id) > (m.xid, m.audit_id)
    ORDER BY o.xid, o.audit_id LIMIT 1) f WHERE m.kind = 'partner'
  UNION ALL
  SELECT m.log_id, m.kind, f.at FROM mark m CROSS JOIN LATERAL (
    SELECT o.at FROM app.organization_audit o
    WHERE o.partner_id IS NULL AND o.xid < below AND (o.xid, o.audit_id) > (m.xid, m.audit_id)
    ORDER BY o.xid, o.audit_id LIMIT 1) f WHERE m.kind = 'operator'
$$;

-- Logs with rows that nobody can add to any more and no batch has: below what the oldest open transaction may still write.
-- A log of another cluster, as a dump is restored into this one, is named whatever it has. What waits for an operator is not.
CREATE FUNCTION app.audit_due(most integer) RETURNS TABLE (log_id uuid, kind text, is_foreign boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT x.log_id, x.kind, bool_or(x.is_foreign) FROM (
    SELECT u.log_id, u.kind, false AS is_foreign FROM app.audit_unsealed(pg_snapshot_xmin(pg_current_snapshot())) u
    UNION ALL SELECT m.log_id, m.kind, true FROM app.audit_mark m WHERE m.cluster <> app.this_cluster()) x
  WHERE NOT EXISTS (SELECT 1 FROM app.audit_rollback r WHERE r.log_id = x.log_id AND r.accepted_at IS NULL)
  GROUP BY x.log_id, x.kind LIMIT most
$$;

-- The next rows of a log, with what the batch before them was. In the order of their transactions.
CREATE FUNCTION app.audit_next(wanted uuid, of_kind text, most integer) RETURNS TABLE (
  n integer, head bytea, now timestamptz, xid bigint, audit_id uuid, at timestamptz, actor text, action text, target text, after text,
  salt bytea, veil bytea)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  WITH mark AS MATERIALIZED (
    SELECT coalesce(max(m.n), 0) AS n, (array_agg(m.head))[1] AS head, coalesce((array_agg(m.xid))[1], '0') AS xid,
      coalesce((array_agg(m.audit_id))[1], '00000000-0000-0000-0000-000000000000') AS audit_id,
      pg_snapshot_xmin(pg_current_snapshot()) AS until, clock_timestamp() AS now
    FROM app.audit_mark m WHERE m.log_id = wanted)
  (SELECT m.n, m.head, m.now, a.xid::text::bigint, a.audit_id, a.at, a.actor, a.action, a.target, a.after::text, a.salt, a.veil
   FROM mark m JOIN app.audit a ON a.tenant_id = wanted AND a.xid < m.until AND (a.xid, a.audit_id) > (m.xid, m.audit_id)
   WHERE of_kind = 'tenant' ORDER BY a.xid, a.audit_id LIMIT most)
  UNION ALL
  (SELECT m.n, m.head, m.now, o.xid::text::bigint, o.audit_id, o.at, o.actor, o.action, o.target, o.after::text, o.salt, o.veil
   FROM mark m JOIN app.organization_audit o ON o.partner_id = wanted AND o.xid < m.until AND (o.xid, o.audit_id) > (m.xid, m.audit_id)
   WHERE of_kind = 'partner' ORDER BY o.xid, o.audit_id LIMIT most)
  UNION ALL
  (SELECT m.n, m.head, m.now, o.xid::text::bigint, o.audit_id, o.at, o.actor, o.action, o.target, o.after::text, o.salt, o.veil
   FROM mark m JOIN app.organization_audit o ON o.partner_id IS NULL AND o.xid < m.until AND (o.xid, o.audit_id) > (m.xid, m.audit_id)
   WHERE of_kind = 'operator' ORDER BY o.xid, o.audit_id LIMIT most)
$$;

-- Add a batch; answers whether it is the next one: of two sealers one is late, and its work is nothing.
CREATE FUNCTION app.audit_seal_batch(
  wanted uuid, of_kind text, next integer, batch_root bytea, rows uuid[], row_leaves bytea, before bytea, batch_head bytea,
  at timestamptz, public_key bytea, signed bytea, last_xid bigint
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE was app.audit_mark;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(wanted::text, 56));
  SELECT m.* INTO was FROM app.audit_mark m WHERE m.log_id = wanted;
  IF coalesce(was.n, 0) <> next - 1 OR was.head IS DISTINCT FROM before
    OR coalesce(was.cluster <> app.this_cluster(), false)
    OR EXISTS (SELECT 1 FROM app.audit_rollback r WHERE r.log_id = wanted AND r.accepted_at IS NULL) THEN
    RETURN false;
  END IF;
  INSERT INTO app.audit_seal (log_id, n, kind, root, count, first_id, last_id, prev, head, sealed_at, key, signature)
  VALUES (wanted, next, of_kind, batch_root, cardinality(rows), rows[1], rows[cardinality(rows)], before, batch_head, at, public_key, signed);
  INSERT INTO app.audit_leaves (log_id, n, least_id, greatest_id, ids, leaves)
  SELECT wanted, next, min(x.id::text)::uuid, max(x.id::text)::uuid, rows, row_leaves FROM unnest(rows) AS x(id);
  INSERT INTO app.audit_mark (log_id, kind, cluster, xid, audit_id, n, head)
  VALUES (wanted, of_kind, app.this_cluster(), last_xid::text::xid8, rows[cardinality(rows)], next, batch_head)
  ON CONFLICT (log_id) DO UPDATE SET xid = EXCLUDED.xid, audit_id = EXCLUDED.audit_id, n = EXCLUDED.n, head = EXCLUDED.head;
  RETURN true;
END $$;

-- A log that a dump brought from another cluster: its transactions' numbers mean nothing here. What is in a batch comes before all
-- transactions of this cluster, the rest belongs to this one. Takes as long as the log is long, once.
CREATE FUNCTION app.audit_adopt(wanted uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE here xid8 := pg_current_xact_id();
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(wanted::text, 56));
  PERFORM 1 FROM app.audit_mark m WHERE m.log_id = wanted AND m.cluster <> app.this_cluster();
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE app.audit a SET xid = CASE WHEN s.id IS NULL THEN here ELSE '1'::xid8 END
  FROM app.audit b LEFT JOIN (SELECT unnest(l.ids) AS id FROM app.audit_leaves l WHERE l.log_id = wanted) s ON s.id = b.audit_id
  WHERE b.tenant_id = wanted AND a.tenant_id = wanted AND a.audit_id = b.audit_id;
  UPDATE app.organization_audit a SET xid = CASE WHEN s.id IS NULL THEN here ELSE '1'::xid8 END
  FROM app.organization_audit b
  LEFT JOIN (SELECT unnest(l.ids) AS id FROM app.audit_leaves l WHERE l.log_id = wanted) s ON s.id = b.audit_id
  WHERE coalesce(b.partner_id, '00000000-0000-0000-0000-000000000000') = wanted AND a.audit_id = b.audit_id;
  UPDATE app.audit_mark m SET cluster = app.this_cluster(), xid = '1', audit_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
  WHERE m.log_id = wanted;
  RETURN true;
END $$;

-- Seals behind those that somebody has, of one log, and the newest of every log.
CREATE FUNCTION app.audit_seals(wanted uuid, behind integer, most integer) RETURNS SETOF app.audit_seal
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT s.* FROM app.audit_seal s WHERE s.log_id = wanted AND s.n > behind ORDER BY s.n LIMIT most
$$;
CREATE FUNCTION app.audit_tops() RETURNS TABLE (log_id uuid, kind text, n integer, head bytea, published_n integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT m.log_id, m.kind, m.n, m.head, m.published_n FROM app.audit_mark m
$$;

-- A worker says up to where it has published.
CREATE FUNCTION app.audit_note_published(logs uuid[], numbers integer[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE noted integer;
BEGIN
  UPDATE app.audit_mark m SET published_n = x.n, published_at = clock_timestamp()
  FROM unnest(logs, numbers) AS x(log_id, n) WHERE m.log_id = x.log_id AND m.published_n <> x.n AND x.n <= m.n;
  GET DIAGNOSTICS noted = ROW_COUNT;
  RETURN noted;
END $$;

-- Whether sealing and publishing keep their promise. Seconds that the oldest row waits for its seal, and the oldest head for being
-- published (NULL: none waits); logs that are rolled back, of which neither is expected.
CREATE FUNCTION app.audit_state() RETURNS TABLE (
  unsealed double precision, unpublished double precision, published_at timestamptz, rolled_back integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  WITH stopped AS MATERIALIZED (SELECT DISTINCT r.log_id FROM app.audit_rollback r WHERE r.accepted_at IS NULL)
  SELECT
    (SELECT extract(epoch FROM clock_timestamp() - min(u.at)) FROM app.audit_unsealed('9223372036854775807') u
     WHERE u.log_id NOT IN (SELECT log_id FROM stopped)),
    (SELECT extract(epoch FROM clock_timestamp() - min(s.sealed_at)) FROM app.audit_mark m
     JOIN app.audit_seal s ON s.log_id = m.log_id AND s.n = m.published_n + 1
     WHERE m.published_n < m.n AND m.log_id NOT IN (SELECT log_id FROM stopped)),
    (SELECT max(m.published_at) FROM app.audit_mark m),
    (SELECT count(*)::integer FROM stopped)
$$;

-- Write into the operator's log that it is not kept, once an hour whoever notices; answers whether it was written now.
CREATE FUNCTION app.audit_tell_late(most_unsealed double precision, most_unpublished double precision) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE found record; hour uuid := (lpad(to_hex((extract(epoch FROM clock_timestamp() - interval '1 hour') * 1000)::bigint), 12, '0')
                                    || repeat('0', 20))::uuid;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('audit.late', 56));
  SELECT * INTO found FROM app.audit_state();
  IF (found.unsealed > most_unsealed OR found.unpublished > most_unpublished) IS NOT TRUE OR EXISTS (
    SELECT 1 FROM app.organization_audit o WHERE o.partner_id IS NULL AND o.audit_id > hour AND o.action = 'audit.late') THEN
    RETURN false;
  END IF;
  INSERT INTO app.organization_audit (audit_id, actor, action, target, after) VALUES (app.new_id(), 'engine', 'audit.late', 'audit',
    json_build_object('unsealed_seconds', round(found.unsealed::numeric), 'unpublished_seconds', round(found.unpublished::numeric)));
  RETURN true;
END $$;

-- What was published is not what is here: nothing is sealed until an operator accepts it. Answers whether it is news, and when
-- it was accepted.
CREATE FUNCTION app.audit_roll_back(wanted uuid, of_kind text, there_n integer, there_head bytea)
RETURNS TABLE (is_new boolean, accepted_at timestamptz, accepted_by text, own_n integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
#variable_conflict use_column
DECLARE own integer; told json;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(wanted::text, 56));
  SELECT coalesce(max(s.n), 0) INTO own FROM app.audit_seal s WHERE s.log_id = wanted;
  INSERT INTO app.audit_rollback (log_id, published_n, published_head, own_n) VALUES (wanted, there_n, there_head, own)
  ON CONFLICT DO NOTHING;
  is_new := FOUND;
  IF is_new THEN
    told := json_build_object('published', there_n, 'here', own);
    IF of_kind = 'tenant' THEN
      INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
      VALUES (wanted, app.new_id(), 'engine', 'audit.rolled-back', 'audit', told);
    ELSE
      INSERT INTO app.organization_audit (audit_id, partner_id, actor, action, target, after)
      VALUES (app.new_id(), CASE WHEN of_kind = 'partner' THEN wanted END, 'engine', 'audit.rolled-back', 'audit', told);
    END IF;
  END IF;
  RETURN QUERY SELECT is_new, r.accepted_at, r.accepted_by, r.own_n FROM app.audit_rollback r
  WHERE r.log_id = wanted AND r.published_n = there_n AND r.published_head = there_head;
END $$;

-- A log that lost all of its seals has no mark that would tell its kind.
CREATE FUNCTION app.audit_rollbacks() RETURNS TABLE (log_id uuid, kind text, published_n integer, own_n integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT r.log_id, CASE WHEN r.log_id = '00000000-0000-0000-0000-000000000000' THEN 'operator'
    WHEN EXISTS (SELECT 1 FROM app.partner p WHERE p.partner_id = r.log_id) THEN 'partner' ELSE 'tenant' END, r.published_n, r.own_n
  FROM app.audit_rollback r WHERE r.accepted_at IS NULL ORDER BY r.found_at
$$;

-- Go on with what is here, in all logs that are rolled back; answers how many they are.
CREATE FUNCTION app.audit_accept(actor text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE logs integer;
BEGIN
  UPDATE app.audit_rollback r SET accepted_at = clock_timestamp(), accepted_by = actor WHERE r.accepted_at IS NULL;
  GET DIAGNOSTICS logs = ROW_COUNT;
  IF logs > 0 THEN
    INSERT INTO app.organization_audit (audit_id, actor, action, target, after)
    VALUES (app.new_id(), actor, 'audit.rollback-accepted', 'audit', json_build_object('logs', logs));
  END IF;
  RETURN logs;
END $$;

-- How long each log is kept, and why it is held. No door: it sees what its caller sees.
CREATE FUNCTION app.audit_kept() RETURNS TABLE (log_id uuid, days integer, hold_reason text)
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  SELECT k.tenant_id, k.days, k.hold_reason FROM app.audit_keeping k
  UNION ALL SELECT a.log_id, a.days, a.hold_reason FROM app.audit_keeping_above a
$$;

-- Batches whose time is over: the oldest of each log that is not held.
CREATE FUNCTION app.audit_over(most integer) RETURNS TABLE (log_id uuid, kind text, n integer, head bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT s.log_id, s.kind, s.n, s.head FROM app.audit_kept() k
  CROSS JOIN LATERAL (SELECT l.n FROM app.audit_leaves l WHERE l.log_id = k.log_id ORDER BY l.n LIMIT 1) first
  JOIN app.audit_seal s ON s.log_id = k.log_id AND s.n = first.n
  WHERE k.days IS NOT NULL AND k.hold_reason IS NULL AND s.sealed_at < clock_timestamp() - make_interval(days => k.days)
  LIMIT most
$$;

-- Drop a batch with its rows, and keep its head. A hold that came meanwhile counts; whoever sets one waits for this, or is waited for.
CREATE FUNCTION app.audit_drop(wanted uuid, batch integer, at timestamptz, public_key bytea, signed bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE whose uuid[]; of_kind text; told json;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(wanted::text, 57));
  SELECT s.kind INTO of_kind FROM app.audit_kept() k JOIN app.audit_seal s ON s.log_id = k.log_id AND s.n = batch
  WHERE k.log_id = wanted AND k.hold_reason IS NULL AND s.sealed_at < clock_timestamp() - make_interval(days => k.days);
  IF NOT FOUND OR EXISTS (SELECT 1 FROM app.audit_leaves l WHERE l.log_id = wanted AND l.n < batch) THEN RETURN false; END IF;
  DELETE FROM app.audit_leaves l WHERE l.log_id = wanted AND l.n = batch RETURNING l.ids INTO whose;
  IF NOT FOUND THEN RETURN false; END IF;
  INSERT INTO app.audit_floor (log_id, n, at, key, signature) VALUES (wanted, batch, at, public_key, signed);
  told := json_build_object('batch', batch, 'rows', cardinality(whose));
  IF of_kind = 'tenant' THEN
    DELETE FROM app.audit a WHERE a.tenant_id = wanted AND a.audit_id = ANY (whose);
    INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
    VALUES (wanted, app.new_id(), 'engine', 'audit.dropped', 'audit', told);
  ELSE
    DELETE FROM app.organization_audit o WHERE o.audit_id = ANY (whose)
      AND coalesce(o.partner_id, '00000000-0000-0000-0000-000000000000') = wanted;
    INSERT INTO app.organization_audit (audit_id, partner_id, actor, action, target, after)
    VALUES (app.new_id(), CASE WHEN of_kind = 'partner' THEN wanted END, 'engine', 'audit.dropped', 'audit', told);
  END IF;
  RETURN true;
END $$;

-- The same in the log of the transaction's partner, or of the operator: these are short, and looked through whole. No door.
CREATE FUNCTION app.audit_veil_above(subject text, pseudonym text, most integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, app AS $$
DECLARE whose uuid := app.partner_id(); veiled integer; is_one text := '^(account|acting|key):' || subject || '$';
BEGIN
  IF whose IS NULL AND NOT app.is_operator() THEN RETURN 0; END IF;
  UPDATE app.organization_audit o SET veil = app.veil_row(o.salt, o.veil, o.actor, o.target, o.after::text,
      o.actor ~ is_one OR o.actor = subject, o.target = subject, o.after IS NOT NULL), salt = NULL, after = NULL,
    actor = CASE WHEN o.actor ~ is_one OR o.actor = subject THEN pseudonym ELSE o.actor END,
    target = CASE WHEN o.target = subject THEN pseudonym ELSE o.target END
  WHERE o.audit_id = ANY (ARRAY(
    SELECT b.audit_id FROM app.organization_audit b WHERE b.partner_id IS NOT DISTINCT FROM whose
      AND (b.actor ~ is_one OR b.actor = subject OR b.target = subject OR strpos(b.after::text, subject) > 0)
    LIMIT most));
  GET DIAGNOSTICS veiled = ROW_COUNT;
  RETURN veiled;
END $$;

-- Veil a person in the log of the transaction: who acted, or was acted on, becomes `pseudonym`; what became of it goes, as it goes
-- where the person is named in it. Up to `most` rows; answers how many.
CREATE FUNCTION app.audit_veil(subject text, pseudonym text, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE whose uuid := app.tenant_id(); veiled integer; is_one text := '^(account|acting|key):' || subject || '$';
BEGIN
  IF whose IS NULL THEN RETURN app.audit_veil_above(subject, pseudonym, most); END IF;
  UPDATE app.audit a SET veil = app.veil_row(a.salt, a.veil, a.actor, a.target, a.after::text,
      a.actor ~ is_one OR a.actor = subject, a.target = subject, a.after IS NOT NULL), salt = NULL, after = NULL,
    actor = CASE WHEN a.actor ~ is_one OR a.actor = subject THEN pseudonym ELSE a.actor END,
    target = CASE WHEN a.target = subject THEN pseudonym ELSE a.target END
  WHERE a.tenant_id = whose AND a.audit_id = ANY (ARRAY(
    SELECT b.audit_id FROM app.audit b WHERE b.tenant_id = whose AND b.actor <> 'engine'
      AND b.actor IN ('account:' || subject, 'acting:' || subject, 'key:' || subject, subject)
    UNION SELECT b.audit_id FROM app.audit b WHERE b.tenant_id = whose AND b.target = subject
    UNION SELECT b.audit_id FROM app.audit b WHERE b.tenant_id = whose AND b.actor <> 'engine' AND strpos(b.after::text, subject) > 0
    LIMIT most));
  GET DIAGNOSTICS veiled = ROW_COUNT;
  RETURN veiled;
END $$;

-- Why nobody may erase anything of a client: the legal hold on one of its environments, or on a log above it that names it, which a
-- deletion would change. Of the transaction's partner or operator.
CREATE FUNCTION app.audit_hold_of(of_client uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT k.hold_reason FROM app.tenant t JOIN app.audit_keeping k ON k.tenant_id = t.tenant_id
  WHERE t.client_id = of_client AND k.hold_reason IS NOT NULL AND (app.is_operator() OR t.partner_id = app.partner_id())
  UNION ALL SELECT k.hold_reason FROM app.client c JOIN app.audit_keeping_above k ON k.hold_reason IS NOT NULL
  WHERE c.client_id = of_client AND (app.is_operator() OR c.partner_id = app.partner_id()) AND EXISTS (
    SELECT 1 FROM app.organization_audit o WHERE coalesce(o.partner_id, '00000000-0000-0000-0000-000000000000') = k.log_id
      AND o.after IS NOT NULL AND o.target = app.show_id('cli', of_client))
  LIMIT 1
$$;
