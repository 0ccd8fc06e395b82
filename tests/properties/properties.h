// What must hold for any bytes at all. Each function reads its input as one part of Mayfly does,
// and gives the first property that does not hold, or nothing. Input that is refused breaks none.
//
// Fuzzers feed them what they invent (tests/fuzz), properties_test.cc golden files and their
// mutations. A new parser of what strangers send gets its property here, and a fuzzer of four
// lines.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"

namespace mayfly::properties {

using Broken = std::optional<std::string>;

// What the strict reader takes, element for element and by its type, is written back the same.
Broken ByDer(ByteSpan input);

// What is accepted is written back byte for byte, and OpenSSL reads the same key and names there.
Broken ByCertificationRequest(ByteSpan input);
Broken ByCertificate(ByteSpan input);
// OpenSSL reads the same question there.
Broken ByOcspRequest(ByteSpan input);

// What a GET's path holds is what its plain base64 holds.
Broken ByOcspGetPath(ByteSpan input);
Broken ByOcspResponse(ByteSpan input);
// PEM, as requests and certificates come in it: what is taken out can be put back in.
Broken ByPem(ByteSpan input);

// A name that exists is in its normal form; a pattern without "*" matches itself at most.
Broken ByName(ByteSpan input);
Broken ByResourceName(ByteSpan input);

// Refused with a line for every finding, or complete.
Broken ByServerConfiguration(ByteSpan input);
Broken ByPolicyFile(ByteSpan input);

// The audit log: what is read is written back the same.
Broken ByCheckpoint(ByteSpan input);
Broken ByLogEntry(ByteSpan input);
Broken ByTilePath(ByteSpan input);
Broken ByTlogProof(ByteSpan input);
// A verifier key, a newline, and a signed checkpoint.
Broken BySignedHead(ByteSpan input);
Broken ByDump(ByteSpan input);
// A set of keys (JWKS) on the first line and a bearer token after it: a token is written in one way
// only, what it proves can stand in a record, and the signature of what verifies is over all of it.
Broken ByJwt(ByteSpan input);

// Frames between mayfly-ca and mayfly-signer: what is read is written back the same.
Broken BySignerFrame(ByteSpan input);

}  // namespace mayfly::properties
