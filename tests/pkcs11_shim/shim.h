// The shim's memory: the module that it stands before, the faults to come, the sessions so far.
#pragma once

#include <p11-kit/pkcs11.h>

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "tests/pkcs11_shim/record.h"
#include "tests/pkcs11_shim/script.h"

namespace mayfly::pkcs11_shim {

using Faults = std::vector<Fault>;

const Fault* Find(const Faults& faults, Fault::Kind kind);

struct Call {
  enum class Scope { kLibrary, kSlot, kSession };
  const char* name;
  Scope scope;
  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  const Signing* signing = nullptr;  // C_Sign and C_SignFinal
};

class Shim {
 public:
  // Of the folder that the environment names.
  static Shim& Get();
  ~Shim();
  Shim(const Shim&) = delete;
  Shim& operator=(const Shim&) = delete;

  const CK_FUNCTION_LIST& real() const { return *real_; }

  // Every call goes through here: counted, recorded, struck by what the script has for it, and
  // handed on by `forward`, which is told the faults.
  template <class Forward>
  CK_RV Do(const Call& call, Forward forward) {
    Faults faults = FaultsOf(call);
    if (auto code = Before(call, faults)) return *code;
    CK_RV code = forward(faults);
    const Fault* lost = Find(faults, Fault::Kind::kReturnAfter);
    return lost ? lost->value : code;
  }

  void NoteOpened(CK_SESSION_HANDLE session, const Faults& faults);
  void NoteClosed(CK_SESSION_HANDLE session);
  void NoteAllClosed();

  // C_SignInit, C_SignUpdate, and what came of them.
  void BeginSigning(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE key);
  void AddToSigning(CK_SESSION_HANDLE session, const CK_BYTE* data, CK_ULONG size);
  Signing CurrentSigning(CK_SESSION_HANDLE session);

  CK_OBJECT_HANDLE Outer(CK_OBJECT_HANDLE inner) const { return inner + handles_shift_; }
  CK_OBJECT_HANDLE Inner(CK_OBJECT_HANDLE outer) const { return outer - handles_shift_; }

 private:
  struct Session {
    std::optional<int64_t> dies_at_ms;
    Signing signing;
  };

  explicit Shim(const std::filesystem::path& folder);
  Faults FaultsOf(const Call& call);
  std::optional<CK_RV> Before(const Call& call, const Faults& faults);
  std::optional<CK_RV> WithoutToken(const Call& call);
  bool IsGone(CK_SESSION_HANDLE session);
  std::string Attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type);

  void* library_ = nullptr;
  CK_FUNCTION_LIST* real_ = nullptr;
  Script script_;
  Record record_;
  std::mutex mutex_;
  std::map<CK_SESSION_HANDLE, Session> sessions_;
  CK_OBJECT_HANDLE handles_shift_ = 0;
};

}  // namespace mayfly::pkcs11_shim
