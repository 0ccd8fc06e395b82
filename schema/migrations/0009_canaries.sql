-- Canaries: what keys were asked to sign to show that they work. Each has its row before it is
-- signed, so that every signature of a key of ours is accounted for.

CREATE TABLE canary (
  digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),        -- SHA-256 of the message
  spki_hash bytea NOT NULL CHECK (octet_length(spki_hash) = 32),     -- SHA-256 of the key's SPKI
  purpose smallint NOT NULL CHECK (purpose IN (1, 2, 3)),  -- of the key: issuing, ocsp, audit
  tick bigint NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX canary_recorded_at ON canary (recorded_at);

GRANT INSERT (digest, spki_hash, purpose, tick) ON canary TO mayfly_issue;
GRANT SELECT ON canary TO mayfly_issue, mayfly_maintain, mayfly_read;
