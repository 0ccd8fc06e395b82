#include "config/foreign_ca_section.h"
#include "config/policy_file.h"
#include "tests/unit/config/config_fixture.h"

namespace mayfly::config {
namespace {

using policy::ForeignHolder;
using testing::ElementsAre;
using testing::IsEmpty;

const std::filesystem::path kGolden = std::filesystem::path(MAYFLY_SOURCE_DIR) / "tests/golden";

// partner.pem and other.pem are roots, below.pem is a CA's that is none.
class ForeignCa : public testing::Test {
 protected:
  ForeignCa() {
    folder_.Write("partner.pem", ReadText(kGolden / "cli/roots.pem"));
    folder_.Write("other.pem", ReadText(kGolden / "ocsp/root.pem"));
    folder_.Write("below.pem", ReadText(kGolden / "ocsp/issuer.pem"));
    folder_.Write("empty.pem", "");
  }
  Result<std::vector<ForeignCaConfig>> Read(const std::string& text) {
    TRY_ASSIGN(Document document, Document::Parse(text, "ca.toml"));
    Section root = document.root();
    auto cas = ReadForeignCas(root, {folder_.path(), "mayfly.internal", own_subjects_, mutual_});
    TRY(document.Finish());
    return cas;
  }
  std::vector<std::string> Findings(std::string_view from, std::string_view to) {
    return FindingsOf(Read(With(kOne, from, to)));
  }

  static constexpr char kOne[] = R"([[foreign_ca]]
name = "partner"
roots = "partner.pem"
id = "spiffe"
trust_domain = "partner.example"
)";
  static constexpr char kTwo[] = R"([[foreign_ca]]
name = "other"
roots = "other.pem"
id = "spiffe"
trust_domain = "other.example"
)";

  TemporaryFolder folder_;
  x509::NameSet own_subjects_;
  bool mutual_ = true;
};

std::string DocumentedExample() {
  const std::string page = ReadText(std::string(MAYFLY_SOURCE_DIR) + "/docs/CONFIGURATION.md");
  const size_t start = page.find("[[foreign_ca]]\nname");
  EXPECT_NE(start, std::string::npos);
  return page.substr(start, page.find("```", start) - start);
}

TEST_F(ForeignCa, TheDocumentedExampleIsComplete) {
  folder_.Write("machines.pem", ReadText(kGolden / "ocsp/root.pem"));
  const auto config = LoadConfig(
      folder_.Write("ca.toml", ExampleIn("CONFIGURATION.md") + "\n" + DocumentedExample()));
  ASSERT_TRUE(config) << Describe(config.error(), ErrorText::kForLog);
  ASSERT_EQ(config->foreign_cas.size(), 2u);
  const ForeignCaConfig& partner = config->foreign_cas[0];
  EXPECT_EQ(partner.rules.name, "partner");
  EXPECT_EQ(partner.rules.holder, ForeignHolder::kSpiffe);
  EXPECT_EQ(partner.rules.trust_domain, "partner.example");
  EXPECT_EQ(partner.crls, folder_.path() / "partner.crl");
  EXPECT_EQ(partner.roots.list().size(), 1u);
  EXPECT_EQ(config->foreign_cas[1].rules.holder, ForeignHolder::kDns);
  EXPECT_EQ(config->foreign_cas[1].crls, std::nullopt);
}

TEST_F(ForeignCa, TheGuideIsRead) {
  constexpr char kGuide[] = "trust-another-ca.md";
  const auto cas =
      Read(With(GuideExample(kGuide, "[[foreign_ca]]"), "../other/root.pem", "partner.pem"));
  ASSERT_TRUE(cas) << Describe(cas.error(), ErrorText::kForLog);
  const auto policy =
      ParsePolicy(ExampleIn("POLICY.md") + "\n" + GuideExample(kGuide, "[[rule]]"), "policy.toml");
  ASSERT_TRUE(policy) << Describe(policy.error(), ErrorText::kForLog);
  EXPECT_TRUE(policy->rules.back().principals.front().has_places());
}

TEST_F(ForeignCa, NoneIsAllRight) {
  mutual_ = false;
  EXPECT_THAT(Read("").value(), IsEmpty());
  EXPECT_THAT(FindingsOf(Read(kOne)), ElementsAre("1 config.services"));
}

