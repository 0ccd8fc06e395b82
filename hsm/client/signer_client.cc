#include "hsm/client/signer_client.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "hsm/client/signing_rules.h"
#include "hsm/client/socket.h"
#include "hsm/client/wire.h"

namespace mayfly::hsm {
namespace {

constexpr Milliseconds kOverloadedRetryAfter{100};

Error Unreachable(std::string detail) {
  return SignerFailure("signer.unreachable", "the signer process cannot be reached",
                       std::move(detail));
}
Error DeadlinePassed() {
  return SignerFailure("signer.deadline", "the signer did not answer in the time allowed");
}
Error Overloaded() {
  Error error = Fail(ErrorCode::kOverloaded, "signer.overloaded",
                     "too many signatures are being waited for; ask again");
  error.retry_after = kOverloadedRetryAfter;
  return error;
}

// Whether the supervisor can have seen the frame, now or later.
enum class Sent { kNo, kYes };

// A reply of either kind; a failure becomes the kind that is waited for.
struct Answer {
  std::optional<Error> error;  // nothing: a reply came
  Sent sent = Sent::kNo;
  Frame reply = WorkerState{};
};

uint32_t AllowedMs(Milliseconds left) {
  return static_cast<uint32_t>(std::clamp(left, Milliseconds(1), kAllowedMax).count());
}

SignResult ToSignResult(Answer answer) {
  if (answer.error) {
    return answer.sent == Sent::kYes ? MayHaveBeenSigned(*std::move(answer.error))
                                     : NotSigned(*std::move(answer.error));
  }
  if (auto* reply = std::get_if<SignReply>(&answer.reply)) return std::move(reply->result);
  return MayHaveBeenSigned(SignerFailure("signer.wire", "the signer answered another question"));
}

}  // namespace

class SignerClient::Channel : public std::enable_shared_from_this<Channel> {
 public:
  Channel(std::filesystem::path socket, Executor& executor, Timer& timer, const Clock& clock)
      : socket_(std::move(socket)), executor_(executor), timer_(timer), clock_(clock) {}

  const Clock& clock() const { return clock_; }

  template <class Request>
  Completion<Answer> Ask(Request request, BootTime deadline) {
    Completion<Answer> completion(executor_);
    std::optional<Ticket> ticket = Enqueue(std::move(request), completion);
    if (!ticket) return completion;
    timer_.At(deadline, [weak = weak_from_this(), ticket = *ticket] {
      if (auto channel = weak.lock()) channel->Abandon(ticket, DeadlinePassed());
    });
    wakeup_.Notify();
    return completion;
  }

  void Run() {
    while (!Stopping()) {
      SendQueued();
      bool readable = WaitForWork(connection_.get(), wakeup_.fd(), HasUnsent());
      if (readable && connection_.open()) Receive();
    }
    Disconnect("this process is shutting down");
  }
  void Stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wakeup_.Notify();
  }

 private:
  struct Pending {
    Completion<Answer> completion;
    Sent sent = Sent::kNo;
  };
  struct Outgoing {
    Ticket ticket;
    Bytes frame;
  };

  template <class Request>
  std::optional<Ticket> Enqueue(Request request, const Completion<Answer>& completion) {
    std::lock_guard lock(mutex_);
    if (pending_.size() >= kClientJobsMax) {
      completion.Set(Answer{Overloaded()});
      return std::nullopt;
    }
    request.ticket = next_ticket_++;
    pending_.emplace(request.ticket, Pending{completion});
    outgoing_.push_back({request.ticket, EncodeFrame(request)});
    return request.ticket;
  }

  bool Stopping() {
    std::lock_guard lock(mutex_);
    return stopping_;
  }
  bool HasUnsent() const { return sending_offset_ < sending_.frame.size(); }

  // Takes the next frame whose job still waits for an answer.
  bool TakeOutgoing() {
    std::lock_guard lock(mutex_);
    while (!outgoing_.empty()) {
      sending_ = std::move(outgoing_.front());
      sending_offset_ = 0;
      outgoing_.pop_front();
      if (pending_.contains(sending_.ticket)) return true;
    }
    sending_ = {};
    return false;
  }

  void SendQueued() {
    while (HasUnsent() || TakeOutgoing()) {
      if (!Connected()) return;
      auto sent = SendMore();
      if (!sent) return Disconnect(sent.error().detail);
      if (*sent == 0) return;  // the socket's buffer is full
      sending_offset_ += *sent;
    }
  }

  bool Connected() {
    if (connection_.open()) return true;
    auto connection = ConnectTo(socket_);
    if (!connection) {
      Disconnect(connection.error().detail);
      return false;
    }
    connection_ = *std::move(connection);
    return true;
  }

  // One step with the lock held: a deadline that passes now sees either nothing sent and no frame
  // to follow, or a job that may be signed. What was begun is finished, so its first octet counts.
  Result<size_t> SendMore() {
    std::lock_guard lock(mutex_);
    auto found = pending_.find(sending_.ticket);
    if (found == pending_.end() && sending_offset_ == 0) return sending_.frame.size();
    TRY_ASSIGN(size_t sent,
               SendSome(connection_.get(), ByteSpan(sending_.frame).subspan(sending_offset_)));
    if (sent > 0 && found != pending_.end()) found->second.sent = Sent::kYes;
    return sent;
  }

