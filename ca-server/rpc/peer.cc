#include "rpc/peer.h"

#include <grpcpp/security/auth_context.h>

#include <algorithm>
#include <string>
#include <vector>

namespace mayfly::rpc {
namespace {

// The leaf. x509_pem_cert_chain lacks it, and IsPeerAuthenticated() is true on some listeners even
// for foreign certificates, so neither is asked.
constexpr char kLeafProperty[] = "x509_pem_cert";
constexpr char kChainProperty[] = "x509_pem_cert_chain";

Error NoCertificate(std::string detail) {
  return FailWithDetail(ErrorCode::kUnauthenticated, "peer.certificate",
                        "present one client certificate that this CA has issued",
                        std::move(detail));
}

std::string_view ViewOf(grpc::string_ref text) { return {text.data(), text.size()}; }

// Its text is the context's.
Result<std::string_view> LeafOf(const grpc::AuthContext& context) {
  const std::vector<grpc::string_ref> values = context.FindPropertyValues(kLeafProperty);
  if (values.size() != 1) return NoCertificate("certificates: " + std::to_string(values.size()));
  return ViewOf(values[0]);
}

}  // namespace

Status RequireClientAuth(const x509::Certificate& certificate) {
  // A server's or an OCSP responder's certificate says nothing about who calls (RFC 5280 4.2.1.12).
  const x509::Extension* usage =
      x509::Find(certificate.tbs().fields().extensions, x509::oid::ExtendedKeyUsage());
  if (usage != nullptr) {
    const Result<std::vector<der::Oid>> purposes = x509::ReadExtendedKeyUsage(usage->value);
    if (purposes && std::ranges::find(*purposes, x509::oid::ClientAuth()) != purposes->end()) {
      return Ok();
    }
  }
  return Fail(ErrorCode::kUnauthenticated, "peer.purpose",
              "the client certificate must have clientAuth among its extended key usages");
}

Result<x509::Certificate> PeerCertificate(const grpc::AuthContext& context) {
  TRY_ASSIGN(const std::string_view leaf, LeafOf(context));
  auto certificate = x509::Certificate::FromPem(leaf);
  if (!certificate) return NoCertificate(Describe(certificate.error(), ErrorText::kForLog));
  TRY(RequireClientAuth(*certificate));
  return certificate;
}

Result<x509::PresentedChain> PeerChain(const grpc::AuthContext& context) {
  TRY_ASSIGN(const std::string_view leaf, LeafOf(context));
  const std::vector<grpc::string_ref> chain = context.FindPropertyValues(kChainProperty);
  if (chain.size() > 1) return NoCertificate("chains: " + std::to_string(chain.size()));
  return x509::PresentedChain::FromPem(leaf, chain.empty() ? "" : ViewOf(chain.front()));
}

}  // namespace mayfly::rpc
