// Keys in a token: found, used, made.
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "der/reader.h"
#include "der/writer.h"
#include "hsm/client/signing_rules.h"
#include "hsm/client/wire.h"
#include "hsm/signer/token.h"

namespace mayfly::hsm {
namespace {

constexpr size_t kAttributeBytesMax = 4096;
constexpr size_t kGeneratedIdBytes = 16;
constexpr size_t kFoundMax = 2;  // one more than is good

// RFC 5480 2.1.1 and 2.1.1.1; CKA_EC_PARAMS holds the DER of the curve's OID.
constexpr std::string_view kEcPublicKey = "1.2.840.10045.2.1";
constexpr std::array<uint8_t, 10> kP256Params = {0x06, 0x08, 0x2a, 0x86, 0x48,
                                                 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::array<uint8_t, 7> kP384Params = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};

ByteSpan ParamsOf(KeyKind kind) {
  return kind == KeyKind::kP256 ? ByteSpan(kP256Params) : ByteSpan(kP384Params);
}

Error TokenFailed(const char* what, CK_RV code) {
  char text[96];
  std::snprintf(text, sizeof text, "%s returned 0x%lx", what, code);
  return SignerFailure("signer.token-failed", "the token failed", text);
}

// PKCS#11 takes templates of mutable pointers but does not write through them here.
CK_ATTRIBUTE AttributeFrom(CK_ATTRIBUTE_TYPE type, ByteSpan value) {
  return {type, const_cast<uint8_t*>(value.data()), value.size()};
}
template <class T>
CK_ATTRIBUTE AttributeFrom(CK_ATTRIBUTE_TYPE type, const T& value) {
  return {type, const_cast<T*>(&value), sizeof value};
}

// PKCS#11 2.40 mechanisms 2.3.5: r and s, each as long as the curve's order.
Result<Bytes> EcdsaToDer(ByteSpan raw, size_t order_bytes) {
  if (raw.size() != 2 * order_bytes) {
    return SignerFailure("signer.token-failed", "the token's signature has an unexpected length");
  }
  der::Writer writer;
  writer.Sequence([&] {
    writer.UnsignedInteger(raw.first(order_bytes));
    writer.UnsignedInteger(raw.last(order_bytes));
  });
  return writer.Take();
}

Result<x509::SubjectPublicKeyInfo> MakeSpki(ByteSpan params, ByteSpan point) {
  // CKA_EC_POINT is an OCTET STRING around the point; some modules give the bare point.
  der::Reader reader(point);
  auto inner = reader.ReadOctetString();
  if (inner && reader.AtEnd()) point = *inner;
  der::Writer writer;
  writer.Sequence([&] {
    writer.Sequence([&] {
      writer.ObjectIdentifier(der::OidOrDie(kEcPublicKey));
      writer.Raw(params);
    });
    writer.BitString(point);
  });
  TRY_ASSIGN(auto spki, x509::SubjectPublicKeyInfo::FromDer(writer.bytes()));
  TRY(KeyKindOf(spki));
  return spki;
}

}  // namespace

Result<std::vector<CK_OBJECT_HANDLE>> TokenSession::FindObjects(const ObjectQuery& query) {
  std::vector<CK_ATTRIBUTE> wanted = {AttributeFrom(CKA_CLASS, query.object_class)};
  if (!query.label.empty()) wanted.push_back(AttributeFrom(CKA_LABEL, AsBytes(query.label)));
  if (!query.id.empty()) wanted.push_back(AttributeFrom(CKA_ID, ByteSpan(query.id)));
  CK_RV code = functions_->C_FindObjectsInit(session_, wanted.data(), wanted.size());
  if (code != CKR_OK) return TokenFailed("C_FindObjectsInit", code);
  std::vector<CK_OBJECT_HANDLE> found(kFoundMax);
  CK_ULONG count = 0;
  code = functions_->C_FindObjects(session_, found.data(), found.size(), &count);
  functions_->C_FindObjectsFinal(session_);
  if (code != CKR_OK) return TokenFailed("C_FindObjects", code);
  found.resize(std::min<size_t>(count, kFoundMax));
  return found;
}

Result<Bytes> TokenSession::Attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  Bytes value(kAttributeBytesMax);
  CK_ATTRIBUTE attribute{type, value.data(), value.size()};
  CK_RV code = functions_->C_GetAttributeValue(session_, object, &attribute, 1);
  if (code != CKR_OK) return TokenFailed("C_GetAttributeValue", code);
  if (attribute.ulValueLen > value.size()) {
    return TokenFailed("C_GetAttributeValue lied about a length:", attribute.ulValueLen);
  }
  value.resize(attribute.ulValueLen);
  return value;
}

Result<bool> TokenSession::Flag(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  TRY_ASSIGN(Bytes value, Attribute(object, type));
  return value.size() == sizeof(CK_BBOOL) && value[0] == CK_TRUE;
}

Status TokenSession::RequireUnextractable(CK_OBJECT_HANDLE private_key) {
  TRY_ASSIGN(bool extractable, Flag(private_key, CKA_EXTRACTABLE));
  TRY_ASSIGN(bool sensitive, Flag(private_key, CKA_SENSITIVE));
  if (sensitive && !extractable) return Ok();
  return SignerFailure("signer.key-extractable",
                       "the key may leave the token (CKA_SENSITIVE must be true and "
                       "CKA_EXTRACTABLE false), so it is not served");
}

