// A PKCS#11 module for tests that stands before a real one: it records what is signed and breaks
// what a script says (record.h and script.h are the formats).
//
// The environment's MAYFLY_PKCS11_SHIM names a folder with a file "module", whose line is the real
// module's path; "script", "record" and "counts" are in it too.
//
// Faults strike any function. Handles of objects are renumbered where the signer uses them:
// C_FindObjects, C_GetAttributeValue and C_SignInit.
#include <algorithm>
#include <tuple>

#include "tests/pkcs11_shim/shim.h"

namespace mayfly::pkcs11_shim {
namespace {

using Kind = Fault::Kind;
using Scope = Call::Scope;

template <size_t kSize>
struct Text {
  constexpr Text(const char (&text)[kSize]) { std::copy_n(text, kSize, octets); }
  char octets[kSize];
};

template <auto kMember, Text kName, Scope kScope>
struct Forwarding;

// A function of which the shim knows nothing but name and scope.
template <class... A, CK_RV (*CK_FUNCTION_LIST::*kMember)(A...), Text kName, Scope kScope>
struct Forwarding<kMember, kName, kScope> {
  static CK_RV Run(A... arguments) noexcept {
    Shim& shim = Shim::Get();
    Call call{kName.octets, kScope};
    if constexpr (kScope == Scope::kSession) {
      call.session = std::get<0>(std::forward_as_tuple(arguments...));
    }
    return shim.Do(call, [&](const Faults&) { return (shim.real().*kMember)(arguments...); });
  }
};

CK_RV GetSlotList(CK_BBOOL with_token, CK_SLOT_ID* slots, CK_ULONG* count) noexcept {
  Shim& shim = Shim::Get();
  return shim.Do({"C_GetSlotList", Scope::kLibrary}, [&](const Faults& faults) -> CK_RV {
    if (!Find(faults, Kind::kRemoved)) return shim.real().C_GetSlotList(with_token, slots, count);
    *count = 0;
    return CKR_OK;
  });
}

CK_RV OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, void* application, CK_NOTIFY notify,
                  CK_SESSION_HANDLE* session) noexcept {
  Shim& shim = Shim::Get();
  return shim.Do({"C_OpenSession", Scope::kSlot}, [&](const Faults& faults) {
    CK_RV code = shim.real().C_OpenSession(slot, flags, application, notify, session);
    if (code == CKR_OK) shim.NoteOpened(*session, faults);
    return code;
  });
}

CK_RV CloseSession(CK_SESSION_HANDLE session) noexcept {
  Shim& shim = Shim::Get();
  return shim.Do({"C_CloseSession", Scope::kSession, session}, [&](const Faults&) {
    shim.NoteClosed(session);
    return shim.real().C_CloseSession(session);
  });
}

CK_RV CloseAllSessions(CK_SLOT_ID slot) noexcept {
  Shim& shim = Shim::Get();
  return shim.Do({"C_CloseAllSessions", Scope::kSlot}, [&](const Faults&) {
    shim.NoteAllClosed();
    return shim.real().C_CloseAllSessions(slot);
  });
}

CK_RV Finalize(void* reserved) noexcept {
  Shim& shim = Shim::Get();
  return shim.Do({"C_Finalize", Scope::kLibrary}, [&](const Faults&) {
    shim.NoteAllClosed();
    return shim.real().C_Finalize(reserved);
  });
}

CK_RV FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE* objects, CK_ULONG max,
                  CK_ULONG* count) noexcept {
  Shim& shim = Shim::Get();
  return shim.Do({"C_FindObjects", Scope::kSession, session}, [&](const Faults&) {
    CK_RV code = shim.real().C_FindObjects(session, objects, max, count);
    for (CK_ULONG i = 0; code == CKR_OK && i < *count; ++i) objects[i] = shim.Outer(objects[i]);
    return code;
  });
}

CK_RV GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* wanted,
                        CK_ULONG count) noexcept {
  Shim& shim = Shim::Get();
  return shim.Do({"C_GetAttributeValue", Scope::kSession, session}, [&](const Faults&) {
    return shim.real().C_GetAttributeValue(session, shim.Inner(object), wanted, count);
  });
}

CK_RV SignInit(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) noexcept {
  Shim& shim = Shim::Get();
  return shim.Do({"C_SignInit", Scope::kSession, session}, [&](const Faults&) {
    shim.BeginSigning(session, mechanism->mechanism, shim.Inner(key));
    return shim.real().C_SignInit(session, mechanism, shim.Inner(key));
  });
}

void Spoil(const Faults& faults, CK_BYTE* signature, CK_ULONG* size) {
  if (Find(faults, Kind::kFlip)) signature[*size / 2] ^= 1;
  if (auto* length = Find(faults, Kind::kLength)) *size = length->value;
}

// `signature` is null where only its length is asked for: nothing is signed then.
CK_RV Sign(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_size, CK_BYTE* signature,
           CK_ULONG* size) noexcept {
  Shim& shim = Shim::Get();
  Signing signing = shim.CurrentSigning(session);
  signing.data.assign(reinterpret_cast<const char*>(data), data_size);
  Call call{"C_Sign", Scope::kSession, session, signature ? &signing : nullptr};
  return shim.Do(call, [&](const Faults& faults) {
    CK_RV code = shim.real().C_Sign(session, data, data_size, signature, size);
    if (code == CKR_OK && signature) Spoil(faults, signature, size);
    return code;
  });
}

