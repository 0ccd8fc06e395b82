-- The audit log: closing ticks, reading what is in the closed ones, and where the log stands.
-- docs/adr/0007-audit.md says why.

-- The sequencer's role: it reads what the log is made of, and says where the log stands.
DO $$
BEGIN
  CREATE ROLE mayfly_audit LOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;  -- made by another database's migration, perhaps at this moment
END $$;
GRANT USAGE ON SCHEMA mayfly TO mayfly_audit;

-- Whole ticks are read, also of what was recorded long before it was decided. Ticks only grow, so
-- the entries go to the index's right end.
CREATE INDEX outcome_tick ON outcome (tick);
CREATE INDEX revocation_tick ON revocation (tick);

-- What a checkpoint may be signed of: written before it is signed. The key arbitrates between
-- servers, so no two different trees of one size are ever signed for one origin.
CREATE TABLE audit_checkpoint (
  origin text NOT NULL CHECK (octet_length(origin) BETWEEN 1 AND 255),
  size bigint NOT NULL CHECK (size > 0),
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  tick bigint NOT NULL,  -- the last one whose entries are in the tree
  committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (origin, size)
);

-- Closes the open tick and gives its number. The exclusive lock is had when no writing transaction
-- is under way, and each later one reads the next tick: once this has committed, what bears this
-- tick or an older one is complete, visible and stays as it is. Whoever waits for the lock holds up
-- every writer behind it, so it is not waited for for long.
CREATE FUNCTION close_tick() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = mayfly, pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
  closed bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(7000001);
  UPDATE control c SET tick = c.tick + 1 RETURNING c.tick - 1 INTO closed;
  RETURN closed;
END $$;

REVOKE ALL ON FUNCTION close_tick() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION close_tick() TO mayfly_audit;
GRANT SELECT ON issuer, issuance, outcome, revocation, event, audit_checkpoint TO mayfly_audit;
GRANT INSERT (origin, size, root, tick) ON audit_checkpoint TO mayfly_audit;
GRANT SELECT ON audit_checkpoint TO mayfly_project, mayfly_maintain, mayfly_read;
