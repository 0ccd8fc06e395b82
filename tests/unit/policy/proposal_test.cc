#include "policy/proposal.h"

#include <gtest/gtest.h>

#include <set>

namespace mayfly::policy {
namespace {

x509::SerialNumber Serial(std::string_view hex) { return *x509::SerialNumber::FromHex(hex); }

// By Python:
//   sha256(b"mayfly.ca.v1.Proposal\0" b"\1\1" + (4).to_bytes(8, "big") + (6).to_bytes(4, "big")
//          + b"policy").hexdigest()
TEST(PayloadHash, OfAPolicyIsAsTheApiSaysIt) {
  EXPECT_EQ(ToHex(PayloadHash(PolicyChange{"policy", 4})),
            "41cfcad6ca841ad367ce6b9087229ea005fa277d99ff839fa5e8a7b972b1b2d9");
}

//   sha256(b"mayfly.ca.v1.Proposal\0" b"\1\2" b"\1" + (2).to_bytes(8, "big")
//          + b"\0\0\0\1a" b"\0\0\0\2\x21\x01" + b"\0\0\0\1b" b"\0\0\0\2\x21\x02").hexdigest()
TEST(PayloadHash, OfAMassRevocationIsAsTheApiSaysIt) {
  const MassRevocation revocation{{{"a", Serial("2101")}, {"b", Serial("2102")}},
                                  x509::RevocationReason::kKeyCompromise};
  EXPECT_EQ(ToHex(PayloadHash(revocation)),
            "25662d48440125b9577dace663ecb207ff4b2da93f74f4221b9c4bd3f31399e6");
}

TEST(PayloadHash, ChangesWithEverythingInThePayload) {
  const auto unspecified = x509::RevocationReason::kUnspecified;
  const std::set<Hash256> hashes = {
      PayloadHash(PolicyChange{"", 0}),
      PayloadHash(PolicyChange{"", 1}),
      PayloadHash(PolicyChange{"a", 0}),
      PayloadHash(PolicyChange{"a\n", 0}),
      PayloadHash(MassRevocation{{}, unspecified}),
      PayloadHash(MassRevocation{{{"a", Serial("21")}}, unspecified}),
      PayloadHash(MassRevocation{{{"a", Serial("21")}}, x509::RevocationReason::kSuperseded}),
      PayloadHash(MassRevocation{{{"b", Serial("21")}}, unspecified}),
      PayloadHash(MassRevocation{{{"a", Serial("22")}}, unspecified}),
      PayloadHash(MassRevocation{{{"a", Serial("21")}, {"a", Serial("22")}}, unspecified}),
  };
  EXPECT_EQ(hashes.size(), 10u);
}

}  // namespace
}  // namespace mayfly::policy
