#include "tlog/checkpoint.h"

#include <gtest/gtest.h>

#include "naive_tree.h"

namespace mayfly::tlog {
namespace {

// A note of the documentation of Go's golang.org/x/mod/sumdb/note, with its second signature.
const std::string kGoText =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
const std::string kGoLine =
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngot"
    "pRZb6KE6RyyBwJnAM=\n";
const std::string kOtherLine =
    "\u2014 EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWL"
    "ox33WWd1RvMc+QQ=\n";
const std::string kGoKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

// Checkpoints of two logs that sign with ECDSA: Sigstore's, and the one of Pixel 6.
struct RealCheckpoint {
  std::string key;
  std::string origin;
  uint64_t size;
  std::string note;
};
const RealCheckpoint kReal[] = {
    {"rekor.sigstore.dev+c0d23d6a+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtmPtrWm3U1eQXBogSMdGvXwBcK"
     "5AW5i0hrZLOC96l+smGNM7nwZ4QvFK/4sueRoVj//QP22Ni4Qt9DPfkWLc=",
     "Rekor", 798034,
     "Rekor\n798034\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP0=\n\n"
     "\u2014 rekor.sigstore.dev "
     "wNI9ajBEAiARInWIWyCdyG27CO6LPnPekyw20qO0YJfoaPaowGp/XgIgc+qEHS3+GKVC"
     "lgqq20uDLet7MCoTURUCRdxwWBHHufk=\n"},
    {"pixel6_transparency_log+91c16e30+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABN+4x0Jk1yTwvLFI9A4NDdGZ"
     "cX0aiWVdWM5XJVy0M4VWD3AvyW5Q6Hs9A0mcDkpUoYgn+KKPNzFC0H3nN3q6JQ8=",
     "DEFAULT", 10,
     "DEFAULT\n10\nbsWRucJU5xJPHb5eBdOm6+DM+VelCZBuvtI3sHERJ9Y=\n\n"
     "\u2014 pixel6_transparency_log "
     "kcFuMDBFAiEAhqMAP8P6qf6QxtUJhzMhbN+MbZ9dwfUHzGQJmffJHtoCIGD0cNe"
     "47dHWBoPwYdgBCepB06/+g5O1FmYjXl06owL4\n"},
};

std::vector<NoteKey> Keys(const std::string& text) { return {*NoteKey::Parse(text)}; }

std::string Verified(const std::string& note, const std::string& key) {
  auto parsed = ParseNote(note);
  if (!parsed) return parsed.error().rule;
  EXPECT_EQ(*AssembleNote(*parsed), note);
  return RuleOf(VerifyNote(*parsed, Keys(key)));
}

TEST(SignedNote, OfGoVerifies) {
  EXPECT_EQ(NoteKey::Parse(kGoKey)->ToString(), kGoKey);
  EXPECT_EQ(Verified(kGoText + "\n" + kGoLine, kGoKey), "");
  EXPECT_EQ(Verified(kGoText + "\n" + kGoLine + kOtherLine, kGoKey), "");
  EXPECT_EQ(Verified(kGoText + "\n" + kOtherLine, kGoKey), "note.unsigned");
  EXPECT_EQ(Verified("I" + kGoText + "\n" + kGoLine, kGoKey), "signature.invalid");
  // A good signature does not hide a bad one of the same key.
  std::string bad = kGoLine;
  bad[bad.size() - 10] = 'A';
  EXPECT_EQ(Verified(kGoText + "\n" + kGoLine + bad, kGoKey), "signature.invalid");
  EXPECT_EQ(ParseNote(kGoText + "\n" + kGoLine)->text, kGoText);
}

TEST(SignedNote, AKeyOfAnotherNameOrIdIsAnother) {
  const NoteKey key = *NoteKey::Parse(kGoKey);
  const NoteKey renamed = *NoteKey::Make("PeterNewman", key.key());
  EXPECT_NE(renamed.id(), key.id());
  EXPECT_EQ(Verified(kGoText + "\n" + kGoLine, renamed.ToString()), "note.unsigned");
  std::string line = kGoLine;
  line[line.find("x08g")] = 'y';
  EXPECT_EQ(Verified(kGoText + "\n" + line, kGoKey), "note.unsigned");
}

TEST(Checkpoint, OfLogsThatSignWithEcdsaOpen) {
  for (const RealCheckpoint& real : kReal) {
    const auto keys = Keys(real.key);
    EXPECT_EQ(keys.front().ToString(), real.key);
    auto opened = OpenCheckpoint(real.note, real.origin, keys);
    ASSERT_TRUE(opened) << opened.error().rule;
    EXPECT_EQ(opened->tree.size, real.size);
    EXPECT_EQ(*WriteCheckpoint(*opened), ParseNote(real.note)->text);
    EXPECT_EQ(*AssembleNote(*ParseNote(real.note)), real.note);
    EXPECT_EQ(RuleOf(OpenCheckpoint(real.note, "other", keys)), "checkpoint.origin");
    EXPECT_EQ(RuleOf(OpenCheckpoint(real.note, real.origin, Keys(kGoKey))), "note.unsigned");
    std::string altered = real.note;
    ++altered[altered.find('\n') + 1];
    EXPECT_EQ(RuleOf(OpenCheckpoint(altered, real.origin, keys)), "signature.invalid");
  }
}

TEST(NoteKey, OthersAreRefused) {
  const auto rule = [](const std::string& text) { return RuleOf(NoteKey::Parse(text)); };
  const std::string octets = kGoKey.substr(kGoKey.rfind('+') + 1);
  EXPECT_EQ(rule(""), "note.verifier-key");
  EXPECT_EQ(rule("PeterNeumann+c74f20a3"), "note.verifier-key");
  EXPECT_EQ(rule("PeterNeumann+c74f20a3+"), "note.verifier-key");
  EXPECT_EQ(rule("PeterNeumann+c74f20a4+" + octets), "note.verifier-key");
  EXPECT_EQ(rule("PeterNeumann+C74F20A3+" + octets), "note.verifier-key");
  EXPECT_EQ(rule("PeterNeumann+0c74f20a3+" + octets), "note.verifier-key");
  EXPECT_EQ(rule("PeterNeumann+c74f20a3+AQ=="), "note.verifier-key");
  EXPECT_EQ(rule("PeterNeumann+c74f20a3+" + octets.substr(1)), "base64.length");
  EXPECT_EQ(rule("PeterNeumann+c74f20a3+Aw" + octets.substr(2)), "note.verifier-key");
  EXPECT_EQ(rule("Peter Neumann+c74f20a3+" + octets), "note.key-name");
  EXPECT_EQ(rule("+c74f20a3+" + octets), "note.key-name");
  EXPECT_EQ(rule("p+00000000+" + ToBase64(Bytes(1, 2))), "der.truncated");
}

TEST(NoteKey, NameAtItsLimitAndOnePast) {
  const auto key = NoteKey::Parse(kGoKey)->key();
  EXPECT_TRUE(NoteKey::Make(std::string(kKeyNameBytesMax, 'n'), key));
  EXPECT_TRUE(NoteKey::Make("m\u00fcller.example/log", key));
  for (const std::string& name :
       {std::string(), std::string(kKeyNameBytesMax + 1, 'n'), std::string("a b"),
        std::string("a+b"), std::string("a\nb"), std::string("a\tb"), std::string("a\u00a0b"),
        std::string("a\u3000b"), std::string("\u2028"), std::string("a\xff")}) {
    EXPECT_EQ(RuleOf(NoteKey::Make(name, key)), "note.key-name") << Escape(name);
  }
}

TEST(NoteKey, OfOtherTypesAreRefused) {
  const auto p384 = x509::SubjectPublicKeyInfo::FromDer(
      *FromHex("3076301006072a8648ce3d020106052b8104002203620004" + std::string(2 * 96, '1')));
  ASSERT_TRUE(p384) << p384.error().rule;
  EXPECT_EQ(RuleOf(NoteKey::Make("log", *p384)), "note.key-type");
  const auto zeros = x509::SubjectPublicKeyInfo::FromDer(
      *FromHex("302a300506032b6570032100" + std::string(64, '0')));
  EXPECT_EQ(RuleOf(NoteKey::Make("log", *zeros)), "key.ed25519-weak");
}

TEST(SignedNote, OthersAreRefused) {
  const std::string note = kGoText + "\n" + kGoLine;
  const auto rule = [](const std::string& text) { return RuleOf(ParseNote(text)); };
  EXPECT_EQ(rule(""), "note.text");
  EXPECT_EQ(rule(note.substr(0, note.size() - 1)), "note.text");
  EXPECT_EQ(rule("\t" + note), "note.text");
  EXPECT_EQ(rule("\r\n" + note), "note.text");
  EXPECT_EQ(rule("\xff" + note), "note.text");
  EXPECT_EQ(rule(kGoText), "note.format");
  EXPECT_EQ(rule(kGoText + kGoLine), "note.format");
  EXPECT_EQ(rule(kGoText + "\n"), "note.signatures");
  EXPECT_EQ(rule(note + "\n"), "note.signatures");
  EXPECT_EQ(rule(note + "trailing\n"), "note.format");
  EXPECT_EQ(rule("text\n\n\u2014 name\n"), "note.format");
  EXPECT_EQ(rule("text\n\n- name AAAAAAA=\n"), "note.format");
  EXPECT_EQ(rule("text\n\n\u2014  AAAAAAA=\n"), "note.key-name");
  EXPECT_EQ(rule("text\n\n\u2014 a+b AAAAAAA=\n"), "note.key-name");
  EXPECT_EQ(rule("text\n\n\u2014 name AAAA\n"), "note.format");              // 3 octets
  EXPECT_EQ(rule("text\n\n\u2014 name AAAAAA==\n"), "note.signature-size");  // a key id only
  EXPECT_EQ(rule("text\n\n\u2014 name AAAAAAA=\n"), "");
  EXPECT_EQ(rule("text\n\n\u2014 name AAAAAAB=\n"), "base64.trailing-bits");
  EXPECT_EQ(rule("text\n\n\u2014 name  AAAAAAA=\n"), "base64.length");
  // The last empty line counts, so a text may have some.
  EXPECT_EQ(ParseNote("\n\ntext\n\n\n\u2014 name AAAAAAA=\n")->text, "\n\ntext\n\n");
}

TEST(SignedNote, LimitsAndOnePast) {
  const NoteSignature one{"name", 7, Bytes(1)};
  SignedNote note{"text\n", std::vector<NoteSignature>(kNoteSignaturesMax, one)};
  EXPECT_TRUE(ParseNote(*AssembleNote(note)));
  const std::string many = *AssembleNote(note) + "\u2014 name AAAABwA=\n";
  EXPECT_EQ(RuleOf(ParseNote(many)), "note.signatures");
  note.signatures.push_back(one);
  EXPECT_EQ(RuleOf(AssembleNote(note)), "note.signatures");
  note.signatures = {{"name", 7, Bytes(kNoteSignatureBytesMax)}};
  EXPECT_TRUE(ParseNote(*AssembleNote(note)));
  note.signatures = {{"name", 7, Bytes(kNoteSignatureBytesMax + 1)}};
  EXPECT_EQ(RuleOf(AssembleNote(note)), "note.signature-size");
  note = {std::string(kNoteBytesMax - 20, 't') + "\n", {one}};
  const size_t over = AssembleNote({"\n", {one}})->size() + kNoteBytesMax - 20 - kNoteBytesMax;
  note.text = note.text.substr(over);
  EXPECT_EQ(AssembleNote(note)->size(), kNoteBytesMax);
  EXPECT_TRUE(ParseNote(*AssembleNote(note)));
  EXPECT_EQ(RuleOf(ParseNote("t" + *AssembleNote(note))), "note.size");
  note.text = "t" + note.text;
  EXPECT_EQ(RuleOf(AssembleNote(note)), "note.size");
}

TEST(SignedNote, WhatCannotBeReadIsNotWritten) {
  const NoteSignature good{"name", 7, Bytes(1)};
  EXPECT_EQ(RuleOf(AssembleNote({"text", {good}})), "note.text");
  EXPECT_EQ(RuleOf(AssembleNote({"te\txt\n", {good}})), "note.text");
  EXPECT_EQ(RuleOf(AssembleNote({"text\n", {}})), "note.signatures");
  EXPECT_EQ(RuleOf(AssembleNote({"text\n", {{"na me", 7, Bytes(1)}}})), "note.key-name");
  EXPECT_EQ(RuleOf(AssembleNote({"text\n", {{"name", 7, {}}}})), "note.signature-size");
}

const std::string kRootLine = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

TEST(Checkpoint, OfTheSpecification) {
  const std::string text = "example.com/behind-the-sofa\n20852163\n" + kRootLine;
  auto checkpoint = ParseCheckpoint(text);
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->origin, "example.com/behind-the-sofa");
  EXPECT_EQ(checkpoint->tree.size, 20852163u);
  EXPECT_EQ(ToHex(checkpoint->tree.root),
            "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62");
  EXPECT_EQ(*WriteCheckpoint(*checkpoint), text);
  const std::string extended = text + "Timestamp: 1\nanother\n";
  checkpoint = ParseCheckpoint(extended);
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->extensions, (std::vector<std::string>{"Timestamp: 1", "another"}));
  EXPECT_EQ(*WriteCheckpoint(*checkpoint), extended);
}

