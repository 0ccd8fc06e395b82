// The server and the C++ client against each other over mutual TLS, with a fake behind.
#pragma once

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/system.h"
#include "clients/cpp/client.h"
#include "clients/cpp/files.h"
#include "rpc/server.h"
#include "rpc/service.h"
#include "tests/unit/rpc/fake_use_cases.h"
#include "tests/unit/rpc/test_pki.h"

namespace mayfly::rpc {

// gRPC's own resolver (c-ares) leaks, and says so to LeakSanitizer at the end.
inline const int kNativeResolver = setenv("GRPC_DNS_RESOLVER", "native", 1);

class Server : public testing::Test {
 protected:
  Server() { Start({8, 8, 8, 8, 0}); }

  void Start(CallLimits limits) {
    server_.reset();
    service_.reset();
    connections_ = std::make_unique<Connections>(
        connections_max_, clock_,
        [this](net::ConnectionRefusal refusal, const std::string& address) {
          std::lock_guard lock(mutex_);
          connections_refused_.emplace_back(refusal, address);
        });
    turns_ = std::make_unique<Turns>(TurnLimitsOf(limits), clock_, pool_);
    service_ = std::make_unique<CertificateAuthorityService>(ServiceParts{
        Callers::kWithCertificate, use_cases_, nullptr, check_foreign_, clock_, pool_, random_,
        Hash256{7}, limits, *turns_, *connections_, [this](const RequestLogEntry& entry) {
          std::lock_guard lock(mutex_);
          log_.push_back(entry);
        }});
    auto server = RpcServer::Start(Parts(0));
    ASSERT_TRUE(server) << Describe(server.error(), ErrorText::kForLog);
    server_ = *std::move(server);
  }
  RpcServerParts Parts(uint16_t port) {
    return {Callers::kWithCertificate,
            {{{"127.0.0.1", port},
              {pki_.File("server.crt"), pki_.File("server.key"), pki_.File(trusted_)}}},
            {&service_->grpc_service()},
            *connections_,
            clock_};
  }
  Result<std::unique_ptr<client::Client>> Connect(const std::string& who,
                                                  Milliseconds overall = Milliseconds(10'000)) {
    return client::Client::Connect({.server = "localhost:" + std::to_string(server_->ports().at(0)),
                                    .trust = pki_.File("ca.crt"),
                                    .certificate = pki_.File(who + ".crt"),
                                    .private_key = pki_.File(who + ".key"),
                                    .retry = {.overall = overall}},
                                   {clock_, random_});
  }
  std::shared_ptr<grpc::Channel> Channel(const std::string& who) {
    const auto text = [&](const std::string& name) {
      return ToString(*client::ReadFile(pki_.File(name)));
    };
    return grpc::CreateChannel(
        "localhost:" + std::to_string(server_->ports().at(0)),
        grpc::SslCredentials({text("ca.crt"), text(who + ".key"), text(who + ".crt")}));
  }
  Result<ca::v1::IssueCertificateResponse> Issue(Milliseconds overall = Milliseconds(10'000)) {
    auto client = Connect("client", overall);
    if (!client) return client.error();
    return (*client)->Issue({.csr_der = Bytes{1}, .profile = "server"});
  }
  std::vector<RequestLogEntry> Log() {
    std::lock_guard lock(mutex_);
    return log_;
  }

  static x509::Certificate Load(const TestPki& pki) {
    const Bytes pem = *client::ReadFile(pki.File("client.crt"));
    return *x509::Certificate::FromPem(AsText(pem));
  }

  TestPki pki_;
  SystemClock clock_;
  SystemRandom random_;
  ThreadPool pool_{4};
  FakeUseCases use_cases_{Load(pki_)};
  std::string trusted_ = "ca.crt";
  ForeignCheck check_foreign_;
  std::mutex mutex_;
  std::vector<RequestLogEntry> log_;
  size_t connections_max_ = 64;
  std::vector<std::pair<net::ConnectionRefusal, std::string>> connections_refused_;
  std::unique_ptr<Turns> turns_;
  std::unique_ptr<Connections> connections_;
  std::unique_ptr<CertificateAuthorityService> service_;
  std::unique_ptr<RpcServer> server_;
};

}  // namespace mayfly::rpc
