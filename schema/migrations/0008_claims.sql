-- What was proved of a principal beside its id: the claims of a bearer token that a policy's places
-- can take, "namespace=prod serviceaccount=api", by name. Records before this have none.

ALTER TABLE issuance ADD COLUMN claims text NOT NULL DEFAULT ''
  CHECK (octet_length(claims) <= 10240);
GRANT INSERT (claims) ON issuance TO mayfly_issue;
