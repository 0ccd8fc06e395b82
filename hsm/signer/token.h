// A PKCS#11 module, a token in it and one logged-in session: all of PKCS#11 that Mayfly touches is
// here and in token_key.cc.
//
// libp11 loads the module, lists the slots and logs in. Objects are found, made and used through
// the PKCS#11 functions themselves: libp11's enumeration fails at the first key of a type that it
// does not know, and it makes RSA keys only.
#pragma once

#include <libp11.h>
#include <p11-kit/pkcs11.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "hsm/client/key_kind.h"
#include "hsm/signer/key_uri.h"
#include "hsm/signer/pin_marker.h"
#include "ports/signer.h"

namespace mayfly::hsm {

// Where the module, the PIN and the note of tried PINs are.
struct TokenAccess {
  std::filesystem::path module;
  std::filesystem::path pin_file;
  std::filesystem::path state_directory;
  std::chrono::seconds start_limit;
};

enum class SessionMode { kReadOnly, kReadWrite };

struct TokenKey {
  CK_OBJECT_HANDLE private_key;
  KeyKind kind;
  x509::SubjectPublicKeyInfo spki;
};

class TokenSession {
 public:
  // Loads the module, finds the one token of that name, logs in under the rules of pin_marker.h.
  // SIGALRM ends the process when the start limit is over and the login has not begun.
  // Errors, all kSignerUnavailable but the PIN file's: "signer.module", "signer.token-absent",
  // "signer.token-ambiguous", "signer.pin-file", "signer.pin-state", "signer.pin-refused",
  // "signer.pin-locked" (locked, or one wrong PIN from it: nothing is sent), "signer.token-failed".
  static Result<std::unique_ptr<TokenSession>> Open(const TokenAccess& access,
                                                    const TokenName& name, SessionMode mode,
                                                    RandomSource& random);
  ~TokenSession();
  TokenSession(const TokenSession&) = delete;
  TokenSession& operator=(const TokenSession&) = delete;

  // kNotFound "signer.key-not-found"; kSignerUnavailable "signer.key-ambiguous",
  // "signer.key-extractable" (a key that may leave the token is not served), "signer.key-type",
  // "signer.public-key-missing"; "signer.token-failed" when the session is of no more use.
  Result<TokenKey> FindKey(const KeyUri& uri);

  // By the key's own algorithm. Outcomes as in ports/signer.h; any
  // but kSigned has rule "signer.token-failed", and the session is of no more use.
  SignResult Sign(const TokenKey& key, ByteSpan message);

  // Makes a key pair in the token that can never leave it. The URI must name it by object=;
  // kConflict "signer.key-exists" when an object of that label is there; "signer.key-unsupported"
  // when the token has no such keys.
  Result<TokenKey> GenerateKey(const KeyUri& uri, KeyKind kind, RandomSource& random);

 private:
  struct Module;
  explicit TokenSession(std::unique_ptr<Module> module);
  Result<PKCS11_SLOT*> FindSlot(const TokenName& name);
  Status OpenSession(PKCS11_SLOT* slot, SessionMode mode);
  Status Login(PKCS11_SLOT* slot, const TokenAccess& access, RandomSource& random);
  Status SendPin(PKCS11_SLOT* slot, const SecretBytes& pin, PinMarker& marker);
  bool ReportsWrongPin(PKCS11_SLOT* slot) const;

  struct ObjectQuery {
    CK_OBJECT_CLASS object_class;
    std::string label;  // empty: any
    Bytes id;           // empty: any
  };
  Result<std::vector<CK_OBJECT_HANDLE>> FindObjects(const ObjectQuery& query);
  Result<Bytes> Attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
  Result<bool> Flag(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
  Status RequireUnextractable(CK_OBJECT_HANDLE private_key);
  Result<CK_KEY_TYPE> TypeOf(CK_OBJECT_HANDLE key);
  Result<CK_OBJECT_HANDLE> FindPublicHalf(const KeyUri& uri, CK_OBJECT_HANDLE private_key);
  Result<x509::SubjectPublicKeyInfo> ReadPublicKey(CK_KEY_TYPE type, CK_OBJECT_HANDLE public_key);
  Status RequireUnused(const std::string& label);

  std::unique_ptr<Module> module_;
  CK_FUNCTION_LIST* functions_ = nullptr;
  CK_SESSION_HANDLE session_ = CK_INVALID_HANDLE;
};

}  // namespace mayfly::hsm
