#include "tlog/cosignature.h"

#include <gtest/gtest.h>

namespace mayfly::tlog {
namespace {

// Made with Python's cryptography: the key is of the octets 0 to 31, the time 2026-03-02 12:00 UTC.
const std::string kKey = "witness.example/w1+e75f6532+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
const std::string kText =
    "mayfly.internal/audit\n5\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n";
const std::string kLine =
    "\u2014 witness.example/w1 519lMgAAAABppXvAWZd3RajARoHIdjg5LfUdWsGsoyHeD4Y4HT6qOOmwv11kF8qaz6sD"
    "oP9FLTFcHIbJupzi38bUX37aQ8+F3ciRCw==\n";

std::string RuleOf(const auto& result) { return result ? "" : result.error().rule; }

NoteSignature Signature() { return ParseSignatureLines(kLine)->front(); }

TEST(Cosignature, OfAnotherImplementationVerifies) {
  const auto key = WitnessKey::Parse(kKey);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->name(), "witness.example/w1");
  ASSERT_TRUE(key->Signed(Signature()));
  const auto time = key->Verify(kText, Signature());
  ASSERT_TRUE(time) << time.error().message;
  EXPECT_EQ(*time, TimePoint(Seconds(1'772'452'800)));
}

TEST(Cosignature, IsOverTheTextAndTheTime) {
  const WitnessKey key = *WitnessKey::Parse(kKey);
  EXPECT_EQ(RuleOf(key.Verify("m" + kText, Signature())), "signature.invalid");
  NoteSignature later = Signature();
  ++later.signature[7];
  EXPECT_EQ(RuleOf(key.Verify(kText, later)), "signature.invalid");
  NoteSignature cut = Signature();
  cut.signature.pop_back();
  EXPECT_EQ(RuleOf(key.Verify(kText, cut)), "cosignature.format");
  NoteSignature after_all_time = Signature();
  after_all_time.signature[0] = 1;
  EXPECT_EQ(RuleOf(key.Verify(kText, after_all_time)), "cosignature.format");
}

TEST(Cosignature, AnotherNameOrIdIsAnotherKeys) {
  const WitnessKey key = *WitnessKey::Parse(kKey);
  NoteSignature signature = Signature();
  signature.key_name = "witness.example/w2";
  EXPECT_FALSE(key.Signed(signature));
  signature = Signature();
  ++signature.key_id;
  EXPECT_FALSE(key.Signed(signature));
}

TEST(WitnessKey, OthersAreRefused) {
  const auto rule = [](const std::string& text) { return RuleOf(WitnessKey::Parse(text)); };
  EXPECT_EQ(rule(""), "note.verifier-key");
  EXPECT_EQ(rule("witness.example/w1+e75f6533" + kKey.substr(kKey.rfind('+'))),
            "note.verifier-key");
  EXPECT_EQ(rule("a b" + kKey.substr(kKey.find('+'))), "note.key-name");
  // A log's key, of type 1, is no witness's.
  EXPECT_EQ(rule("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"),
            "note.verifier-key");
  Bytes weak(33, 0);
  weak[0] = kCosignatureType;
  EXPECT_EQ(rule("w+" + KeyIdText(UsualKeyId("w", weak)) + "+" + ToBase64(weak)),
            "key.ed25519-weak");
}

}  // namespace
}  // namespace mayfly::tlog
