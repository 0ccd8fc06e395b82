#include "http/ca_certificates_handler.h"

namespace mayfly::http {
namespace {

constexpr std::string_view kDerType = "application/pkix-cert";
constexpr std::string_view kPemType = "application/pem-certificate-chain";  // RFC 8555 9.1

}  // namespace

void CaCertificatesHandler::Set(const CaCertificates& certificates) {
  auto documents = std::make_shared<const Documents>(Render(certificates));
  std::lock_guard lock(mutex_);
  documents_ = std::move(documents);
}

CaCertificatesHandler::Documents CaCertificatesHandler::Render(const CaCertificates& certificates) {
  Documents documents;
  auto put = [&documents](const std::string& name, const x509::Certificate& certificate) {
    documents["/ca/" + name + ".cer"] = {std::string(kDerType), ToBytes(certificate.der())};
    documents["/ca/" + name + ".pem"] = {std::string(kPemType),
                                         ToBytes(AsBytes(certificate.Pem()))};
  };
  for (const CaCertificates::Issuer& issuer : certificates.issuers) {
    put(issuer.name, issuer.certificate);
  }
  if (!certificates.roots.empty()) put("root", certificates.roots.front());
  std::string bundle;
  for (const x509::Certificate& root : certificates.roots) bundle += root.Pem();
  documents["/trust-bundle.pem"] = {std::string(kPemType), ToBytes(AsBytes(bundle))};
  return documents;
}

Task<HttpResponse> CaCertificatesHandler::Handle(HttpRequest request) {
  if (request.method != "GET" && request.method != "HEAD") co_return MethodNotAllowed("GET, HEAD");
  std::unique_lock lock(mutex_);
  std::shared_ptr<const Documents> documents = documents_;
  lock.unlock();
  auto found = documents->find(request.target);
  if (found == documents->end()) co_return PlainText(404, "no such CA certificate");
  HttpResponse response{200, found->second.content_type, {}, found->second.body};
  response.headers.emplace_back("Cache-Control", "public, max-age=3600");
  co_return response;
}

}  // namespace mayfly::http
