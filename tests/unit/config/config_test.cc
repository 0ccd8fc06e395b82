#include "config/config.h"

#include "config/listener_address.h"
#include "tests/unit/config/config_fixture.h"

namespace mayfly::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

Result<Config> Load(const std::string& text) {
  TemporaryFolder folder;
  return LoadConfig(folder.Write("ca.toml", text));
}

// The rules of the findings without their lines.
std::vector<std::string> RulesWith(std::string_view from, std::string_view to) {
  std::vector<std::string> rules;
  auto config = Load(With(ExampleIn("CONFIGURATION.md"), from, to));
  if (config) return rules;
  for (const Violation& violation : config.error().violations) rules.push_back(violation.rule);
  return rules;
}

TEST(Config, TheDocumentedExampleIsComplete) {
  TemporaryFolder folder;
  auto config = LoadConfig(folder.Write("ca.toml", ExampleIn("CONFIGURATION.md")));
  ASSERT_TRUE(config) << Describe(config.error(), ErrorText::kForLog);
  EXPECT_EQ(config->trust_domain, "mayfly.internal");
  EXPECT_EQ(config->state_directory, folder.path() / "state");
  EXPECT_EQ(config->policy_file, folder.path() / "policy.toml");
  EXPECT_EQ(config->database.connection, "host=/run/postgresql dbname=mayfly");
  EXPECT_EQ(config->database.password_file, folder.path() / "pgpass");
  EXPECT_EQ(config->signer.kind, SignerKind::kProcess);
  EXPECT_EQ(config->signer.socket, "/run/mayfly/signer.sock");
  EXPECT_EQ(config->root.name, "root-1");
  EXPECT_EQ(config->root.key_uris.at(0), "pkcs11:token=mayfly;object=root");
  EXPECT_EQ(config->root.organization, "Example");
  EXPECT_EQ(config->root.lifetime, std::chrono::days(3650));
  ASSERT_EQ(config->issuers.size(), 1u);
  EXPECT_EQ(config->issuers[0].ca.name, "issuing-1");
  EXPECT_EQ(config->issuers[0].ocsp_key_uris.at(0), "pkcs11:token=mayfly;object=ocsp");
  EXPECT_THAT(config->issuers[0].ocsp_urls, ElementsAre("http://ca.internal:7080/ocsp"));
  EXPECT_EQ(config->issuers[0].ca_issuers_urls.size(), 1u);
  EXPECT_EQ(config->ocsp.answer_life, Seconds(3600));
  EXPECT_EQ(config->ocsp.lease, Seconds(10));
  EXPECT_EQ(config->ocsp.certificate_life, std::chrono::days(7));
  EXPECT_EQ(config->audit.key_uris.at(0), "pkcs11:token=mayfly;object=audit");
  EXPECT_EQ(config->audit.directory, folder.path() / "audit");
  EXPECT_EQ(config->audit.origin, "mayfly.internal/audit");
  EXPECT_EQ(config->audit.checkpoint_age_max, Seconds(5));
  ASSERT_EQ(config->listeners.size(), 4u);
  EXPECT_EQ(config->listeners[0].host, "127.0.0.1");
  EXPECT_EQ(config->listeners[0].port, 7443);
  EXPECT_THAT(config->listeners[0].services, ElementsAre(Service::kCa));
  EXPECT_EQ(config->listeners[0].tls, ListenerTls::kMutual);
  EXPECT_EQ(config->listeners[0].certificate, folder.path() / "server/tls.pem");
  EXPECT_EQ(config->listeners[0].private_key, folder.path() / "server/tls.pem");
  EXPECT_EQ(config->listeners[0].names.size(), 3u);
  EXPECT_THAT(config->listeners[1].services, ElementsAre(Service::kCa));
  EXPECT_EQ(config->listeners[1].tls, ListenerTls::kServer);
  EXPECT_EQ(config->listeners[1].certificate, folder.path() / "server/enrolment.pem");
  EXPECT_THAT(config->listeners[2].services, ElementsAre(Service::kOcsp, Service::kCaCertificates));
  EXPECT_EQ(config->listeners[2].tls, ListenerTls::kNone);
  EXPECT_EQ(config->enrolment.token_lifetime_max, Seconds(3600));
  EXPECT_EQ(config->limits.connections_max, 16384u);
  EXPECT_EQ(config->limits.connections_without_certificate_max, 2048u);
  EXPECT_EQ(config->limits.in_flight_without_certificate_max, 128u);
  EXPECT_EQ(config->limits.in_flight_max, 1024u);
  EXPECT_EQ(config->limits.worker_threads, 4u);
  EXPECT_EQ(config->limits.drain, Seconds(30));
}

