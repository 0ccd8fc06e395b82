#include "hsm/signer/token.h"

#include <dlfcn.h>
#include <openssl/err.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "hsm/client/signing_rules.h"

namespace mayfly::hsm {
namespace {

// Another process may be at its own login.
constexpr Milliseconds kLoginPatience{10'000};

// While a login runs, nothing but SIGKILL ends this process: not a terminal's Ctrl-C, not a service
// manager's SIGTERM, not the death of its parent. A PIN would be left at trying; and SoftHSM
// empties its token.object and writes it again at every login, so that ending there loses the whole
// token.
class LoginShield {
 public:
  LoginShield() {
    sigset_t all;
    sigemptyset(&all);
    for (int number : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) sigaddset(&all, number);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
    prctl(PR_GET_PDEATHSIG, &parent_death_signal_, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
  }
  // A parent that died meanwhile shows as the end of the worker's socket.
  ~LoginShield() {
    prctl(PR_SET_PDEATHSIG, parent_death_signal_, 0, 0, 0);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  LoginShield(const LoginShield&) = delete;
  LoginShield& operator=(const LoginShield&) = delete;

 private:
  sigset_t before_;
  int parent_death_signal_ = 0;
};

// What hangs before the login does no harm when it is cut off, whereas a supervisor, which cannot
// tell whether a PIN is on its way, must wait long.
class StartLimit {
 public:
  explicit StartLimit(std::chrono::seconds limit) { alarm(static_cast<unsigned>(limit.count())); }
  ~StartLimit() { alarm(0); }
  StartLimit(const StartLimit&) = delete;
  StartLimit& operator=(const StartLimit&) = delete;
};

Error TokenFailed(const std::string& what) {
  return SignerFailure("signer.token-failed", "the token failed", what);
}
Error TokenFailed(const std::string& what, CK_RV code) {
  char hex[24];
  std::snprintf(hex, sizeof hex, "0x%lx", code);
  return TokenFailed(what + " returned " + hex);
}

// What libp11 left on OpenSSL's queue: the module's own return code, or 0.
CK_RV TakeModuleError() {
  unsigned long error = ERR_peek_last_error();
  bool from_module = ERR_GET_LIB(error) == ERR_get_CKR_code();
  CK_RV code = from_module ? static_cast<CK_RV>(ERR_GET_REASON(error)) : CKR_OK;
  ERR_clear_error();
  return code;
}

bool PinItselfRefused(CK_RV code) {
  return code == CKR_PIN_INCORRECT || code == CKR_PIN_INVALID || code == CKR_PIN_LEN_RANGE ||
         code == CKR_PIN_EXPIRED || code == CKR_PIN_LOCKED;
}
// PKCS#11 2.40 5.1: these are returned before a token could have compared anything.
bool PinNeverArrived(CK_RV code) {
  return code == CKR_TOKEN_NOT_PRESENT || code == CKR_CRYPTOKI_NOT_INITIALIZED ||
         code == CKR_SESSION_HANDLE_INVALID || code == CKR_USER_PIN_NOT_INITIALIZED ||
         code == CKR_ARGUMENTS_BAD || code == CKR_HOST_MEMORY;
}

// They speak of the token; one that compares a PIN and finds it wrong has other codes.
bool TokenItselfFailed(CK_RV code) {
  return code == CKR_DEVICE_ERROR || code == CKR_DEVICE_MEMORY || code == CKR_DEVICE_REMOVED ||
         code == CKR_GENERAL_ERROR || code == CKR_FUNCTION_FAILED || code == CKR_SESSION_CLOSED;
}

// libp11 hands out texts without the padding, but not every version does.
bool TextMatches(const char* found, const std::string& wanted) {
  if (wanted.empty()) return true;
  std::string text = found ? found : "";
  text.resize(text.find_last_not_of(' ') + 1);
  return text == wanted;
}

}  // namespace

struct TokenSession::Module {
  void* library = nullptr;
  PKCS11_CTX* context = nullptr;
  bool loaded = false;
  PKCS11_SLOT* slots = nullptr;
  unsigned int slot_count = 0;

  ~Module() {
    if (slots) PKCS11_release_all_slots(context, slots, slot_count);
    if (loaded) PKCS11_CTX_unload(context);
    if (context) PKCS11_CTX_free(context);
    if (library) dlclose(library);
  }

  static Result<std::unique_ptr<Module>> Load(const std::filesystem::path& file) {
    auto module = std::make_unique<Module>();
    auto failed = [&](const std::string& why) {
      return SignerFailure("signer.module", "the PKCS#11 module cannot be loaded",
                           file.native() + ": " + why);
    };
    module->context = PKCS11_CTX_new();
    module->loaded = PKCS11_CTX_load(module->context, file.c_str()) == 0;
    if (!module->loaded) {
      ERR_clear_error();
      return failed("not a module, or it cannot be initialized");
    }
    // The same library again: only a second reference, for the functions that libp11 lacks.
    module->library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!module->library) return failed(dlerror());
    return module;
  }

  Result<CK_FUNCTION_LIST*> Functions() const {
    auto get = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
    CK_FUNCTION_LIST* functions = nullptr;
    if (!get || get(&functions) != CKR_OK || !functions) {
      return SignerFailure("signer.module", "the PKCS#11 module has no function list");
    }
    return functions;
  }
};

TokenSession::TokenSession(std::unique_ptr<Module> module) : module_(std::move(module)) {}

TokenSession::~TokenSession() {
  if (session_ != CK_INVALID_HANDLE) functions_->C_CloseSession(session_);
}

Result<std::unique_ptr<TokenSession>> TokenSession::Open(const TokenAccess& access,
                                                         const TokenName& name, SessionMode mode,
                                                         RandomSource& random) {
  LoginShield shield;
  // From before the module reads the token: it could read one that another process is writing.
  TRY_ASSIGN(FileDescriptor lock, LockStateFor(access.state_directory, "login", kLoginPatience));
  std::optional<StartLimit> limit(access.start_limit);
  TRY_ASSIGN(auto module, Module::Load(access.module));
  TRY_ASSIGN(CK_FUNCTION_LIST * functions, module->Functions());
  std::unique_ptr<TokenSession> session(new TokenSession(std::move(module)));
  session->functions_ = functions;
  TRY_ASSIGN(PKCS11_SLOT * slot, session->FindSlot(name));
  // Before the login, so that what can fail or hang here does so without a PIN on its way.
  TRY(session->OpenSession(slot, mode));
  limit.reset();
  TRY(session->Login(slot, access, random));
  return session;
}

Result<PKCS11_SLOT*> TokenSession::FindSlot(const TokenName& name) {
  if (PKCS11_enumerate_slots(module_->context, &module_->slots, &module_->slot_count) != 0) {
    return TokenFailed("C_GetSlotList", TakeModuleError());
  }
  PKCS11_SLOT* found = nullptr;
  for (unsigned int i = 0; i < module_->slot_count; ++i) {
    PKCS11_TOKEN* token = module_->slots[i].token;
    if (!token || !token->initialized || !TextMatches(token->label, name.label) ||
        !TextMatches(token->serialnr, name.serial)) {
      continue;
    }
    if (found) {
      return SignerFailure("signer.token-ambiguous",
                           "two tokens have this name: name the token by its serial",
                           Escape(name.Text()));
    }
    found = &module_->slots[i];
  }
  if (found) return found;
  return SignerFailure("signer.token-absent", "the token is not there", Escape(name.Text()));
}

Status TokenSession::OpenSession(PKCS11_SLOT* slot, SessionMode mode) {
  // First, because it closes every session of the slot when it sets the mode.
  if (PKCS11_open_session(slot, mode == SessionMode::kReadWrite) != 0) {
    return TokenFailed("PKCS11_open_session", TakeModuleError());
  }
  CK_FLAGS flags = CKF_SERIAL_SESSION;
  if (mode == SessionMode::kReadWrite) flags |= CKF_RW_SESSION;
  CK_RV code = functions_->C_OpenSession(PKCS11_get_slotid_from_slot(slot), flags, nullptr, nullptr,
                                         &session_);
  if (code != CKR_OK) {
    session_ = CK_INVALID_HANDLE;
    return TokenFailed("C_OpenSession", code);
  }
  // libp11 opens the session that it logs in with at its first use, and blocks for ever when that
  // fails. This is such a use, whose result does not matter, while no PIN is on its way.
  unsigned char unused[1];
  PKCS11_generate_random(slot, unused, sizeof unused);
  ERR_clear_error();
  return Ok();
}

Status TokenSession::Login(PKCS11_SLOT* slot, const TokenAccess& access, RandomSource& random) {
  if (!slot->token->loginRequired) return Ok();
  if (slot->token->userPinLocked || slot->token->userPinFinalTry) {
    return SignerFailure(
        "signer.pin-locked",
        "the token's PIN is locked, or one wrong PIN from it: no PIN is sent until "
        "the token's security officer has reset it");
  }
  TRY_ASSIGN(SecretBytes pin, ReadPinFile(access.pin_file));
  std::string name = slot->token->serialnr ? slot->token->serialnr : "";
  TRY_ASSIGN(PinMarker marker, PinMarker::Open(access.state_directory, name, kLoginPatience));
  TRY(marker.Begin(pin, random));
  if (FAILPOINT("signer.worker.in-login")) return TokenFailed("failpoint");
  return SendPin(slot, pin, marker);
}

Status TokenSession::SendPin(PKCS11_SLOT* slot, const SecretBytes& pin, PinMarker& marker) {
  Bytes text = ToBytes(pin.Reveal());
  text.push_back(0);
  SecretBytes terminated(std::move(text));
  ERR_clear_error();
  if (PKCS11_login(slot, 0, reinterpret_cast<const char*>(terminated.Reveal().data())) == 0) {
    return marker.Finish(PinState::kAccepted);
  }
  CK_RV code = TakeModuleError();
  if (PinItselfRefused(code)) {
    TRY(marker.Finish(PinState::kRefused));
    return SignerFailure(
        "signer.pin-refused",
        "the token refused the PIN; it is not sent again. Correct the PIN file, or "
        "run: mayfly-signer clear-pin --config FILE");
  }
  bool nothing_counted =
      marker.accepted_before() && TokenItselfFailed(code) && !ReportsWrongPin(slot);
  if (PinNeverArrived(code) || nothing_counted) TRY(marker.TakeBack());
  return TokenFailed("C_Login", code);
}

// Of a token that cannot be asked now, Login asks again before it sends a PIN.
bool TokenSession::ReportsWrongPin(PKCS11_SLOT* slot) const {
  constexpr CK_FLAGS kCounted =
      CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED;
  CK_TOKEN_INFO info;
  CK_RV code = functions_->C_GetTokenInfo(PKCS11_get_slotid_from_slot(slot), &info);
  return code == CKR_OK && (info.flags & kCounted) != 0;
}

}  // namespace mayfly::hsm
