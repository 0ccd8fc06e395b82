#include "tests/properties/openssl.h"

#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

namespace mayfly::properties {
namespace {

template <auto kFree>
struct Freer {
  template <class T>
  void operator()(T* handle) const {
    kFree(handle);
  }
};
template <class T, auto kFree>
using Handle = std::unique_ptr<T, Freer<kFree>>;
void FreeExtensions(STACK_OF(X509_EXTENSION) * list) {
  sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}
using RequestHandle = Handle<X509_REQ, X509_REQ_free>;
using CertificateHandle = Handle<X509, X509_free>;
using OcspHandle = Handle<OCSP_REQUEST, OCSP_REQUEST_free>;
using NamesHandle = Handle<GENERAL_NAMES, GENERAL_NAMES_free>;
using ExtensionsHandle = Handle<STACK_OF(X509_EXTENSION), FreeExtensions>;

// The DER that OpenSSL writes for `object`.
template <auto kWrite, class T>
Bytes DerOf(T* object) {
  unsigned char* buffer = nullptr;
  int size = kWrite(object, &buffer);
  Bytes out;
  if (size > 0) out.assign(buffer, buffer + size);
  OPENSSL_free(buffer);
  return out;
}

// OpenSSL's reading of all of `der`, or null.
template <auto kRead>
auto ReadAll(ByteSpan der) {
  const unsigned char* at = der.data();
  auto* object = kRead(nullptr, &at, static_cast<long>(der.size()));
  return std::pair(object, at == der.data() + der.size());
}

ByteSpan Octets(const ASN1_STRING* text) {
  return {ASN1_STRING_get0_data(text), static_cast<size_t>(ASN1_STRING_length(text))};
}

Result<x509::GeneralName> OneName(const GENERAL_NAME* name) {
  int kind = 0;
  const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(name, &kind));
  switch (kind) {
    case GEN_DNS:
      return x509::GeneralName::Dns(AsText(Octets(value)));
    case GEN_IPADD:
      return x509::GeneralName::IpFromOctets(Octets(value));
    case GEN_URI:
      return x509::GeneralName::Uri(AsText(Octets(value)));
    case GEN_EMAIL:
      return x509::GeneralName::Email(AsText(Octets(value)));
    default:
      return Fail(ErrorCode::kInvalidArgument, "name.kind", "of another kind");
  }
}

Broken CompareNames(const GENERAL_NAMES* theirs, const x509::GeneralNames& ours) {
  x509::GeneralNames names;
  for (int i = 0; theirs && i < sk_GENERAL_NAME_num(theirs); ++i) {
    auto name = OneName(sk_GENERAL_NAME_value(theirs, i));
    if (!name) return "OpenSSL sees a name that we refuse: " + name.error().rule;
    names.push_back(*std::move(name));
  }
  names = x509::Normalize(std::move(names));
  if (names == ours) return std::nullopt;
  return "OpenSSL sees the names " + Describe(names) + ", we " + Describe(ours);
}

Broken CompareBytes(const char* what, ByteSpan theirs, ByteSpan ours) {
  if (Equal(theirs, ours)) return std::nullopt;
  return std::string(what) + " differs: OpenSSL has " + ToHex(theirs) + ", we " + ToHex(ours);
}

Broken First(std::initializer_list<Broken> findings) {
  for (const Broken& finding : findings) {
    if (finding) return finding;
  }
  return std::nullopt;
}

Broken CompareTime(const char* what, const ASN1_TIME* theirs, TimePoint ours) {
  std::tm fields{};
  if (ASN1_TIME_to_tm(theirs, &fields) != 1) return std::string(what) + " is none to OpenSSL";
  auto seconds = std::chrono::floor<Seconds>(ours).time_since_epoch().count();
  if (timegm(&fields) == seconds) return std::nullopt;
  return std::string(what) + " differs";
}

Broken CompareOctets(const char* what, const ASN1_OCTET_STRING* theirs, ByteSpan ours) {
  return CompareBytes(what, Octets(theirs), ours);
}

Bytes ContentsOfInteger(const ASN1_INTEGER* integer) {
  Bytes der = DerOf<i2d_ASN1_INTEGER>(integer);
  return der.size() < 2 ? Bytes{} : Bytes(der.begin() + 2, der.end());  // serials are short
}

}  // namespace

