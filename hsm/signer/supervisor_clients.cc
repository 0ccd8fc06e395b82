// The supervisor's side towards whoever asks for signatures.
#include <sys/socket.h>

#include <algorithm>

#include "hsm/client/signing_rules.h"
#include "hsm/signer/event_ids.h"
#include "hsm/signer/supervisor.h"
#include "telemetry/log.h"

namespace mayfly::hsm {
namespace {

constexpr Milliseconds kOverloadedRetryAfter{100};
constexpr Milliseconds kQueueLookInterval{10};

uint32_t AllowedMs(const Frame& request) {
  if (auto* sign = std::get_if<SignRequest>(&request)) return sign->allowed_ms;
  return std::get<PublicKeyRequest>(request).allowed_ms;
}

size_t MessageBytes(const Frame& request) {
  auto* sign = std::get_if<SignRequest>(&request);
  return sign ? sign->message.size() : 0;
}

bool IsRequest(const Frame& frame) {
  return std::holds_alternative<SignRequest>(frame) ||
         std::holds_alternative<PublicKeyRequest>(frame);
}

Error Overloaded() {
  Error error =
      Fail(ErrorCode::kOverloaded, "signer.overloaded", "the signer's queue is full; ask again");
  error.retry_after = kOverloadedRetryAfter;
  return error;
}

Error DeadlinePassed() {
  return SignerFailure("signer.deadline", "no worker was free in the time allowed");
}

}  // namespace

bool Supervisor::MayConnect(int fd) const {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  bool may = peer.uid == geteuid() || peer.uid == 0 || config_.allowed_uids.contains(peer.uid);
  if (!may) {
    telemetry::LogWarning("client.refused", {{"uid", peer.uid}, {"peer_pid", peer.pid}});
  }
  return may;
}

void Supervisor::Accept() {
  FileDescriptor fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd.open() || !MayConnect(fd.get())) return;
  if (clients_.size() >= kConnectionsMax) {
    telemetry::LogWarning("client.refused", {{"reason", "too-many-connections"}});
    return;
  }
  uint64_t id = next_client_++;
  if (!Watch(fd.get(), id, EPOLLIN)) return;
  clients_.emplace(id, Client{FrameStream(std::move(fd))});
}

void Supervisor::DropClient(uint64_t id) {
  auto client = clients_.find(id);
  if (client == clients_.end()) return;
  Unwatch(client->second.stream.fd());
  clients_.erase(client);
  // Nobody would hear the answers.
  auto from_it = [id](const Job& job) { return job.client == id; };
  for (const Job& job : queue_) {
    if (from_it(job)) queued_bytes_ -= MessageBytes(job.request);
  }
  std::erase_if(queue_, from_it);
}

void Supervisor::ReadClient(uint64_t id) {
  auto client = clients_.find(id);
  if (client == clients_.end()) return;
  client->second.dirty = true;  // it may be writable again
  auto frames = client->second.stream.Receive();
  if (!frames) {
    if (frames.error().rule == "signer.wire") {
      telemetry::LogFailure("client.dropped", frames.error());
    }
    return DropClient(id);
  }
  for (Frame& frame : *frames) {
    if (!TakeJob(id, std::move(frame))) return DropClient(id);
  }
}

bool Supervisor::TakeJob(uint64_t client, Frame frame) {
  if (!IsRequest(frame)) return false;
  Milliseconds allowed = std::min(Milliseconds(AllowedMs(frame)), kAllowedMax);
  Job job{client, std::move(frame), clock_.BootNow() + allowed};
  auto shed = ShedReason(job.request);
  if (shed) {
    AnswerWithout(job, *std::move(shed));
  } else {
    Enqueue(std::move(job));
  }
  return true;
}

std::optional<SignResult> Supervisor::ShedReason(const Frame& request) const {
  auto* sign = std::get_if<SignRequest>(&request);
  if (sign && history_.IsBarred(sign->id)) {
    return Refused(SignerFailure("signer.job-killed-workers",
                                 "this job ended two signing processes; it is not tried again"));
  }
  if (drain_until_) {
    return NotSigned(
        Fail(ErrorCode::kShuttingDown, "signer.shutting-down", "the signer is shutting down"));
  }
  auto unavailable = Unavailable();
  if (unavailable) return NotSigned(*std::move(unavailable));
  if (queue_.size() >= kQueuedJobsMax || queued_bytes_ + MessageBytes(request) > kQueuedBytesMax) {
    return NotSigned(Overloaded());
  }
  return std::nullopt;
}

void Supervisor::Enqueue(Job job) {
  queued_bytes_ += MessageBytes(job.request);
  queue_.push_back(std::move(job));
}

Job Supervisor::PopQueue() {
  Job job = std::move(queue_.front());
  queue_.pop_front();
  queued_bytes_ -= MessageBytes(job.request);
  return job;
}

void Supervisor::Reply(uint64_t id, const Frame& frame) {
  auto client = clients_.find(id);
  if (client == clients_.end()) return;
  client->second.stream.Queue(frame);
  client->second.dirty = true;
}

void Supervisor::AnswerWithout(const Job& job, SignResult result) {
  if (auto* sign = std::get_if<SignRequest>(&job.request)) {
    return Reply(job.client, SignReply{sign->ticket, std::move(result)});
  }
  Ticket ticket = std::get<PublicKeyRequest>(job.request).ticket;
  Reply(job.client, PublicKeyReply{ticket, std::move(result.error), {}});
}

void Supervisor::ExpireQueue() {
  BootTime now = clock_.BootNow();
  if (queue_.empty() || now < next_expiry_) return;
  next_expiry_ = now + kQueueLookInterval;
  for (size_t left = queue_.size(); left > 0; --left) {
    Job job = PopQueue();
    if (job.deadline <= now) {
      AnswerWithout(job, NotSigned(DeadlinePassed()));
    } else {
      Enqueue(std::move(job));
    }
  }
}

void Supervisor::FailQueue(const Error& reason) {
  while (!queue_.empty()) AnswerWithout(PopQueue(), NotSigned(reason));
}

void Supervisor::FlushClients() {
  std::vector<uint64_t> lost;
  for (auto& [id, client] : clients_) {
    if (!client.dirty) continue;
    client.dirty = false;
    bool sent = client.stream.Flush().has_value();
    if (!sent || client.stream.unsent_bytes() > kUnsentReplyBytesMax) {
      lost.push_back(id);
      continue;
    }
    bool wants_write = client.stream.unsent_bytes() > 0;
    if (wants_write == client.wants_write) continue;
    client.wants_write = wants_write;
    uint32_t events = wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
    if (!Watch(client.stream.fd(), id, events)) lost.push_back(id);
  }
  for (uint64_t id : lost) DropClient(id);
}

}  // namespace mayfly::hsm
