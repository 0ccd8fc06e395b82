#include "x509/trust_anchors.h"

#include <openssl/err.h>

#include <algorithm>
#include <ctime>

#include "x509/certificate.h"
#include "x509/digest.h"
#include "x509/openssl_handle.h"

namespace mayfly::x509 {
namespace {

// SSL_CTX_set_security_level(3) 2: 112 bits, that is RSA of 2048, P-224, SHA-224.
constexpr int kAuthLevel = 2;

Error BadAnchor(std::string why) {
  return Fail(ErrorCode::kInvalidArgument, "anchors.certificate", std::move(why));
}

Bytes SubjectOf(X509* certificate) {
  const uint8_t* der = nullptr;
  size_t size = 0;
  if (X509_NAME_get0_der(X509_get_subject_name(certificate), &der, &size) != 1) return {};
  return {der, der + size};
}

Bytes KeyOf(const X509* certificate) {
  uint8_t* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

Result<OpensslHandle<X509>> ParseAnchor(const Bytes& der) {
  const uint8_t* at = der.data();
  OpensslHandle<X509> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate || at != der.data() + der.size()) return BadAnchor("not a certificate");
  constexpr int kCa = 1, kVerifySignature = 1;
  if (X509_check_ca(certificate.get()) != kCa) return BadAnchor("not a CA's certificate");
  if (X509_self_signed(certificate.get(), kVerifySignature) != 1) {
    return BadAnchor("not self-signed, so no root");
  }
  return certificate;
}

// The path is somebody else's to judge.
bool LeadsElsewhere(int error) {
  switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
      return true;
    default:
      return false;
  }
}

bool LacksList(int error) {
  switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
    case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
    case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
    case X509_V_ERR_DIFFERENT_CRL_SCOPE:
    case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
    case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
      return true;
    default:
      return false;
  }
}

Error NotFor(std::string why) {
  return Fail(ErrorCode::kUnauthenticated, "peer.purpose", std::move(why));
}

Error Refusal(int error) {
  if (LeadsElsewhere(error)) {
    return Fail(ErrorCode::kNotFound, "path.none", "it does not lead to these roots");
  }
  const std::string detail = X509_verify_cert_error_string(error);
  if (LacksList(error)) {
    return FailWithDetail(ErrorCode::kStoreUnavailable, "peer.crl",
                          "this CA has no current CRL of an issuer of the client certificate",
                          detail);
  }
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return Fail(ErrorCode::kUnauthenticated, "peer.expired",
                  "the client certificate, or one above it, is outside its validity");
    case X509_V_ERR_CERT_REVOKED:
      return Fail(ErrorCode::kUnauthenticated, "peer.revoked",
                  "the client certificate, or one above it, has been revoked");
    case X509_V_ERR_INVALID_PURPOSE:
      return NotFor("the client certificate, or one above it, is not for TLS clients");
    default:
      return Fail(ErrorCode::kUnauthenticated, "peer.chain",
                  "the client certificate's path is refused: " + detail);
  }
}

// RFC 5280 4.2.1.12. OpenSSL takes a leaf that does not say what it is for, and a CA for a client.
Status CheckLeaf(X509* leaf) {
  if (X509_check_ca(leaf) != 0) {
    return NotFor("the client certificate is a CA's, so it says nothing about who calls");
  }
  const uint32_t purposes = X509_get_extended_key_usage(leaf);
  if (purposes == UINT32_MAX || (purposes & XKU_SSL_CLIENT) == 0) {
    return NotFor("the client certificate must have clientAuth among its extended key usages");
  }
  return Ok();
}

std::string TextOf(const ASN1_STRING* text) {
  const auto size = static_cast<size_t>(ASN1_STRING_length(text));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), size};
}

void ReadNames(X509* leaf, ClientPath& path) {
  // None, or two such extensions: no names.
  const OpensslHandle<GENERAL_NAMES> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) path.uris.push_back(TextOf(name->d.ia5));
    if (name->type == GEN_DNS) path.dns_names.push_back(TextOf(name->d.ia5));
  }
}

