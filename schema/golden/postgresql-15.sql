SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA mayfly;
CREATE SCHEMA mayfly_partitions;
CREATE FUNCTION mayfly.activate_policy(p_body text, p_hash bytea, p_principal text, OUT version bigint, OUT changed boolean) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'mayfly', 'pg_catalog', 'pg_temp'
    AS $$
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
CREATE FUNCTION mayfly.activate_policy(p_body text, p_hash bytea, p_principal text, p_base bigint, OUT version bigint, OUT changed boolean, OUT outdated boolean) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'mayfly', 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
  newest policy_version;
BEGIN
  PERFORM pg_advisory_xact_lock(7000001);
  SELECT * INTO newest FROM policy_version p ORDER BY p.version DESC LIMIT 1;
  outdated := p_base IS NOT NULL AND coalesce(newest.version, 0) <> p_base
              AND newest.body_hash IS DISTINCT FROM p_hash;
  IF outdated THEN
    version := coalesce(newest.version, 0);
    changed := false;
    RETURN;
  END IF;
  SELECT a.version, a.changed INTO activate_policy.version, activate_policy.changed
    FROM activate_policy(p_body, p_hash, p_principal) a;
END $$;
CREATE FUNCTION mayfly.add_block(p_kind smallint, p_value bytea, p_effect smallint, p_reason text, p_principal text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'mayfly', 'pg_catalog', 'pg_temp'
    AS $$
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
CREATE FUNCTION mayfly.begin_write() RETURNS TABLE(decision bigint, tick bigint, xid xid8, at timestamp with time zone)
    LANGUAGE plpgsql
    SET search_path TO 'mayfly', 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(7000001);
  RETURN QUERY SELECT c.decision, c.tick, pg_current_xact_id(), clock_timestamp() FROM control c;
END $$;
CREATE FUNCTION mayfly.close_tick() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'mayfly', 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '1s'
    AS $$
DECLARE
  closed bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(7000001);
  UPDATE control c SET tick = c.tick + 1 RETURNING c.tick - 1 INTO closed;
  RETURN closed;
END $$;
CREATE FUNCTION mayfly.day_ms_hex(p_day date) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT
    RETURN lpad(to_hex((((p_day - '1970-01-01'::date))::bigint * 86400000)), 12, '0'::text);
CREATE FUNCTION mayfly.is_standing(p_serial bytea) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'mayfly', 'pg_catalog', 'pg_temp'
    AS $$
  SELECT coalesce(bool_and(n.not_after > clock_timestamp()
           AND NOT EXISTS (SELECT FROM revocation r WHERE r.serial IN (p_serial, n.serial))), false)
    FROM issuance i
    LEFT JOIN LATERAL (
      SELECT u.serial FROM lineage_use u
        WHERE u.lineage = i.lineage AND u.generation > i.generation
        ORDER BY u.generation DESC LIMIT 1) later ON true
    JOIN issuance n ON n.serial = coalesce(later.serial, i.serial)
    WHERE i.serial = p_serial
$$;
CREATE FUNCTION mayfly.make_partition(p_parent text, p_name text, p_from text, p_to text) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'mayfly', 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  IF to_regclass(format('mayfly_partitions.%I', p_name)) IS NOT NULL THEN RETURN 0; END IF;
  EXECUTE format('CREATE TABLE mayfly_partitions.%I (LIKE mayfly.%I INCLUDING ALL)', p_name, p_parent);
  EXECUTE format('ALTER TABLE mayfly.%I ATTACH PARTITION mayfly_partitions.%I FOR VALUES FROM (%L) TO (%L)',
                 p_parent, p_name, p_from, p_to);
  RETURN 1;
END $$;
CREATE FUNCTION mayfly.make_partitions(p_spans_ahead integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'mayfly', 'pg_catalog', 'pg_temp'
    AS $$
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
CREATE FUNCTION mayfly.outstanding_leases(p_number bigint, p_not_after timestamp with time zone, OUT outstanding bigint, OUT answer_life interval) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'mayfly', 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7000003);
  SELECT count(*) FILTER (WHERE l.applied < p_number AND l.expires_at > clock_timestamp()
                            AND p_not_after > clock_timestamp() - interval '1 day'),
         coalesce(max(l.answer_life), interval '0')
    INTO outstanding, answer_life FROM responder_lease l;
END $$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE mayfly.proposal (
    id uuid NOT NULL,
    kind smallint NOT NULL,
    policy_text text,
    base_version bigint,
    reason smallint,
    payload_hash bytea NOT NULL,
    principal text NOT NULL,
    principal_scope text NOT NULL,
    principal_names text[] NOT NULL,
    principal_key bytea NOT NULL,
    principal_serial bytea NOT NULL,
    tick bigint NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT proposal_check CHECK ((expires_at <= (created_at + '8 days'::interval))),
    CONSTRAINT proposal_check1 CHECK ((((kind = 1) = (policy_text IS NOT NULL)) AND ((kind = 1) = (base_version IS NOT NULL)) AND ((kind = 2) = (reason IS NOT NULL)))),
    CONSTRAINT proposal_kind_check CHECK ((kind = ANY (ARRAY[1, 2]))),
    CONSTRAINT proposal_payload_hash_check CHECK ((octet_length(payload_hash) = 32)),
    CONSTRAINT proposal_principal_key_check CHECK ((octet_length(principal_key) = 32)),
    CONSTRAINT proposal_reason_check CHECK ((reason = ANY (ARRAY[0, 1, 2, 3, 4, 5, 9])))
);
CREATE FUNCTION mayfly.proposal_state(p mayfly.proposal) RETURNS smallint
    LANGUAGE sql STABLE
    SET search_path TO 'mayfly', 'pg_catalog', 'pg_temp'
    AS $$
  SELECT CASE
    WHEN EXISTS (SELECT FROM proposal_end e WHERE e.proposal = p.id AND e.kind = 1) THEN 2
    WHEN EXISTS (SELECT FROM proposal_end e WHERE e.proposal = p.id AND e.kind = 2) THEN 3
    WHEN p.expires_at <= clock_timestamp() THEN 4
    WHEN p.kind = 1
         AND p.base_version <> coalesce((SELECT max(v.version) FROM policy_version v), 0) THEN 5
    ELSE 1 END::smallint
$$;
CREATE FUNCTION mayfly.raise_decision(OUT decision bigint, OUT tick bigint) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'mayfly', 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7000001);
  UPDATE control c SET decision = c.decision + 1
    RETURNING c.decision, c.tick INTO raise_decision.decision, raise_decision.tick;