TEST(Config, AKeyMayHaveSeveralPlacesInTokensOfOtherSigners) {
  const std::string one = "\"pkcs11:token=mayfly;object=issuing\"";
  const auto with = [&](const std::string& uris, const std::string& sockets) {
    return Load(With(With(ExampleIn("CONFIGURATION.md"), one, "[" + uris + "]"), "[root]\n",
                     "[signer.sockets]\n" + sockets + "[root]\n"));
  };
  const std::string other = "\"pkcs11:token=hsm%2Db;object=issuing\"";
  const auto config = with(one + ", " + other, "hsm-b = \"b.sock\"\n");
  ASSERT_TRUE(config) << Describe(config.error(), ErrorText::kForLog);
  EXPECT_EQ(config->issuers[0].ca.key_uris.size(), 2u);
  EXPECT_EQ(config->signer.sockets.at("hsm-b").filename(), "b.sock");

  const auto rules = [&](const std::string& uris, const std::string& sockets) {
    std::vector<std::string> found;
    const auto refused = with(uris, sockets);
    if (refused) return found;
    for (const Violation& each : refused.error().violations) found.push_back(each.rule);
    return found;
  };
  EXPECT_THAT(rules(one + ", " + one, ""), ElementsAre("config.duplicate"));
  EXPECT_THAT(rules("", ""), ElementsAre("config.range"));
  EXPECT_THAT(rules(one + ", \"pkcs11:\"", ""), ElementsAre("config.key-uri"));
  EXPECT_THAT(rules(one, "hsm-b = \"b.sock\"\n"), ElementsAre("config.token"));
  EXPECT_THAT(rules(other, "hsm-b = 1\n"), ElementsAre("config.type"));
  std::string many;
  for (size_t i = 0; i < kKeyPlacesMax; ++i) {
    many += "\"pkcs11:token=t" + std::to_string(i) + ";object=issuing\", ";
  }
  EXPECT_THAT(rules(many, ""), ElementsAre());
  EXPECT_THAT(rules(many + one, ""), ElementsAre("config.range"));
}

struct Change {
  std::string from, to, rule;  // rule: empty where the change is fine
};
class ConfigChange : public testing::TestWithParam<Change> {};

TEST_P(ConfigChange, HasItsOneFinding) {
  const auto& [from, to, rule] = GetParam();
  std::vector<std::string> expected;
  if (!rule.empty()) expected.push_back(rule);
  EXPECT_EQ(RulesWith(from, to), expected) << from << " -> " << to;
}

std::string Labels(size_t count) { return std::string(count, 'a'); }

INSTANTIATE_TEST_SUITE_P(
    Top, ConfigChange,
    testing::Values(Change{"\"mayfly.internal\"", "\"Mayfly.internal\"", "config.trust-domain"},
                    Change{"\"mayfly.internal\"", "\"" + Labels(255) + "\"", ""},
                    Change{"\"mayfly.internal\"", "\"" + Labels(256) + "\"", "config.trust-domain"},
                    Change{"state_directory = \"state\"\n", "", "config.missing"},
                    Change{"policy = \"policy.toml\"\n", "", "config.missing"},
                    Change{"state_directory", "state_directori = 1\nstate_directory",
                           "config.unknown-key"}));