Result<x509::SubjectPublicKeyInfo> TokenSession::PublicHalf(const KeyUri& uri,
                                                            CK_OBJECT_HANDLE private_key) {
  TRY_ASSIGN(Bytes params, Attribute(private_key, CKA_EC_PARAMS));
  TRY_ASSIGN(Bytes id, Attribute(private_key, CKA_ID));
  ObjectQuery query{CKO_PUBLIC_KEY, id.empty() ? uri.object : "", id};
  TRY_ASSIGN(auto found, FindObjects(query));
  if (found.size() > 1) {
    return SignerFailure("signer.key-ambiguous", "two public keys in the token have this id");
  }
  if (found.empty()) {
    return SignerFailure("signer.public-key-missing",
                         "the token holds no public key beside this private key");
  }
  TRY_ASSIGN(Bytes point, Attribute(found[0], CKA_EC_POINT));
  return MakeSpki(params, point);
}

Result<TokenKey> TokenSession::FindKey(const KeyUri& uri) {
  TRY_ASSIGN(auto found, FindObjects({CKO_PRIVATE_KEY, uri.object, uri.id}));
  if (found.empty()) {
    return Fail(ErrorCode::kNotFound, "signer.key-not-found", "the token holds no such key");
  }
  if (found.size() > 1) {
    return SignerFailure("signer.key-ambiguous", "two keys in the token have this name: add id=");
  }
  TRY_ASSIGN(Bytes type, Attribute(found[0], CKA_KEY_TYPE));
  CK_KEY_TYPE wanted = CKK_EC;
  if (!Equal(type, ByteSpan(reinterpret_cast<const uint8_t*>(&wanted), sizeof wanted))) {
    return SignerFailure("signer.key-type", "a key that signs here is P-256 or P-384");
  }
  TRY(RequireUnextractable(found[0]));
  TRY_ASSIGN(auto spki, PublicHalf(uri, found[0]));
  return TokenKey{found[0], std::move(spki)};
}

SignResult TokenSession::Sign(const TokenKey& key, ByteSpan message) {
  const bool p384 = key.spki.type() == x509::KeyType::kEcP384;
  std::array<uint8_t, EVP_MAX_MD_SIZE> hash;
  unsigned int hash_size = 0;
  EVP_Digest(message.data(), message.size(), hash.data(), &hash_size,
             p384 ? EVP_sha384() : EVP_sha256(), nullptr);
  CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
  CK_RV code = functions_->C_SignInit(session_, &mechanism, key.private_key);
  if (code != CKR_OK) return NotSigned(TokenFailed("C_SignInit", code));
  std::array<uint8_t, 256> raw;
  CK_ULONG size = raw.size();
  code = functions_->C_Sign(session_, hash.data(), hash_size, raw.data(), &size);
  if (code != CKR_OK) return MayHaveBeenSigned(TokenFailed("C_Sign", code));
  if (size > raw.size()) return MayHaveBeenSigned(TokenFailed("C_Sign lied about a length:", size));
  auto der = EcdsaToDer(ByteSpan(raw).first(size), p384 ? 48 : 32);
  if (!der) return MayHaveBeenSigned(std::move(der).error());
  return Signed(*std::move(der));
}

Status TokenSession::RequireUnused(const std::string& label) {
  for (CK_OBJECT_CLASS object_class : {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY}) {
    TRY_ASSIGN(auto found, FindObjects({object_class, label, {}}));
    if (!found.empty()) {
      return Fail(ErrorCode::kConflict, "signer.key-exists",
                  "the token holds an object of this name; keys are never overwritten");
    }
  }
  return Ok();
}

Result<TokenKey> TokenSession::GenerateKey(const KeyUri& uri, KeyKind kind, RandomSource& random) {
  if (uri.object.empty()) {
    return Fail(ErrorCode::kConfiguration, "signer.uri", "a new key needs a name: object=");
  }
  TRY(RequireUnused(uri.object));
  Bytes id = uri.id;
  if (id.empty()) {
    id.resize(kGeneratedIdBytes);
    random.Fill(id);
  }
  const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
  CK_ATTRIBUTE label = AttributeFrom(CKA_LABEL, AsBytes(uri.object));
  CK_ATTRIBUTE key_id = AttributeFrom(CKA_ID, ByteSpan(id));
  // What the public half may be used for is left to the module: anybody can do it outside the
  // token, and tpm2-pkcs11 takes CKA_VERIFY for a key that decrypts.
  std::array public_template = {AttributeFrom(CKA_TOKEN, yes),
                                AttributeFrom(CKA_EC_PARAMS, ParamsOf(kind)), label, key_id};
  // Every use but signing is denied by name: modules differ in what they take for the default.
  std::array private_template = {AttributeFrom(CKA_TOKEN, yes),
                                 AttributeFrom(CKA_PRIVATE, yes),
                                 AttributeFrom(CKA_SENSITIVE, yes),
                                 AttributeFrom(CKA_EXTRACTABLE, no),
                                 AttributeFrom(CKA_SIGN, yes),
                                 AttributeFrom(CKA_DECRYPT, no),
                                 AttributeFrom(CKA_SIGN_RECOVER, no),
                                 AttributeFrom(CKA_UNWRAP, no),
                                 AttributeFrom(CKA_DERIVE, no),
                                 label,
                                 key_id};
  CK_MECHANISM mechanism{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
  CK_OBJECT_HANDLE public_key, private_key;
  CK_RV code = functions_->C_GenerateKeyPair(session_, &mechanism, public_template.data(),
                                             public_template.size(), private_template.data(),
                                             private_template.size(), &public_key, &private_key);
  if (code != CKR_OK) return TokenFailed("C_GenerateKeyPair", code);
  return FindKey(KeyUri{uri.token, uri.object, id});
}

}  // namespace mayfly::hsm
