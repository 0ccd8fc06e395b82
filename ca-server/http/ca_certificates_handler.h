// The CA's own certificates, for AIA caIssuers and for people: public, swappable at run time.
//
//   GET /ca/{issuer}.cer     DER, application/pkix-cert (RFC 5280 4.2.2.1)
//   GET /ca/{issuer}.pem     PEM
//   GET /ca/root.cer, /ca/root.pem
//   GET /trust-bundle.pem    every root, PEM
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "http/message.h"
#include "x509/certificate.h"

namespace mayfly::http {

struct CaCertificates {
  struct Issuer {
    std::string name;
    x509::Certificate certificate;
  };
  std::vector<x509::Certificate> roots;  // newest first; the first is /ca/root
  std::vector<Issuer> issuers;           // none is called "root"
};

class CaCertificatesHandler final : public HttpHandler {
 public:
  explicit CaCertificatesHandler(const CaCertificates& certificates) { Set(certificates); }
  void Set(const CaCertificates& certificates);
  Task<HttpResponse> Handle(HttpRequest request) override;

 private:
  struct Document {
    std::string content_type;
    Bytes body;
  };
  using Documents = std::map<std::string, Document, std::less<>>;
  static Documents Render(const CaCertificates& certificates);
  std::mutex mutex_;
  std::shared_ptr<const Documents> documents_;
};

}  // namespace mayfly::http
