#include "hsm/signer/worker.h"

#include <poll.h>

#include <algorithm>
#include <map>

#include "base/failpoint.h"
#include "hsm/client/signing_rules.h"
#include "hsm/signer/open_token.h"
#include "hsm/signer/stream.h"

namespace mayfly::hsm {
namespace {

int ExitCodeFor(const Error& error) {
  if (error.rule.starts_with("signer.pin-")) return kExitPinBlocked;
  if (error.rule == "signer.token-absent") return kExitTokenAbsent;
  return kExitTokenFailed;
}

bool SessionIsLost(const Error& error) { return error.rule == "signer.token-failed"; }

void WaitFor(int fd, short events) {
  pollfd entry{fd, events, 0};
  poll(&entry, 1, -1);
}

Status SendAll(FrameStream& stream) {
  TRY(stream.Flush());
  while (stream.unsent_bytes() > 0) {
    WaitFor(stream.fd(), POLLOUT);
    TRY(stream.Flush());
  }
  return Ok();
}

// A wrong key never becomes the right one; a key that is missing may be put there.
SignResult WithoutKey(Error error) {
  bool never = error.rule == "signer.key-not-served" || error.rule == "signer.key-extractable";
  return never ? Refused(std::move(error)) : NotSigned(std::move(error));
}

class Worker {
 public:
  Worker(const SignerProcessConfig& config, TokenSession& session)
      : config_(config), session_(session) {}

  SignReply Answer(const SignRequest& request) { return {request.ticket, Sign(request)}; }

  PublicKeyReply Answer(const PublicKeyRequest& request) {
    auto served = Serve(request.uri);
    if (!served) return {request.ticket, std::move(served).error(), {}};
    auto key = Find(**served);
    if (!key) return {request.ticket, std::move(key).error(), {}};
    return {request.ticket, std::nullopt, ToBytes((*key)->spki.der())};
  }

 private:
  Result<const ServedKey*> Serve(const std::string& text) const {
    auto uri = KeyUri::Parse(text);
    if (uri) {
      for (const ServedKey& key : config_.keys) {
        if (key.uri == *uri) return &key;
      }
    }
    return SignerFailure("signer.key-not-served", "this signer is not configured to serve the key",
                         Escape(text));
  }

  // Found once a session; what was not found is looked for again.
  Result<const TokenKey*> Find(const ServedKey& served) {
    auto known = found_.find(&served);
    if (known != found_.end()) return &known->second;
    TRY_ASSIGN(TokenKey key, session_.FindKey(served.uri));
    return &found_.emplace(&served, std::move(key)).first->second;
  }

  SignResult Sign(const SignRequest& request) {
    auto refusal = RefuseMessage(request.purpose, request.message);
    if (refusal) return Refused(*std::move(refusal));
    auto served = Serve(request.uri);
    if (!served) return WithoutKey(std::move(served).error());
    if (!(*served)->purposes.contains(request.purpose)) {
      return Refused(
          SignerFailure("signer.purpose", "the key is not configured for this purpose: " +
                                              std::string(SignPurposeName(request.purpose))));
    }
    auto key = Find(**served);
    if (!key) return WithoutKey(std::move(key).error());
    refusal = RefuseKey(KeyReference{request.uri, request.spki_hash}, (*key)->spki);
    if (!refusal) refusal = RefuseAlgorithm(request.algorithm, (*key)->spki.type());
    if (refusal) return Refused(*std::move(refusal));
    return SignInToken(**key, request.message);
  }

  SignResult SignInToken(const TokenKey& key, ByteSpan message) {
    if (FAILPOINT("signer.worker.before-sign")) {
      return NotSigned(SignerFailure("signer.token-failed", "the token failed", "failpoint"));
    }
    SignResult result = session_.Sign(key, message);
    if (FAILPOINT("signer.worker.after-sign")) {
      return MayHaveBeenSigned(
          SignerFailure("signer.token-failed", "the token failed", "failpoint"));
    }
    return result;
  }

  const SignerProcessConfig& config_;
  TokenSession& session_;
  std::map<const ServedKey*, TokenKey> found_;
};

const Error* ErrorOf(const SignReply& reply) {
  return reply.result.outcome == SignResult::Outcome::kSigned ? nullptr : &reply.result.error;
}
const Error* ErrorOf(const PublicKeyReply& reply) { return reply.error ? &*reply.error : nullptr; }

enum class Next { kGoOn, kEnd };

// The word that this worker ends goes before the reply, so that it is given no other job.
template <class Request>
Next Serve(Worker& worker, FrameStream& stream, const Request& request) {
  auto reply = worker.Answer(request);
  const Error* error = ErrorOf(reply);
  bool lost = error && SessionIsLost(*error);
  if (lost) stream.Queue(WorkerState{*error});
  stream.Queue(std::move(reply));
  return SendAll(stream) && !lost ? Next::kGoOn : Next::kEnd;
}

Next ServeFrame(Worker& worker, FrameStream& stream, const Frame& frame) {
  if (auto* request = std::get_if<SignRequest>(&frame)) return Serve(worker, stream, *request);
  if (auto* request = std::get_if<PublicKeyRequest>(&frame)) return Serve(worker, stream, *request);
  return Next::kEnd;
}

int ServeUntilClosed(Worker& worker, FrameStream& stream) {
  while (true) {
    WaitFor(stream.fd(), POLLIN);
    auto frames = stream.Receive();
    if (!frames) return 0;
    for (const Frame& frame : *frames) {
      if (ServeFrame(worker, stream, frame) == Next::kEnd) return kExitTokenFailed;
    }
  }
}

}  // namespace

int RunWorker(const SignerProcessConfig& config, FileDescriptor socket, RandomSource& random) {
  FrameStream stream(std::move(socket));
  auto session = OpenToken(config, config.keys.front().uri.token, SessionMode::kReadOnly, random);
  if (!session) {
    stream.Queue(WorkerState{session.error()});
    (void)SendAll(stream);
    return ExitCodeFor(session.error());
  }
  stream.Queue(WorkerState{});
  if (!SendAll(stream)) return kExitTokenFailed;
  Worker worker(config, **session);
  return ServeUntilClosed(worker, stream);
}

}  // namespace mayfly::hsm