INSTANTIATE_TEST_SUITE_P(Database, ConfigChange,
                         testing::Values(Change{"dbname=mayfly", "password=x", "config.secret"},
                                         Change{"dbname=mayfly", "password = x", "config.secret"},
                                         Change{"dbname=mayfly", "sslpassword=x", "config.secret"},
                                         Change{"dbname=mayfly", "dbname=password", ""},
                                         Change{"host=/run/postgresql dbname=mayfly",
                                                "postgresql://u:p@h/d", "config.connection"},
                                         Change{"password_file = \"pgpass\"\n", "", ""}));

// Made as tests/unit/tlog/cosignature_test.cc's.
const std::string kWitness =
    "\n[[audit.witness]]\nurl = \"https://witness.example/log/\"\n"
    "key = \"witness.example/w1+e75f6532+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4\"\n";

std::vector<std::string> WitnessRules(const std::string& text) {
  std::vector<std::string> rules;
  auto config = Load(ExampleIn("CONFIGURATION.md") + text);
  if (config) return rules;
  for (const Violation& violation : config.error().violations) rules.push_back(violation.rule);
  return rules;
}

TEST(Config, WitnessesAreAskedAndMayBeNeeded) {
  auto config = Load(ExampleIn("CONFIGURATION.md") + kWitness);
  ASSERT_TRUE(config) << Describe(config.error(), ErrorText::kForLog);
  ASSERT_EQ(config->audit.witnesses.size(), 1u);
  EXPECT_EQ(config->audit.witnesses[0].url, "https://witness.example/log");
  EXPECT_EQ(config->audit.witnesses[0].key.name(), "witness.example/w1");
  EXPECT_EQ(config->audit.witnesses_needed, 0u);
  EXPECT_EQ(config->audit.witnessed_age_max, Seconds(60));
  const auto all = [](const std::string& lines) {
    return "[audit.witnesses]\n" + lines + kWitness;
  };
  EXPECT_THAT(WitnessRules(all("needed = 1\nage_max = \"10s\"\n")), ElementsAre());
  EXPECT_THAT(WitnessRules(all("needed = 1\nage_max = \"1h\"\n")), ElementsAre());
  EXPECT_THAT(WitnessRules(all("needed = 2\n")), ElementsAre("config.range"));
  EXPECT_THAT(WitnessRules(all("age_max = \"9s\"\n")), ElementsAre("config.range"));
  EXPECT_THAT(WitnessRules(all("age_max = \"61m\"\n")), ElementsAre("config.range"));
  EXPECT_THAT(WitnessRules(kWitness + kWitness), ElementsAre("config.duplicate"));
  EXPECT_THAT(WitnessRules(With(kWitness, "https:", "http:")), ElementsAre("config.url"));
  EXPECT_THAT(WitnessRules(With(kWitness, "e75f6532", "e75f6533")),
              ElementsAre("config.witness-key"));
  EXPECT_THAT(WitnessRules("[[audit.witness]]\n"), ElementsAre("config.missing", "config.missing"));
}

const std::string kOrigin = "origin = \"mayfly.internal/audit\"\n";
INSTANTIATE_TEST_SUITE_P(
    Audit, ConfigChange,
    testing::Values(
        Change{"key = \"pkcs11:token=mayfly;object=audit\"\n", "", "config.missing"},
        Change{"object=audit", "object=root", "config.duplicate"},
        Change{"directory = \"audit\"\n", "", ""}, Change{kOrigin, "", ""},
        Change{"\"mayfly.internal/audit\"", "\"" + Labels(255) + "\"", ""},
        Change{"\"mayfly.internal/audit\"", "\"" + Labels(256) + "\"", "config.origin"},
        Change{"\"mayfly.internal/audit\"", "\"\"", "config.origin"},
        Change{"\"mayfly.internal/audit\"", "\"a b\"", "config.origin"},
        Change{"\"mayfly.internal/audit\"", "\"a+b\"", "config.origin"},
        Change{"checkpoint_age_max = \"5s\"", "checkpoint_age_max = \"2s\"", ""},
        Change{"checkpoint_age_max = \"5s\"", "checkpoint_age_max = \"1s\"", "config.range"},
        Change{"checkpoint_age_max = \"5s\"", "checkpoint_age_max = \"300s\"", ""},
        Change{"checkpoint_age_max = \"5s\"", "checkpoint_age_max = \"301s\"", "config.range"}));

