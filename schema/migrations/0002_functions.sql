-- The functions through which the control number, revocations, leases and partitions change, and
-- the rights of each role. Advisory locks, always taken in this order:
--   7000001  control: shared by every writing transaction, exclusive to raise decision or tick
--   7000002  revocation numbers: max + 1, so the number is the commit order
--   7000003  leases: shared to write one, exclusive to ask which are outstanding
--   7000004  partitions
-- Functions that wait for a lock are VOLATILE plpgsql: each statement after the lock has a
-- snapshot of its own, and so sees what the lock's holder before committed.

-- The first statement of every writing transaction. The number is read in a second statement, so
-- it is the one that stays in force until this transaction ends.
CREATE FUNCTION begin_write()
RETURNS TABLE (decision bigint, tick bigint, xid xid8, at timestamptz)
LANGUAGE plpgsql VOLATILE SET search_path = mayfly, pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(7000001);
  RETURN QUERY SELECT c.decision, c.tick, pg_current_xact_id(), clock_timestamp() FROM control c;
END $$;

-- Raises the control number for one act. Only for the functions below.
CREATE FUNCTION raise_decision(OUT decision bigint, OUT tick bigint)
LANGUAGE plpgsql VOLATILE SET search_path = mayfly, pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7000001);
  UPDATE control c SET decision = c.decision + 1
    RETURNING c.decision, c.tick INTO raise_decision.decision, raise_decision.tick;
END $$;