END $$;
CREATE FUNCTION mayfly.revoke(p_serial bytea, p_issuer integer, p_reason smallint, p_principal text) RETURNS TABLE(number bigint, reason smallint, revoked_at timestamp with time zone, not_after timestamp with time zone, was_revoked_before boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'mayfly', 'pg_catalog', 'pg_temp'
    AS $$
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
CREATE FUNCTION mayfly.revoke(p_serial bytea, p_issuer integer, p_reason smallint, p_principal text, p_key bytea) RETURNS TABLE(number bigint, reason smallint, revoked_at timestamp with time zone, not_after timestamp with time zone, was_revoked_before boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'mayfly', 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
BEGIN
  IF p_key IS NOT NULL
     AND EXISTS (SELECT FROM issuance i WHERE i.serial = p_serial AND i.issuer_id = p_issuer)
     AND coalesce((SELECT b.effect FROM block b WHERE b.kind = 2 AND b.value = p_key
                   ORDER BY b.decision DESC LIMIT 1), 2) = 2 THEN
    PERFORM add_block(2::smallint, p_key, 1::smallint,
                      'key compromise, with ' || encode(p_serial, 'hex'), p_principal);
  END IF;
  RETURN QUERY SELECT * FROM revoke(p_serial, p_issuer, p_reason, p_principal);
END $$;
CREATE FUNCTION mayfly.serial_ms(serial bytea) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (((((((get_byte(serial, 1))::bigint << 40) + ((get_byte(serial, 2))::bigint << 32)) + ((get_byte(serial, 3))::bigint << 24)) + ((get_byte(serial, 4))::bigint << 16)) + ((get_byte(serial, 5))::bigint << 8)) + (get_byte(serial, 6))::bigint);
CREATE FUNCTION mayfly.silent_since(p_generation integer, p_issued_at timestamp with time zone, p_not_after timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (p_generation > 0) THEN p_issued_at ELSE (p_issued_at + ((p_not_after - p_issued_at) / (2)::double precision)) END;
CREATE FUNCTION mayfly.unix_ms(at timestamp with time zone) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (floor((EXTRACT(epoch FROM at) * (1000)::numeric)))::bigint;
CREATE FUNCTION mayfly.uuid_ms(id uuid) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN mayfly.serial_ms(('\x00'::bytea || SUBSTRING(uuid_send(id) FROM 1 FOR 6)));
CREATE FUNCTION mayfly.write_lease(p_responder uuid, p_applied bigint, p_lease interval, p_answer_life interval) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'mayfly', 'pg_catalog', 'pg_temp'
    AS $$
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
CREATE TABLE mayfly.key_holder (
    spki_hash bytea NOT NULL,
    identity bytea NOT NULL,
    serial bytea NOT NULL,
    issuer_id integer NOT NULL,
    lineage uuid NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    not_after timestamp with time zone NOT NULL,
    is_shared boolean DEFAULT false NOT NULL,
    CONSTRAINT key_holder_identity_check CHECK ((octet_length(identity) = 32)),
    CONSTRAINT key_holder_spki_hash_check CHECK ((octet_length(spki_hash) = 32))
);
CREATE TABLE mayfly.lineage_state (
    lineage uuid NOT NULL,
    identity bytea NOT NULL,
    enrolled_by text NOT NULL,
    enrolled_at timestamp with time zone NOT NULL,
    generation integer NOT NULL,
    serial bytea NOT NULL,
    issuer_id integer NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    renew_until timestamp with time zone NOT NULL,
    not_after timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    copied_at timestamp with time zone,
    CONSTRAINT lineage_state_identity_check CHECK ((octet_length(identity) = 32))
);
CREATE TABLE mayfly.revocation (
    number bigint NOT NULL,
    serial bytea NOT NULL,
    issuer_id integer NOT NULL,
    reason smallint NOT NULL,
    revoked_at timestamp with time zone NOT NULL,
    not_after timestamp with time zone NOT NULL,
    principal text NOT NULL,
    tick bigint NOT NULL,
    CONSTRAINT revocation_number_check CHECK ((number > 0)),
    CONSTRAINT revocation_reason_check CHECK ((reason = ANY (ARRAY[0, 1, 2, 3, 4, 5, 9])))
);
CREATE VIEW mayfly.alert AS
 SELECT 1 AS kind,
    k.serial,
    k.issuer_id,
    k.lineage,
    k.issued_at AS since
   FROM mayfly.key_holder k
  WHERE (k.is_shared AND (k.not_after >= now()) AND (NOT (EXISTS ( SELECT
           FROM mayfly.revocation r
          WHERE ((r.serial = k.serial) AND (r.issuer_id = k.issuer_id))))) AND (EXISTS ( SELECT
           FROM mayfly.key_holder o
          WHERE (o.is_shared AND (o.spki_hash = k.spki_hash) AND (o.identity <> k.identity) AND (o.not_after >= now()) AND (NOT (EXISTS ( SELECT
                   FROM mayfly.revocation r
                  WHERE ((r.serial = o.serial) AND (r.issuer_id = o.issuer_id)))))))))
UNION ALL
 SELECT 2 AS kind,
    l.serial,
    l.issuer_id,
    l.lineage,
    l.copied_at AS since
   FROM mayfly.lineage_state l
  WHERE ((l.copied_at IS NOT NULL) AND (l.revoked_at IS NULL) AND (l.not_after >= now()))
UNION ALL
 SELECT 3 AS kind,
    o.serial,
    o.issuer_id,
    o.lineage,
    o.renew_until AS since
   FROM ( SELECT l.lineage,
            l.identity,
            l.enrolled_by,
            l.enrolled_at,
            l.generation,
            l.serial,
            l.issuer_id,
            l.issued_at,
            l.renew_until,
            l.not_after,
            l.revoked_at,
            l.copied_at,
            mayfly.silent_since(l.generation, l.issued_at, l.not_after) AS silent,
            count(*) OVER (PARTITION BY l.identity, l.enrolled_by ORDER BY (mayfly.silent_since(l.generation, l.issued_at, l.not_after)) DESC) AS rivals
           FROM mayfly.lineage_state l
          WHERE ((l.renew_until < now()) AND (l.revoked_at IS NULL) AND (l.copied_at IS NULL) AND ((l.not_after + (l.not_after - l.issued_at)) > now()))) o
  WHERE (( SELECT count(*) AS count
           FROM mayfly.lineage_state n
          WHERE ((n.identity = o.identity) AND (n.enrolled_by = o.enrolled_by) AND (n.enrolled_at > o.silent) AND (n.lineage <> o.lineage))) < o.rivals);
CREATE TABLE mayfly.audit_checkpoint (
    origin text NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    tick bigint NOT NULL,
    committed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT audit_checkpoint_origin_check CHECK (((octet_length(origin) >= 1) AND (octet_length(origin) <= 255))),
    CONSTRAINT audit_checkpoint_root_check CHECK ((octet_length(root) = 32)),
    CONSTRAINT audit_checkpoint_size_check CHECK ((size > 0))
);
CREATE TABLE mayfly.block (
    kind smallint NOT NULL,
    value bytea NOT NULL,
    decision bigint NOT NULL,
    effect smallint NOT NULL,
    reason text NOT NULL,
    principal text NOT NULL,
    tick bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT block_effect_check CHECK ((effect = ANY (ARRAY[1, 2]))),
    CONSTRAINT block_kind_check CHECK ((kind = ANY (ARRAY[1, 2, 3, 4, 5])))
);
CREATE TABLE mayfly.ca_certificate (
    serial bytea NOT NULL,
    issuer_id integer NOT NULL,
    subject_id integer NOT NULL,
    kind smallint NOT NULL,
    tbs bytea NOT NULL,
    tick bigint NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT ca_certificate_kind_check CHECK ((kind = ANY (ARRAY[1, 2]))),
    CONSTRAINT ca_certificate_serial_check CHECK (((octet_length(serial) >= 1) AND (octet_length(serial) <= 20)))
);
CREATE TABLE mayfly.ca_certificate_outcome (
    serial bytea NOT NULL,
    issuer_id integer NOT NULL,
    signature bytea NOT NULL,
    tick bigint NOT NULL,
    decided_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
CREATE TABLE mayfly.canary (
    digest bytea NOT NULL,
    spki_hash bytea NOT NULL,
    purpose smallint NOT NULL,
    tick bigint NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT canary_digest_check CHECK ((octet_length(digest) = 32)),
    CONSTRAINT canary_purpose_check CHECK ((purpose = ANY (ARRAY[1, 2, 3]))),
    CONSTRAINT canary_spki_hash_check CHECK ((octet_length(spki_hash) = 32))
);
CREATE TABLE mayfly.issuance (
    serial bytea NOT NULL,
    issuer_id integer NOT NULL,
    generation integer NOT NULL,
    decision bigint NOT NULL,
    policy_version bigint NOT NULL,
    tick bigint NOT NULL,
    not_after timestamp with time zone NOT NULL,
    renew_from timestamp with time zone NOT NULL,
    renew_until timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    lineage uuid NOT NULL,
    request_id uuid,
    parent_serial bytea,
    profile text NOT NULL,
    principal text NOT NULL,
    tbs bytea NOT NULL,
    claims text DEFAULT ''::text NOT NULL,
    CONSTRAINT issuance_claims_check CHECK ((octet_length(claims) <= 10240)),
    CONSTRAINT issuance_generation_check CHECK ((generation >= 0)),
    CONSTRAINT issuance_serial_check CHECK ((octet_length(serial) = 20)),
    CONSTRAINT issuance_serial_time CHECK ((abs((mayfly.unix_ms(recorded_at) - mayfly.serial_ms(serial))) <= 30000))
)
PARTITION BY RANGE (serial);
CREATE TABLE mayfly.outcome (
    serial bytea NOT NULL,
    issuer_id integer NOT NULL,
    kind smallint NOT NULL,
    decision bigint NOT NULL,
    policy_version bigint NOT NULL,
    tick bigint NOT NULL,
    decided_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    signature bytea,
    CONSTRAINT outcome_check CHECK (((kind = 1) = (signature IS NOT NULL))),
    CONSTRAINT outcome_kind_check CHECK ((kind = ANY (ARRAY[1, 2])))
)
PARTITION BY RANGE (serial);
CREATE VIEW mayfly.certificate AS
 SELECT i.serial,
    i.issuer_id,
    i.tbs,
    o.kind AS outcome,
    o.signature,
    i.lineage,
    i.generation,
    i.parent_serial,
    i.profile,
    i.principal,
    i.policy_version,
    i.decision,
    i.request_id,
    i.not_after,
    i.renew_from,
    i.renew_until,
    i.recorded_at,
    o.decided_at,
    r.number AS revocation_number,
    r.reason AS revocation_reason,
    r.revoked_at
   FROM ((mayfly.issuance i
     LEFT JOIN mayfly.outcome o ON (((o.serial = i.serial) AND (o.issuer_id = i.issuer_id))))
     LEFT JOIN mayfly.revocation r ON (((r.serial = i.serial) AND (r.issuer_id = i.issuer_id))));
CREATE TABLE mayfly.control (
    one boolean DEFAULT true NOT NULL,
    decision bigint DEFAULT 1 NOT NULL,
    tick bigint DEFAULT 1 NOT NULL,
    page_key bytea DEFAULT sha256((uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))) NOT NULL,
    CONSTRAINT control_one_check CHECK (one)
);
CREATE TABLE mayfly.enrolment_token (
    id uuid NOT NULL,
    token_hash bytea NOT NULL,
    profile text NOT NULL,
    names text[] NOT NULL,
    uses_max integer NOT NULL,
    principal text NOT NULL,
    principal_scope text NOT NULL,
    principal_names text[] NOT NULL,
    principal_key bytea,
    tick bigint NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT enrolment_token_check CHECK ((expires_at <= (created_at + '31 days'::interval))),
    CONSTRAINT enrolment_token_names_check CHECK (((cardinality(names) >= 1) AND (cardinality(names) <= 100))),
    CONSTRAINT enrolment_token_principal_key_check CHECK ((octet_length(principal_key) = 32)),
    CONSTRAINT enrolment_token_token_hash_check CHECK ((octet_length(token_hash) = 32)),
    CONSTRAINT enrolment_token_uses_max_check CHECK (((uses_max >= 1) AND (uses_max <= 1000)))
);
CREATE TABLE mayfly.event (
    id bigint NOT NULL,
    kind text NOT NULL,
    principal text NOT NULL,
    detail jsonb NOT NULL,
    tick bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
ALTER TABLE mayfly.event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME mayfly.event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE mayfly.foreign_certificate (
    fingerprint bytea NOT NULL,
    certificate bytea NOT NULL,
    source text NOT NULL,
    tick bigint NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT foreign_certificate_fingerprint_check CHECK ((octet_length(fingerprint) = 32))
);
CREATE TABLE mayfly.issuer (
    id integer NOT NULL,
    name text NOT NULL,
    subject bytea NOT NULL,
    spki bytea NOT NULL,
    spki_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT issuer_name_check CHECK ((name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'::text)),
    CONSTRAINT issuer_spki_hash_check CHECK ((octet_length(spki_hash) = 32))
);
ALTER TABLE mayfly.issuer ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME mayfly.issuer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE mayfly.key_claim (
    spki_hash bytea NOT NULL,
    identity bytea NOT NULL,
    serial bytea NOT NULL,
    issuer_id integer NOT NULL,
    tick bigint NOT NULL,
    claimed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT key_claim_identity_check CHECK ((octet_length(identity) = 32)),
    CONSTRAINT key_claim_spki_hash_check CHECK ((octet_length(spki_hash) = 32))
);
CREATE TABLE mayfly.lineage_use (
    lineage uuid NOT NULL,
    generation integer NOT NULL,
    serial bytea NOT NULL,
    issuer_id integer NOT NULL,
    kind smallint NOT NULL,
    tick bigint NOT NULL,
    used_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT lineage_use_kind_check CHECK ((kind = ANY (ARRAY[1, 2])))
);
CREATE TABLE mayfly.policy_version (
    version bigint NOT NULL,
    body text NOT NULL,
    body_hash bytea NOT NULL,
    decision bigint NOT NULL,
    principal text NOT NULL,
    tick bigint NOT NULL,
    activated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT policy_version_body_hash_check CHECK ((octet_length(body_hash) = 32)),
    CONSTRAINT policy_version_version_check CHECK ((version > 0))
);
CREATE TABLE mayfly.projection_position (
    one boolean DEFAULT true NOT NULL,
    tick bigint DEFAULT 0 NOT NULL,
    CONSTRAINT projection_position_one_check CHECK (one)
);
CREATE TABLE mayfly.proposal_certificate (
    proposal uuid NOT NULL,
    issuer text NOT NULL,
    serial bytea NOT NULL
);
CREATE TABLE mayfly.proposal_end (
    proposal uuid NOT NULL,
    kind smallint NOT NULL,
    principal text NOT NULL,
    policy_version bigint,
    tick bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT proposal_end_kind_check CHECK ((kind = ANY (ARRAY[1, 2])))
);
CREATE TABLE mayfly.request (
    request_id uuid NOT NULL,
    scope text NOT NULL,
    attempt integer NOT NULL,
    issuer_id integer NOT NULL,
    serial bytea NOT NULL,
    body_hash bytea NOT NULL,
    tick bigint NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT request_attempt_check CHECK (((attempt >= 1) AND (attempt <= 65535))),
    CONSTRAINT request_body_hash_check CHECK ((octet_length(body_hash) = 32)),
    CONSTRAINT request_id_time CHECK ((abs((mayfly.unix_ms(recorded_at) - mayfly.uuid_ms(request_id))) <= 86400000)),
    CONSTRAINT request_scope_check CHECK ((octet_length(scope) <= 512))
)
PARTITION BY RANGE (request_id);
CREATE TABLE mayfly.responder_lease (
    responder uuid NOT NULL,
    applied bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    answer_life interval NOT NULL
);
CREATE TABLE mayfly.schema_migration (
    number integer NOT NULL,
    name text NOT NULL,
    checksum bytea NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT schema_migration_checksum_check CHECK ((octet_length(checksum) = 32))
);
CREATE TABLE mayfly.token_use (
    token_hash bytea NOT NULL,
    use_number integer NOT NULL,
    request_id uuid NOT NULL,
    body_hash bytea NOT NULL,
    serial bytea NOT NULL,
    issuer_id integer NOT NULL,
    tick bigint NOT NULL,
    used_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT token_use_token_hash_check CHECK ((octet_length(token_hash) = 32)),
    CONSTRAINT token_use_use_number_check CHECK ((use_number >= 1))
);
CREATE TABLE mayfly_partitions.issuance_c1_20000101 (
    serial bytea NOT NULL,
    issuer_id integer NOT NULL,
    generation integer NOT NULL,
    decision bigint NOT NULL,
    policy_version bigint NOT NULL,
    tick bigint NOT NULL,
    not_after timestamp with time zone NOT NULL,
    renew_from timestamp with time zone NOT NULL,
    renew_until timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    lineage uuid NOT NULL,
    request_id uuid,
    parent_serial bytea,
    profile text NOT NULL,
    principal text NOT NULL,
    tbs bytea NOT NULL,
    claims text DEFAULT ''::text NOT NULL,
    CONSTRAINT issuance_claims_check CHECK ((octet_length(claims) <= 10240)),
    CONSTRAINT issuance_generation_check CHECK ((generation >= 0)),
    CONSTRAINT issuance_serial_check CHECK ((octet_length(serial) = 20)),
    CONSTRAINT issuance_serial_time CHECK ((abs((mayfly.unix_ms(recorded_at) - mayfly.serial_ms(serial))) <= 30000))
);
CREATE TABLE mayfly_partitions.outcome_c1_20000101 (
    serial bytea NOT NULL,
    issuer_id integer NOT NULL,
    kind smallint NOT NULL,
    decision bigint NOT NULL,
    policy_version bigint NOT NULL,
    tick bigint NOT NULL,
    decided_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    signature bytea,
    CONSTRAINT outcome_check CHECK (((kind = 1) = (signature IS NOT NULL))),
    CONSTRAINT outcome_kind_check CHECK ((kind = ANY (ARRAY[1, 2])))
);
CREATE TABLE mayfly_partitions.request_20000101 (
    request_id uuid NOT NULL,
    scope text NOT NULL,
    attempt integer NOT NULL,
    issuer_id integer NOT NULL,
    serial bytea NOT NULL,
    body_hash bytea NOT NULL,
    tick bigint NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT request_attempt_check CHECK (((attempt >= 1) AND (attempt <= 65535))),
    CONSTRAINT request_body_hash_check CHECK ((octet_length(body_hash) = 32)),
    CONSTRAINT request_id_time CHECK ((abs((mayfly.unix_ms(recorded_at) - mayfly.uuid_ms(request_id))) <= 86400000)),
    CONSTRAINT request_scope_check CHECK ((octet_length(scope) <= 512))
);
ALTER TABLE ONLY mayfly.issuance ATTACH PARTITION mayfly_partitions.issuance_c1_20000101 FOR VALUES FROM ('\x2100dc6acfac00') TO ('\x2100dc6ff60800');
ALTER TABLE ONLY mayfly.outcome ATTACH PARTITION mayfly_partitions.outcome_c1_20000101 FOR VALUES FROM ('\x2100dc6acfac00') TO ('\x2100dc6ff60800');
ALTER TABLE ONLY mayfly.request ATTACH PARTITION mayfly_partitions.request_20000101 FOR VALUES FROM ('00dc6acf-ac00-0000-0000-000000000000') TO ('00dc6ff6-0800-0000-0000-000000000000');
ALTER TABLE ONLY mayfly.audit_checkpoint
    ADD CONSTRAINT audit_checkpoint_pkey PRIMARY KEY (origin, size);
ALTER TABLE ONLY mayfly.block
    ADD CONSTRAINT block_pkey PRIMARY KEY (kind, value, decision);
ALTER TABLE ONLY mayfly.ca_certificate_outcome
    ADD CONSTRAINT ca_certificate_outcome_pkey PRIMARY KEY (serial, issuer_id);
ALTER TABLE ONLY mayfly.ca_certificate
    ADD CONSTRAINT ca_certificate_pkey PRIMARY KEY (serial, issuer_id);
ALTER TABLE ONLY mayfly.canary
    ADD CONSTRAINT canary_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY mayfly.control
    ADD CONSTRAINT control_pkey PRIMARY KEY (one);
ALTER TABLE ONLY mayfly.enrolment_token
    ADD CONSTRAINT enrolment_token_pkey PRIMARY KEY (id);
ALTER TABLE ONLY mayfly.enrolment_token
    ADD CONSTRAINT enrolment_token_token_hash_key UNIQUE (token_hash);
ALTER TABLE ONLY mayfly.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (id);
ALTER TABLE ONLY mayfly.foreign_certificate
    ADD CONSTRAINT foreign_certificate_pkey PRIMARY KEY (fingerprint);
ALTER TABLE ONLY mayfly.issuance
    ADD CONSTRAINT issuance_pkey PRIMARY KEY (serial, issuer_id);
ALTER TABLE ONLY mayfly.issuer
    ADD CONSTRAINT issuer_name_key UNIQUE (name);
ALTER TABLE ONLY mayfly.issuer
    ADD CONSTRAINT issuer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY mayfly.issuer
    ADD CONSTRAINT issuer_spki_hash_key UNIQUE (spki_hash);
ALTER TABLE ONLY mayfly.issuer
    ADD CONSTRAINT issuer_subject_key UNIQUE (subject);
ALTER TABLE ONLY mayfly.key_claim
    ADD CONSTRAINT key_claim_pkey PRIMARY KEY (spki_hash);
ALTER TABLE ONLY mayfly.key_holder
    ADD CONSTRAINT key_holder_pkey PRIMARY KEY (spki_hash, identity);
ALTER TABLE ONLY mayfly.lineage_state
    ADD CONSTRAINT lineage_state_pkey PRIMARY KEY (lineage);
ALTER TABLE ONLY mayfly.lineage_use
    ADD CONSTRAINT lineage_use_pkey PRIMARY KEY (lineage, generation);
ALTER TABLE ONLY mayfly.outcome
    ADD CONSTRAINT outcome_pkey PRIMARY KEY (serial, issuer_id);
ALTER TABLE ONLY mayfly.policy_version
    ADD CONSTRAINT policy_version_decision_key UNIQUE (decision);
ALTER TABLE ONLY mayfly.policy_version
    ADD CONSTRAINT policy_version_pkey PRIMARY KEY (version);
ALTER TABLE ONLY mayfly.projection_position
    ADD CONSTRAINT projection_position_pkey PRIMARY KEY (one);
ALTER TABLE ONLY mayfly.proposal_certificate
    ADD CONSTRAINT proposal_certificate_pkey PRIMARY KEY (proposal, issuer, serial);
ALTER TABLE ONLY mayfly.proposal_end
    ADD CONSTRAINT proposal_end_pkey PRIMARY KEY (proposal);
ALTER TABLE ONLY mayfly.proposal
    ADD CONSTRAINT proposal_pkey PRIMARY KEY (id);
ALTER TABLE ONLY mayfly.request
    ADD CONSTRAINT request_pkey PRIMARY KEY (request_id, scope, attempt);
ALTER TABLE ONLY mayfly.responder_lease
    ADD CONSTRAINT responder_lease_pkey PRIMARY KEY (responder);
ALTER TABLE ONLY mayfly.revocation
    ADD CONSTRAINT revocation_pkey PRIMARY KEY (number);
ALTER TABLE ONLY mayfly.revocation
    ADD CONSTRAINT revocation_serial_issuer_id_key UNIQUE (serial, issuer_id);
ALTER TABLE ONLY mayfly.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (number);
ALTER TABLE ONLY mayfly.token_use
    ADD CONSTRAINT token_use_pkey PRIMARY KEY (token_hash, use_number);
ALTER TABLE ONLY mayfly_partitions.issuance_c1_20000101
    ADD CONSTRAINT issuance_c1_20000101_pkey PRIMARY KEY (serial, issuer_id);
ALTER TABLE ONLY mayfly_partitions.outcome_c1_20000101
    ADD CONSTRAINT outcome_c1_20000101_pkey PRIMARY KEY (serial, issuer_id);
ALTER TABLE ONLY mayfly_partitions.request_20000101
    ADD CONSTRAINT request_20000101_pkey PRIMARY KEY (request_id, scope, attempt);
CREATE INDEX canary_recorded_at ON mayfly.canary USING btree (recorded_at);
CREATE INDEX enrolment_token_expires ON mayfly.enrolment_token USING btree (expires_at);
CREATE INDEX event_at ON mayfly.event USING btree (at, id);
CREATE INDEX event_tick ON mayfly.event USING btree (tick);
CREATE INDEX issuance_not_after ON ONLY mayfly.issuance USING btree (not_after, serial, issuer_id);
CREATE INDEX key_holder_not_after ON mayfly.key_holder USING btree (not_after);
CREATE INDEX key_holder_shared ON mayfly.key_holder USING btree (spki_hash) WHERE is_shared;
CREATE INDEX lineage_state_copied ON mayfly.lineage_state USING btree (copied_at) WHERE (copied_at IS NOT NULL);
CREATE INDEX lineage_state_identity ON mayfly.lineage_state USING btree (identity, enrolled_by, enrolled_at);
CREATE INDEX lineage_state_renew_until ON mayfly.lineage_state USING btree (renew_until);
CREATE INDEX outcome_tick ON ONLY mayfly.outcome USING btree (tick);
CREATE INDEX proposal_created ON mayfly.proposal USING btree (created_at, id);
CREATE INDEX revocation_not_after ON mayfly.revocation USING btree (not_after, serial, issuer_id);
CREATE INDEX revocation_tick ON mayfly.revocation USING btree (tick);
CREATE UNIQUE INDEX token_use_request ON mayfly.token_use USING btree (token_hash, request_id);
CREATE INDEX issuance_c1_20000101_not_after_serial_issuer_id_idx ON mayfly_partitions.issuance_c1_20000101 USING btree (not_after, serial, issuer_id);
CREATE INDEX outcome_c1_20000101_tick_idx ON mayfly_partitions.outcome_c1_20000101 USING btree (tick);
ALTER INDEX mayfly.issuance_not_after ATTACH PARTITION mayfly_partitions.issuance_c1_20000101_not_after_serial_issuer_id_idx;
ALTER INDEX mayfly.issuance_pkey ATTACH PARTITION mayfly_partitions.issuance_c1_20000101_pkey;
ALTER INDEX mayfly.outcome_pkey ATTACH PARTITION mayfly_partitions.outcome_c1_20000101_pkey;
ALTER INDEX mayfly.outcome_tick ATTACH PARTITION mayfly_partitions.outcome_c1_20000101_tick_idx;
ALTER INDEX mayfly.request_pkey ATTACH PARTITION mayfly_partitions.request_20000101_pkey;
ALTER TABLE ONLY mayfly.ca_certificate
    ADD CONSTRAINT ca_certificate_issuer_id_fkey FOREIGN KEY (issuer_id) REFERENCES mayfly.issuer(id);
ALTER TABLE ONLY mayfly.ca_certificate_outcome
    ADD CONSTRAINT ca_certificate_outcome_serial_issuer_id_fkey FOREIGN KEY (serial, issuer_id) REFERENCES mayfly.ca_certificate(serial, issuer_id);
ALTER TABLE ONLY mayfly.ca_certificate
    ADD CONSTRAINT ca_certificate_subject_id_fkey FOREIGN KEY (subject_id) REFERENCES mayfly.issuer(id);
ALTER TABLE ONLY mayfly.proposal_certificate
    ADD CONSTRAINT proposal_certificate_proposal_fkey FOREIGN KEY (proposal) REFERENCES mayfly.proposal(id);
ALTER TABLE ONLY mayfly.proposal_end
    ADD CONSTRAINT proposal_end_policy_version_fkey FOREIGN KEY (policy_version) REFERENCES mayfly.policy_version(version);
ALTER TABLE ONLY mayfly.proposal_end
    ADD CONSTRAINT proposal_end_proposal_fkey FOREIGN KEY (proposal) REFERENCES mayfly.proposal(id);
GRANT USAGE ON SCHEMA mayfly TO mayfly_issue;
GRANT USAGE ON SCHEMA mayfly TO mayfly_respond;
GRANT USAGE ON SCHEMA mayfly TO mayfly_project;
GRANT USAGE ON SCHEMA mayfly TO mayfly_maintain;
GRANT USAGE ON SCHEMA mayfly TO mayfly_read;
GRANT USAGE ON SCHEMA mayfly TO mayfly_audit;
REVOKE ALL ON FUNCTION mayfly.activate_policy(p_body text, p_hash bytea, p_principal text, OUT version bigint, OUT changed boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION mayfly.activate_policy(p_body text, p_hash bytea, p_principal text, OUT version bigint, OUT changed boolean) TO mayfly_issue;
REVOKE ALL ON FUNCTION mayfly.activate_policy(p_body text, p_hash bytea, p_principal text, p_base bigint, OUT version bigint, OUT changed boolean, OUT outdated boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION mayfly.activate_policy(p_body text, p_hash bytea, p_principal text, p_base bigint, OUT version bigint, OUT changed boolean, OUT outdated boolean) TO mayfly_issue;
REVOKE ALL ON FUNCTION mayfly.add_block(p_kind smallint, p_value bytea, p_effect smallint, p_reason text, p_principal text) FROM PUBLIC;
GRANT ALL ON FUNCTION mayfly.add_block(p_kind smallint, p_value bytea, p_effect smallint, p_reason text, p_principal text) TO mayfly_issue;
REVOKE ALL ON FUNCTION mayfly.begin_write() FROM PUBLIC;
GRANT ALL ON FUNCTION mayfly.begin_write() TO mayfly_issue;
REVOKE ALL ON FUNCTION mayfly.close_tick() FROM PUBLIC;
GRANT ALL ON FUNCTION mayfly.close_tick() TO mayfly_audit;
REVOKE ALL ON FUNCTION mayfly.day_ms_hex(p_day date) FROM PUBLIC;
REVOKE ALL ON FUNCTION mayfly.is_standing(p_serial bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION mayfly.is_standing(p_serial bytea) TO mayfly_issue;
REVOKE ALL ON FUNCTION mayfly.make_partition(p_parent text, p_name text, p_from text, p_to text) FROM PUBLIC;
REVOKE ALL ON FUNCTION mayfly.make_partitions(p_spans_ahead integer) FROM PUBLIC;
GRANT ALL ON FUNCTION mayfly.make_partitions(p_spans_ahead integer) TO mayfly_maintain;
REVOKE ALL ON FUNCTION mayfly.outstanding_leases(p_number bigint, p_not_after timestamp with time zone, OUT outstanding bigint, OUT answer_life interval) FROM PUBLIC;
GRANT ALL ON FUNCTION mayfly.outstanding_leases(p_number bigint, p_not_after timestamp with time zone, OUT outstanding bigint, OUT answer_life interval) TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.proposal TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.proposal TO mayfly_project;
GRANT SELECT ON TABLE mayfly.proposal TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.proposal TO mayfly_read;
GRANT INSERT(id) ON TABLE mayfly.proposal TO mayfly_issue;
GRANT INSERT(kind) ON TABLE mayfly.proposal TO mayfly_issue;
GRANT INSERT(policy_text) ON TABLE mayfly.proposal TO mayfly_issue;
GRANT INSERT(base_version) ON TABLE mayfly.proposal TO mayfly_issue;
GRANT INSERT(reason) ON TABLE mayfly.proposal TO mayfly_issue;
GRANT INSERT(payload_hash) ON TABLE mayfly.proposal TO mayfly_issue;
GRANT INSERT(principal) ON TABLE mayfly.proposal TO mayfly_issue;
GRANT INSERT(principal_scope) ON TABLE mayfly.proposal TO mayfly_issue;
GRANT INSERT(principal_names) ON TABLE mayfly.proposal TO mayfly_issue;
GRANT INSERT(principal_key) ON TABLE mayfly.proposal TO mayfly_issue;
GRANT INSERT(principal_serial) ON TABLE mayfly.proposal TO mayfly_issue;
GRANT INSERT(tick) ON TABLE mayfly.proposal TO mayfly_issue;
GRANT INSERT(expires_at) ON TABLE mayfly.proposal TO mayfly_issue;
REVOKE ALL ON FUNCTION mayfly.proposal_state(p mayfly.proposal) FROM PUBLIC;
GRANT ALL ON FUNCTION mayfly.proposal_state(p mayfly.proposal) TO mayfly_issue;
GRANT ALL ON FUNCTION mayfly.proposal_state(p mayfly.proposal) TO mayfly_project;
GRANT ALL ON FUNCTION mayfly.proposal_state(p mayfly.proposal) TO mayfly_maintain;
GRANT ALL ON FUNCTION mayfly.proposal_state(p mayfly.proposal) TO mayfly_read;
REVOKE ALL ON FUNCTION mayfly.raise_decision(OUT decision bigint, OUT tick bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION mayfly.revoke(p_serial bytea, p_issuer integer, p_reason smallint, p_principal text) FROM PUBLIC;
GRANT ALL ON FUNCTION mayfly.revoke(p_serial bytea, p_issuer integer, p_reason smallint, p_principal text) TO mayfly_issue;
REVOKE ALL ON FUNCTION mayfly.revoke(p_serial bytea, p_issuer integer, p_reason smallint, p_principal text, p_key bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION mayfly.revoke(p_serial bytea, p_issuer integer, p_reason smallint, p_principal text, p_key bytea) TO mayfly_issue;
REVOKE ALL ON FUNCTION mayfly.serial_ms(serial bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION mayfly.serial_ms(serial bytea) TO mayfly_issue;
GRANT ALL ON FUNCTION mayfly.serial_ms(serial bytea) TO mayfly_respond;
GRANT ALL ON FUNCTION mayfly.serial_ms(serial bytea) TO mayfly_project;
GRANT ALL ON FUNCTION mayfly.serial_ms(serial bytea) TO mayfly_maintain;
GRANT ALL ON FUNCTION mayfly.serial_ms(serial bytea) TO mayfly_read;
REVOKE ALL ON FUNCTION mayfly.silent_since(p_generation integer, p_issued_at timestamp with time zone, p_not_after timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION mayfly.silent_since(p_generation integer, p_issued_at timestamp with time zone, p_not_after timestamp with time zone) TO mayfly_issue;
GRANT ALL ON FUNCTION mayfly.silent_since(p_generation integer, p_issued_at timestamp with time zone, p_not_after timestamp with time zone) TO mayfly_project;
GRANT ALL ON FUNCTION mayfly.silent_since(p_generation integer, p_issued_at timestamp with time zone, p_not_after timestamp with time zone) TO mayfly_maintain;
GRANT ALL ON FUNCTION mayfly.silent_since(p_generation integer, p_issued_at timestamp with time zone, p_not_after timestamp with time zone) TO mayfly_read;
REVOKE ALL ON FUNCTION mayfly.unix_ms(at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION mayfly.unix_ms(at timestamp with time zone) TO mayfly_issue;
GRANT ALL ON FUNCTION mayfly.unix_ms(at timestamp with time zone) TO mayfly_respond;
GRANT ALL ON FUNCTION mayfly.unix_ms(at timestamp with time zone) TO mayfly_project;
GRANT ALL ON FUNCTION mayfly.unix_ms(at timestamp with time zone) TO mayfly_maintain;
GRANT ALL ON FUNCTION mayfly.unix_ms(at timestamp with time zone) TO mayfly_read;
REVOKE ALL ON FUNCTION mayfly.uuid_ms(id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION mayfly.uuid_ms(id uuid) TO mayfly_issue;
GRANT ALL ON FUNCTION mayfly.uuid_ms(id uuid) TO mayfly_respond;
GRANT ALL ON FUNCTION mayfly.uuid_ms(id uuid) TO mayfly_project;
GRANT ALL ON FUNCTION mayfly.uuid_ms(id uuid) TO mayfly_maintain;
GRANT ALL ON FUNCTION mayfly.uuid_ms(id uuid) TO mayfly_read;
REVOKE ALL ON FUNCTION mayfly.write_lease(p_responder uuid, p_applied bigint, p_lease interval, p_answer_life interval) FROM PUBLIC;
GRANT ALL ON FUNCTION mayfly.write_lease(p_responder uuid, p_applied bigint, p_lease interval, p_answer_life interval) TO mayfly_respond;
GRANT SELECT ON TABLE mayfly.key_holder TO mayfly_issue;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE mayfly.key_holder TO mayfly_project;
GRANT SELECT ON TABLE mayfly.key_holder TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.key_holder TO mayfly_read;
GRANT SELECT ON TABLE mayfly.lineage_state TO mayfly_issue;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE mayfly.lineage_state TO mayfly_project;
GRANT SELECT ON TABLE mayfly.lineage_state TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.lineage_state TO mayfly_read;
GRANT SELECT ON TABLE mayfly.revocation TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.revocation TO mayfly_respond;
GRANT SELECT ON TABLE mayfly.revocation TO mayfly_project;
GRANT SELECT ON TABLE mayfly.revocation TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.revocation TO mayfly_read;
GRANT SELECT ON TABLE mayfly.revocation TO mayfly_audit;
GRANT SELECT ON TABLE mayfly.alert TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.alert TO mayfly_project;
GRANT SELECT ON TABLE mayfly.alert TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.alert TO mayfly_read;
GRANT SELECT ON TABLE mayfly.audit_checkpoint TO mayfly_audit;
GRANT SELECT ON TABLE mayfly.audit_checkpoint TO mayfly_project;
GRANT SELECT ON TABLE mayfly.audit_checkpoint TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.audit_checkpoint TO mayfly_read;
GRANT INSERT(origin) ON TABLE mayfly.audit_checkpoint TO mayfly_audit;
GRANT INSERT(size) ON TABLE mayfly.audit_checkpoint TO mayfly_audit;
GRANT INSERT(root) ON TABLE mayfly.audit_checkpoint TO mayfly_audit;
GRANT INSERT(tick) ON TABLE mayfly.audit_checkpoint TO mayfly_audit;
GRANT SELECT ON TABLE mayfly.block TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.block TO mayfly_project;
GRANT SELECT ON TABLE mayfly.block TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.block TO mayfly_read;
GRANT SELECT ON TABLE mayfly.ca_certificate TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.ca_certificate TO mayfly_respond;
GRANT SELECT ON TABLE mayfly.ca_certificate TO mayfly_project;
GRANT SELECT ON TABLE mayfly.ca_certificate TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.ca_certificate TO mayfly_read;
GRANT SELECT ON TABLE mayfly.ca_certificate_outcome TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.ca_certificate_outcome TO mayfly_respond;
GRANT SELECT ON TABLE mayfly.ca_certificate_outcome TO mayfly_project;
GRANT SELECT ON TABLE mayfly.ca_certificate_outcome TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.ca_certificate_outcome TO mayfly_read;
GRANT SELECT ON TABLE mayfly.canary TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.canary TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.canary TO mayfly_read;
GRANT INSERT(digest) ON TABLE mayfly.canary TO mayfly_issue;
GRANT INSERT(spki_hash) ON TABLE mayfly.canary TO mayfly_issue;
GRANT INSERT(purpose) ON TABLE mayfly.canary TO mayfly_issue;
GRANT INSERT(tick) ON TABLE mayfly.canary TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.issuance TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.issuance TO mayfly_respond;
GRANT SELECT ON TABLE mayfly.issuance TO mayfly_project;
GRANT SELECT ON TABLE mayfly.issuance TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.issuance TO mayfly_read;
GRANT SELECT ON TABLE mayfly.issuance TO mayfly_audit;
GRANT INSERT(serial) ON TABLE mayfly.issuance TO mayfly_issue;
GRANT INSERT(issuer_id) ON TABLE mayfly.issuance TO mayfly_issue;
GRANT INSERT(generation) ON TABLE mayfly.issuance TO mayfly_issue;
GRANT INSERT(decision) ON TABLE mayfly.issuance TO mayfly_issue;
GRANT INSERT(policy_version) ON TABLE mayfly.issuance TO mayfly_issue;
GRANT INSERT(tick) ON TABLE mayfly.issuance TO mayfly_issue;
GRANT INSERT(not_after) ON TABLE mayfly.issuance TO mayfly_issue;
GRANT INSERT(renew_from) ON TABLE mayfly.issuance TO mayfly_issue;
GRANT INSERT(renew_until) ON TABLE mayfly.issuance TO mayfly_issue;
GRANT INSERT(lineage) ON TABLE mayfly.issuance TO mayfly_issue;
GRANT INSERT(request_id) ON TABLE mayfly.issuance TO mayfly_issue;
GRANT INSERT(parent_serial) ON TABLE mayfly.issuance TO mayfly_issue;
GRANT INSERT(profile) ON TABLE mayfly.issuance TO mayfly_issue;
GRANT INSERT(principal) ON TABLE mayfly.issuance TO mayfly_issue;
GRANT INSERT(tbs) ON TABLE mayfly.issuance TO mayfly_issue;
GRANT INSERT(claims) ON TABLE mayfly.issuance TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.outcome TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.outcome TO mayfly_respond;
GRANT SELECT ON TABLE mayfly.outcome TO mayfly_project;
GRANT SELECT ON TABLE mayfly.outcome TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.outcome TO mayfly_read;
GRANT SELECT ON TABLE mayfly.outcome TO mayfly_audit;
GRANT INSERT(serial) ON TABLE mayfly.outcome TO mayfly_issue;
GRANT INSERT(issuer_id) ON TABLE mayfly.outcome TO mayfly_issue;
GRANT INSERT(kind) ON TABLE mayfly.outcome TO mayfly_issue;
GRANT INSERT(decision) ON TABLE mayfly.outcome TO mayfly_issue;
GRANT INSERT(policy_version) ON TABLE mayfly.outcome TO mayfly_issue;
GRANT INSERT(tick) ON TABLE mayfly.outcome TO mayfly_issue;
GRANT INSERT(signature) ON TABLE mayfly.outcome TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.certificate TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.certificate TO mayfly_project;
GRANT SELECT ON TABLE mayfly.certificate TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.certificate TO mayfly_read;
GRANT SELECT ON TABLE mayfly.control TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.control TO mayfly_project;
GRANT SELECT ON TABLE mayfly.control TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.control TO mayfly_read;
GRANT SELECT ON TABLE mayfly.enrolment_token TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.enrolment_token TO mayfly_project;
GRANT SELECT ON TABLE mayfly.enrolment_token TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.enrolment_token TO mayfly_read;
GRANT INSERT(id) ON TABLE mayfly.enrolment_token TO mayfly_issue;
GRANT INSERT(token_hash) ON TABLE mayfly.enrolment_token TO mayfly_issue;
GRANT INSERT(profile) ON TABLE mayfly.enrolment_token TO mayfly_issue;
GRANT INSERT(names) ON TABLE mayfly.enrolment_token TO mayfly_issue;
GRANT INSERT(uses_max) ON TABLE mayfly.enrolment_token TO mayfly_issue;
GRANT INSERT(principal) ON TABLE mayfly.enrolment_token TO mayfly_issue;
GRANT INSERT(principal_scope) ON TABLE mayfly.enrolment_token TO mayfly_issue;
GRANT INSERT(principal_names) ON TABLE mayfly.enrolment_token TO mayfly_issue;
GRANT INSERT(principal_key) ON TABLE mayfly.enrolment_token TO mayfly_issue;
GRANT INSERT(tick) ON TABLE mayfly.enrolment_token TO mayfly_issue;
GRANT INSERT(expires_at) ON TABLE mayfly.enrolment_token TO mayfly_issue;
GRANT SELECT,INSERT ON TABLE mayfly.event TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.event TO mayfly_project;
GRANT SELECT ON TABLE mayfly.event TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.event TO mayfly_read;
GRANT SELECT ON TABLE mayfly.event TO mayfly_audit;
GRANT SELECT,INSERT ON TABLE mayfly.foreign_certificate TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.foreign_certificate TO mayfly_project;
GRANT SELECT ON TABLE mayfly.foreign_certificate TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.foreign_certificate TO mayfly_read;
GRANT SELECT ON TABLE mayfly.issuer TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.issuer TO mayfly_respond;
GRANT SELECT ON TABLE mayfly.issuer TO mayfly_project;
GRANT SELECT ON TABLE mayfly.issuer TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.issuer TO mayfly_read;
GRANT SELECT ON TABLE mayfly.issuer TO mayfly_audit;
GRANT SELECT ON TABLE mayfly.key_claim TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.key_claim TO mayfly_project;
GRANT SELECT ON TABLE mayfly.key_claim TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.key_claim TO mayfly_read;
GRANT INSERT(spki_hash) ON TABLE mayfly.key_claim TO mayfly_issue;
GRANT INSERT(identity) ON TABLE mayfly.key_claim TO mayfly_issue;
GRANT INSERT(serial) ON TABLE mayfly.key_claim TO mayfly_issue;
GRANT INSERT(issuer_id) ON TABLE mayfly.key_claim TO mayfly_issue;
GRANT INSERT(tick) ON TABLE mayfly.key_claim TO mayfly_issue;
GRANT SELECT,INSERT ON TABLE mayfly.lineage_use TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.lineage_use TO mayfly_project;
GRANT SELECT ON TABLE mayfly.lineage_use TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.lineage_use TO mayfly_read;
GRANT SELECT ON TABLE mayfly.policy_version TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.policy_version TO mayfly_project;
GRANT SELECT ON TABLE mayfly.policy_version TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.policy_version TO mayfly_read;
GRANT SELECT ON TABLE mayfly.projection_position TO mayfly_issue;
GRANT SELECT,UPDATE ON TABLE mayfly.projection_position TO mayfly_project;
GRANT SELECT ON TABLE mayfly.projection_position TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.projection_position TO mayfly_read;
GRANT SELECT,INSERT ON TABLE mayfly.proposal_certificate TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.proposal_certificate TO mayfly_project;
GRANT SELECT ON TABLE mayfly.proposal_certificate TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.proposal_certificate TO mayfly_read;
GRANT SELECT ON TABLE mayfly.proposal_end TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.proposal_end TO mayfly_project;
GRANT SELECT ON TABLE mayfly.proposal_end TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.proposal_end TO mayfly_read;
GRANT INSERT(proposal) ON TABLE mayfly.proposal_end TO mayfly_issue;
GRANT INSERT(kind) ON TABLE mayfly.proposal_end TO mayfly_issue;
GRANT INSERT(principal) ON TABLE mayfly.proposal_end TO mayfly_issue;
GRANT INSERT(policy_version) ON TABLE mayfly.proposal_end TO mayfly_issue;
GRANT INSERT(tick) ON TABLE mayfly.proposal_end TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.request TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.request TO mayfly_project;
GRANT SELECT ON TABLE mayfly.request TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.request TO mayfly_read;
GRANT INSERT(request_id) ON TABLE mayfly.request TO mayfly_issue;
GRANT INSERT(scope) ON TABLE mayfly.request TO mayfly_issue;
GRANT INSERT(attempt) ON TABLE mayfly.request TO mayfly_issue;
GRANT INSERT(issuer_id) ON TABLE mayfly.request TO mayfly_issue;
GRANT INSERT(serial) ON TABLE mayfly.request TO mayfly_issue;
GRANT INSERT(body_hash) ON TABLE mayfly.request TO mayfly_issue;
GRANT INSERT(tick) ON TABLE mayfly.request TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.responder_lease TO mayfly_issue;
GRANT SELECT,INSERT,UPDATE ON TABLE mayfly.responder_lease TO mayfly_respond;
GRANT SELECT ON TABLE mayfly.responder_lease TO mayfly_project;
GRANT SELECT ON TABLE mayfly.responder_lease TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.responder_lease TO mayfly_read;
GRANT SELECT ON TABLE mayfly.schema_migration TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.schema_migration TO mayfly_respond;
GRANT SELECT ON TABLE mayfly.schema_migration TO mayfly_project;
GRANT SELECT ON TABLE mayfly.schema_migration TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.schema_migration TO mayfly_read;
GRANT SELECT,INSERT ON TABLE mayfly.token_use TO mayfly_issue;
GRANT SELECT ON TABLE mayfly.token_use TO mayfly_project;
GRANT SELECT ON TABLE mayfly.token_use TO mayfly_maintain;
GRANT SELECT ON TABLE mayfly.token_use TO mayfly_read;