TEST(Config, TheOriginIsTheTrustDomainsWhereItIsNotSaid) {
  auto config = Load(With(ExampleIn("CONFIGURATION.md"), kOrigin, ""));
  ASSERT_TRUE(config);
  EXPECT_EQ(config->audit.origin, "mayfly.internal/audit");
}

const std::string kSocket = "socket = \"/run/mayfly/signer.sock\"\n";
INSTANTIATE_TEST_SUITE_P(
    Signer, ConfigChange,
    testing::Values(Change{"kind = \"process\"", "kind = \"proces\"", "config.word"},
                    Change{kSocket, "", "config.missing"},
                    Change{kSocket, kSocket + "key_directory = \"keys\"\n", "config.not-here"},
                    Change{kSocket, kSocket + "insecurely_keep_keys_in_files = true\n",
                           "config.not-here"},
                    Change{"/run/mayfly/signer.sock", "/" + Labels(106), ""},
                    Change{"/run/mayfly/signer.sock", "/" + Labels(107), "config.range"}));

INSTANTIATE_TEST_SUITE_P(
    Authorities, ConfigChange,
    testing::Values(
        Change{"\"root-1\"", "\"Root\"", "config.name"},
        Change{"\"root-1\"", "\"-root\"", "config.name"},
        Change{"\"root-1\"", "\"root-\"", "config.name"},
        Change{"\"root-1\"", "\"-\"", "config.name"},
        Change{"\"root-1\"", "\"" + Labels(63) + "\"", ""},
        Change{"\"root-1\"", "\"" + Labels(64) + "\"", "config.name"},
        Change{"\"root-1\"", "\"issuing-1\"", "config.duplicate"},
        Change{"pkcs11:token=mayfly;object=root", "file:root", "config.key-uri"},
        Change{"pkcs11:token=mayfly;object=root", "pkcs11:", "config.key-uri"},
        Change{"pkcs11:token=mayfly;object=root", "pkcs11:slot-id=1;object=root", "config.key-uri"},
        Change{"pkcs11:token=mayfly;object=root", "pkcs11:token=m;object=root?pin-value=1234",
               "config.secret"},
        Change{"object=root", "object=issuing", "config.duplicate"},
        Change{"object=ocsp", "object=issuing", "config.duplicate"},
        Change{"\"Example root 1\"", "\"" + Labels(64) + "\"", ""},
        Change{"\"Example root 1\"", "\"" + Labels(65) + "\"", "name.common-name"},
        Change{"\"Example root 1\"", "\"Example issuing CA 1\"", "config.duplicate"},
        Change{"\"3650d\"", "\"366d\"", ""},
        Change{"\"3650d\"", "\"365d\"", "config.outlives-root"},
        Change{"\"3650d\"", "\"10y\"", "config.duration"},
        Change{"ocsp_urls = [\"http://ca.internal:7080/ocsp\"]\n", "", "config.missing"},
        Change{"http://ca.internal:7080/ocsp", "https://ca.internal:7080/ocsp", "config.url"},
        Change{"http://ca.internal:7080/ocsp", "http:ocsp", "config.url"},
        Change{"http://ca.internal:7080/ca/issuing-1.cer", "ldap://ca.internal/", "config.url"}));

INSTANTIATE_TEST_SUITE_P(
    Ocsp, ConfigChange,
    testing::Values(
        Change{"lease = \"10s\"", "lease = \"2s\"", ""},
        Change{"lease = \"10s\"", "lease = \"1s\"", "config.range"},
        Change{"lease = \"10s\"", "lease = \"60s\"", ""},
        Change{"lease = \"10s\"", "lease = \"61s\"", "config.range"},
        Change{"answer_life = \"1h\"", "answer_life = \"60s\"", ""},
        Change{"answer_life = \"1h\"", "answer_life = \"59s\"", "config.range"},
        Change{"certificate_life = \"7d\"", "certificate_life = \"2h\"", ""},
        Change{"certificate_life = \"7d\"", "certificate_life = \"7199s\"", "config.range"},
        Change{"certificate_life = \"7d\"", "certificate_life = \"364d\"", ""},
        Change{"certificate_life = \"7d\"", "certificate_life = \"365d\"", "config.range"}));

