-- What is sealed one by one: by the API's own key, secrets of identity providers, of second factors and of inbound webhooks, and
-- tenants' keys for documents; by the key-encryption key, what mails open. Brought from one key to another (ADR 0054). Every
-- sealed column stands in services/cli/sealed_columns.py.
GRANT UPDATE (secret) ON app.identity_provider TO waybill_doors;
GRANT UPDATE (sealed) ON app.totp, app.inbound_secret TO waybill_doors;
GRANT UPDATE (wrapped) ON app.document_key TO waybill_doors;

-- All of them: what it is, which key opens it (`service`, `kek`), whose it is, and its form as it is stored. No door: it sees
-- what its caller sees.
CREATE FUNCTION app.sealed_values()
RETURNS TABLE (kind text, opened_by text, tenant_id uuid, id uuid, version integer, sealed bytea)
LANGUAGE sql STABLE SET search_path = pg_catalog, app AS $$
  SELECT 'provider', 'service', p.tenant_id, p.provider_id, 0, p.secret FROM app.identity_provider p WHERE p.secret IS NOT NULL
  UNION ALL SELECT 'second factor', 'service', o.tenant_id, o.account_id, 0, o.sealed FROM app.totp o
  UNION ALL SELECT 'inbound webhook', 'service', i.tenant_id, i.hook_id, i.version, i.sealed FROM app.inbound_secret i
  UNION ALL SELECT 'document key', 'service', d.tenant_id, d.tenant_id, d.version, d.wrapped FROM app.document_key d
  UNION ALL SELECT 'mail', 'kek', m.tenant_id, m.mail_id, 0, m.sealed FROM app.mail m WHERE m.sealed IS NOT NULL
$$;

-- Those of one opener that another key than `current` sealed, at most `most`, from a place in their order on.
CREATE FUNCTION app.values_to_reseal(opener text, current bytea, after_id uuid, after_version integer, most integer)
RETURNS TABLE (kind text, tenant_id uuid, id uuid, version integer, sealed bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT s.kind, s.tenant_id, s.id, s.version, s.sealed FROM app.sealed_values() s
  WHERE s.opened_by = opener AND (s.id, s.version) > (after_id, after_version) AND substr(s.sealed, 1, 8) <> current
  ORDER BY s.id, s.version LIMIT most
$$;

-- Put the new form of each in the place of the one that it was made from; what has another by now is left as it is.
CREATE FUNCTION app.reseal_values(kinds text[], ids uuid[], versions integer[], olds bytea[], news bytea[]) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  WITH given AS MATERIALIZED (
    SELECT * FROM unnest(kinds, ids, versions, olds, news) AS n(kind, id, version, old, new)
  ), providers AS (
    UPDATE app.identity_provider p SET secret = n.new FROM given n
    WHERE n.kind = 'provider' AND p.provider_id = n.id AND p.secret = n.old RETURNING 1
  ), factors AS (
    UPDATE app.totp o SET sealed = n.new FROM given n
    WHERE n.kind = 'second factor' AND o.account_id = n.id AND o.sealed = n.old RETURNING 1
  ), hooks AS (
    UPDATE app.inbound_secret i SET sealed = n.new FROM given n
    WHERE n.kind = 'inbound webhook' AND i.hook_id = n.id AND i.version = n.version AND i.sealed = n.old RETURNING 1
  ), documents AS (
    UPDATE app.document_key d SET wrapped = n.new FROM given n
    WHERE n.kind = 'document key' AND d.tenant_id = n.id AND d.version = n.version AND d.wrapped = n.old RETURNING 1
  ), mails AS (
    UPDATE app.mail m SET sealed = n.new FROM given n WHERE n.kind = 'mail' AND m.mail_id = n.id AND m.sealed = n.old RETURNING 1
  )
  SELECT count(*)::integer FROM (
    SELECT FROM providers UNION ALL SELECT FROM factors UNION ALL SELECT FROM hooks UNION ALL SELECT FROM documents
    UNION ALL SELECT FROM mails) done
$$;

-- What each key wraps or seals, by its id. `provider` is told of tenants' keys; a mail does not say who wrapped what is in it.
CREATE FUNCTION app.wrapped_by() RETURNS TABLE (id bytea, kind text, provider text, things bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT s.id, s.kind, s.provider, count(*) FROM (
    SELECT substr(k.wrapped, 1, 8) AS id, 'tenant key' AS kind, k.provider FROM app.tenant_key k
    UNION ALL SELECT substr(f.sealed, 1, 8), f.kind, CASE f.opened_by WHEN 'service' THEN 'file' ELSE '' END
    FROM app.sealed_values() f
  ) s GROUP BY 1, 2, 3 ORDER BY 1, 2
$$;
