// Every verb's help, its success, and its likeliest mistakes, as people and pipes see them. Written
// anew by tests/golden/cli/remake.sh.
#include <algorithm>

#include "clients/cpp/certificate_facts.h"
#include "clients/cpp/files.h"
#include "tests/fakes/schema_dump.h"
#include "tests/unit/cli/cli_fixture.h"
#include "tests/unit/cli/fake_ca.h"

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;
const fs::path kGolden = fs::path(MAYFLY_SOURCE_DIR) / "tests/golden/cli";
// gRPC's own resolver (c-ares) leaks, and says so to LeakSanitizer at the end.
const int kNativeResolver = setenv("GRPC_DNS_RESOLVER", "native", 1);

using Command = std::vector<std::string>;

struct Mode {
  const char* name;
  Terminal terminal;
};
const Mode kModes[] = {{"80 columns", {80, true}},
                       {"200 columns", {200, true}},
                       {"NO_COLOR", {80, false}},
                       {"no terminal", {}}};

// A dump of the database that audit-log is of: the schema with a partition of its day, and the
// rows.
std::string DumpWith(const std::string& rows) {
  return fakes::SchemaDump("20260301", "21019c070cb800", "21019c0c331400") +
         ToString(*client::ReadFile(kGolden / rows));
}

struct Page {
  const char* verb;
  std::vector<Command> commands;
};
const std::string kLeaf = "21019c0b1d8800112233445566778899aabbccdd";
const std::string kOthers = "21019b00000000000000000000000000000000a5";
const std::string kNobody = "21019b00000000000000000000000000000000ff";
const std::string kToken = "0190a1b2-0000-7000-8000-000000000001";
// What stands for that which differs between two runs.
const std::string kServer = "localhost:44444";
const std::string kEnrolmentServer = "localhost:44445";
const std::string kRootHash(64, '4');
// Someone without any role.
const Command kGuest = {"--cert", "guest.crt", "--key", "guest.key"};

Command As(Command who, const Command& what) {
  who.insert(who.begin(), what.begin(), what.end());
  return who;
}

const std::string kPolicyProposal = "0190a1b2-0000-7000-8000-000000000007";
const std::string kRevocationProposal = "0190a1b2-0000-7000-8000-000000000008";
const std::string kOwnProposal = "0190a1b2-0000-7000-8000-000000000009";

