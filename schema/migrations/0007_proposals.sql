-- Two persons: what one proposes and another approves. docs/adr/0010-two-persons.md says why. Insert-only:
-- what was proposed stays as it was shown, and how it ended is a row of its own.

CREATE TABLE proposal (
  id uuid PRIMARY KEY,
  kind smallint NOT NULL CHECK (kind IN (1, 2)),  -- 1 policy, 2 mass revocation
  policy_text text,                   -- of a policy
  base_version bigint,
  reason smallint CHECK (reason IN (0, 1, 2, 3, 4, 5, 9)),  -- of a mass revocation
  payload_hash bytea NOT NULL CHECK (octet_length(payload_hash) = 32),  -- policy/proposal.h
  principal text NOT NULL,            -- who proposed it; what of them can be blocked is kept too
  principal_scope text NOT NULL,
  principal_names text[] NOT NULL,
  principal_key bytea NOT NULL CHECK (octet_length(principal_key) = 32),  -- SHA-256 of the SPKI
  principal_serial bytea NOT NULL,    -- of the certificate that they showed
  tick bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  CHECK (expires_at <= created_at + interval '8 days'),
  CHECK ((kind = 1) = (policy_text IS NOT NULL) AND (kind = 1) = (base_version IS NOT NULL)
         AND (kind = 2) = (reason IS NOT NULL))
);
CREATE INDEX proposal_created ON proposal (created_at, id);

-- What a mass revocation revokes: issuers/{issuer}/certificates/{serial}.
CREATE TABLE proposal_certificate (
  proposal uuid NOT NULL REFERENCES proposal,
  issuer text NOT NULL,
  serial bytea NOT NULL,
  PRIMARY KEY (proposal, issuer, serial)
);

-- How a proposal ended, where somebody ended it: the key says that it ends once.
CREATE TABLE proposal_end (
  proposal uuid PRIMARY KEY REFERENCES proposal,
  kind smallint NOT NULL CHECK (kind IN (1, 2)),  -- 1 approved and carried out, 2 withdrawn
  principal text NOT NULL,
  policy_version bigint REFERENCES policy_version,  -- that came into force
  tick bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Where a proposal stands, as ports/proposals.h counts it: 1 open, 2 executed, 3 withdrawn, 4 expired,
-- 5 outdated.
CREATE FUNCTION proposal_state(p proposal) RETURNS smallint LANGUAGE sql STABLE
SET search_path = mayfly, pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN EXISTS (SELECT FROM proposal_end e WHERE e.proposal = p.id AND e.kind = 1) THEN 2
    WHEN EXISTS (SELECT FROM proposal_end e WHERE e.proposal = p.id AND e.kind = 2) THEN 3
    WHEN p.expires_at <= clock_timestamp() THEN 4
    WHEN p.kind = 1
         AND p.base_version <> coalesce((SELECT max(v.version) FROM policy_version v), 0) THEN 5
    ELSE 1 END::smallint
$$;

-- Whether the holder of this certificate may still be believed: it is not revoked, nor is the newest
-- one in use of its lineage, and that one has not expired.
CREATE FUNCTION is_standing(p_serial bytea) RETURNS boolean LANGUAGE sql STABLE
SET search_path = mayfly, pg_catalog, pg_temp AS $$
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

REVOKE ALL ON FUNCTION proposal_state(proposal), is_standing(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION proposal_state(proposal), is_standing(bytea) TO mayfly_issue;
GRANT EXECUTE ON FUNCTION proposal_state(proposal)
  TO mayfly_project, mayfly_maintain, mayfly_read;
GRANT INSERT (id, kind, policy_text, base_version, reason, payload_hash, principal, principal_scope,
    principal_names, principal_key, principal_serial, tick, expires_at)
  ON proposal TO mayfly_issue;
GRANT INSERT ON proposal_certificate TO mayfly_issue;
GRANT INSERT (proposal, kind, principal, policy_version, tick) ON proposal_end TO mayfly_issue;
GRANT SELECT ON proposal, proposal_certificate, proposal_end
  TO mayfly_issue, mayfly_project, mayfly_maintain, mayfly_read;
