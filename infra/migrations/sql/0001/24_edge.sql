-- Domains that partners claim for themselves (ADR 0050). A claim blocks nobody: anybody may write one down, and who shows the
-- token in a TXT record of the name has it. Of the claims of one name one is held.
--   token        that the TXT record `_portal-claim.DOMAIN` is to hold; of this partner and this name alone
--   target       what a CNAME of the name is to lead to: nobody's guess, so that one left behind leads to nobody
--   state        pending: not proven · quarantined: proven, not used before `usable_at` · active · failing: proven no more, and
--                taken away when that lasts · released
--   held_at      since when it is this partner's; NULL: it never was
--   found        what the last check saw: `proven missing unknown taken points-elsewhere`
--   check_at     when it is looked at next
CREATE TABLE app.domain_claim (
  partner_id uuid NOT NULL REFERENCES app.partner,
  claim_id uuid NOT NULL,
  domain text NOT NULL CHECK (domain ~ '^[a-z0-9-]+([.][a-z0-9-]+)+$' AND length(domain) <= 253),
  use text NOT NULL CHECK (use IN ('portal', 'api')),
  token text NOT NULL CHECK (length(token) BETWEEN 32 AND 64),
  target text NOT NULL CHECK (target ~ '^[0-9a-f]{26}$'),
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'quarantined', 'active', 'failing', 'released')),
  held_at timestamptz,
  usable_at timestamptz,
  failing_since timestamptz,
  released_at timestamptz,
  found text,
  checked_at timestamptz,
  check_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  made_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (partner_id, claim_id),
  CHECK ((state = 'released') = (released_at IS NOT NULL)),
  CHECK ((state = 'failing') <= (failing_since IS NOT NULL))
);
CREATE UNIQUE INDEX domain_claim_id ON app.domain_claim (claim_id);
CREATE UNIQUE INDEX domain_claim_open ON app.domain_claim (partner_id, domain) WHERE state <> 'released';
CREATE UNIQUE INDEX domain_claim_held ON app.domain_claim (domain) WHERE state IN ('quarantined', 'active', 'failing');
CREATE INDEX domain_claim_left ON app.domain_claim (domain, released_at) WHERE state = 'released' AND held_at IS NOT NULL;
CREATE INDEX domain_claim_due ON app.domain_claim (check_at) WHERE state <> 'released';

-- A partner writes claims down and reads its own; what becomes of one only the doors below say.
CREATE POLICY organization ON app.domain_claim TO waybill_app
  USING (app.is_operator() OR partner_id = app.partner_id())
  WITH CHECK (partner_id = app.partner_id() AND state = 'pending' AND held_at IS NULL);
CREATE POLICY doors ON app.domain_claim TO waybill_doors USING (true) WITH CHECK (true);
CREATE POLICY domains ON app.portal_host TO waybill_doors USING (true) WITH CHECK (true);
CREATE POLICY domains ON app.organization_audit FOR INSERT TO waybill_doors WITH CHECK (true);
GRANT SELECT, INSERT ON app.domain_claim TO waybill_app;
GRANT SELECT, UPDATE ON app.domain_claim TO waybill_doors;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.portal_host TO waybill_doors;
GRANT INSERT ON app.organization_audit TO waybill_doors;