const Page kPages[] = {
    {"mayfly",
     {{"--help"}, {}, {"isue", "web.internal"}, {"--severe", "x"}, {"list", "-o", "xml"}}},
    {"issue",
     {{"issue", "--help"},
      {"issue", "new.internal"},
      {"issue", "new.internal", "-o", "name"},
      {"issue", "--csr", "request.csr", "--cert-out", "new.crt"},
      {"issue", "new.internal", "--proof-out", "new.tlog-proof"},
      {"issue"},
      {"issue", "--csr", "me.key"},
      {"issue", "--csr", "request.csr", "--key-out", "new.key"},
      {"issue", "web_internal"},
      {"issue", "web.internal"},
      {"issue", "web.example"},
      {"issue", "new.internal", "--profile", "sever"},
      {"issue", "new.internal", "--lifetme", "24h"},
      {"issue", "new.internal", "--lifetime", "1 day"},
      {"issue", "new.internal", "--key-type", "ec-p265"}}},
    {"explain",
     {{"explain", "--help"},
      {"explain", "web.internal"},
      {"explain", "last.internal", "--lifetime", "30d"},
      {"explain", "web.example", "--lifetime", "40d"},
      {"explain", "spiffe://example.internal/web"},
      {"explain", "many.internal"},
      {"explain", "none.internal", "--as", "local:1000"},
      {"explain", "web.internal", "--as", "dns:api.internal", "-o", "yaml"},
      {"explain", "web.internal", "--as", "jwt:cluster:web", "--as-claim", "namespace=prod"},
      {"explain", "web.internal", "--as", "jwt:cluster:web"},
      {"explain", "web.internal", "--as", "jwt:cluster:web", "--as-claim", "prod"},
      {"explain", "web.internal", "--profile", "sever"},
      {"explain"},
      {"explain", "web_internal"}}},
    {"inspect",
     {{"inspect", "--help"},
      {"inspect", "web.internal.crt"},
      {"inspect", "web.internal", "--full"},
      {"inspect", "expired.crt"},
      {"inspect", kLeaf},
      {"inspect", kLeaf, "--json"},
      {"inspect", "web.internal.crt", "-o", "yaml"},
      {"inspect", "web.internal.crt", "-o", "jsonl"},
      {"inspect", "web.internal.crt", "-o", "pem"},
      {"inspect", "web.internl.crt"},
      {"inspect", "web.internl"},
      {"inspect", "http://web.internal"},
      {"inspect", "request.csr"},
      {"inspect", kNobody},
      {"inspect", "https://localhost:1"}}},
    {"verify",
     {{"verify", "--help"},
      {"verify", "web.internal.crt", "--roots", "roots.pem", "--name", "web.internal", "--online"},
      {"verify", "web.internal.crt", "--roots", "roots.pem", "-o", "json"},
      {"verify", kLeaf, "--roots", "roots.pem"},
      {"verify", "web.internal.crt", "--roots", "other-roots.pem"},
      {"verify", "expired.crt", "--roots", "roots.pem"},
      {"verify", "web.internal.crt", "--roots", "roots.pem", "--name", "api.internal"}}},
    {"renew",
     {{"renew", "--help"},
      {"renew", "me.crt"},
      {"renew", "me.crt", "--lifetime", "24h", "-o", "yaml"},
      {"renew", "web.internl.crt"},
      {"renew", "web.internal.crt"},
      {"renew", "expired.crt", "--key-file", "me.key"},
      {"renew", "web.internal.crt", "--key-file", "me.key"},
      {"renew", "web.internal.crt", "--key-file", "me.key", "--lifetime", "long"},
      {"renew", "web.internal.crt", "--key-file", "me.key", "--key-type", "dsa"},
      {"renew"}}},
    {"needs-renewal",
     {{"needs-renewal", "--help"},
      {"needs-renewal", "web.internal.crt"},
      {"needs-renewal", "web.internal.crt", "--expires-within", "6d"},
      {"needs-renewal", "expired.crt", "--json"},
      {"needs-renewal", "web.crt"},
      {"needs-renewal", "request.csr"},
      {"needs-renewal", "web.internal.crt", "--expires-within", "soon"}}},
    {"list",
     {{"list", "--help"},
      {"list"},
      {"list", "--state", "all"},
      {"list", "--state", "all", "--limit", "3"},
      {"list", "-o", "name"},
      {"list", "--state", "revoked", "-o", "yaml"},
      {"list", "--limit", "1", "-o", "json"},
      {"list", "--state", "intent"},
      {"list", "--state", "expird"},
      {"list", "--filter", "colour = blue"},
      {"list", "--expires-within", "week"},
      {"list", "--limit", "-1"},
      {"list", "--limit", "few"},
      {"list", "--trust", "other-roots.pem"}}},
    {"status",
     {{"status", "--help"},
      {"status"},
      {"status", "-o", "yaml"},
      {"status", "all"},
      {"status", "-o", "pem"},
      {"status", "--timeout", "1"},
      {"status", "--config", "empty.toml"},
      {"status", "--context", "prd"}}},
    {"alerts",
     {{"alerts", "--help"},
      {"alerts"},
      {"alerts", "--limit", "1", "-o", "json"},
      {"alerts", "-o", "name"},
      {"alerts", "--limit", "0"},
      {"alerts", "all"},
      {"alerts", "-o", "pem"},
      {"alerts", "--limt", "5"},
      {"alerts", "--config", "empty.toml"},
      As(kGuest, {"alerts"})}},
    {"revoke",
     {{"revoke", "--help"},
      {"revoke", "web.internal.crt", "--reason", "key-compromise", "--yes"},
      {"revoke", kLeaf},
      {"revoke", kLeaf, "--reason", "key-compromised", "--yes"},
      {"revoke", kNobody, "--yes"},
      {"revoke", kOthers, "--yes"},
      {"revoke", kLeaf, kOthers, "--yes"},
      {"revoke", kLeaf, kOthers, "--yes", "-o", "yaml"},
      {"revoke", kLeaf, kOthers},
      {"revoke", kLeaf, kOthers, "--reason", "superseded", "--yes"},
      {"revoke", kLeaf, kOthers, "--reason", "key-compromise", "--propose"},
      {"revoke", kLeaf, "web.internl.crt", "--propose"},
      {"revoke", "https://web.internal", "--yes"}}},
    {"proposal",
     {{"proposal", "--help"},
      {"proposal", "list", "--help"},
      {"proposal", "show", "--help"},
      {"proposal", "approve", "--help"},
      {"proposal", "withdraw", "--help"},
      {"proposal", "list"},
      {"proposal", "list", "--all"},
      {"proposal", "list", "--all", "--limit", "2"},
      {"proposal", "list", "--limit", "-1"},
      {"proposal", "list", "-o", "name"},
      {"proposal", "list", "-o", "pem"},
      {"proposal", "list", "pending"},
      {"proposal", "list", "--al"},
      {"proposal", "list", "--config", "empty.toml"},
      {"proposal", "show", kPolicyProposal},
      {"proposal", "show", kRevocationProposal},
      {"proposal", "show", kRevocationProposal, "-o", "yaml"},
      {"proposal", "show", "0190a1b2-0000-7000-8000-000000000001"},
      {"proposal", "show", "latest"},
      {"proposal", "show"},
      {"proposal", "approve", kPolicyProposal},
      {"proposal", "approve", kPolicyProposal, "--yes"},
      {"proposal", "approve", kRevocationProposal, "--yes"},
      {"proposal", "approve", kOwnProposal, "--yes"},
      {"proposal", "approve"},
      {"proposal", "approve", "latest", "--yes"},
      {"proposal", "aprove", kPolicyProposal},
      {"proposal", "withdraw", kPolicyProposal, "--yes"},
      {"proposal", "withdraw", kPolicyProposal},
      {"proposal", "withdraw"},
      {"proposal", "withdraw", "latest", "--yes"},
      {"proposal"}}},
    {"token",
     {{"token", "--help"},
      {"token", "create", "--help"},
      {"token", "list", "--help"},
      {"token", "revoke", "--help"},
      {"token", "create", "api.internal"},
      {"token", "create", "api.internal", "--profile", "server", "--out", "api.token"},
      {"token", "create", "api.internal", "--out", "roots.pem"},
      {"token", "create", "api.internal", "-o", "json"},
      {"token", "create", "api_internal"},
      {"token", "create", "api.internal", "--uses", "1001"},
      {"token", "create", "api.internal", "--lifetime", "soon"},
      {"token", "create"},
      {"token", "list"},
      {"token", "list", "-o", "name"},
      {"token", "list", "-o", "jsonl"},
      {"token", "list", "api.internal"},
      {"token", "list", "-o", "pem"},
      {"token", "list", "--config", "empty.toml"},
      As(kGuest, {"token", "list"}),
      {"token", "revoke", kToken, "--yes"},
      {"token", "revoke", kToken},
      {"token", "revoke", "another", "--yes"},
      {"token", "revoke"},
      {"token", "revoke", kToken, "--force"},
      As(kGuest, {"token", "revoke", kToken, "--yes"}),
      {"token", "revok"}}},
    {"bootstrap",
     {{"bootstrap", "--help"},
      {"bootstrap", "--server", kServer, "--enrolment-server", kEnrolmentServer, "--fingerprint",
       kRootHash},
      {"bootstrap", "--server", kServer, "--enrolment-server", kEnrolmentServer, "--fingerprint",
       kRootHash, "--name", "home", "--token-file", "enrol.token", "api.internal"},
      {"bootstrap", "--server", kServer, "--enrolment-server", kEnrolmentServer, "--fingerprint",
       std::string(64, 'a')},
      {"bootstrap"},
      {"bootstrap", "--fingerprint", std::string(64, 'a')},
      {"bootstrap", "--server", "ca.internal", "--fingerprint", "aa"},
      {"bootstrap", "--server", "ca.internal:1", "--fingerprint", std::string(64, 'a')},
      {"bootstrap", "--server", "ca.internal", "--fingerprint", std::string(64, 'a'), "--name",
       "prod"},
      {"bootstrap", "--server", "ca.internal", "--fingerprint", std::string(64, 'a'),
       "api.internal"}}},
    {"policy",
     {{"policy", "--help"},
      {"policy", "show", "--help"},
      {"policy", "show"},
      {"policy", "show", "-o", "json"},
      {"policy", "show", "policy.toml"},
      {"policy", "show", "-o", "toml"},
      {"policy", "show", "--config", "empty.toml"},
      As(kGuest, {"policy", "show"}),
      {"policy", "apply", "--help"},
      {"policy", "apply", "new-policy.toml"},
      {"policy", "apply", "new-policy.toml", "--yes"},
      {"policy", "apply", "policy.toml", "--yes", "-o", "json"},
      {"policy", "apply", "cases.toml", "--yes"},
      {"policy", "apply", "new-policy.toml", "--yes", "--if-version", "4"},
      {"policy", "apply", "new-policy.toml", "--yes", "--if-version", "3"},
      {"policy", "apply", "new-policy.toml", "--yes", "--if-version", "newest"},
      {"policy", "apply", "new-policy.toml", "--yes", "--if-version", "2"},
      {"policy", "propose", "--help"},
      {"policy", "propose"},
      {"policy", "propose", "new-policy.toml"},
      {"policy", "propose", "new-policy.toml", "-o", "name"},
      {"policy", "propose", "cases.toml"},
      {"policy", "propose", "polcy.toml"},
      {"policy", "diff", "--help"},
      {"policy", "diff", "new-policy.toml"},
      {"policy", "diff", "new-policy.toml", "-o", "json"},
      {"policy", "diff", "own-names.toml"},
      {"policy", "diff", "own-names.toml", "-o", "jsonl"},
      {"policy", "diff", "policy.toml"},
      {"policy", "diff", "cases.toml"},
      {"policy", "diff", "policy.toml", "--days", "0"},
      {"policy", "diff"},
      {"policy", "diff", "polcy.toml"},
      As(kGuest, {"policy", "diff", "new-policy.toml"}),
      {"policy", "test", "--help"},
      {"policy", "test", "cases.toml", "--policy", "policy.toml"},
      {"policy", "test", "wrong-cases.toml", "--policy", "policy.toml"},
      {"policy", "test", "wrong-cases.toml", "--policy", "policy.toml", "-o", "jsonl"},
      {"policy", "test", "cases.toml"},
      {"policy", "test", "policy.toml", "--policy", "policy.toml"},
      {"policy", "test", "cases.toml", "--policy", "polcy.toml"},
      {"policy", "tets", "cases.toml"}}},
    {"audit",
     {{"audit", "--help"},
      {"audit", "list", "--help"},
      {"audit", "list"},
      {"audit", "list", "--log", "audit-log", "--limit", "2", "-o", "yaml"},
      {"audit", "list", "--kind", "revoked", "-o", "jsonl"},
      {"audit", "list", "--kind", "issued", "--limit", "0"},
      {"audit", "list", "--kind", "isued"},
      {"audit", "list", "--limit", "-1"},
      {"audit", "list", "--log", "nowhere"},
      {"audit", "list", "--verifier-key", "nonsense"},
      {"audit", "list", "--verifier-key", "roots.pem"},
      {"audit", "follow", "--help"},
      {"audit", "follow", "--from", "0", "--limit", "3"},
      {"audit", "follow", "--from", "4", "--limit", "1", "-o", "jsonl"},
      {"audit", "follow", "--from", "first"},
      {"audit", "follow", "--kind", "revoked"},
      {"audit", "follow", "--limit", "1", "-o", "json"},
      {"audit", "follow", "--log", "nowhere"},
      As(kGuest, {"audit", "follow", "--from", "0", "--limit", "3"}),
      {"audit", "prove", "--help"},
      {"audit", "prove", "web.internal.crt"},
      {"audit", "prove", "web.internal.crt", "-o", "yaml"},
      {"audit", "prove", "web.internal.crt", "--out", "web.tlog-proof"},
      {"audit", "prove", "web.internal.crt", "--out", "policy.toml"},
      {"audit", "prove", "expired.crt"},
      {"audit", "prove"},
      {"audit", "prove", "web.internl.crt"},
      {"audit", "prove", "web.internal.crt", "--log", "nowhere"},
      As(kGuest, {"audit", "prove", "web.internal.crt"}),
      {"audit", "export", "--help"},
      {"audit", "export", "copy"},
      {"audit", "export", "audit-log"},
      {"audit", "export"},
      {"audit", "export", "copy", "--log", "nowhere"},
      {"audit", "export", "copy", "-o", "json"},
      As(kGuest, {"audit", "export", "copy"}),
      {"audit", "verify", "--help"},
      {"audit", "verify", "audit-log"},
      {"audit", "verify", "audit-log", "--dump", "ledger.sql"},
      {"audit", "verify", "audit-log", "--dump", "ledger.sql", "-o", "json"},
      {"audit", "verify", "audit-log", "--dump", "changed.sql"},
      {"audit", "verify", "audit-log", "--dump", "altered.sql", "--verifier-key",
       "audit-log/verifier-key"},
      {"audit", "verify", "audit-log", "--dump", "policy.toml"},
      {"audit", "verify", "audit-log", "--kept", "policy.toml"},
      {"audit", "verify", "audit-log", "--as-of", "soon"},
      {"audit", "verify", "nowhere"}}},
    {"context",
     {{"context", "--help"},
      {"context", "list", "--help"},
      {"context", "show", "--help"},
      {"context", "use", "--help"},
      {"context", "add", "--help"},
      {"context", "remove", "--help"},
      {"context", "list"},
      {"context", "list", "-o", "json"},
      {"context", "list", "prod"},
      {"context", "list", "-o", "pem"},
      {"context", "list", "--config", "nowhere.toml"},
      {"context", "show"},
      {"context", "show", "--context", "prod"},
      {"context", "show", "prod"},
      {"context", "show", "--context", "prd"},
      {"context", "show", "-o", "name"},
      {"context", "show", "--config", "nowhere.toml"},
      {"context", "use", "prod"},
      {"context", "add", "dev", "--server", "ca.dev", "--trust", "roots.pem", "--cert", "me.crt",
       "--key", "me.key"},
      {"context", "remove", "prod", "--yes"},
      {"context"},
      {"context", "use", "prd"},
      {"context", "use"},
      {"context", "use", "prod", "staging"},
      {"context", "use", "prod", "--yes"},
      {"context", "add", "dev", "--server", "ca.dev"},
      {"context", "add", "dev/1"},
      {"context", "add", "prod", "--server", "ca.dev", "--trust", "roots.pem", "--cert", "me.crt",
       "--key", "me.key"},
      {"context", "add", "dev", "--server", "ca.dev", "--trust", "roots.pem", "--cert", "me.crt",
       "--key", "roots.pem"},
      {"context", "remove", "prod"},
      {"context", "remove"},
      {"context", "remove", "prd", "--yes"},
      {"context", "remove", "prod", "--force"},
      {"list", "--context", "prd"},
      {"list", "--config", "nowhere.toml"}}},
    {"trust",
     {{"trust", "--help"},
      {"trust", "show", "--help"},
      {"trust", "install", "--help"},
      {"trust", "uninstall", "--help"},
      {"trust", "show"},
      {"trust", "show", "-o", "name"},
      {"trust", "show", "roots.pem"},
      {"trust", "show", "-o", "text"},
      {"trust", "show", "--config", "empty.toml"},
      {"trust", "show", "--trust", "other-roots.pem"},
      {"trust", "install", "roots.pem"},
      {"trust", "install"},
      {"trust", "uninstall"},
      {"trust", "uninstall", "--yes"},
      {"trust", "uninstall", "roots.pem"},
      {"trust", "uninstall", "--force"},
      {"trust", "instal"},
      {"trust", "install", "web.internal.crt"},
      {"trust", "install", "root.pem"},
      {"trust", "install", "roots.pem", "other-roots.pem"},
      {"trust", "install", "--config", "empty.toml"}}},
    {"completion",
     {{"completion", "--help"},
      {"completion", "bash"},
      {"completion", "zsh"},
      {"completion", "fish"},
      {"completion"},
      {"completion", "bahs"},
      {"completion", "bash", "x"}}},
};

