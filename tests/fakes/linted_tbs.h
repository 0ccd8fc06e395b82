// A LintedTbs for tests, made through the real policy and lint from a fixed CSR.
#pragma once

#include "lint/linted_tbs.h"

namespace mayfly::fakes {

enum class TestKey { kFixed, kOther };

// One hour: lifetime class 1. Up to 400 days. The names are DNS:web.internal.
lint::LintedTbs MakeLintedTbs(TimePoint now, RandomSource& random, Seconds lifetime = Seconds(3600),
                              TestKey key = TestKey::kFixed);

// The public keys of its CSRs, for registries that want one.
x509::SubjectPublicKeyInfo PublicKeyOf(TestKey key);
inline x509::SubjectPublicKeyInfo FixedPublicKey() { return PublicKeyOf(TestKey::kFixed); }
// A root's TBS over that key.
lint::LintedCaTbs MakeLintedRootTbs(TimePoint now, RandomSource& random, const x509::Name& subject);

}  // namespace mayfly::fakes
