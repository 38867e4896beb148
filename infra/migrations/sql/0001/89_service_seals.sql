-- What the API's own key sealed: secrets of identity providers, of second factors and of inbound webhooks, brought from one key
-- to another (ADR 0054).
GRANT UPDATE (secret) ON app.identity_provider TO waybill_doors;
GRANT UPDATE (sealed) ON app.totp, app.inbound_secret TO waybill_doors;

-- All of them: what it is, whose it is, and its form as it is stored. No door: it sees what its caller sees.
CREATE FUNCTION app.service_sealed() RETURNS TABLE (kind text, tenant_id uuid, id uuid, version integer, sealed bytea)
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  SELECT 'provider', p.tenant_id, p.provider_id, 0, p.secret FROM app.identity_provider p WHERE p.secret IS NOT NULL
  UNION ALL SELECT 'second factor', o.tenant_id, o.account_id, 0, o.sealed FROM app.totp o
  UNION ALL SELECT 'inbound webhook', i.tenant_id, i.hook_id, i.version, i.sealed FROM app.inbound_secret i
$$;

-- Those that another key than `current` sealed, at most `most`, from a place in their order on.
CREATE FUNCTION app.service_seals(current bytea, after_id uuid, after_version integer, most integer)
RETURNS TABLE (kind text, tenant_id uuid, id uuid, version integer, sealed bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT s.kind, s.tenant_id, s.id, s.version, s.sealed FROM app.service_sealed() s
  WHERE (s.id, s.version) > (after_id, after_version) AND substr(s.sealed, 1, 8) <> current ORDER BY s.id, s.version LIMIT most
$$;

-- Put the new form of each in the place of the one that it was made from; what has another by now is left as it is.
CREATE FUNCTION app.reseal_service(kinds text[], ids uuid[], versions integer[], olds bytea[], news bytea[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE changed integer := 0; more integer;
BEGIN
  UPDATE app.identity_provider p SET secret = n.new FROM unnest(kinds, ids, olds, news) AS n(kind, id, old, new)
  WHERE n.kind = 'provider' AND p.provider_id = n.id AND p.secret = n.old;
  GET DIAGNOSTICS more = ROW_COUNT;
  changed := changed + more;
  UPDATE app.totp o SET sealed = n.new FROM unnest(kinds, ids, olds, news) AS n(kind, id, old, new)
  WHERE n.kind = 'second factor' AND o.account_id = n.id AND o.sealed = n.old;
  GET DIAGNOSTICS more = ROW_COUNT;
  changed := changed + more;
  UPDATE app.inbound_secret i SET sealed = n.new FROM unnest(kinds, ids, versions, olds, news) AS n(kind, id, version, old, new)
  WHERE n.kind = 'inbound webhook' AND i.hook_id = n.id AND i.version = n.version AND i.sealed = n.old;
  GET DIAGNOSTICS more = ROW_COUNT;
  RETURN changed + more;
END $$;

-- What each key wraps or seals, by its id.
CREATE FUNCTION app.wrapped_by() RETURNS TABLE (id bytea, kind text, provider text, things bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT s.id, s.kind, s.provider, count(*) FROM (
    SELECT substr(k.wrapped, 1, 8) AS id, 'tenant key' AS kind, k.provider FROM app.tenant_key k
    UNION ALL SELECT substr(f.sealed, 1, 8), f.kind, 'file' FROM app.service_sealed() f
  ) s GROUP BY 1, 2, 3 ORDER BY 1, 2
$$;
