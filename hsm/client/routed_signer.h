// Several signers behind one: each serves the keys of one token, and one all others.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ports/signer.h"

namespace mayfly::hsm {

class RoutedSigner final : public Signer {
 public:
  struct Route {
    std::string token;  // its label or serial number, as keys' URIs name it
    std::unique_ptr<Signer> signer;
  };
  RoutedSigner(std::unique_ptr<Signer> all_others, std::vector<Route> routes)
      : all_others_(std::move(all_others)), routes_(std::move(routes)) {}

  Task<SignResult> Sign(SignJob job) override;
  Task<Result<x509::SubjectPublicKeyInfo>> PublicKey(std::string uri, BootTime deadline) override;

 private:
  Signer& For(const std::string& uri) const;
  const std::unique_ptr<Signer> all_others_;
  const std::vector<Route> routes_;
};

}  // namespace mayfly::hsm