TEST(Checkpoint, OthersAreRefused) {
  const auto rule = [](const std::string& text) { return RuleOf(ParseCheckpoint(text)); };
  EXPECT_EQ(rule("o\n0\n" + kRootLine), "");
  EXPECT_EQ(rule(""), "checkpoint.format");
  EXPECT_EQ(rule("o\n0\n"), "checkpoint.format");
  EXPECT_EQ(rule("o\n0\n" + kRootLine.substr(0, 44)), "checkpoint.format");
  EXPECT_EQ(rule("\n0\n" + kRootLine), "checkpoint.line");
  EXPECT_EQ(rule("o\r\n0\n" + kRootLine), "checkpoint.line");
  EXPECT_EQ(rule("\xff\n0\n" + kRootLine), "checkpoint.line");
  for (const char* size :
       {"", "00", "01", "+1", "-1", "1 ", " 1", "0x1", "1.0", "18446744073709551616"}) {
    EXPECT_EQ(rule("o\n" + std::string(size) + "\n" + kRootLine), "checkpoint.size") << size;
  }
  EXPECT_EQ(rule("o\n9223372036854775807\n" + kRootLine), "");
  EXPECT_EQ(rule("o\n9223372036854775808\n" + kRootLine), "tlog.tree-size");
  EXPECT_EQ(rule("o\n0\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n"), "checkpoint.root");
  EXPECT_EQ(rule("o\n0\nAAAA\n"), "checkpoint.root");
  EXPECT_EQ(rule("o\n0\n\n"), "checkpoint.root");
  EXPECT_EQ(rule("o\n0\n" + kRootLine + "\n"), "checkpoint.line");
  EXPECT_EQ(rule("o\n0\n" + kRootLine + "a\n\nb\n"), "checkpoint.line");
}

