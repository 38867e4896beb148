-- Webhooks that come in (ADR 0060).

-- Whose an address is. Asked before any scope is known, hence a door; it finds one by its whole address, and none that was
-- deleted or is of a partner or client that is not served.
CREATE FUNCTION app.find_inbound_webhook(wanted text) RETURNS TABLE (
  tenant_id uuid, hook_id uuid, partner_id uuid, client_id uuid, suspended boolean
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT h.tenant_id, h.hook_id, t.partner_id, t.client_id, c.status = 'suspended'
  FROM app.inbound_webhook h
  JOIN app.tenant t ON t.tenant_id = h.tenant_id
  JOIN app.client c ON c.partner_id = t.partner_id AND c.client_id = t.client_id AND c.status IN ('active', 'suspended')
  JOIN app.partner p ON p.partner_id = t.partner_id AND p.status = 'active'
  WHERE h.address = wanted AND h.status <> 'deleted'
$$;

-- Requests older than they are kept; from then on one that comes again is a new one, so never before events' ids are forgotten.
CREATE FUNCTION app.purge_inbound_requests(older_than_days integer, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app SET enable_seqscan = off AS $$
DECLARE purged integer;
BEGIN
  DELETE FROM app.inbound_request r WHERE ctid = ANY (ARRAY(
    SELECT x.ctid FROM app.inbound_request x
    WHERE x.received_at < (SELECT clock_timestamp()) - make_interval(days => greatest(older_than_days, 8))
    ORDER BY x.received_at LIMIT most));
  GET DIAGNOSTICS purged = ROW_COUNT;
  RETURN purged;
END $$;