const std::string kMutual = "tls = \"mutual\"\n";
const std::string kMutualCa = "services = [\"ca\"]\n" + kMutual;
INSTANTIATE_TEST_SUITE_P(
    Listeners, ConfigChange,
    testing::Values(
        Change{"127.0.0.1:7081", "[::1]:7081", ""}, Change{"127.0.0.1:7081", "localhost:65535", ""},
        Change{"127.0.0.1:7081", "127.0.0.1:65536", "config.address"},
        Change{"127.0.0.1:7081", "127.0.0.1:7080", "config.duplicate"},
        Change{kMutualCa, "services = [\"ca\", \"health\"]\n" + kMutual, "config.services"},
        Change{"services = [\"health\", \"metrics\"]", "services = [\"ca\"]", "config.services"},
        Change{kMutualCa, "services = [\"health\"]\n" + kMutual, "config.services"},
        Change{kMutualCa, "services = []\n" + kMutual, "config.range"},
        Change{kMutualCa, "services = [\"cb\"]\n" + kMutual, "config.word"},
        Change{"services = [\"health\", \"metrics\"]",
               "services = [\"health\"]\nprivate_key = \"k\"", "config.not-here"},
        Change{kMutual, "", "config.missing"}, Change{kMutual, "tls = \"yes\"\n", "config.word"},
        Change{kMutual, "tls = \"server\"\n", ""},
        Change{"certificate = \"server/enrolment.pem\"\n", "", "config.missing"},
        Change{"server/enrolment.pem", "server/tls.pem", "config.duplicate"},
        Change{"certificate = \"server/tls.pem\"\n", "", "config.missing"},
        Change{"server/tls.pem\"\n", "server/tls.pem\"\nprivate_key = \"server/tls.key\"\n", ""},
        Change{"services = [\"health\", \"metrics\"]\ntls = \"none\"",
               "services = [\"health\"]\ntls = \"server\"\ncertificate = \"h.pem\"\n"
               "names = [\"DNS:localhost\"]",
               ""},
        Change{"services = [\"health\", \"metrics\"]\ntls = \"none\"",
               "services = [\"health\"]\ntls = \"server\"\ncertificate = \"h.pem\"",
               "config.missing"},
        Change{"\"DNS:localhost\"", "\"DNS:local host\"", "name.dns"},
        Change{"\"DNS:localhost\"", "\"localhost\"", "name.kind"}));

INSTANTIATE_TEST_SUITE_P(
    Enrolment, ConfigChange,
    testing::Values(
        Change{"token_lifetime_max = \"1h\"", "token_lifetime_max = \"60s\"", ""},
        Change{"token_lifetime_max = \"1h\"", "token_lifetime_max = \"59s\"", "config.range"},
        Change{"token_lifetime_max = \"1h\"", "token_lifetime_max = \"30d\"", ""},
        Change{"token_lifetime_max = \"1h\"", "token_lifetime_max = \"31d\"", "config.range"},
        Change{"without_certificate_max = 128", "without_certificate_max = 0", "config.range"}));

INSTANTIATE_TEST_SUITE_P(
    Limits, ConfigChange,
    testing::Values(Change{"in_flight_max = 1024", "in_flight_max = 65536", ""},
                    Change{"in_flight_max = 1024", "in_flight_max = 65537", "config.range"},
                    Change{"in_flight_max = 1024", "in_flight_max = 0", "config.range"},
                    Change{"worker_threads = 4", "worker_threads = 256", ""},
                    Change{"worker_threads = 4", "worker_threads = 257", "config.range"},
                    Change{"drain = \"30s\"", "drain = \"600s\"", ""},
                    Change{"drain = \"30s\"", "drain = \"601s\"", "config.range"},
                    Change{"drain = \"30s\"", "drain = \"0s\"", "config.range"}));

