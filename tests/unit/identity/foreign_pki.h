// CAs that are not ours, made in the test: certificates with one thing wrong, and CRLs.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "x509/digest.h"

namespace mayfly::identity {

constexpr TimePoint kForeignNow{std::chrono::seconds(1'800'000'000)};

struct Wanted {
  std::string subject;
  std::vector<std::pair<int, std::string>> extensions;  // in openssl's words
  Seconds from{-3600}, to{3600};                        // beside kForeignNow
  const char* curve = "P-256";                          // "": RSA
  unsigned rsa_bits = 2048;
};

inline Wanted CaWanted(const std::string& subject, const std::string& constraints = "") {
  Wanted wanted{subject,
                {{NID_basic_constraints, "critical,CA:TRUE"},
                 {NID_key_usage, "critical,keyCertSign,cRLSign"},
                 {NID_subject_key_identifier, "hash"},
                 {NID_authority_key_identifier, "keyid"}}};
  if (!constraints.empty()) wanted.extensions.emplace_back(NID_name_constraints, constraints);
  return wanted;
}

inline Wanted LeafWanted(const std::string& names, const std::string& usage = "clientAuth") {
  Wanted wanted{"leaf",
                {{NID_basic_constraints, "critical,CA:FALSE"},
                 {NID_key_usage, "critical,digitalSignature"},
                 {NID_subject_key_identifier, "hash"},
                 {NID_authority_key_identifier, "keyid"}}};
  if (!names.empty()) wanted.extensions.emplace_back(NID_subject_alt_name, names);
  if (!usage.empty()) wanted.extensions.emplace_back(NID_ext_key_usage, usage);
  return wanted;
}

enum class CrlKind : uint8_t { kWhole, kDelta };

// A certificate and its key; by itself where it has no issuer.
class Certified {
 public:
  explicit Certified(const Wanted& wanted, const Certified* issuer = nullptr)
      : Certified(wanted, NewKey(wanted), issuer) {}
  Certified(const Wanted& wanted, std::shared_ptr<EVP_PKEY> key, const Certified* issuer)
      : key_(std::move(key)), certificate_(X509_new(), &X509_free) {
    static long serial = 0;
    X509_set_version(certificate_.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_.get()), ++serial);
    SetTime(X509_getm_notBefore(certificate_.get()), wanted.from);
    SetTime(X509_getm_notAfter(certificate_.get()), wanted.to);
    X509_set_pubkey(certificate_.get(), key_.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate_.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const uint8_t*>(wanted.subject.c_str()), -1, -1, 0);
    const Certified& by = issuer == nullptr ? *this : *issuer;
    X509_set_issuer_name(certificate_.get(), X509_get_subject_name(by.certificate_.get()));
    for (const auto& [nid, text] : wanted.extensions) Add(nid, text, by);
    X509_sign(certificate_.get(), by.key_.get(), EVP_sha256());
  }

  std::string Pem() const {
    return Written([this](BIO* bio) { PEM_write_bio_X509(bio, certificate_.get()); });
  }
  // Of what this one issued, by these serial numbers' certificates.
  std::string Crl(const std::vector<const Certified*>& revoked, Seconds to = Seconds(3600),
                  CrlKind kind = CrlKind::kWhole) const {
    const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> list(X509_CRL_new(), &X509_CRL_free);
    X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(certificate_.get()));
    ASN1_TIME* time = SetTime(ASN1_TIME_new(), Seconds(-60));
    X509_CRL_set1_lastUpdate(list.get(), time);
    for (const Certified* one : revoked) {
      X509_REVOKED* entry = X509_REVOKED_new();
      X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(one->certificate_.get()));
      X509_REVOKED_set_revocationDate(entry, time);
      X509_CRL_add0_revoked(list.get(), entry);
    }
    X509_CRL_set1_nextUpdate(list.get(), SetTime(time, to));
    ASN1_TIME_free(time);
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate_.get(), nullptr, nullptr, list.get(), 0);
    X509_EXTENSION* extension =
        X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid");
    X509_CRL_add_ext(list.get(), extension, -1);
    X509_EXTENSION_free(extension);
    if (kind == CrlKind::kDelta) {
      ASN1_INTEGER* base = ASN1_INTEGER_new();
      ASN1_INTEGER_set(base, 1);
      X509_CRL_add1_ext_i2d(list.get(), NID_delta_crl, base, 1, 0);
      ASN1_INTEGER_free(base);
    }
    X509_CRL_sign(list.get(), key_.get(), EVP_sha256());
    return Written([&list](BIO* bio) { PEM_write_bio_X509_CRL(bio, list.get()); });
  }
  Bytes Subject() const {
    const uint8_t* der = nullptr;
    size_t size = 0;
    X509_NAME_get0_der(X509_get_subject_name(certificate_.get()), &der, &size);
    return {der, der + size};
  }
  Hash256 KeyHash() const {
    uint8_t* der = nullptr;
    const int size = i2d_PUBKEY(key_.get(), &der);
    const Hash256 hash = x509::Sha256({der, static_cast<size_t>(size)});
    OPENSSL_free(der);
    return hash;
  }
  std::shared_ptr<EVP_PKEY> key() const { return key_; }

 private:
  static std::shared_ptr<EVP_PKEY> NewKey(const Wanted& wanted) {
    EVP_PKEY* key = *wanted.curve == '\0' ? EVP_RSA_gen(wanted.rsa_bits) : EVP_EC_gen(wanted.curve);
    return {key, &EVP_PKEY_free};
  }
  static ASN1_TIME* SetTime(ASN1_TIME* time, Seconds beside_now) {
    return ASN1_TIME_set(time, std::chrono::system_clock::to_time_t(kForeignNow + beside_now));
  }
  void Add(int nid, const std::string& text, const Certified& by) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, by.certificate_.get(), certificate_.get(), nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, text.c_str());
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  template <class Write>
  static std::string Written(Write write) {
    BIO* bio = BIO_new(BIO_s_mem());
    write(bio);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string pem(data, static_cast<size_t>(size));
    BIO_free(bio);
    return pem;
  }

  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> certificate_;
};

}  // namespace mayfly::identity
