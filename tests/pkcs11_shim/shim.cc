#include "tests/pkcs11_shim/shim.h"

#include <dlfcn.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace mayfly::pkcs11_shim {
namespace {

using Kind = Fault::Kind;
using Scope = Call::Scope;

constexpr const char* kFolderVariable = "MAYFLY_PKCS11_SHIM";

int64_t NowMs() {
  timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

std::filesystem::path Folder() {
  const char* folder = std::getenv(kFolderVariable);
  if (!folder) throw std::runtime_error(std::string(kFolderVariable) + " is not set");
  return folder;
}

bool IsAlwaysRecorded(std::string_view call) { return call == "C_Login" || call == "C_Initialize"; }

}  // namespace

const Fault* Find(const Faults& faults, Kind kind) {
  for (const Fault& fault : faults) {
    if (fault.kind == kind) return &fault;
  }
  return nullptr;
}

Shim& Shim::Get() {
  static Shim shim(Folder());
  return shim;
}

Shim::Shim(const std::filesystem::path& folder) : script_(folder), record_(folder / "record") {
  std::string module;
  std::getline(std::ifstream(folder / "module"), module);
  library_ = dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library_) throw std::runtime_error(dlerror());
  auto get = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library_, "C_GetFunctionList"));
  if (!get || get(&real_) != CKR_OK) throw std::runtime_error("no PKCS#11 module: " + module);
}

Shim::~Shim() { dlclose(library_); }

Faults Shim::FaultsOf(const Call& call) {
  Faults faults = script_.Strike(call.name);
  if (call.scope == Scope::kSession && IsGone(call.session)) {
    faults.push_back({Kind::kReturn, CKR_SESSION_HANDLE_INVALID, "session gone"});
  }
  if (!faults.empty() || call.signing || IsAlwaysRecorded(call.name)) {
    record_.Append(call.name, faults, call.signing);
  }
  return faults;
}

std::optional<CK_RV> Shim::Before(const Call& call, const Faults& faults) {
  for (const Fault& fault : faults) {
    if (fault.kind == Kind::kDelay) usleep(static_cast<useconds_t>(fault.value * 1000));
    while (fault.kind == Kind::kHang) pause();
    if (fault.kind == Kind::kRenumber) handles_shift_ += fault.value;
    if (fault.kind == Kind::kReturn) return fault.value;
    if (fault.kind != Kind::kRemoved) continue;
    if (auto code = WithoutToken(call)) return code;
  }
  return std::nullopt;
}

// Its slots stay, and C_GetSlotList answers for them.
std::optional<CK_RV> Shim::WithoutToken(const Call& call) {
  std::lock_guard lock(mutex_);
  for (auto& [handle, session] : sessions_) session.dies_at_ms = 0;
  if (call.scope == Scope::kSession) return CKR_DEVICE_REMOVED;
  if (call.scope == Scope::kSlot) return CKR_TOKEN_NOT_PRESENT;
  return std::nullopt;
}

bool Shim::IsGone(CK_SESSION_HANDLE session) {
  std::lock_guard lock(mutex_);
  auto found = sessions_.find(session);
  return found != sessions_.end() && found->second.dies_at_ms &&
         *found->second.dies_at_ms <= NowMs();
}

void Shim::NoteOpened(CK_SESSION_HANDLE session, const Faults& faults) {
  std::lock_guard lock(mutex_);
  Session& opened = sessions_[session] = {};
  if (auto* dies = Find(faults, Kind::kDies)) {
    opened.dies_at_ms = NowMs() + static_cast<int64_t>(dies->value) * 1000;
  }
}

void Shim::NoteClosed(CK_SESSION_HANDLE session) {
  std::lock_guard lock(mutex_);
  sessions_.erase(session);
}

void Shim::NoteAllClosed() {
  std::lock_guard lock(mutex_);
  sessions_.clear();
}

std::string Shim::Attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key,
                            CK_ATTRIBUTE_TYPE type) {
  std::string value(256, '\0');
  CK_ATTRIBUTE attribute{type, value.data(), value.size()};
  if (real_->C_GetAttributeValue(session, key, &attribute, 1) != CKR_OK) return {};
  value.resize(attribute.ulValueLen);
  return value;
}

void Shim::BeginSigning(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE mechanism,
                        CK_OBJECT_HANDLE key) {
  Signing signing{
      Attribute(session, key, CKA_LABEL), Attribute(session, key, CKA_ID), mechanism, {}};
  std::lock_guard lock(mutex_);
  sessions_[session].signing = std::move(signing);
}

void Shim::AddToSigning(CK_SESSION_HANDLE session, const CK_BYTE* data, CK_ULONG size) {
  std::lock_guard lock(mutex_);
  sessions_[session].signing.data.append(reinterpret_cast<const char*>(data), size);
}

Signing Shim::CurrentSigning(CK_SESSION_HANDLE session) {
  std::lock_guard lock(mutex_);
  return sessions_[session].signing;
}

}  // namespace mayfly::pkcs11_shim
