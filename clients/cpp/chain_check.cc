#include "clients/cpp/chain_check.h"

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <memory>

namespace mayfly::client {
namespace {

struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  void operator()(X509_STORE_CTX* context) const { X509_STORE_CTX_free(context); }
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

Owned<X509> Parse(const CertificateFacts& facts) {
  const uint8_t* at = facts.der.data();
  return Owned<X509>(d2i_X509(nullptr, &at, static_cast<long>(facts.der.size())));
}

std::string ShortSubject(const X509* certificate) {
  char text[256] = "";
  const X509_NAME* subject = X509_get_subject_name(certificate);
  if (X509_NAME_get_text_by_NID(subject, NID_commonName, text, sizeof text) > 0) {
    return Escape(text);
  }
  X509_NAME_oneline(subject, text, sizeof text);
  return text[0] == '\0' ? "(empty subject)" : Escape(text);
}

Error NotBelieved(X509_STORE_CTX* context) {
  const X509* at = X509_STORE_CTX_get_current_cert(context);
  std::string message = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
  if (at != nullptr) message += ", at " + ShortSubject(at);
  return Fail(ErrorCode::kInvalidArgument, "verify.chain", std::move(message));
}

// A service's certificate has names rather than a subject.
std::vector<std::string> Path(X509_STORE_CTX* context, const CertificateFacts& leaf) {
  const STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(context);
  std::vector<std::string> path{leaf.names.empty() ? ShortSubject(sk_X509_value(chain, 0))
                                                   : leaf.names.front()};
  for (int i = 1; i < sk_X509_num(chain); ++i) {
    path.push_back(ShortSubject(sk_X509_value(chain, i)));
  }
  return path;
}

bool Holds(X509* certificate, const x509::GeneralName& name) {
  const std::string text = name.ValueText();
  switch (name.kind()) {
    case x509::GeneralName::Kind::kDns:
      return X509_check_host(
                 certificate, text.data(), text.size(),
                 X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                 nullptr) == 1;
    case x509::GeneralName::Kind::kIp:
      return X509_check_ip_asc(certificate, text.c_str(), 0) == 1;
    default:
      return false;
  }
}

}  // namespace

Result<std::vector<std::string>> CheckChain(const ChainQuestion& question) {
  const Owned<X509> leaf = Parse(question.shown.at(0));
  const Owned<X509_STORE> store(X509_STORE_new());
  const Owned<STACK_OF(X509)> others(sk_X509_new_null());
  const Owned<X509_STORE_CTX> context(X509_STORE_CTX_new());
  if (!leaf || !store || !others || !context) {
    return Fail(ErrorCode::kInternal, "verify.openssl", "OpenSSL has no memory");
  }
  for (const CertificateFacts& root : question.roots) {
    X509_STORE_add_cert(store.get(), Parse(root).get());
  }
  for (size_t i = 1; i < question.shown.size(); ++i) {
    sk_X509_push(others.get(), Parse(question.shown[i]).release());
  }
  X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), others.get());
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT | X509_V_FLAG_NO_CHECK_TIME);
  if (X509_verify_cert(context.get()) != 1) return NotBelieved(context.get());
  return Path(context.get(), question.shown[0]);
}

Status CheckDates(const CertificateFacts& certificate, TimePoint now) {
  const auto wrong = [](const char* why) {
    return Fail(ErrorCode::kInvalidArgument, "verify.dates", why);
  };
  if (now < certificate.not_before) return wrong("it is not valid yet");
  // Both ends are inclusive (RFC 5280 4.1.2.5).
  if (now >= certificate.not_after + Seconds(1)) return wrong("it has expired");
  return Ok();
}

Status CheckName(const CertificateFacts& certificate, const x509::GeneralName& name) {
  for (const std::string& held : certificate.names) {
    if (held == name.ToString()) return Ok();
  }
  const Owned<X509> parsed = Parse(certificate);
  if (parsed && Holds(parsed.get(), name)) return Ok();
  return Fail(ErrorCode::kInvalidArgument, "verify.name",
              "it does not hold for " + Escape(name.ToString(), 300));
}

}  // namespace mayfly::client