TEST_F(ForeignCa, RootsAreReadAtOnce) {
  EXPECT_TRUE(Read(kOne));
  for (const char* file : {"missing.pem", "empty.pem", "below.pem", ".", "ca.toml"}) {
    EXPECT_THAT(Findings("partner.pem", file), ElementsAre("3 config.roots")) << file;
  }
  EXPECT_THAT(Findings("roots = \"partner.pem\"\n", ""), ElementsAre("1 config.missing"));
  folder_.Write("large.pem",
                ReadText(kGolden / "cli/roots.pem") + std::string(kRootsFileBytesMax, '\n'));
  EXPECT_THAT(Findings("partner.pem", "large.pem"), ElementsAre("3 config.roots"));
}

TEST_F(ForeignCa, ARootOfOursIsNoForeignOne) {
  own_subjects_ = {Read(kOne)->front().roots.list().front().subject};
  EXPECT_THAT(FindingsOf(Read(kOne)), ElementsAre("3 config.own-root"));
  EXPECT_TRUE(Read(kTwo));
  // partner.pem has it as a UTF8String.
  for (const char* name : {"Example root", "EXAMPLE Root", "Example  root"}) {
    own_subjects_ = {ToBytes(x509::Name::CommonName(name)->der())};
    EXPECT_THAT(FindingsOf(Read(kOne)), ElementsAre("3 config.own-root")) << name;
  }
  own_subjects_ = {ToBytes(x509::Name::CommonName("Example root 2")->der())};
  EXPECT_TRUE(Read(kOne));
}

TEST_F(ForeignCa, ATrustDomainIsNeitherOursNorAnothers) {
  EXPECT_THAT(Findings("partner.example", "mayfly.internal"),
              ElementsAre("5 config.own-trust-domain"));
  for (const char* bad : {"Partner.example", "partner.example/x", "spiffe://partner.example"}) {
    EXPECT_THAT(Findings("partner.example", bad), ElementsAre("5 config.trust-domain")) << bad;
  }
  EXPECT_THAT(Findings("trust_domain = \"partner.example\"\n", ""),
              ElementsAre("1 config.missing"));
  EXPECT_THAT(FindingsOf(Read(kOne + With(kTwo, "other.example", "partner.example"))),
              ElementsAre("10 config.duplicate"));
  EXPECT_THAT(Findings("\"spiffe\"", "\"dns\""), ElementsAre("5 config.not-here"));
  EXPECT_TRUE(
      Read(With(With(kOne, "\"spiffe\"", "\"dns\""), "trust_domain = \"partner.example\"\n", "")));
  EXPECT_THAT(Findings("\"spiffe\"", "\"uri\""), ElementsAre("4 config.word"));
}

TEST_F(ForeignCa, NamesAndRootsAreTheirOwn) {
  EXPECT_TRUE(Read(std::string(kOne) + kTwo));
  EXPECT_THAT(FindingsOf(Read(kOne + With(kTwo, "\"other\"", "\"partner\""))),
              ElementsAre("7 config.duplicate"));
  EXPECT_THAT(FindingsOf(Read(kOne + With(kTwo, "other.pem", "partner.pem"))),
              ElementsAre("8 config.duplicate"));
  for (const char* bad : {"Partner", "a:b", "a/b", "a_b", "a b"}) {
    EXPECT_THAT(Findings("\"partner\"", "\"" + std::string(bad) + "\""),
                ElementsAre("2 config.name"))
        << bad;
  }
  EXPECT_TRUE(Read(With(kOne, "\"partner\"", "\"" + std::string(63, 'a') + "\"")));
  EXPECT_THAT(Findings("\"partner\"", "\"" + std::string(64, 'a') + "\""),
              ElementsAre("2 config.name"));
}

TEST_F(ForeignCa, EveryErrorAtOnce) {
  EXPECT_THAT(
      FindingsOf(Read("[[foreign_ca]]\nname = \"X\"\nroots = \"missing\"\nid = \"x\"\n"
                      "trust_domain = \"y\"\ncrl = \"z\"\n")),
      ElementsAre("2 config.name", "3 config.roots", "4 config.word", "6 config.unknown-key"));
}

}  // namespace
}  // namespace mayfly::config
