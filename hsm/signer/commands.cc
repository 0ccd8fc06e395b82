#include "hsm/signer/commands.h"

#include <cstdio>

#include "base/system.h"
#include "hsm/client/signing_rules.h"
#include "hsm/client/wire.h"
#include "hsm/signer/open_token.h"
#include "hsm/signer/pin_marker.h"
#include "hsm/signer/signer_config.h"
#include "hsm/signer/supervisor.h"
#include "hsm/signer/worker.h"

namespace mayfly::hsm {
namespace {

constexpr Milliseconds kLockPatience{10'000};
constexpr size_t kPemLineBytes = 64;

int Report(const Error& error) {
  std::fprintf(stderr, "mayfly-signer: %s\n", Describe(error, ErrorText::kForLog).c_str());
  return error.code == ErrorCode::kConfiguration ? kExitUsage : kExitFailure;
}

// RFC 7468 13.
void PrintPem(ByteSpan spki) {
  std::string text = ToBase64(spki);
  std::printf("-----BEGIN PUBLIC KEY-----\n");
  for (size_t at = 0; at < text.size(); at += kPemLineBytes) {
    std::printf("%s\n", text.substr(at, kPemLineBytes).c_str());
  }
  std::printf("-----END PUBLIC KEY-----\n");
}

Error WrongKind() {
  return Fail(ErrorCode::kConflict, "signer.key-exists",
              "a key of this name exists and is of another kind; keys are never overwritten");
}

Result<TokenKey> FindOrGenerate(TokenSession& session, const KeyUri& uri,
                                const GenerateKeyOptions& options, RandomSource& random) {
  if (options.if_exists == IfExists::kAccept) {
    auto existing = session.FindKey(uri);
    if (existing) {
      TRY_ASSIGN(KeyKind kind, KeyKindOf(existing->spki));
      if (kind != options.kind) return WrongKind();
      return existing;
    }
    if (existing.error().rule != "signer.key-not-found") return existing;
  }
  return session.GenerateKey(uri, options.kind, random);
}

// A key that does not sign is better found now than by the server.
Status ProveKey(TokenSession& session, const TokenKey& key) {
  Bytes message = ToBytes(AsBytes(kCanaryPrefix));
  SignResult result = session.Sign(key, message);
  if (result.outcome != SignResult::Outcome::kSigned) return result.error;
  TRY_ASSIGN(auto algorithm, x509::SignatureAlgorithmFor(key.spki.type()));
  return x509::VerifySignature(key.spki, algorithm, message, result.signature);
}

Status GenerateKey(const GenerateKeyOptions& options) {
  SystemRandom random;
  TRY_ASSIGN(auto config, SignerProcessConfig::Load(options.config));
  TRY_ASSIGN(KeyUri uri, KeyUri::Parse(options.uri));
  TRY_ASSIGN(auto session, OpenToken(config, uri.token, SessionMode::kReadWrite, random));
  // Two ceremonies at once could both find the name free.
  TRY_ASSIGN(auto lock, LockStateFor(config.state_directory, "ceremony", kLockPatience));
  TRY_ASSIGN(TokenKey key, FindOrGenerate(*session, uri, options, random));
  TRY(ProveKey(*session, key));
  PrintPem(key.spki.der());
  std::fprintf(stderr, "mayfly-signer: %s key %s, SHA-256 of its SubjectPublicKeyInfo %s\n",
               std::string(x509::KeyTypeName(key.spki.type())).c_str(), options.uri.c_str(),
               ToHex(key.spki.hash()).c_str());
  return Ok();
}

Status PrintPublicKey(const std::filesystem::path& file, const std::string& text) {
  SystemRandom random;
  TRY_ASSIGN(auto config, SignerProcessConfig::Load(file));
  TRY_ASSIGN(KeyUri uri, KeyUri::Parse(text));
  TRY_ASSIGN(auto session, OpenToken(config, uri.token, SessionMode::kReadOnly, random));
  TRY_ASSIGN(TokenKey key, session->FindKey(uri));
  PrintPem(key.spki.der());
  return Ok();
}

Result<SignerProcessConfig> LoadToServe(const std::filesystem::path& file) {
  TRY_ASSIGN(auto config, SignerProcessConfig::Load(file));
  if (config.keys.empty()) {
    return FailWithDetail(ErrorCode::kConfiguration, "signer.no-keys",
                          "there is nothing to serve: add a [[key]] with uri and purposes",
                          file.native());
  }
  return config;
}

Status Serve(const std::filesystem::path& file) {
  SystemClock clock;
  TRY_ASSIGN(auto config, LoadToServe(file));
  Supervisor supervisor(std::move(config), std::filesystem::absolute(file), clock);
  return supervisor.Run();
}

int ExitCodeOf(const Status& status) { return status ? kExitOk : Report(status.error()); }

}  // namespace

int ServeCommand(const std::filesystem::path& config) { return ExitCodeOf(Serve(config)); }

int WorkerCommand(const std::filesystem::path& file) {
  SystemRandom random;
  FileDescriptor socket(kWorkerSocketFd);
  auto config = LoadToServe(file);
  if (!config) return Report(config.error());
  return RunWorker(*config, std::move(socket), random);
}

int GenerateKeyCommand(const GenerateKeyOptions& options) {
  return ExitCodeOf(GenerateKey(options));
}

int PublicKeyCommand(const std::filesystem::path& config, const std::string& uri) {
  return ExitCodeOf(PrintPublicKey(config, uri));
}

int ClearPinCommand(const std::filesystem::path& file) {
  auto config = SignerProcessConfig::Load(file);
  if (!config) return Report(config.error());
  auto cleared = PinMarker::ClearAll(config->state_directory, kLockPatience);
  if (!cleared) return Report(cleared.error());
  std::printf("%zu note(s) of tried PINs cleared\n", *cleared);
  return kExitOk;
}

}  // namespace mayfly::hsm