Broken DiffersFromOpenssl(const x509::CertificationRequest& ours, ByteSpan der) {
  auto [object, whole] = ReadAll<d2i_X509_REQ>(der);
  RequestHandle theirs(object);
  if (!theirs || !whole) return "OpenSSL does not read this request";
  ExtensionsHandle extensions(X509_REQ_get_extensions(theirs.get()));
  NamesHandle names(static_cast<GENERAL_NAMES*>(
      X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)));
  const ASN1_BIT_STRING* signature = nullptr;
  X509_REQ_get0_signature(theirs.get(), &signature, nullptr);
  return First({
      CompareBytes("the subject", DerOf<i2d_X509_NAME>(X509_REQ_get_subject_name(theirs.get())),
                   ours.subject().der()),
      CompareBytes("the key", DerOf<i2d_X509_PUBKEY>(X509_REQ_get_X509_PUBKEY(theirs.get())),
                   ours.public_key().der()),
      CompareNames(names.get(), ours.names()),
      CompareOctets("the signature", signature, ours.signature()),
  });
}

bool VerifiesForOpenssl(ByteSpan certification_request) {
  auto [object, whole] = ReadAll<d2i_X509_REQ>(certification_request);
  RequestHandle request(object);
  EVP_PKEY* key = request ? X509_REQ_get0_pubkey(request.get()) : nullptr;
  return whole && key && X509_REQ_verify(request.get(), key) == 1;
}

Broken DiffersFromOpenssl(const x509::Certificate& ours) {
  auto [object, whole] = ReadAll<d2i_X509>(ours.der());
  CertificateHandle theirs(object);
  if (!theirs || !whole) return "OpenSSL does not read this certificate";
  const x509::TbsFields& fields = ours.tbs().fields();
  Broken differs = First({
      CompareBytes("the serial number", ContentsOfInteger(X509_get0_serialNumber(theirs.get())),
                   ours.tbs().serial().octets()),
      CompareBytes("the issuer", DerOf<i2d_X509_NAME>(X509_get_issuer_name(theirs.get())),
                   fields.issuer.der()),
      CompareBytes("the subject", DerOf<i2d_X509_NAME>(X509_get_subject_name(theirs.get())),
                   fields.subject.der()),
      CompareBytes("the key", DerOf<i2d_X509_PUBKEY>(X509_get_X509_PUBKEY(theirs.get())),
                   fields.public_key.der()),
      CompareTime("notBefore", X509_get0_notBefore(theirs.get()), fields.validity.not_before()),
      CompareTime("notAfter", X509_get0_notAfter(theirs.get()), fields.validity.not_after()),
  });
  auto names = ours.tbs().names();
  if (differs || !names) return differs;
  NamesHandle their_names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(theirs.get(), NID_subject_alt_name, nullptr, nullptr)));
  return CompareNames(their_names.get(), *names);
}

Broken DiffersFromOpenssl(const ocsp::OcspRequest& ours, ByteSpan der) {
  auto [object, whole] = ReadAll<d2i_OCSP_REQUEST>(der);
  OcspHandle theirs(object);
  if (!theirs || !whole) return "OpenSSL does not read this OCSP request";
  if (OCSP_request_onereq_count(theirs.get()) != 1) return "OpenSSL sees several questions";
  ASN1_OCTET_STRING* name_hash = nullptr;
  ASN1_OCTET_STRING* key_hash = nullptr;
  ASN1_INTEGER* serial = nullptr;
  ASN1_OBJECT* algorithm = nullptr;
  OCSP_CERTID* id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(theirs.get(), 0));
  OCSP_id_get0_info(&name_hash, &algorithm, &key_hash, &serial, id);
  const bool is_sha1 = ours.cert_id().form == ocsp::CertIdForm::kSha1 ||
                       ours.cert_id().form == ocsp::CertIdForm::kSha1WithNull;
  if (OBJ_obj2nid(algorithm) != (is_sha1 ? NID_sha1 : NID_sha256)) return "the hash differs";
  return First({
      CompareOctets("issuerNameHash", name_hash, ours.cert_id().issuer_name_hash),
      CompareOctets("issuerKeyHash", key_hash, ours.cert_id().issuer_key_hash),
      CompareBytes("the serial number", ContentsOfInteger(serial), ours.cert_id().serial.octets()),
  });
}

}  // namespace mayfly::properties
