-- Keys that only one identity may have, keys blocked with the certificate that was revoked for their
-- compromise, policies applied only on the version that somebody looked at, and events as a list.

-- Whose key it is, for profiles that say key_reuse = "refuse": the first claim stands, for ever.
CREATE TABLE key_claim (
  spki_hash bytea PRIMARY KEY CHECK (octet_length(spki_hash) = 32),  -- SHA-256 of the SPKI
  identity bytea NOT NULL CHECK (octet_length(identity) = 32),       -- SHA-256 of the names
  serial bytea NOT NULL,
  issuer_id integer NOT NULL,
  tick bigint NOT NULL,
  claimed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Lists of events: the newest first.
CREATE INDEX event_at ON event (at, id);

-- Revokes as before. p_key, where given, is blocked in the same transaction, also where the
-- certificate was revoked before.
CREATE FUNCTION revoke(p_serial bytea, p_issuer integer, p_reason smallint, p_principal text,
                       p_key bytea)
RETURNS TABLE (number bigint, reason smallint, revoked_at timestamptz, not_after timestamptz,
               was_revoked_before boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = mayfly, pg_catalog, pg_temp AS $$
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

-- Puts a policy in force as before; with p_base, only where that version still is (or the text is in
-- force already): `outdated` otherwise, and nothing changes.
CREATE FUNCTION activate_policy(p_body text, p_hash bytea, p_principal text, p_base bigint,
                                OUT version bigint, OUT changed boolean, OUT outdated boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = mayfly, pg_catalog, pg_temp AS $$
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

REVOKE ALL ON FUNCTION revoke(bytea, integer, smallint, text, bytea),
  activate_policy(text, bytea, text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION revoke(bytea, integer, smallint, text, bytea),
  activate_policy(text, bytea, text, bigint) TO mayfly_issue;
GRANT INSERT (spki_hash, identity, serial, issuer_id, tick) ON key_claim TO mayfly_issue;
GRANT SELECT ON key_claim TO mayfly_issue, mayfly_project, mayfly_maintain, mayfly_read;