CK_RV SignUpdate(CK_SESSION_HANDLE session, CK_BYTE* part, CK_ULONG part_size) noexcept {
  Shim& shim = Shim::Get();
  return shim.Do({"C_SignUpdate", Scope::kSession, session}, [&](const Faults&) {
    shim.AddToSigning(session, part, part_size);
    return shim.real().C_SignUpdate(session, part, part_size);
  });
}

CK_RV SignFinal(CK_SESSION_HANDLE session, CK_BYTE* signature, CK_ULONG* size) noexcept {
  Shim& shim = Shim::Get();
  Signing signing = shim.CurrentSigning(session);
  Call call{"C_SignFinal", Scope::kSession, session, signature ? &signing : nullptr};
  return shim.Do(call, [&](const Faults& faults) {
    CK_RV code = shim.real().C_SignFinal(session, signature, size);
    if (code == CKR_OK && signature) Spoil(faults, signature, size);
    return code;
  });
}

CK_FUNCTION_LIST MakeList(CK_C_GetFunctionList self) {
  CK_FUNCTION_LIST list = {};
  list.version = {CRYPTOKI_VERSION_MAJOR, CRYPTOKI_VERSION_MINOR};
  list.C_GetFunctionList = self;
  list.C_GetSlotList = GetSlotList;
  list.C_OpenSession = OpenSession;
  list.C_CloseSession = CloseSession;
  list.C_CloseAllSessions = CloseAllSessions;
  list.C_Finalize = Finalize;
  list.C_FindObjects = FindObjects;
  list.C_GetAttributeValue = GetAttributeValue;
  list.C_SignInit = SignInit;
  list.C_Sign = Sign;
  list.C_SignUpdate = SignUpdate;
  list.C_SignFinal = SignFinal;
#define FORWARD(function, scope) \
  list.function = Forwarding<&CK_FUNCTION_LIST::function, #function, Scope::scope>::Run
  FORWARD(C_Initialize, kLibrary);
  FORWARD(C_GetInfo, kLibrary);
  FORWARD(C_WaitForSlotEvent, kLibrary);
  FORWARD(C_GetSlotInfo, kSlot);
  FORWARD(C_GetTokenInfo, kSlot);
  FORWARD(C_GetMechanismList, kSlot);
  FORWARD(C_GetMechanismInfo, kSlot);
  FORWARD(C_InitToken, kSlot);
  FORWARD(C_InitPIN, kSession);
  FORWARD(C_SetPIN, kSession);
  FORWARD(C_GetSessionInfo, kSession);
  FORWARD(C_GetOperationState, kSession);
  FORWARD(C_SetOperationState, kSession);
  FORWARD(C_Login, kSession);
  FORWARD(C_Logout, kSession);
  FORWARD(C_CreateObject, kSession);
  FORWARD(C_CopyObject, kSession);
  FORWARD(C_DestroyObject, kSession);
  FORWARD(C_GetObjectSize, kSession);
  FORWARD(C_SetAttributeValue, kSession);
  FORWARD(C_FindObjectsInit, kSession);
  FORWARD(C_FindObjectsFinal, kSession);
  FORWARD(C_EncryptInit, kSession);
  FORWARD(C_Encrypt, kSession);
  FORWARD(C_EncryptUpdate, kSession);
  FORWARD(C_EncryptFinal, kSession);
  FORWARD(C_DecryptInit, kSession);
  FORWARD(C_Decrypt, kSession);
  FORWARD(C_DecryptUpdate, kSession);
  FORWARD(C_DecryptFinal, kSession);
  FORWARD(C_DigestInit, kSession);
  FORWARD(C_Digest, kSession);
  FORWARD(C_DigestUpdate, kSession);
  FORWARD(C_DigestKey, kSession);
  FORWARD(C_DigestFinal, kSession);
  FORWARD(C_SignRecoverInit, kSession);
  FORWARD(C_SignRecover, kSession);
  FORWARD(C_VerifyInit, kSession);
  FORWARD(C_Verify, kSession);
  FORWARD(C_VerifyUpdate, kSession);
  FORWARD(C_VerifyFinal, kSession);
  FORWARD(C_VerifyRecoverInit, kSession);
  FORWARD(C_VerifyRecover, kSession);
  FORWARD(C_DigestEncryptUpdate, kSession);
  FORWARD(C_DecryptDigestUpdate, kSession);
  FORWARD(C_SignEncryptUpdate, kSession);
  FORWARD(C_DecryptVerifyUpdate, kSession);
  FORWARD(C_GenerateKey, kSession);
  FORWARD(C_GenerateKeyPair, kSession);
  FORWARD(C_WrapKey, kSession);
  FORWARD(C_UnwrapKey, kSession);
  FORWARD(C_DeriveKey, kSession);
  FORWARD(C_SeedRandom, kSession);
  FORWARD(C_GenerateRandom, kSession);
  FORWARD(C_GetFunctionStatus, kSession);
  FORWARD(C_CancelFunction, kSession);
#undef FORWARD
  return list;
}

}  // namespace
}  // namespace mayfly::pkcs11_shim

extern "C" CK_RV C_GetFunctionList(CK_FUNCTION_LIST** list) {
  using namespace mayfly::pkcs11_shim;
  static CK_FUNCTION_LIST functions = MakeList(C_GetFunctionList);
  *list = &functions;
  return CKR_OK;
}