TimePoint EndOf(const X509* certificate) {
  tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) return TimePoint{};
  return std::chrono::time_point_cast<TimePoint::duration>(
      std::chrono::system_clock::from_time_t(timegm(&end)));
}

Result<ClientPath> PathOf(const STACK_OF(X509) * chain) {
  auto key = SubjectPublicKeyInfo::FromDer(KeyOf(sk_X509_value(chain, 0)));
  if (!key) return Fail(ErrorCode::kUnauthenticated, key.error().rule, key.error().message);
  ClientPath path{*std::move(key), {}, {}, {}, TimePoint::max()};
  ReadNames(sk_X509_value(chain, 0), path);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    const X509* certificate = sk_X509_value(chain, i);
    path.ends = std::min(path.ends, EndOf(certificate));
    if (i > 0) path.issuer_keys.push_back(Sha256(KeyOf(certificate)));
  }
  return path;
}

void SetRules(X509_STORE_CTX* context, TimePoint at, bool checks_lists) {
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context);
  unsigned long flags = X509_V_FLAG_X509_STRICT;
  if (checks_lists) flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
  X509_VERIFY_PARAM_set_flags(rules, flags);
  X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_CLIENT);
  X509_VERIFY_PARAM_set_depth(rules, kPathIntermediatesMax);
  X509_VERIFY_PARAM_set_auth_level(rules, kAuthLevel);
  X509_VERIFY_PARAM_set_time(rules, std::chrono::system_clock::to_time_t(at));
}

}  // namespace

Result<TrustAnchors> TrustAnchors::FromPem(std::string_view text) {
  TRY_ASSIGN(const std::vector<Bytes> ders, mayfly::x509::FromPem("CERTIFICATE", text));
  if (ders.empty() || ders.size() > kTrustAnchorsMax) {
    return Fail(ErrorCode::kInvalidArgument, "anchors.count",
                "1 to " + std::to_string(kTrustAnchorsMax) + " certificates in PEM are expected");
  }
  OpensslHandle<X509_STORE> store(X509_STORE_new());
  std::vector<TrustAnchor> list;
  for (const Bytes& der : ders) {
    TRY_ASSIGN(const OpensslHandle<X509> anchor, ParseAnchor(der));
    if (!store || X509_STORE_add_cert(store.get(), anchor.get()) != 1) {
      return Fail(ErrorCode::kInternal, "anchors.openssl", "OpenSSL has no memory");
    }
    list.push_back({der, SubjectOf(anchor.get()), Sha256(KeyOf(anchor.get()))});
  }
  return TrustAnchors(std::move(list), std::move(store));
}

std::string TrustAnchors::Pem() const {
  std::string pem;
  for (const TrustAnchor& anchor : list_) pem += ToPem("CERTIFICATE", anchor.der);
  return pem;
}

Result<ClientPath> TrustAnchors::ValidateClient(const PresentedChain& chain, TimePoint at,
                                                const RevocationLists* lists) const {
  const OpensslHandle<X509_STORE_CTX> context(X509_STORE_CTX_new());
  if (!context || X509_STORE_CTX_init(context.get(), store_.get(), chain.leaf_.get(),
                                      chain.others_.get()) != 1) {
    return Fail(ErrorCode::kInternal, "peer.openssl", "OpenSSL has no memory");
  }
  SetRules(context.get(), at, lists != nullptr);
  if (lists != nullptr) X509_STORE_CTX_set0_crls(context.get(), lists->lists_.get());
  const bool is_good = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (!is_good) return Refusal(X509_STORE_CTX_get_error(context.get()));
  TRY(CheckLeaf(chain.leaf_.get()));
  return PathOf(X509_STORE_CTX_get0_chain(context.get()));
}

}  // namespace mayfly::x509
