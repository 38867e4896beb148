-- Whose rows a transaction may touch. Unset means nobody's: a forgotten scope reads nothing (S-08).
-- nullif, because a setting that was ever set reads '' after its transaction, and ''::uuid raises.
CREATE FUNCTION app.tenant_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('app.tenant_id', true), '')::uuid $$;

CREATE FUNCTION app.partner_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('app.partner_id', true), '')::uuid $$;

CREATE FUNCTION app.is_operator() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(current_setting('app.operator', true), '') = 'on' $$;

-- The smallest UUIDv7 of a month: ids carry their time, so a month is a range of ids and no key needs a date.
CREATE FUNCTION app.month_floor(month date) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
  SELECT (lpad(to_hex((extract(epoch FROM date_trunc('month', month::timestamp)) * 1000)::bigint), 12, '0')
          || repeat('0', 20))::uuid
$$;

-- Virtual time of the fair queue in millionths of a turn: about the turn that was served last. A sequence, since it takes
-- no row lock and does not roll back. Two claims at once may leave the smaller of their turns; nothing depends on more.
CREATE SEQUENCE app.virtual_clock AS bigint MINVALUE 0 START 0;

-- A UUIDv7 made in the database, for the few rows that only the database writes. PostgreSQL 17 has no uuidv7().
CREATE FUNCTION app.new_id() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING
    substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$;

-- An id as people see it, the same letters as `infra.ids.show`.
CREATE FUNCTION app.show_id(prefix text, id uuid) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT prefix || '_' || string_agg(
    substr('0123456789abcdefghjkmnpqrstvwxyz',
           substring(B'00' || ('x' || replace(id::text, '-', ''))::bit(128) FROM place * 5 + 1 FOR 5)::integer + 1, 1), ''
    ORDER BY place)
  FROM generate_series(0, 25) AS place
$$;
