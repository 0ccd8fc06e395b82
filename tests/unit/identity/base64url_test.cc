#include "identity/base64url.h"

#include <gtest/gtest.h>

namespace mayfly::identity {
namespace {

TEST(Base64Url, WritesWhatRfc4648Says) {
  EXPECT_EQ(ToBase64Url({}), "");
  EXPECT_EQ(ToBase64Url(AsBytes("f")), "Zg");
  EXPECT_EQ(ToBase64Url(AsBytes("fo")), "Zm8");
  EXPECT_EQ(ToBase64Url(AsBytes("foo")), "Zm9v");
  EXPECT_EQ(ToBase64Url(Bytes{0xfb, 0xff, 0xbf}), "-_-_");
}

TEST(Base64Url, ReadsWhatItWrites) {
  for (size_t size = 0; size < 70; ++size) {
    Bytes bytes;
    for (size_t i = 0; i < size; ++i) bytes.push_back(static_cast<uint8_t>(i * 37 + size));
    const auto read = FromBase64Url(ToBase64Url(bytes));
    ASSERT_TRUE(read) << size;
    EXPECT_EQ(*read, bytes);
  }
}

TEST(Base64Url, RefusesAnyOtherSpelling) {
  for (const char* text : {"Zg==", "Zm8=", "Zh", "Zm9", "Z", "Zm9vZ", "Zm9v ", " Zm9v", "Zm\n9v",
                           "+_-_", "-/-_", "Zm.v", "Zm9v=", "=", "Zm9vZm9v\xc3\xa4"}) {
    EXPECT_FALSE(FromBase64Url(text)) << text;
  }
}

}  // namespace
}  // namespace mayfly::identity
