-- Enrolment tokens: known by their hash alone. Their uses (token_use) are inserted with the records
-- that they are spent for; their revocations are blocks.

CREATE TABLE enrolment_token (
  id uuid PRIMARY KEY,
  token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),  -- SHA-256
  profile text NOT NULL,
  names text[] NOT NULL CHECK (cardinality(names) BETWEEN 1 AND 100),
  uses_max integer NOT NULL CHECK (uses_max BETWEEN 1 AND 1000),
  principal text NOT NULL,            -- who made it; what of them can be blocked is kept too
  principal_scope text NOT NULL,
  principal_names text[] NOT NULL,
  principal_key bytea CHECK (octet_length(principal_key) = 32),  -- SHA-256 of the SPKI
  tick bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  CHECK (expires_at <= created_at + interval '31 days')
);
CREATE INDEX enrolment_token_expires ON enrolment_token (expires_at);

-- A request has a use of a token once, whatever becomes of its attempts.
CREATE UNIQUE INDEX token_use_request ON token_use (token_hash, request_id);

ALTER TABLE block DROP CONSTRAINT block_kind_check;
ALTER TABLE block ADD CONSTRAINT block_kind_check
  CHECK (kind IN (1, 2, 3, 4, 5));  -- lineage, key, identity, issuer, enrolment token

GRANT INSERT (id, token_hash, profile, names, uses_max, principal, principal_scope,
    principal_names, principal_key, tick, expires_at)
  ON enrolment_token TO mayfly_issue;
GRANT SELECT ON enrolment_token TO mayfly_issue, mayfly_project, mayfly_maintain, mayfly_read;