TEST(Config, UrlsAtTheLimitAndOnePast) {
  std::string one = "\"http://ca.internal/a\"", many = one;
  for (size_t i = 1; i < kUrlsMax; ++i) many += ", " + one;
  std::string from = "[\"http://ca.internal:7080/ocsp\"]";
  EXPECT_THAT(RulesWith(from, "[" + many + "]"), ElementsAre());
  EXPECT_THAT(RulesWith(from, "[" + many + ", " + one + "]"), ElementsAre("config.range"));
}

TEST(Config, ListenersNamesAtTheLimitAndOnePast) {
  std::string many = "\"DNS:localhost\"";
  for (size_t i = 3; i < x509::kNamesMax; ++i) many += ", \"DNS:h" + std::to_string(i) + ".a\"";
  EXPECT_THAT(RulesWith("\"DNS:localhost\"", many), ElementsAre());
  EXPECT_THAT(RulesWith("\"DNS:localhost\"", many + ", \"DNS:more.a\""),
              ElementsAre("config.range"));
}

TEST(Config, ShortestLivesOfCas) {
  std::string text = ExampleIn("CONFIGURATION.md");
  text = With(text, "\"365d\"", "\"1h\"");
  text = With(text, "certificate_life = \"7d\"", "certificate_life = \"30m\"");
  text = With(text, "answer_life = \"1h\"", "answer_life = \"1m\"");
  EXPECT_TRUE(Load(text));
  auto config = Load(With(text, "lifetime = \"1h\"", "lifetime = \"3599s\""));
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().violations.size(), 1u);
  EXPECT_EQ(config.error().rule, "config.range");
}

std::string SoftwareExample() {
  std::string text = ExampleIn("CONFIGURATION.md");
  text = With(text, "kind = \"process\"", "kind = \"software\"");
  text =
      With(text, kSocket, "key_directory = \"keys\"\ninsecurely_keep_keys_in_files = true # yes\n");
  text = With(text, "pkcs11:token=mayfly;object=root", "file:root");
  text = With(text, "pkcs11:token=mayfly;object=issuing", "file:issuing");
  text = With(text, "pkcs11:token=mayfly;object=audit", "file:audit");
  return With(text, "pkcs11:token=mayfly;object=ocsp", "file:ocsp-1");
}

TEST(Config, SoftwareKeysMustBeWanted) {
  auto config = Load(SoftwareExample());
  ASSERT_TRUE(config) << Describe(config.error(), ErrorText::kForLog);
  EXPECT_EQ(config->signer.kind, SignerKind::kSoftware);
  EXPECT_EQ(config->signer.key_directory.filename(), "keys");
  for (const char* instead : {"", "insecurely_keep_keys_in_files = false"}) {
    auto refused = Load(With(SoftwareExample(), "insecurely_keep_keys_in_files = true", instead));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().rule, "config.insecure-signer");
    EXPECT_THAT(refused.error().violations[0].message,
                HasSubstr("insecurely_keep_keys_in_files = true"));
  }
}

TEST(Config, SoftwareKeysHavePlainNames) {
  for (const char* uri : {"file:", "file:../root", "file:Root", "file:a/b", "pkcs11:object=root"}) {
    auto refused = Load(With(SoftwareExample(), "file:root", uri));
    ASSERT_FALSE(refused) << uri;
    EXPECT_EQ(refused.error().rule, "config.key-uri");
  }
}

