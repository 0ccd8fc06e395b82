// What is asked of a running CA, and as whom.
#pragma once

#include <grpcpp/grpcpp.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/system.h"
#include "clients/cpp/client.h"
#include "tests/bench/processes.h"

namespace mayfly::bench {

constexpr const char* kIssueMethod = "/mayfly.ca.v1.CertificateAuthorityService/IssueCertificate";

// Files of a certificate, with its chain, and of its key.
struct Credentials {
  std::filesystem::path certificate;
  std::filesystem::path private_key;
};

// The operator's certificate; more than one are made by mayfly-ca on its machine, each of a lineage
// of its own, and kept for the next run. Error: kConfiguration "bench.identities".
Result<std::vector<Credentials>> MakeIdentities(const Home& home, size_t count);

// A connection of its own, the n-th.
Result<std::shared_ptr<grpc::Channel>> Connect(const Home& home, const Credentials& who, size_t n);

// Prepared CSRs, each with a key of its own, used again when they run out. Not for two threads.
class Requests {
 public:
  static Result<Requests> Make(const std::string& profile, size_t count);
  grpc::ByteBuffer Next();

 private:
  Requests(std::string profile, std::vector<std::string> csrs)
      : profile_(std::move(profile)), csrs_(std::move(csrs)) {}

  std::string profile_;
  std::vector<std::string> csrs_;
  size_t next_ = 0;
  SystemClock clock_;
  SystemRandom random_;
};

}  // namespace mayfly::bench
