#include "ocsp/get_path.h"

#include <gtest/gtest.h>

namespace mayfly::ocsp {
namespace {

// 0xff 0xff .. gives '/', 0xfb 0xef .. gives '+'.
const Bytes kSlashes(6, 0xff);
const Bytes kPluses = {0xfb, 0xef, 0xbe, 0xfb};

std::string RuleOf(std::string_view path) {
  Result<Bytes> der = RequestFromGetPath(path);
  return der ? "accepted" : der.error().rule;
}

TEST(GetPath, TakesReservedCharactersEscapedAndNot) {
  EXPECT_EQ(RequestFromGetPath("////////").value(), kSlashes);
  EXPECT_EQ(RequestFromGetPath("%2F%2f//%2F%2F//").value(), kSlashes);
  EXPECT_EQ(RequestFromGetPath("++%2B%2b+w==").value(), kPluses);
  EXPECT_EQ(RequestFromGetPath("+++++w%3D%3d").value(), kPluses);
  EXPECT_EQ(RequestFromGetPath("%4D%41%3D=").value(), Bytes{0x30});
}

TEST(GetPath, Refusals) {
  EXPECT_EQ(RuleOf(""), "ocsp.get-path");
  EXPECT_EQ(RuleOf("MA=="), "accepted");
  for (const char* bad : {"MA", "MA=", "M", "MA==MA==", "_-__", "/./=", "MA==?x=1234",
                          "MA%253D=", "MA %3D", "====", "MB=="}) {
    EXPECT_TRUE(RuleOf(bad).starts_with("base64.")) << bad << " " << RuleOf(bad);
  }
  for (const char* bad : {"MA=%", "MA=%3", "MA=%zz", "%", "%%3D3D"}) {
    EXPECT_EQ(RuleOf(bad), "ocsp.get-path") << bad;
  }
}

TEST(GetPath, SizeLimit) {
  std::string longest;
  while (longest.size() < kGetPathBytesMax) longest += "%41";
  ASSERT_EQ(longest.size(), kGetPathBytesMax);
  EXPECT_EQ(RuleOf(longest), "accepted");
  EXPECT_EQ(RuleOf(longest + "A"), "ocsp.get-path");
  EXPECT_EQ(RuleOf(std::string(64 * 1024, 'A')), "ocsp.get-path");
}

}  // namespace
}  // namespace mayfly::ocsp
