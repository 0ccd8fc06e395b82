#include "tests/bench/ca_load.h"

#include "clients/cpp/files.h"
#include "clients/cpp/private_key.h"
#include "tests/bench/rpc_load.h"

namespace mayfly::bench {
namespace {

namespace fs = std::filesystem;
using client::v1::IssueCertificateRequest;

constexpr const char* kName = "DNS:bench.internal";
constexpr const char* kWorkloadName = "URI:spiffe://mayfly.internal/ns/bench/sa/bench";

Result<std::string> ReadText(const fs::path& file) {
  TRY_ASSIGN(Bytes content, client::ReadFile(file));
  return std::string(AsText(content));
}

// Another certificate of the operator, by mayfly-ca's own command, as ./quickstart makes the first.
Status IssueLocally(const Home& home, const Credentials& files) {
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path() / "mayfly-ca";
  std::vector<std::string> words = {program.string(), "issue-local",
                                    "--config",       (home.path() / "ca.toml").string(),
                                    "--profile",      "client",
                                    "--name",         "URI:spiffe://mayfly.internal/operator",
                                    "--cert-out",     files.certificate.string(),
                                    "--key-out",      files.private_key.string()};
  if (RunQuietly(std::move(words))) return Ok();
  return Fail(
      ErrorCode::kConfiguration, "bench.identities",
      "mayfly-ca issue-local failed: it needs to run as the CA's user, beside mayfly-bench");
}

}  // namespace

Result<std::shared_ptr<grpc::Channel>> Connect(const Home& home, const Credentials& who, size_t n) {
  TRY_ASSIGN(const int port, home.Port("grpc"));
  grpc::SslCredentialsOptions tls;
  TRY_ASSIGN(tls.pem_root_certs, ReadText(home.path() / "ca/root.pem"));
  TRY_ASSIGN(tls.pem_cert_chain, ReadText(who.certificate));
  TRY_ASSIGN(tls.pem_private_key, ReadText(who.private_key));
  grpc::ChannelArguments arguments;
  arguments.SetInt("mayfly.bench.channel", static_cast<int>(n));  // none shares a connection
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel("localhost:" + std::to_string(port), grpc::SslCredentials(tls),
                                   arguments);
}

Result<std::vector<Credentials>> MakeIdentities(const Home& home, size_t count) {
  const Credentials first{home.path() / "operator/tls.crt", home.path() / "operator/tls.key"};
  if (count <= 1) return std::vector{first};
  std::vector<Credentials> all;
  fs::create_directories(home.path() / "bench");
  for (size_t i = 0; i < count; ++i) {
    const fs::path stem = home.path() / "bench" / ("operator-" + std::to_string(i));
    Credentials files{stem.string() + ".crt", stem.string() + ".key"};
    if (!fs::exists(files.certificate)) TRY(IssueLocally(home, files));
    all.push_back(std::move(files));
  }
  return all;
}

Result<Requests> Requests::Make(const std::string& profile, size_t count) {
  TRY_ASSIGN(auto names,
             x509::GeneralName::FromString(profile == "workload" ? kWorkloadName : kName));
  std::vector<std::string> csrs;
  for (size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(auto key, client::PrivateKey::Generate(client::NewKey::kEcP256));
    TRY_ASSIGN(Bytes der, client::MakeCertificationRequest(key, {names}));
    csrs.emplace_back(AsText(der));
  }
  return Requests(profile, std::move(csrs));
}

grpc::ByteBuffer Requests::Next() {
  IssueCertificateRequest request;
  request.set_csr_der(csrs_[next_++ % csrs_.size()]);
  request.set_profile(profile_);
  request.set_request_id(Uuid::MakeV7(clock_.Now(), random_).ToString());
  return ToByteBuffer(request.SerializeAsString());
}

}  // namespace mayfly::bench