class Golden : public testing::TestWithParam<Page> {
 protected:
  static void SetUpTestSuite() {
    pki_ = new rpc::TestPki();
    pki_->Make("guest", "ca", "clientAuth");
    root_hash_ = client::ReadCertificates(pki_->File("ca.crt"))->front().sha256;
    ca_ = new FakeCa(*pki_, kGolden);
  }
  static void TearDownTestSuite() {
    delete ca_;
    delete pki_;
  }

  // What this command prints in this mode, in a folder that is new each time.
  static std::string Capture(const Command& command, const Terminal& terminal) {
    Sandbox sandbox;
    for (const char* name : {"web.internal.crt", "expired.crt", "roots.pem", "other-roots.pem",
                             "request.csr", "policy.toml", "new-policy.toml", "own-names.toml",
                             "cases.toml", "wrong-cases.toml", "audit-log"}) {
      fs::copy(kGolden / name, sandbox.folder() / "work" / name, fs::copy_options::recursive);
    }
    const std::string dump = DumpWith("ledger.sql");
    sandbox.Write("work/ledger.sql", dump);
    sandbox.Write("work/altered.sql", DumpWith("altered.sql"));
    sandbox.Write("work/changed.sql",
                  fakes::Replaced(dump, "issuer_name_key UNIQUE (name)",
                                  "issuer_name_key UNIQUE (id, name)") +
                      "ALTER TABLE mayfly.revocation ENABLE ROW LEVEL SECURITY;\n");
    for (const auto& [from, to] : {std::pair("client", "me"), std::pair("guest", "guest")}) {
      for (const std::string extension : {".crt", ".key"}) {
        fs::copy(pki_->File(from + extension), sandbox.folder() / "work" / (to + extension));
      }
    }
    sandbox.Write("work/.mayfly/client.toml",
                  "server = \"" + ca_->address() +
                      "\"\ntrust = \"ca.crt\"\ncertificate = \"../me.crt\"\n"
                      "private_key = \"../me.key\"\n");
    fs::copy(pki_->File("ca.crt"), sandbox.folder() / "work/.mayfly/ca.crt");
    sandbox.Write("work/empty.toml", "");
    fs::permissions(sandbox.Write("work/enrol.token", "mayfly_enrol_" + std::string(64, '5')),
                    fs::perms::owner_read);
    sandbox.Write("home/contexts/prod.toml", "server = \"ca.internal\"\ntrust = \"roots.pem\"\n");
    sandbox.Write("anchors/mayfly-0123456789abcdef.crt", "an older root");
    sandbox.terminal = terminal;
    const int code = sandbox.Run(ForThisRun(command));
    return Same(sandbox.folder().string(), "exit " + std::to_string(code) + "\n" +
                                               Led("  | ", Head(command, sandbox.out())) +
                                               Led("  ! ", sandbox.err()));
  }

