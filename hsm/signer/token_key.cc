// Keys in a token: found, used, made.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "hsm/client/signing_rules.h"
#include "hsm/client/wire.h"
#include "hsm/signer/token.h"
#include "hsm/signer/token_mechanism.h"

namespace mayfly::hsm {
namespace {

constexpr size_t kAttributeBytesMax = 4096;
constexpr size_t kGeneratedIdBytes = 16;
constexpr size_t kFoundMax = 2;  // one more than is good
constexpr size_t kRawSignatureBytesMax = 1024;
constexpr std::array<uint8_t, 3> kRsaExponent = {1, 0, 1};

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

// How a module says that it does not know what was asked of it: the code is not the same in all.
bool IsUnsupported(CK_RV code) {
  return code == CKR_MECHANISM_INVALID || code == CKR_MECHANISM_PARAM_INVALID ||
         code == CKR_CURVE_NOT_SUPPORTED || code == CKR_DOMAIN_PARAMS_INVALID ||
         code == CKR_KEY_SIZE_RANGE || code == CKR_ATTRIBUTE_VALUE_INVALID ||
         code == CKR_FUNCTION_NOT_SUPPORTED;
}

Error Unsupported(const char* what, CK_RV code) {
  Error error = TokenFailed(what, code);
  return SignerFailure("signer.key-unsupported", "the token has no keys of this type",
                       std::move(error.detail));
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

Result<CK_OBJECT_HANDLE> TokenSession::FindPublicHalf(const KeyUri& uri,
                                                      CK_OBJECT_HANDLE private_key) {
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
  return found[0];
}

Result<x509::SubjectPublicKeyInfo> TokenSession::ReadPublicKey(CK_KEY_TYPE type,
                                                               CK_OBJECT_HANDLE public_key) {
  if (type == CKK_RSA) {
    TRY_ASSIGN(Bytes modulus, Attribute(public_key, CKA_MODULUS));
    TRY_ASSIGN(Bytes exponent, Attribute(public_key, CKA_PUBLIC_EXPONENT));
    return RsaPublicKey(modulus, exponent);
  }
  if (type != CKK_EC && type != CKK_EC_EDWARDS) return UnservedKind();
  TRY_ASSIGN(Bytes point, Attribute(public_key, CKA_EC_POINT));
  if (type == CKK_EC_EDWARDS) return EdwardsPublicKey(point);
  TRY_ASSIGN(Bytes params, Attribute(public_key, CKA_EC_PARAMS));
  return EcPublicKey(params, point);
}

Result<CK_KEY_TYPE> TokenSession::TypeOf(CK_OBJECT_HANDLE key) {
  TRY_ASSIGN(Bytes value, Attribute(key, CKA_KEY_TYPE));
  CK_KEY_TYPE type;
  if (value.size() != sizeof type) return TokenFailed("CKA_KEY_TYPE has a length of", value.size());
  std::memcpy(&type, value.data(), sizeof type);
  return type;
}

Result<TokenKey> TokenSession::FindKey(const KeyUri& uri) {
  TRY_ASSIGN(auto found, FindObjects({CKO_PRIVATE_KEY, uri.object, uri.id}));
  if (found.empty()) {
    return Fail(ErrorCode::kNotFound, "signer.key-not-found", "the token holds no such key");
  }
  if (found.size() > 1) {
    return SignerFailure("signer.key-ambiguous", "two keys in the token have this name: add id=");
  }
  TRY_ASSIGN(CK_KEY_TYPE type, TypeOf(found[0]));
  TRY(RequireUnextractable(found[0]));
  TRY_ASSIGN(CK_OBJECT_HANDLE public_key, FindPublicHalf(uri, found[0]));
  TRY_ASSIGN(auto spki, ReadPublicKey(type, public_key));
  TRY_ASSIGN(KeyKind kind, KeyKindOf(spki));
  return TokenKey{found[0], kind, std::move(spki)};
}

SignResult TokenSession::Sign(const TokenKey& key, ByteSpan message) {
  Bytes input = SignatureInput(key.kind, message);
  CK_MECHANISM mechanism{MechanismOf(key.kind).signature, nullptr, 0};
  CK_RV code = functions_->C_SignInit(session_, &mechanism, key.private_key);
  if (code != CKR_OK) return NotSigned(TokenFailed("C_SignInit", code));
  std::array<uint8_t, kRawSignatureBytesMax> raw;
  CK_ULONG size = raw.size();
  code = functions_->C_Sign(session_, input.data(), input.size(), raw.data(), &size);
  if (code != CKR_OK) return MayHaveBeenSigned(TokenFailed("C_Sign", code));
  if (size > raw.size()) return MayHaveBeenSigned(TokenFailed("C_Sign lied about a length:", size));
  auto signature = SignatureOutput(key.kind, ByteSpan(raw).first(size));
  if (!signature) return MayHaveBeenSigned(std::move(signature).error());
  return Signed(*std::move(signature));
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
  const TokenMechanism& how = MechanismOf(kind);
  std::vector<CK_ATTRIBUTE> public_template = {AttributeFrom(CKA_TOKEN, yes), label, key_id};
  if (how.key_type == CKK_RSA) {
    public_template.push_back(AttributeFrom(CKA_MODULUS_BITS, how.rsa_modulus_bits));
    public_template.push_back(AttributeFrom(CKA_PUBLIC_EXPONENT, ByteSpan(kRsaExponent)));
  } else {
    public_template.push_back(AttributeFrom(CKA_EC_PARAMS, how.ec_params));
  }
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
  CK_MECHANISM mechanism{how.generation, nullptr, 0};
  CK_OBJECT_HANDLE public_key, private_key;
  CK_RV code = functions_->C_GenerateKeyPair(session_, &mechanism, public_template.data(),
                                             public_template.size(), private_template.data(),
                                             private_template.size(), &public_key, &private_key);
  if (IsUnsupported(code)) return Unsupported("C_GenerateKeyPair", code);
  if (code != CKR_OK) return TokenFailed("C_GenerateKeyPair", code);
  return FindKey(KeyUri{uri.token, uri.object, id});
}

}  // namespace mayfly::hsm