-- Claims to look at now, the longest due first.
CREATE FUNCTION app.due_domains(most integer)
RETURNS TABLE (partner_id uuid, claim_id uuid, domain text, token text, target text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, app AS $$
  SELECT c.partner_id, c.claim_id, c.domain, c.token, c.target FROM app.domain_claim c
  WHERE c.state <> 'released' AND c.check_at <= (SELECT clock_timestamp()) ORDER BY c.check_at LIMIT most
$$;

CREATE FUNCTION app.tell_domain(of_claim app.domain_claim, by_whom text, what text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, app AS $$
  INSERT INTO app.organization_audit (audit_id, partner_id, actor, action, target, after)
  VALUES (app.new_id(), of_claim.partner_id, by_whom, what, of_claim.domain, json_build_object(
    'claim', app.show_id('dom', of_claim.claim_id), 'use', of_claim.use, 'state', of_claim.state, 'found', of_claim.found,
    'usable_at', of_claim.usable_at, 'failing_since', of_claim.failing_since))
$$;

-- What a look at the name comes to; `seen` is `proven`, `missing`, `points-elsewhere` or `unknown`. The one way in which a claim
-- changes, for whoever looked, so that of two partners who race one has the name: the index lets no second one through.
-- Judged in a transaction of the claim's own partner, or of the operator; for any other there is no such claim.
--   wait   from the first proof to the first use
--   grace  from the first miss until the name is taken away
--   rest   that a name left by another partner has before it is used again
-- An answer that did not come takes nothing away and gives nothing.
CREATE FUNCTION app.judge_domain(of_claim uuid, seen text, by_whom text, wait interval, grace interval, rest interval)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE
  c app.domain_claim;
  was text;
  now_is timestamptz := clock_timestamp();
  is_seen boolean := seen = 'proven';
  is_missing boolean := seen IN ('missing', 'points-elsewhere');
BEGIN
  -- As `take_turn` of `infra.database`: whoever gives the name back in the state that they saw is first, or sees this.
  PERFORM pg_advisory_xact_lock(hashtextextended('domain/' || of_claim, 43));
  SELECT * INTO c FROM app.domain_claim d WHERE d.claim_id = of_claim
    AND (app.is_operator() OR d.partner_id = app.partner_id()) FOR UPDATE;
  IF NOT FOUND OR c.state = 'released' THEN RETURN c.state; END IF;
  was := c.state;
  c.found := seen;
  IF was = 'pending' AND is_seen THEN
    c.state := 'quarantined';
    c.held_at := now_is;
    c.usable_at := greatest(now_is + wait, (
      SELECT max(o.released_at) + rest FROM app.domain_claim o
      WHERE o.domain = c.domain AND o.state = 'released' AND o.held_at IS NOT NULL AND o.usable_at <= o.released_at
        AND o.partner_id <> c.partner_id));
  ELSIF was = 'pending' AND c.created_at < now_is - interval '30 days' THEN
    c.state := 'released';
    c.released_at := now_is;
  ELSIF was = 'quarantined' AND is_missing THEN
    c.state := 'pending';
    c.held_at := NULL;
    c.usable_at := NULL;
  ELSIF was = 'quarantined' AND is_seen AND now_is >= c.usable_at THEN
    c.state := 'active';
  ELSIF was = 'active' AND is_missing THEN
    c.state := 'failing';
    c.failing_since := now_is;
  ELSIF was = 'failing' AND is_seen THEN
    c.state := 'active';
    c.failing_since := NULL;
  ELSIF was = 'failing' AND is_missing AND now_is >= c.failing_since + grace THEN
    c.state := 'released';
    c.released_at := now_is;
  END IF;
  c.checked_at := now_is;
  c.check_at := now_is + CASE c.state WHEN 'active' THEN interval '1 day' WHEN 'pending' THEN
      CASE WHEN c.created_at > now_is - interval '1 day' THEN interval '10 minutes' ELSE interval '6 hours' END
    WHEN 'quarantined' THEN least(greatest(c.usable_at - now_is, interval '1 second'), interval '1 day') ELSE interval '1 hour' END;
  BEGIN
    IF c.state IN ('quarantined', 'active') AND c.state <> was THEN
      -- Given to another by the operator: then it is that one's, whoever may write TXT records.
      IF EXISTS (SELECT 1 FROM app.portal_host h WHERE h.host = c.domain AND h.partner_id <> c.partner_id) THEN
        RAISE unique_violation;
      END IF;
      IF c.state = 'active' THEN
        -- What the operator gave stays the operator's: a claim takes it along neither to another use nor away.
        INSERT INTO app.portal_host AS h (host, partner_id, use, is_claimed) VALUES (c.domain, c.partner_id, c.use, true)
        ON CONFLICT (host) DO UPDATE SET use = excluded.use WHERE h.partner_id = excluded.partner_id AND h.is_claimed;
        IF NOT EXISTS (SELECT 1 FROM app.portal_host h
                       WHERE h.host = c.domain AND h.partner_id = c.partner_id AND h.use = c.use) THEN
          RAISE unique_violation;
        END IF;
      END IF;
    END IF;
    UPDATE app.domain_claim d SET state = c.state, held_at = c.held_at, usable_at = c.usable_at, failing_since = c.failing_since,
      released_at = c.released_at, found = c.found, checked_at = c.checked_at, check_at = c.check_at
    WHERE d.claim_id = of_claim;
  EXCEPTION WHEN unique_violation THEN
    c.state := 'pending';
    c.found := 'taken';
    UPDATE app.domain_claim d SET state = 'pending', held_at = NULL, usable_at = NULL, found = 'taken', checked_at = now_is,
      check_at = now_is + interval '6 hours' WHERE d.claim_id = of_claim;
  END;
  IF c.state = 'released' THEN DELETE FROM app.portal_host h WHERE h.host = c.domain AND h.partner_id = c.partner_id AND h.is_claimed; END IF;
  IF c.state <> was THEN PERFORM app.tell_domain(c, by_whom, 'domain.' || c.state); END IF;
  RETURN c.state;
END $$;

-- Its partner gives a name back, or the operator takes it: it is nobody's within 5 s, and of no other partner before its
-- rest is over. One that the operator gave stays.
CREATE FUNCTION app.release_domain(of_partner uuid, of_claim uuid, by_whom text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $$
DECLARE c app.domain_claim;
BEGIN
  UPDATE app.domain_claim d SET state = 'released', released_at = clock_timestamp()
  WHERE d.partner_id = of_partner AND d.claim_id = of_claim AND d.state <> 'released'
    AND (app.is_operator() OR d.partner_id = app.partner_id()) RETURNING * INTO c;
  IF NOT FOUND THEN RETURN NULL; END IF;
  DELETE FROM app.portal_host h WHERE h.host = c.domain AND h.partner_id = of_partner AND h.is_claimed;
  PERFORM app.tell_domain(c, by_whom, 'domain.released');
  RETURN 'released';
END $$;
