#include "clients/cpp/certificate_facts.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>
#include <string_view>

#include "clients/cpp/files.h"
#include "x509/certificate.h"
#include "x509/general_name.h"

namespace mayfly::client {
namespace {

constexpr size_t kTextBytesMax = 8192;
constexpr size_t kNameBytesMax = 1024;

struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

Owned<BIO> Memory() { return Owned<BIO>(BIO_new(BIO_s_mem())); }
std::string TextIn(const Owned<BIO>& bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return size > 0 ? std::string(text, static_cast<size_t>(size)) : "";
}

std::string SerialHex(const X509* certificate) {
  const Owned<BIGNUM> number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  Bytes octets(number ? static_cast<size_t>(BN_num_bytes(number.get())) : 0);
  if (number) BN_bn2bin(number.get(), octets.data());
  return octets.empty() ? "00" : ToHex(octets);
}

std::string NameText(const X509_NAME* name) {
  const Owned<BIO> bio = Memory();
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
  return Escape(TextIn(bio), kNameBytesMax);
}

std::string CommonName(const X509_NAME* name) {
  const int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (index < 0) return "";
  const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index));
  return Escape({reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                 static_cast<size_t>(ASN1_STRING_length(text))});
}

TimePoint TimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  return TimePoint(Seconds(timegm(&parts)));
}

std::string StringOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<size_t>(ASN1_STRING_length(text))};
}

// Kinds that Mayfly does not issue are shown as OpenSSL prints them.
std::string GeneralNameText(GENERAL_NAME* name) {
  switch (name->type) {
    case GEN_DNS:
      return "DNS:" + StringOf(name->d.dNSName);
    case GEN_URI:
      return "URI:" + StringOf(name->d.uniformResourceIdentifier);
    case GEN_EMAIL:
      return "email:" + StringOf(name->d.rfc822Name);
    case GEN_IPADD:
      if (const auto ip = x509::GeneralName::IpFromOctets(AsBytes(StringOf(name->d.iPAddress)))) {
        return ip->ToString();
      }
      [[fallthrough]];
    default:
      const Owned<BIO> bio = Memory();
      GENERAL_NAME_print(bio.get(), name);
      return TextIn(bio);
  }
}

std::vector<std::string> NamesOf(const X509* certificate) {
  std::vector<std::string> names;
  const Owned<GENERAL_NAMES> found(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; found && i < sk_GENERAL_NAME_num(found.get()); ++i) {
    names.push_back(Escape(GeneralNameText(sk_GENERAL_NAME_value(found.get(), i)), 2100));
  }
  return names;
}

std::string KeyText(const X509* certificate) {
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (key == nullptr) return "of an unknown kind";
  char group[64] = "";
  size_t size = 0;
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return "rsa-" + std::to_string(EVP_PKEY_get_bits(key));
    case EVP_PKEY_ED25519:
      return "ed25519";
    case EVP_PKEY_EC:
      EVP_PKEY_get_group_name(key, group, sizeof group, &size);
      if (std::string_view(group) == "prime256v1") return "ec-p256";
      if (std::string_view(group) == "secp384r1") return "ec-p384";
      return "ec " + Escape(group);
    default:
      return Escape(EVP_PKEY_get0_type_name(key));
  }
}

std::string ObjectName(const ASN1_OBJECT* object) {
  char text[128];
  OBJ_obj2txt(text, sizeof text, object, 0);
  return text;
}

// OpenSSL's own lines, each escaped by itself.
std::string EscapedLines(std::string_view text) {
  std::string out;
  while (!text.empty() && out.size() < kTextBytesMax) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (!line.empty()) out += Escape(line, kTextBytesMax) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::vector<ExtensionFacts> ExtensionsOf(const X509* certificate) {
  std::vector<ExtensionFacts> extensions;
  for (int i = 0; i < X509_get_ext_count(certificate); ++i) {
    X509_EXTENSION* extension = X509_get_ext(certificate, i);
    const Owned<BIO> bio = Memory();
    X509V3_EXT_print(bio.get(), extension, X509V3_EXT_DUMP_UNKNOWN, 0);
    extensions.push_back({ObjectName(X509_EXTENSION_get_object(extension)),
                          X509_EXTENSION_get_critical(extension) == 1, EscapedLines(TextIn(bio))});
  }
  return extensions;
}

std::string Fingerprint(const X509* certificate) {
  Hash256 hash{};
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), hash.data(), &size);
  return ToHex(hash);
}

Error Missing(const std::filesystem::path& file) {
  return Fail(ErrorCode::kNotFound, "file.missing", "there is no file " + file.string());
}

Error NoCertificate(const std::filesystem::path& file, std::string_view content) {
  std::string message = file.string() + " holds no certificate";
  if (content.find("PRIVATE KEY-----") != content.npos) message += ", but a private key";
  if (content.find("CERTIFICATE REQUEST-----") != content.npos) message += ", but a CSR";
  return Fail(ErrorCode::kInvalidArgument, "certificate.none", message);
}

}  // namespace

Result<CertificateFacts> ReadFacts(ByteSpan der) {
  const uint8_t* at = der.data();
  const Owned<X509> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate || at != der.data() + der.size()) {
    return Fail(ErrorCode::kInvalidArgument, "certificate.der", "this is not a certificate");
  }
  const X509_NAME* issuer = X509_get_issuer_name(certificate.get());
  return CertificateFacts{
      .der = ToBytes(der),
      .serial = SerialHex(certificate.get()),
      .subject = NameText(X509_get_subject_name(certificate.get())),
      .issuer = NameText(issuer),
      .issuer_common_name = CommonName(issuer),
      .names = NamesOf(certificate.get()),
      .not_before = TimeOf(X509_get0_notBefore(certificate.get())),
      .not_after = TimeOf(X509_get0_notAfter(certificate.get())),
      .key = KeyText(certificate.get()),
      .signature = ObjectName(X509_get0_tbs_sigalg(certificate.get())->algorithm),
      .sha256 = Fingerprint(certificate.get()),
      .is_ca = X509_check_ca(certificate.get()) > 0,
      .extensions = ExtensionsOf(certificate.get()),
  };
}

Result<std::vector<CertificateFacts>> ReadCertificates(const std::filesystem::path& file) {
  // A folder that may not be looked into says nothing about the file: reading it tells.
  std::error_code error;
  if (!std::filesystem::exists(file, error) && !error) return Missing(file);
  TRY_ASSIGN(const Bytes content, ReadFile(file));
  std::vector<Bytes> blocks{content};
  if (AsText(content).find("-----BEGIN ") != std::string_view::npos) {
    auto found = x509::FromPem("CERTIFICATE", AsText(content));
    if (!found || found->empty()) return NoCertificate(file, AsText(content));
    blocks = *std::move(found);
  }
  if (blocks.size() > kFileCertificatesMax) {
    return Fail(ErrorCode::kInvalidArgument, "certificate.count",
                file.string() + " holds more than " + std::to_string(kFileCertificatesMax) +
                    " certificates");
  }
  std::vector<CertificateFacts> certificates;
  for (const Bytes& der : blocks) {
    auto facts = ReadFacts(der);
    if (!facts) return NoCertificate(file, AsText(content));
    certificates.push_back(*std::move(facts));
  }
  return certificates;
}

}  // namespace mayfly::client
