-- The sending of messages (ADR 0059): what is due of all tenants, handed out so that no endpoint is in the way of another.

-- Up to `most` deliveries that are due, at most `each` under way for an endpoint and `of_tenant` for a tenant, and at most
-- `hindered` of them to endpoints that fail or are slow. What is handed out comes back by itself after `seconds`. Endpoints are
-- found step by step in the index, so that what stands in line for one costs the others nothing. Nothing goes out for a client
-- that is not active, nor while a failover is not accepted (ADR 0036).
CREATE FUNCTION app.take_webhooks(most integer, hindered integer, each integer, of_tenant integer, seconds double precision)
RETURNS TABLE (tenant_id uuid, endpoint_id uuid, message_id uuid, taken_until timestamptz, is_hindered boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  e record;
  room integer;
  given integer;
  until timestamptz := clock_timestamp() + make_interval(secs => seconds);
BEGIN
  IF app.failed_over() THEN RETURN; END IF;
  FOR e IN
    WITH RECURSIVE waiting AS (
      (SELECT d.tenant_id, d.endpoint_id, d.due_at FROM app.webhook_delivery d WHERE d.state = 'pending'
       ORDER BY d.tenant_id, d.endpoint_id, d.due_at LIMIT 1)
      UNION ALL
      SELECT n.tenant_id, n.endpoint_id, n.due_at FROM waiting w CROSS JOIN LATERAL (
        SELECT d.tenant_id, d.endpoint_id, d.due_at FROM app.webhook_delivery d
        WHERE d.state = 'pending' AND (d.tenant_id, d.endpoint_id) > (w.tenant_id, w.endpoint_id)
        ORDER BY d.tenant_id, d.endpoint_id, d.due_at LIMIT 1) n
    )
    SELECT p.tenant_id, p.endpoint_id, (p.failing_since IS NOT NULL OR p.is_slow) AS is_hindered
    FROM waiting w
    JOIN app.webhook_endpoint p ON p.tenant_id = w.tenant_id AND p.endpoint_id = w.endpoint_id AND p.status = 'active'
    JOIN app.tenant t ON t.tenant_id = p.tenant_id
    JOIN app.client c ON c.partner_id = t.partner_id AND c.client_id = t.client_id AND c.status = 'active'
    JOIN app.partner o ON o.partner_id = t.partner_id AND o.status = 'active'
    WHERE w.due_at <= clock_timestamp()
    ORDER BY 3, w.due_at
  LOOP
    EXIT WHEN most <= 0;
    CONTINUE WHEN e.is_hindered AND hindered <= 0;
    -- Of two processes one counts at a time, for a tenant and for an endpoint; the other looks again soon.
    CONTINUE WHEN NOT pg_try_advisory_xact_lock(hashtextextended(e.tenant_id::text, 59));
    PERFORM 1 FROM app.webhook_endpoint p WHERE p.tenant_id = e.tenant_id AND p.endpoint_id = e.endpoint_id
    FOR NO KEY UPDATE SKIP LOCKED;
    CONTINUE WHEN NOT FOUND;
    SELECT least(
      each - count(*) FILTER (WHERE d.endpoint_id = e.endpoint_id), of_tenant - count(*), most,
      CASE WHEN e.is_hindered THEN hindered ELSE most END
    ) INTO room
    FROM app.webhook_delivery d WHERE d.tenant_id = e.tenant_id AND d.taken_until > clock_timestamp();
    CONTINUE WHEN room <= 0;
    RETURN QUERY
    -- Found once and for all: a join that looked again would find others each time, as what it locked is passed over.
    WITH due AS MATERIALIZED (
      SELECT o.message_id FROM app.webhook_delivery o
      WHERE o.tenant_id = e.tenant_id AND o.endpoint_id = e.endpoint_id AND o.state = 'pending'
        AND o.due_at <= clock_timestamp() AND (o.taken_until IS NULL OR o.taken_until <= clock_timestamp())
      ORDER BY o.due_at LIMIT room FOR UPDATE SKIP LOCKED
    )
    UPDATE app.webhook_delivery d SET taken_until = until FROM due
    WHERE d.tenant_id = e.tenant_id AND d.endpoint_id = e.endpoint_id AND d.message_id = due.message_id
    RETURNING d.tenant_id, d.endpoint_id, d.message_id, d.taken_until, e.is_hindered;
    GET DIAGNOSTICS given = ROW_COUNT;
    most := most - given;
    IF e.is_hindered THEN hindered := hindered - given; END IF;
  END LOOP;
END $$;

-- Messages that are older than that many days go, with all that is known of their ways. Answers how many.
CREATE FUNCTION app.purge_webhooks(older_than_days integer, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE
  tenants uuid[];
  messages uuid[];
BEGIN
  SELECT array_agg(o.tenant_id), array_agg(o.message_id) INTO tenants, messages FROM (
    SELECT m.tenant_id, m.message_id FROM app.webhook_message m
    WHERE m.created_at < (SELECT clock_timestamp()) - make_interval(days => greatest(older_than_days, 1))
    ORDER BY m.created_at LIMIT most) o;
  IF messages IS NULL THEN RETURN 0; END IF;
  DELETE FROM app.webhook_attempt a USING app.webhook_delivery d, unnest(tenants, messages) AS o(tenant_id, message_id)
  WHERE d.tenant_id = o.tenant_id AND d.message_id = o.message_id
    AND a.tenant_id = d.tenant_id AND a.endpoint_id = d.endpoint_id AND a.message_id = d.message_id;
  DELETE FROM app.webhook_delivery d USING unnest(tenants, messages) AS o(tenant_id, message_id)
  WHERE d.tenant_id = o.tenant_id AND d.message_id = o.message_id;
  DELETE FROM app.webhook_message m USING unnest(tenants, messages) AS o(tenant_id, message_id)
  WHERE m.tenant_id = o.tenant_id AND m.message_id = o.message_id;
  RETURN cardinality(messages);
END $$;
