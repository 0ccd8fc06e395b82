-- What the ledger says between its lines: keys under two identities, copied keys, lineages that
-- stopped renewing. A projection: read from closed ticks, about a second behind, and made anew from
-- the ledger where it is lost. Nothing that issues or answers depends on it.

-- Up to which tick the tables below have read.
CREATE TABLE projection_position (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  tick bigint NOT NULL DEFAULT 0
);
INSERT INTO projection_position DEFAULT VALUES;

-- Where each lineage is: its newest issued generation.
CREATE TABLE lineage_state (
  lineage uuid PRIMARY KEY,
  identity bytea NOT NULL CHECK (octet_length(identity) = 32),  -- SHA-256 of the names
  enrolled_by text NOT NULL,
  enrolled_at timestamptz NOT NULL,
  generation integer NOT NULL,
  serial bytea NOT NULL,
  issuer_id integer NOT NULL,
  issued_at timestamptz NOT NULL,
  renew_until timestamptz NOT NULL,
  not_after timestamptz NOT NULL,
  revoked_at timestamptz,  -- of this generation
  copied_at timestamptz    -- when its key was first seen in two hands
);
CREATE INDEX lineage_state_renew_until ON lineage_state (renew_until);
CREATE INDEX lineage_state_identity ON lineage_state (identity, enrolled_by, enrolled_at);
CREATE INDEX lineage_state_copied ON lineage_state (copied_at) WHERE copied_at IS NOT NULL;

-- Which identities a key has had certificates for, with the newest of each.
CREATE TABLE key_holder (
  spki_hash bytea NOT NULL CHECK (octet_length(spki_hash) = 32),
  identity bytea NOT NULL CHECK (octet_length(identity) = 32),
  serial bytea NOT NULL,
  issuer_id integer NOT NULL,
  lineage uuid NOT NULL,
  issued_at timestamptz NOT NULL,
  not_after timestamptz NOT NULL,
  is_shared boolean NOT NULL DEFAULT false,  -- another identity has had it too
  PRIMARY KEY (spki_hash, identity)
);
CREATE INDEX key_holder_shared ON key_holder (spki_hash) WHERE is_shared;
CREATE INDEX key_holder_not_after ON key_holder (not_after);

-- When a lineage that has not renewed fell silent. An enrolment for the same names by the same
-- principal after that counts as its replacement: one that has never renewed may be replaced from
-- half its life on (before, it has siblings rather than successors).
CREATE FUNCTION silent_since(p_generation integer, p_issued_at timestamptz,
                             p_not_after timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_generation > 0 THEN p_issued_at
            ELSE p_issued_at + (p_not_after - p_issued_at) / 2 END;

-- What somebody should look at, now. kind: 1 key shared by identities, 2 key copied within a
-- lineage, 3 renewal overdue. The certificate is the newest that shows it.
CREATE VIEW alert AS
  SELECT 1 AS kind, k.serial, k.issuer_id, k.lineage, k.issued_at AS since
    FROM key_holder k
    WHERE k.is_shared AND k.not_after >= now()
      AND NOT EXISTS (SELECT FROM revocation r WHERE r.serial = k.serial AND r.issuer_id = k.issuer_id)
      AND EXISTS (SELECT FROM key_holder o WHERE o.is_shared AND o.spki_hash = k.spki_hash
                    AND o.identity <> k.identity AND o.not_after >= now()
                    AND NOT EXISTS (SELECT FROM revocation r
                                    WHERE r.serial = o.serial AND r.issuer_id = o.issuer_id))
  UNION ALL
  SELECT 2, l.serial, l.issuer_id, l.lineage, l.copied_at
    FROM lineage_state l
    WHERE l.copied_at IS NOT NULL AND l.revoked_at IS NULL AND l.not_after >= now()
  UNION ALL
  SELECT 3, o.serial, o.issuer_id, o.lineage, o.renew_until
    FROM (
      SELECT l.*, silent_since(l.generation, l.issued_at, l.not_after) AS silent,
             -- How many of its kind fell silent with it or later: each replacement replaces one.
             count(*) OVER (PARTITION BY l.identity, l.enrolled_by
                            ORDER BY silent_since(l.generation, l.issued_at, l.not_after) DESC) AS rivals
        FROM lineage_state l
        WHERE l.renew_until < now() AND l.revoked_at IS NULL AND l.copied_at IS NULL
          -- Told for as long again as it lived; then it is history.
          AND l.not_after + (l.not_after - l.issued_at) > now()) o
    WHERE (SELECT count(*) FROM lineage_state n
           WHERE n.identity = o.identity AND n.enrolled_by = o.enrolled_by
             AND n.enrolled_at > o.silent AND n.lineage <> o.lineage) < o.rivals;

REVOKE ALL ON FUNCTION silent_since(integer, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION silent_since(integer, timestamptz, timestamptz)
  TO mayfly_issue, mayfly_project, mayfly_maintain, mayfly_read;
GRANT SELECT ON projection_position, lineage_state, key_holder, alert
  TO mayfly_issue, mayfly_project, mayfly_maintain, mayfly_read;
GRANT UPDATE ON projection_position TO mayfly_project;
GRANT INSERT, UPDATE, DELETE ON lineage_state, key_holder TO mayfly_project;
CREATE INDEX IF NOT EXISTS outcome_tick ON outcome (tick);
CREATE INDEX IF NOT EXISTS revocation_tick ON revocation (tick);