TEST(Config, SoftwareHasNoSocket) {
  auto refused = Load(With(SoftwareExample(), "key_directory", kSocket + "key_directory"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "config.not-here");
}

TEST(Config, NeedsAnIssuerAndAListener) {
  std::string text = ExampleIn("CONFIGURATION.md");
  std::string no_issuer = text;
  no_issuer.erase(text.find("[[issuer]]"), text.find("[ocsp]") - text.find("[[issuer]]"));
  EXPECT_THAT(FindingsOf(Load(no_issuer)), ElementsAre("1 config.missing"));
  std::string no_listener = text;
  no_listener.erase(text.find("[[listener]]"), text.find("[limits]") - text.find("[[listener]]"));
  EXPECT_THAT(FindingsOf(Load(no_listener)), ElementsAre("1 config.missing"));
}

TEST(Config, IssuersHaveNamesAndKeysOfTheirOwn) {
  std::string text = ExampleIn("CONFIGURATION.md");
  size_t start = text.find("[[issuer]]"), end = text.find("[ocsp]");
  text.insert(end, text.substr(start, end - start));
  auto refused = Load(text);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().violations.size(), 3u);  // the name and both keys
  for (const Violation& violation : refused.error().violations) {
    EXPECT_EQ(violation.rule, "config.duplicate");
  }
}

TEST(Config, OptionalSectionsHaveDefaults) {
  std::string text = ExampleIn("CONFIGURATION.md");
  text.erase(text.find("[limits]"));
  text.erase(text.find("[ocsp]"), text.find("[audit]") - text.find("[ocsp]"));
  auto config = Load(text);
  ASSERT_TRUE(config) << Describe(config.error(), ErrorText::kForLog);
  EXPECT_EQ(config->ocsp.answer_life, Seconds(3600));
  EXPECT_EQ(config->ocsp.lease, Seconds(10));
  EXPECT_EQ(config->ocsp.certificate_life, std::chrono::days(7));
  EXPECT_EQ(config->limits.in_flight_max, 1024u);
  EXPECT_EQ(config->limits.worker_threads, 4u);
  EXPECT_EQ(config->limits.drain, Seconds(30));
  // A default that does not fit is an error too.
  EXPECT_THAT(FindingsOf(Load(With(text, "\"365d\"", "\"7d\""))), ElementsAre("1 config.range"));
}

TEST(Config, EveryErrorAtOnceWithItsLine) {
  auto config =
      Load("trust_domain = \"X\"\nstate_directory = 1\npolice = \"p\"\n[signer]\nkind = 3\n");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, ErrorCode::kConfiguration);
  EXPECT_THAT(FindingsOf(config), UnorderedElementsAre("1 config.trust-domain", "2 config.type",
                                                       "1 config.missing",  // policy
                                                       "1 config.missing",  // [database]
                                                       "5 config.type",
                                                       "1 config.missing",  // [root]
                                                       "1 config.missing",  // [[issuer]]
                                                       "1 config.missing",  // [audit]
                                                       "1 config.missing",  // [[listener]]
                                                       "3 config.unknown-key"));
}

TEST(Config, CutAnywhereItNeverSucceedsWrongly) {
  std::string text = ExampleIn("CONFIGURATION.md");
  size_t limits = text.find("[limits]");
  TemporaryFolder folder;
  for (size_t size = 0; size < text.find("[[listener]]"); size += 7) {
    auto config = LoadConfig(folder.Write("ca.toml", text.substr(0, size)));
    ASSERT_FALSE(config) << size;
    EXPECT_EQ(config.error().code, ErrorCode::kConfiguration);
  }
  EXPECT_TRUE(LoadConfig(folder.Write("ca.toml", text.substr(0, limits))));
}

TEST(ListenerAddress, IsOneOfThreeForms) {
  EXPECT_EQ(ParseListenerAddress("0.0.0.0:1")->host, "0.0.0.0");
  EXPECT_EQ(ParseListenerAddress("[0:0::1]:65535")->host, "::1");
  EXPECT_EQ(ParseListenerAddress("[::1]:65535")->port, 65535);
  EXPECT_EQ(ParseListenerAddress("localhost:7443")->host, "localhost");
  for (const char* text :
       {"", ":1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:080",
        "127.0.0.1:1x", "127.0.0.1:99999999999", "::1:80", "[::1]80", "[127.0.0.1]:80", "[]:80",
        "[localhost]:80", "ca.internal:80", "127.0.0.1 :80", "*:80"}) {
    auto address = ParseListenerAddress(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().rule, "config.address");
  }
}

}  // namespace
}  // namespace mayfly::config
