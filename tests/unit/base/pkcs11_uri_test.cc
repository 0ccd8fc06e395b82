#include "base/pkcs11_uri.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

TEST(Pkcs11Uri, NamesATokenByLabelOrSerialNumber) {
  EXPECT_TRUE(NamesToken("pkcs11:token=hsm-b;object=issuing", "hsm-b"));
  EXPECT_TRUE(NamesToken("pkcs11:object=issuing;serial=0a1b", "0a1b"));
  EXPECT_TRUE(NamesToken("pkcs11:token=hsm%2Db;object=issuing", "hsm-b"));
  EXPECT_TRUE(NamesToken("pkcs11:token=The%20HSM;object=issuing", "The HSM"));
  EXPECT_FALSE(NamesToken("pkcs11:token=hsm-a;object=hsm-b", "hsm-b"));
  EXPECT_FALSE(NamesToken("pkcs11:object=issuing?token=hsm-b", "hsm-b")) << "a query names none";
  EXPECT_FALSE(NamesToken("file:hsm-b", "hsm-b"));
  EXPECT_FALSE(NamesToken("", ""));
}

TEST(Pkcs11Uri, WhatIsNoEscapeStays) {
  EXPECT_EQ(Pkcs11UriAttribute("pkcs11:token=100%;object=a", "token"), "100%");
  EXPECT_EQ(Pkcs11UriAttribute("pkcs11:token=%zz", "token"), "%zz");
  EXPECT_EQ(Pkcs11UriAttribute("pkcs11:token=%4", "token"), "%4");
  EXPECT_EQ(Pkcs11UriAttribute("pkcs11:token=", "token"), "");
  EXPECT_EQ(Pkcs11UriAttribute("pkcs11:;;object", "object"), std::nullopt);
}

}  // namespace
}  // namespace mayfly