-- Puts a policy in force; the text in force again changes nothing.
CREATE FUNCTION activate_policy(p_body text, p_hash bytea, p_principal text,
                                OUT version bigint, OUT changed boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = mayfly, pg_catalog, pg_temp AS $$
DECLARE
  newest policy_version;
  raised record;
BEGIN
  IF sha256(convert_to(p_body, 'UTF8')) <> p_hash THEN
    RAISE EXCEPTION 'the policy text does not match its hash' USING ERRCODE = 'check_violation';
  END IF;
  PERFORM pg_advisory_xact_lock(7000001);
  SELECT * INTO newest FROM policy_version p ORDER BY p.version DESC LIMIT 1;
  changed := newest.version IS NULL OR newest.body_hash <> p_hash;
  version := coalesce(newest.version, 0) + changed::integer;
  IF changed THEN
    SELECT * INTO raised FROM raise_decision();
    INSERT INTO policy_version (version, body, body_hash, decision, principal, tick)
      VALUES (activate_policy.version, p_body, p_hash, raised.decision, p_principal, raised.tick);
    INSERT INTO event (kind, principal, detail, tick)
      VALUES ('policy.activated', p_principal,
              jsonb_build_object('version', activate_policy.version,
                                 'sha256', encode(p_hash, 'hex')), raised.tick);
  END IF;
END $$;

-- Blocks (p_effect 1) or lifts (2); gives the control number that it takes force with.
CREATE FUNCTION add_block(p_kind smallint, p_value bytea, p_effect smallint, p_reason text,
                          p_principal text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = mayfly, pg_catalog, pg_temp AS $$
DECLARE
  raised record;
BEGIN
  SELECT * INTO raised FROM raise_decision();
  INSERT INTO block (kind, value, decision, effect, reason, principal, tick)
    VALUES (p_kind, p_value, raised.decision, p_effect, p_reason, p_principal, raised.tick);
  INSERT INTO event (kind, principal, detail, tick)
    VALUES (CASE p_effect WHEN 1 THEN 'block.added' ELSE 'block.lifted' END, p_principal,
            jsonb_build_object('kind', p_kind, 'value', encode(p_value, 'hex'),
                               'reason', p_reason), raised.tick);
  RETURN raised.decision;
END $$;

-- Revokes for ever; the first revocation stands. An intent is abandoned with it, in the same
-- transaction. No row: no such certificate.
CREATE FUNCTION revoke(p_serial bytea, p_issuer integer, p_reason smallint, p_principal text)
RETURNS TABLE (number bigint, reason smallint, revoked_at timestamptz, not_after timestamptz,
               was_revoked_before boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = mayfly, pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_control record;
  v_not_after timestamptz;
BEGIN
  SELECT * INTO v_control FROM begin_write();
  PERFORM pg_advisory_xact_lock(7000002);
  RETURN QUERY SELECT r.number, r.reason, r.revoked_at, r.not_after, true FROM revocation r
    WHERE r.serial = p_serial AND r.issuer_id = p_issuer;
  IF FOUND THEN RETURN; END IF;
  SELECT i.not_after INTO v_not_after FROM issuance i
    WHERE i.serial = p_serial AND i.issuer_id = p_issuer;
  IF NOT FOUND THEN RETURN; END IF;
  -- Waits where a signature is being committed, and then loses to it.
  INSERT INTO outcome (serial, issuer_id, kind, decision, policy_version, tick)
    VALUES (p_serial, p_issuer, 2, v_control.decision,
            coalesce((SELECT max(p.version) FROM policy_version p), 0), v_control.tick)
    ON CONFLICT DO NOTHING;
  RETURN QUERY INSERT INTO revocation
      (number, serial, issuer_id, reason, revoked_at, not_after, principal, tick)
    SELECT coalesce(max(r.number), 0) + 1, p_serial, p_issuer, p_reason, clock_timestamp(),
           v_not_after, p_principal, v_control.tick FROM revocation r
    RETURNING number, reason, revoked_at, not_after, false;
  PERFORM pg_notify('mayfly_revocation', '');
END $$;

-- A responder's lease. False, and nothing written, where it has no live lease and has not applied
-- every revocation: whoever acknowledged one of those did not wait for it. Such a check and
-- outstanding_leases exclude each other, so no lease slips between a revocation and its wait.
CREATE FUNCTION write_lease(p_responder uuid, p_applied bigint, p_lease interval,
                            p_answer_life interval) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = mayfly, pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(7000003);
  IF NOT EXISTS (SELECT FROM responder_lease l
                 WHERE l.responder = p_responder AND l.expires_at > clock_timestamp())
     AND EXISTS (SELECT FROM revocation r WHERE r.number > p_applied
                 AND r.not_after > clock_timestamp() - interval '1 day') THEN
    RETURN false;
  END IF;
  INSERT INTO responder_lease AS l (responder, applied, expires_at, answer_life)
    VALUES (p_responder, p_applied, clock_timestamp() + p_lease, p_answer_life)
    ON CONFLICT (responder) DO UPDATE
      SET applied = excluded.applied, expires_at = excluded.expires_at,
          -- What was said under the longer life is still out there.
          answer_life = greatest(excluded.answer_life, l.answer_life);
  RETURN true;
END $$;

-- Which leases may still answer from before revocation p_number, of a certificate that ends at
-- p_not_after (responders are not told of those that ended over a day ago), and the longest life
-- of an answer given under any lease.
CREATE FUNCTION outstanding_leases(p_number bigint, p_not_after timestamptz,
                                   OUT outstanding bigint, OUT answer_life interval)
LANGUAGE plpgsql VOLATILE SET search_path = mayfly, pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7000003);
  SELECT count(*) FILTER (WHERE l.applied < p_number AND l.expires_at > clock_timestamp()
                            AND p_not_after > clock_timestamp() - interval '1 day'),
         coalesce(max(l.answer_life), interval '0')
    INTO outstanding, answer_life FROM responder_lease l;
END $$;

-- One partition, where it is not there yet: made beside the parent and attached, which does not
-- block the parent's writers (CREATE .. PARTITION OF would).
CREATE FUNCTION make_partition(p_parent text, p_name text, p_from text, p_to text) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = mayfly, pg_catalog, pg_temp AS $$
BEGIN
  IF to_regclass(format('mayfly_partitions.%I', p_name)) IS NOT NULL THEN RETURN 0; END IF;
  EXECUTE format('CREATE TABLE mayfly_partitions.%I (LIKE mayfly.%I INCLUDING ALL)', p_name, p_parent);
  EXECUTE format('ALTER TABLE mayfly.%I ATTACH PARTITION mayfly_partitions.%I FOR VALUES FROM (%L) TO (%L)',
                 p_parent, p_name, p_from, p_to);
  RETURN 1;
END $$;

-- The 12 hex digits of the first millisecond of a day.
CREATE FUNCTION day_ms_hex(p_day date) RETURNS text LANGUAGE sql IMMUTABLE STRICT
RETURN lpad(to_hex((p_day - date '1970-01-01')::bigint * 86400000), 12, '0');

-- Partitions from yesterday's (ids may be a day old, clocks may differ) to p_spans_ahead spans
-- after today's. Spans are 1, 7 and 28 days for the lifetime classes 1 to 3, aligned to the epoch.
CREATE FUNCTION make_partitions(p_spans_ahead integer) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = mayfly, pg_catalog, pg_temp AS $$
DECLARE
  spans integer[] := ARRAY[1, 7, 28];
  today integer := (clock_timestamp() AT TIME ZONE 'UTC')::date - date '1970-01-01';
  made integer := 0;
  span integer;
  first_day date;
  until_day date;
  parent text;
BEGIN
  PERFORM pg_advisory_xact_lock(7000004);
  FOR class IN 1..3 LOOP
    span := spans[class];
    FOR k IN (today - 1) / span .. today / span + p_spans_ahead LOOP
      first_day := date '1970-01-01' + k * span;
      until_day := first_day + span;
      FOREACH parent IN ARRAY ARRAY['issuance', 'outcome'] LOOP
        made := made + make_partition(
          parent, format('%s_c%s_%s', parent, class, to_char(first_day, 'YYYYMMDD')),
          '\x2' || class || day_ms_hex(first_day), '\x2' || class || day_ms_hex(until_day));
      END LOOP;
    END LOOP;
  END LOOP;
  FOR k IN today - 1 .. today + p_spans_ahead LOOP
    first_day := date '1970-01-01' + k;
    made := made + make_partition('request', format('request_%s', to_char(first_day, 'YYYYMMDD')),
      rpad(day_ms_hex(first_day), 32, '0')::uuid::text,
      rpad(day_ms_hex(first_day + 1), 32, '0')::uuid::text);
  END LOOP;
  RETURN made;
END $$;

-- Rights. Nobody but the owner updates or deletes, leases excepted.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA mayfly FROM PUBLIC;
GRANT EXECUTE ON FUNCTION serial_ms(bytea), uuid_ms(uuid), unix_ms(timestamptz)
  TO mayfly_issue, mayfly_respond, mayfly_project, mayfly_maintain, mayfly_read;

-- Nobody but the owner says who is an issuer, and when a row came is the database's to say.
GRANT INSERT ON foreign_certificate, event, token_use, lineage_use TO mayfly_issue;
GRANT INSERT (serial, issuer_id, generation, decision, policy_version, tick, not_after, renew_from,
    renew_until, lineage, request_id, parent_serial, profile, principal, tbs)
  ON issuance TO mayfly_issue;
GRANT INSERT (serial, issuer_id, kind, decision, policy_version, tick, signature)
  ON outcome TO mayfly_issue;
GRANT INSERT (request_id, scope, attempt, issuer_id, serial, body_hash, tick)
  ON request TO mayfly_issue;
GRANT SELECT ON issuer, ca_certificate, ca_certificate_outcome, foreign_certificate, issuance,
  outcome, request, event, token_use, lineage_use, control, revocation, policy_version, block, responder_lease, certificate, schema_migration
  TO mayfly_issue;
GRANT EXECUTE ON FUNCTION begin_write(), revoke(bytea, integer, smallint, text),
  outstanding_leases(bigint, timestamptz), activate_policy(text, bytea, text),
  add_block(smallint, bytea, smallint, text, text) TO mayfly_issue;

GRANT SELECT ON issuer, issuance, outcome, revocation, ca_certificate, ca_certificate_outcome,
  schema_migration TO mayfly_respond;
GRANT SELECT, INSERT, UPDATE ON responder_lease TO mayfly_respond;
GRANT EXECUTE ON FUNCTION write_lease(uuid, bigint, interval, interval) TO mayfly_respond;

GRANT SELECT ON ALL TABLES IN SCHEMA mayfly TO mayfly_project, mayfly_maintain, mayfly_read;
GRANT EXECUTE ON FUNCTION make_partitions(integer) TO mayfly_maintain;
