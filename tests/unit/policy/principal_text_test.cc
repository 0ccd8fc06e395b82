#include "policy/principal_text.h"

#include <gtest/gtest.h>

namespace mayfly::policy {
namespace {

TEST(PrincipalFromId, ReadsWhatPrincipalIdOfWrites) {
  for (const char* id : {"spiffe://mayfly.internal/ns/prod/sa/web", "dns:web.internal",
                         "ip:10.0.0.7", "email:ops@mayfly.internal"}) {
    const auto principal = PrincipalFromId(id);
    ASSERT_TRUE(principal) << id;
    EXPECT_EQ(principal->id, id);
    EXPECT_EQ(principal->proof, ProofOfIdentity::kCertificate);
    ASSERT_EQ(principal->names.size(), 1u);
    EXPECT_EQ(PrincipalIdOf(principal->names), id);
  }
  EXPECT_EQ(PrincipalFromId("dns:WEB.internal")->id, "dns:web.internal");
}

TEST(PrincipalFromId, ReadsLocalUsers) {
  for (const char* id : {"local:0", "local:1000", "local:4294967295"}) {
    const auto principal = PrincipalFromId(id);
    ASSERT_TRUE(principal) << id;
    EXPECT_EQ(principal->proof, ProofOfIdentity::kLocal);
    EXPECT_EQ(principal->id, id);
    EXPECT_TRUE(principal->names.empty());
  }
}

TEST(PrincipalFromId, RefusesWhatNobodyCanBe) {
  for (const char* id : {"", "web.internal", "local:*", "local:", "local:01", "local:x",
                         "local:12345678901", "dns:*.internal", "dns:", "system:ocsp x"}) {
    const auto principal = PrincipalFromId(id);
    ASSERT_FALSE(principal) << id;
    EXPECT_EQ(principal.error().rule, "principal.id") << id;
  }
}

}  // namespace
}  // namespace mayfly::policy