TEST(Checkpoint, LimitsAndOnePast) {
  Checkpoint checkpoint{
      std::string(kOriginBytesMax, 'o'),
      {kTreeSizeMax, {}},
      std::vector<std::string>(kExtensionLinesMax, std::string(kExtensionLineBytesMax, 'e'))};
  EXPECT_EQ(*ParseCheckpoint(*WriteCheckpoint(checkpoint)), checkpoint);
  EXPECT_EQ(RuleOf(ParseCheckpoint(*WriteCheckpoint(checkpoint) + "e\n")), "checkpoint.extensions");
  const auto rule = [&](auto change) {
    Checkpoint changed = checkpoint;
    change(changed);
    return RuleOf(WriteCheckpoint(changed));
  };
  EXPECT_EQ(rule([](Checkpoint& c) { c.origin += "o"; }), "checkpoint.line");
  EXPECT_EQ(rule([](Checkpoint& c) { c.origin = "a\nb"; }), "checkpoint.line");
  EXPECT_EQ(rule([](Checkpoint& c) { c.tree.size += 1; }), "tlog.tree-size");
  EXPECT_EQ(rule([](Checkpoint& c) { c.extensions.push_back("e"); }), "checkpoint.extensions");
  EXPECT_EQ(rule([](Checkpoint& c) { c.extensions[0] += "e"; }), "checkpoint.line");
  EXPECT_EQ(rule([](Checkpoint& c) { c.extensions[0] = ""; }), "checkpoint.line");
}

}  // namespace
}  // namespace mayfly::tlog