  void Receive() {
    auto received = ReceiveSome(connection_.get());
    if (!received) return Disconnect(received.error().detail);
    reader_.Append(*received);
    while (true) {
      auto frame = reader_.Next();
      if (!frame) return Disconnect(frame.error().message);
      if (!*frame) return;
      Deliver(**std::move(frame));
    }
  }

  void Deliver(Frame frame) {
    Ticket ticket = 0;
    if (auto* reply = std::get_if<SignReply>(&frame)) ticket = reply->ticket;
    if (auto* reply = std::get_if<PublicKeyReply>(&frame)) ticket = reply->ticket;
    Finish(ticket, [&](Sent sent) { return Answer{std::nullopt, sent, std::move(frame)}; });
  }

  void Abandon(Ticket ticket, Error error) {
    Finish(ticket, [&](Sent sent) { return Answer{std::move(error), sent}; });
  }

  // The first answer counts; what comes after the deadline finds nobody waiting.
  template <class Make>
  void Finish(Ticket ticket, Make make) {
    std::unique_lock lock(mutex_);
    auto found = pending_.find(ticket);
    if (found == pending_.end()) return;
    Pending pending = std::move(found->second);
    pending_.erase(found);
    lock.unlock();
    pending.completion.Set(make(pending.sent));
  }

  void Disconnect(const std::string& detail) {
    connection_.Reset();
    reader_ = FrameReader();
    sending_ = {};
    sending_offset_ = 0;
    std::unordered_map<Ticket, Pending> lost;
    {
      std::lock_guard lock(mutex_);
      lost.swap(pending_);
      outgoing_.clear();
    }
    for (auto& [ticket, pending] : lost) {
      pending.completion.Set(Answer{Unreachable(detail), pending.sent});
    }
  }

  const std::filesystem::path socket_;
  Executor& executor_;
  Timer& timer_;
  const Clock& clock_;
  Wakeup wakeup_;

  std::mutex mutex_;
  bool stopping_ = false;
  Ticket next_ticket_ = 1;
  std::unordered_map<Ticket, Pending> pending_;
  std::deque<Outgoing> outgoing_;

  // The thread's own.
  FileDescriptor connection_;
  FrameReader reader_;
  Outgoing sending_;
  size_t sending_offset_ = 0;
};

SignerClient::SignerClient(std::filesystem::path socket, Executor& executor, Timer& timer,
                           const Clock& clock)
    : channel_(std::make_shared<Channel>(std::move(socket), executor, timer, clock)),
      thread_([channel = channel_] { channel->Run(); }) {}

SignerClient::~SignerClient() {
  channel_->Stop();
  thread_.join();
}

Task<SignResult> SignerClient::Sign(SignJob job) {
  Milliseconds left =
      std::chrono::duration_cast<Milliseconds>(job.deadline - channel_->clock().BootNow());
  if (job.key.uri.size() > kUriBytesMax) {
    co_return Refused(SignerFailure("signer.uri", "the key's URI is too long"));
  }
  auto refusal = RefuseMessage(job.purpose, job.message);
  if (refusal) co_return Refused(*std::move(refusal));
  if (left <= Milliseconds(0)) co_return NotSigned(DeadlinePassed());
  SignRequest request{0,
                      job.id,
                      job.purpose,
                      job.algorithm,
                      job.key.spki_hash,
                      AllowedMs(left),
                      std::move(job.key.uri),
                      std::move(job.message)};
  Completion<Answer> completion = channel_->Ask(std::move(request), job.deadline);
  auto waiting = completion.Wait();
  Answer answer = co_await waiting;
  co_return ToSignResult(std::move(answer));
}

Task<Result<x509::SubjectPublicKeyInfo>> SignerClient::PublicKey(std::string uri,
                                                                 BootTime deadline) {
  using Found = Result<x509::SubjectPublicKeyInfo>;
  Milliseconds left =
      std::chrono::duration_cast<Milliseconds>(deadline - channel_->clock().BootNow());
  if (uri.size() > kUriBytesMax) {
    co_return Found(SignerFailure("signer.uri", "the key's URI is too long"));
  }
  if (left <= Milliseconds(0)) co_return Found(DeadlinePassed());
  PublicKeyRequest request{0, AllowedMs(left), std::move(uri)};
  Completion<Answer> completion = channel_->Ask(std::move(request), deadline);
  auto waiting = completion.Wait();
  Answer answer = co_await waiting;
  if (answer.error) co_return Found(*std::move(answer.error));
  auto* reply = std::get_if<PublicKeyReply>(&answer.reply);
  if (!reply) co_return Found(SignerFailure("signer.wire", "the signer answered another question"));
  if (reply->error) co_return Found(*std::move(reply->error));
  co_return x509::SubjectPublicKeyInfo::FromDer(reply->spki);
}

}  // namespace mayfly::hsm
