#include "hsm/signer/key_uri.h"

#include <gtest/gtest.h>

#include "hsm/client/wire.h"

namespace mayfly::hsm {
namespace {

TEST(KeyUri, NamesTokenAndKey) {
  auto uri = KeyUri::Parse("pkcs11:token=my%20fly;object=issuing;id=%01%02;type=private");
  ASSERT_TRUE(uri);
  EXPECT_EQ(uri->token.label, "my fly");
  EXPECT_EQ(uri->token.serial, "");
  EXPECT_EQ(uri->object, "issuing");
  EXPECT_EQ(uri->id, (Bytes{1, 2}));
  auto serial = KeyUri::Parse("pkcs11:serial=0123;id=%01");
  ASSERT_TRUE(serial);
  EXPECT_EQ(serial->token.serial, "0123");
}

TEST(KeyUri, OrderAndEscapesDoNotMatter) {
  EXPECT_EQ(*KeyUri::Parse("pkcs11:token=t;object=o"), *KeyUri::Parse("pkcs11:object=%6f;token=t"));
  EXPECT_FALSE(*KeyUri::Parse("pkcs11:token=t;object=o") ==
               *KeyUri::Parse("pkcs11:token=t;object=p"));
}

TEST(KeyUri, WhatIsRefused) {
  for (const char* text :
       {"", "file:x", "pkcs11:", "pkcs11:token=t", "pkcs11:object=o", "pkcs11:slot-id=0;object=o",
        "pkcs11:token=t;object=o;slot-id=1", "pkcs11:token=t;object=o?pin-value=1234",
        "pkcs11:token=t;object=o?pin-source=file:/pin",
        "pkcs11:token=t;object=o?module-path=/tmp/evil.so", "pkcs11:token=t;object=o;unknown=1",
        "pkcs11:token=t;object=%zz"}) {
    auto uri = KeyUri::Parse(text);
    ASSERT_FALSE(uri) << text;
    EXPECT_EQ(uri.error().rule, "signer.uri") << text;
  }
}

TEST(KeyUri, LengthHasALimit) {
  std::string text = "pkcs11:token=t;object=";
  text.resize(kUriBytesMax, 'o');
  EXPECT_TRUE(KeyUri::Parse(text));
  text += 'o';
  EXPECT_FALSE(KeyUri::Parse(text));
}

}  // namespace
}  // namespace mayfly::hsm