  // Scripts are for shells, which try them: tests/unit/cli/completion_test.cc. They begin so.
  static std::string Head(const Command& command, const std::string& text) {
    constexpr int kLines = 2;
    if (command.empty() || command.front() != "completion" || command.back() == "--help") {
      return text;
    }
    size_t at = 0;
    for (int i = 0; i < kLines && at < text.size(); ++i) {
      at = std::min(text.find('\n', at), text.size() - 1) + 1;
    }
    return text.substr(0, at) + (at < text.size() ? "...\n" : "");
  }

  static Command ForThisRun(Command command) {
    for (std::string& word : command) {
      if (word == kServer) word = ca_->address();
      if (word == kEnrolmentServer) word = ca_->enrolment_address();
      if (word == kRootHash) word = root_hash_;
    }
    return command;
  }

  // Each line after `lead`: "  | " is stdout, "  ! " stderr.
  static std::string Led(const std::string& lead, const std::string& text) {
    std::string out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      out += (lead + line).substr(0, (lead + line).find_last_not_of(' ') + 1) + "\n";
    }
    return out;
  }

  // What differs between two runs, by words of the same length.
  static std::string Same(const std::string& folder, std::string text) {
    const auto replace = [&](const std::string& from, const std::string& to) {
      for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
        text.replace(at, from.size(), to);
      }
    };
    replace(folder, "/tmp/mayfly-cli-golden");
    replace(ca_->address(), kServer);
    replace(ca_->enrolment_address(), kEnrolmentServer);
    replace(root_hash_, kRootHash);
    replace("\x1b", "^[");
    return text;
  }

  static std::string Shell(const Command& command) {
    std::string line = "$ mayfly";
    for (const std::string& word : command) {
      line += word.find(' ') == std::string::npos ? " " + word : " '" + word + "'";
    }
    return line + "\n";
  }

  // Modes that print the same share a paragraph.
  static std::string PageText(const Page& page) {
    std::string text;
    for (const Command& command : page.commands) {
      std::vector<std::pair<std::string, std::string>> seen;  // output, modes
      for (const Mode& mode : kModes) {
        const std::string output = Capture(command, mode.terminal);
        if (!seen.empty() && seen.back().first == output) {
          seen.back().second += std::string(", ") + mode.name;
        } else {
          seen.emplace_back(output, mode.name);
        }
      }
      text += Shell(command);
      for (const auto& [output, modes] : seen) {
        if (seen.size() > 1) text += "[" + modes + "]\n";
        text += output;
      }
      text += "\n";
    }
    return text;
  }

  static inline rpc::TestPki* pki_ = nullptr;
  static inline FakeCa* ca_ = nullptr;
  static inline std::string root_hash_;
};

TEST_P(Golden, IsAsExpected) {
  const fs::path file = kGolden / "expected" / (std::string(GetParam().verb) + ".txt");
  const std::string text = PageText(GetParam());
  if (getenv("MAYFLY_REMAKE_GOLDEN") != nullptr) std::ofstream(file) << text;
  const auto expected = client::ReadFile(file);
  ASSERT_TRUE(expected) << file << ": tests/golden/cli/remake.sh makes it";
  EXPECT_EQ(text, ToString(*expected)) << "tests/golden/cli/remake.sh makes it anew";
}

// golden_coverage_test.cc counts what is in these files.
TEST(GoldenFiles, EachIsOfAPage) {
  for (const auto& entry : fs::directory_iterator(kGolden / "expected")) {
    const std::string verb = entry.path().stem();
    EXPECT_TRUE(std::ranges::any_of(kPages, [&](const Page& page) { return page.verb == verb; }))
        << entry.path();
  }
}

INSTANTIATE_TEST_SUITE_P(Verbs, Golden, testing::ValuesIn(kPages),
                         [](const testing::TestParamInfo<Page>& page) {
                           std::string name = page.param.verb;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace mayfly::cli
