#include "clients/cli/source.h"

#include "clients/cli/target.h"
#include "clients/cpp/tls_peer.h"

namespace mayfly::cli {
namespace {

constexpr Milliseconds kHandshakeDefault{10'000};

Shown FirstOf(std::vector<client::CertificateFacts> certificates) {
  Shown shown{std::move(certificates.front())};
  shown.chain.assign(std::make_move_iterator(certificates.begin() + 1),
                     std::make_move_iterator(certificates.end()));
  return shown;
}

Result<Shown> FromServer(const Invocation& invocation, const std::string& url) {
  TRY_ASSIGN(const client::HttpsTarget server, client::ParseHttps(url));
  TRY_ASSIGN(const auto timeout, FindTimeout(invocation.global, invocation.surroundings));
  TRY_ASSIGN(const auto chain,
             client::FetchPeerCertificates(
                 server, timeout ? Milliseconds(*timeout) : kHandshakeDefault, invocation.clock));
  std::vector<client::CertificateFacts> certificates;
  for (const Bytes& der : chain) {
    TRY_ASSIGN(client::CertificateFacts facts, client::ReadFacts(der));
    certificates.push_back(std::move(facts));
  }
  return FirstOf(std::move(certificates));
}

Result<Shown> FromCa(const Invocation& invocation, const std::string& name) {
  TRY_ASSIGN(const auto client, Connect(invocation));
  TRY_ASSIGN(ca::v1::Certificate record, client->Get(name));
  return ShownRecord(std::move(record));
}

}  // namespace

Result<Shown> Obtain(const Invocation& invocation, const std::string& text) {
  TRY_ASSIGN(const Target target, ReadTarget(text, invocation.surroundings.working_folder));
  if (const auto* file = std::get_if<FileTarget>(&target)) {
    TRY_ASSIGN(auto certificates, client::ReadCertificates(file->path));
    return FirstOf(std::move(certificates));
  }
  if (const auto* url = std::get_if<UrlTarget>(&target)) return FromServer(invocation, url->url);
  return FromCa(invocation, std::get<RecordTarget>(target).name);
}

}  // namespace mayfly::cli
