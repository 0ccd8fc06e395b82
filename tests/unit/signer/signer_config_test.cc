#include "hsm/signer/signer_config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace mayfly::hsm {
namespace {

constexpr const char* kHead =
    "module = \"m.so\"\npin_file = \"pin\"\nsocket = \"s.sock\"\nstate_directory = \"state\"\n";

std::string KeyText(const std::string& uri, const std::string& purposes = "[\"certificate\"]") {
  return "[[key]]\nuri = \"" + uri + "\"\npurposes = " + purposes + "\n";
}

class SignerConfigTest : public testing::Test {
 protected:
  SignerConfigTest() {
    std::string pattern = testing::TempDir() + "mayfly-config-XXXXXX";
    folder = mkdtemp(pattern.data());
  }
  ~SignerConfigTest() override { std::filesystem::remove_all(folder); }

  Result<SignerProcessConfig> Load(const std::string& text) {
    std::ofstream(folder / "signer.toml", std::ios::trunc) << text;
    return SignerProcessConfig::Load(folder / "signer.toml");
  }
  // The first finding's rule, or "".
  std::string Rule(const std::string& text) {
    auto config = Load(text);
    if (config) return "";
    EXPECT_EQ(config.error().code, ErrorCode::kConfiguration);
    return config.error().violations.empty() ? config.error().rule
                                             : config.error().violations[0].rule;
  }

  std::filesystem::path folder;
};

TEST_F(SignerConfigTest, ReadsAll) {
  auto config =
      Load(std::string(kHead) + "workers = 3\nstart_seconds = 20\nallow_uid = [\"998\"]\n" +
           KeyText("pkcs11:token=t;object=a", "[\"certificate\", \"crl\"]") +
           KeyText("pkcs11:token=t;object=b", "[\"ocsp\"]"));
  ASSERT_TRUE(config) << Describe(config.error(), ErrorText::kForLog);
  EXPECT_EQ(config->module, "m.so");
  EXPECT_EQ(config->socket, folder / "s.sock");
  EXPECT_EQ(config->workers, 3);
  EXPECT_EQ(config->start_limit, std::chrono::seconds(20));
  EXPECT_EQ(config->allowed_uids, std::set<uid_t>{998});
  ASSERT_EQ(config->keys.size(), 2u);
  EXPECT_EQ(config->keys[0].purposes,
            (std::set{SignPurpose::kCertificate, SignPurpose::kCrl, SignPurpose::kCanary}));
}

TEST_F(SignerConfigTest, WhatIsRefused) {
  const std::string head = kHead;
  EXPECT_EQ(Rule(head), "");
  EXPECT_EQ(Rule(head + "surprise = 1\n"), "config.unknown-key");
  EXPECT_EQ(Rule(head + KeyText("pkcs11:token=t;object=a", "[\"everything\"]")), "signer.purpose");
  EXPECT_EQ(Rule(head + KeyText("pkcs11:object=a")), "signer.uri");
  EXPECT_EQ(Rule(head + KeyText("pkcs11:token=t;object=a") + KeyText("pkcs11:token=u;object=b")),
            "signer.one-token");
  EXPECT_EQ(Rule(head + KeyText("pkcs11:token=t;object=a") + KeyText("pkcs11:object=a;token=t")),
            "signer.duplicate-key");
  EXPECT_EQ(Rule(head + "allow_uid = [\"root\"]\n"), "config.range");
  EXPECT_EQ(Rule(head + "start_seconds = 50\n"), "");
  for (const char* seconds : {"0", "51"}) {
    EXPECT_EQ(Rule(head + "start_seconds = " + seconds + "\n"), "config.range");
  }
}

TEST_F(SignerConfigTest, WorkersHaveLimits) {
  auto with = [&](int workers) {
    return Rule(kHead + ("workers = " + std::to_string(workers) + "\n"));
  };
  EXPECT_EQ(with(0), "config.range");
  EXPECT_EQ(with(1), "");
  EXPECT_EQ(with(kWorkersMax), "");
  EXPECT_EQ(with(kWorkersMax + 1), "config.range");
}

}  // namespace
}  // namespace mayfly::hsm
