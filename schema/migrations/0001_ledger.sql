-- Mayfly's ledger, first version. docs/adr/ and the comments here say why; migrations only go forward.
--
-- Keys are (serial, issuer): serials are ordered by lifetime class and time, so tables are
-- append-mostly, and range partitions by serial alone are partitions by class and then time.
-- issuance, outcome, request, revocation, event, block, token_use and lineage_use are insert-only:
-- no role that serves requests holds UPDATE or DELETE on them.

CREATE SCHEMA mayfly_partitions;

-- Roles are the cluster's, so they may be there already.
DO $$
DECLARE role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['mayfly_issue', 'mayfly_respond', 'mayfly_project', 'mayfly_maintain', 'mayfly_read'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I LOGIN', role_name);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;  -- made by another database's migration, perhaps at this moment
    END;
  END LOOP;
END $$;

GRANT USAGE ON SCHEMA mayfly TO mayfly_issue, mayfly_respond, mayfly_project, mayfly_maintain, mayfly_read;

-- The control row. `decision` rises with every policy activation and block; `tick` closes what was
-- written before it. Both change only under the exclusive advisory lock 7000001; every writing
-- transaction holds it shared (begin_write).
CREATE TABLE control (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  decision bigint NOT NULL DEFAULT 1,
  tick bigint NOT NULL DEFAULT 1,
  -- Seals the page tokens of lists, so that every server opens what another gave.
  page_key bytea NOT NULL
    DEFAULT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
);
INSERT INTO control DEFAULT VALUES;

-- An issuer is a name and a key, not one of its certificates.
CREATE TABLE issuer (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  subject bytea NOT NULL,   -- Name, DER
  spki bytea NOT NULL,      -- SubjectPublicKeyInfo, DER
  spki_hash bytea NOT NULL UNIQUE CHECK (octet_length(spki_hash) = 32),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (subject)
);

-- Our own CA certificates: recorded before they are signed, like leaves.
CREATE TABLE ca_certificate (
  serial bytea NOT NULL CHECK (octet_length(serial) BETWEEN 1 AND 20),
  issuer_id integer NOT NULL REFERENCES issuer,   -- who signs it
  subject_id integer NOT NULL REFERENCES issuer,  -- whose it is
  kind smallint NOT NULL CHECK (kind IN (1, 2)),  -- 1 root, 2 issuing
  tbs bytea NOT NULL,
  tick bigint NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (serial, issuer_id)
);
CREATE TABLE ca_certificate_outcome (
  serial bytea NOT NULL,
  issuer_id integer NOT NULL,
  signature bytea NOT NULL,
  tick bigint NOT NULL,
  decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (serial, issuer_id),
  FOREIGN KEY (serial, issuer_id) REFERENCES ca_certificate
);

-- Certificates made elsewhere: found on the network or imported.
CREATE TABLE foreign_certificate (
  fingerprint bytea PRIMARY KEY CHECK (octet_length(fingerprint) = 32),  -- SHA-256 of the DER
  certificate bytea NOT NULL,
  source text NOT NULL,
  tick bigint NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Every policy that was ever in force.
CREATE TABLE policy_version (
  version bigint PRIMARY KEY CHECK (version > 0),
  body text NOT NULL,
  body_hash bytea NOT NULL CHECK (octet_length(body_hash) = 32),
  decision bigint NOT NULL UNIQUE,  -- the control number that activated it
  principal text NOT NULL,
  tick bigint NOT NULL,
  activated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The Unix milliseconds that octets 1..6 hold: of a serial of ours after its class octet.
CREATE FUNCTION serial_ms(serial bytea) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (get_byte(serial, 1)::bigint << 40) + (get_byte(serial, 2)::bigint << 32)
     + (get_byte(serial, 3)::bigint << 24) + (get_byte(serial, 4)::bigint << 16)
     + (get_byte(serial, 5)::bigint << 8) + get_byte(serial, 6)::bigint;
-- The same for a UUIDv7, which begins with them (RFC 9562 5.7).
CREATE FUNCTION uuid_ms(id uuid) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN mayfly.serial_ms('\x00'::bytea || substring(uuid_send(id) FOR 6));
CREATE FUNCTION unix_ms(at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN floor(extract(epoch FROM at) * 1000)::bigint;

-- The record: written and durable before the signature exists. Its serial's own time is within
-- 30 s of the database's clock, whatever the server believes: a tick that is closed stays closed,
-- and a responder may say `unknown` of what is older than what it has read.
CREATE TABLE issuance (
  serial bytea NOT NULL CHECK (octet_length(serial) = 20),
  issuer_id integer NOT NULL,
  generation integer NOT NULL CHECK (generation >= 0),
  decision bigint NOT NULL,
  policy_version bigint NOT NULL,
  tick bigint NOT NULL,
  not_after timestamptz NOT NULL,
  renew_from timestamptz NOT NULL,
  renew_until timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  lineage uuid NOT NULL,
  request_id uuid,
  parent_serial bytea,
  profile text NOT NULL,
  principal text NOT NULL,
  tbs bytea NOT NULL,
  PRIMARY KEY (serial, issuer_id),
  CONSTRAINT issuance_serial_time
    CHECK (abs(mayfly.unix_ms(recorded_at) - mayfly.serial_ms(serial)) <= 30000)
) PARTITION BY RANGE (serial);
-- The one index beside the key, for lists: what ends next, and where the page before ended.
CREATE INDEX issuance_not_after ON issuance (not_after, serial, issuer_id);

-- How a record ended: the first outcome wins, for ever.
CREATE TABLE outcome (
  serial bytea NOT NULL,
  issuer_id integer NOT NULL,
  kind smallint NOT NULL CHECK (kind IN (1, 2)),  -- 1 signed, 2 abandoned
  decision bigint NOT NULL,
  policy_version bigint NOT NULL,
  tick bigint NOT NULL,
  decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  signature bytea,
  PRIMARY KEY (serial, issuer_id),
  CHECK ((kind = 1) = (signature IS NOT NULL))
) PARTITION BY RANGE (serial);

-- Request ids: UUIDv7, so by time, so forgetting is dropping a partition.
CREATE TABLE request (
  request_id uuid NOT NULL,
  scope text NOT NULL CHECK (octet_length(scope) <= 512),
  attempt integer NOT NULL CHECK (attempt BETWEEN 1 AND 65535),
  issuer_id integer NOT NULL,
  serial bytea NOT NULL,
  body_hash bytea NOT NULL CHECK (octet_length(body_hash) = 32),
  tick bigint NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (request_id, scope, attempt),
  CONSTRAINT request_id_time
    CHECK (abs(mayfly.unix_ms(recorded_at) - mayfly.uuid_ms(request_id)) <= 86400000)
) PARTITION BY RANGE (request_id);

-- Numbered max + 1 under the advisory lock 7000002: the number is the commit order.
CREATE TABLE revocation (
  number bigint PRIMARY KEY CHECK (number > 0),
  serial bytea NOT NULL,
  issuer_id integer NOT NULL,
  reason smallint NOT NULL CHECK (reason IN (0, 1, 2, 3, 4, 5, 9)),  -- RFC 5280 5.3.1; no hold
  revoked_at timestamptz NOT NULL,
  not_after timestamptz NOT NULL,  -- of the certificate
  principal text NOT NULL,
  tick bigint NOT NULL,
  UNIQUE (serial, issuer_id)
);
CREATE INDEX revocation_not_after ON revocation (not_after, serial, issuer_id);

CREATE TABLE event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- no cursor: rows commit out of its order
  kind text NOT NULL,
  principal text NOT NULL,
  detail jsonb NOT NULL,
  tick bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX event_tick ON event (tick);

-- Each raises the control number. The newest row of a (kind, value) says whether it is in force.
CREATE TABLE block (
  kind smallint NOT NULL CHECK (kind IN (1, 2, 3, 4)),  -- lineage, key, identity, issuer
  value bytea NOT NULL,
  decision bigint NOT NULL,
  effect smallint NOT NULL CHECK (effect IN (1, 2)),    -- 1 blocks, 2 lifts
  reason text NOT NULL,
  principal text NOT NULL,
  tick bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (kind, value, decision)
);

-- Uses of enrolment tokens, inserted in the record's transaction.
CREATE TABLE token_use (
  token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
  use_number integer NOT NULL CHECK (use_number >= 1),
  request_id uuid NOT NULL,
  body_hash bytea NOT NULL,
  serial bytea NOT NULL,
  issuer_id integer NOT NULL,
  tick bigint NOT NULL,
  used_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (token_hash, use_number)
);

-- The first use or acknowledgement of a generation: only then is the one before superseded.
CREATE TABLE lineage_use (
  lineage uuid NOT NULL,
  generation integer NOT NULL,
  serial bytea NOT NULL,
  issuer_id integer NOT NULL,
  kind smallint NOT NULL CHECK (kind IN (1, 2)),  -- 1 used, 2 acknowledged
  tick bigint NOT NULL,
  used_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (lineage, generation)
);

-- Leases of OCSP responders' memories. The one table of the request path that is updated.
CREATE TABLE responder_lease (
  responder uuid PRIMARY KEY,
  applied bigint NOT NULL,             -- the newest revocation number in its memory
  expires_at timestamptz NOT NULL,     -- by the database's clock
  answer_life interval NOT NULL        -- how long its answers are valid at most
);

CREATE VIEW certificate AS
  SELECT i.serial, i.issuer_id, i.tbs, o.kind AS outcome, o.signature, i.lineage, i.generation,
         i.parent_serial, i.profile, i.principal, i.policy_version, i.decision, i.request_id,
         i.not_after, i.renew_from, i.renew_until, i.recorded_at,
         o.decided_at, r.number AS revocation_number, r.reason AS revocation_reason, r.revoked_at
  FROM issuance i
  LEFT JOIN outcome o ON o.serial = i.serial AND o.issuer_id = i.issuer_id
  LEFT JOIN revocation r ON r.serial = i.serial AND r.issuer_id = i.issuer_id;
