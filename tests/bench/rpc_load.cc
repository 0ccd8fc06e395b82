#include "tests/bench/rpc_load.h"

#include <deque>

namespace mayfly::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kCallTimeMax = std::chrono::seconds(30);
constexpr auto kConnectTimeMax = std::chrono::seconds(10);

struct Call {
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
  grpc::ByteBuffer response;
  grpc::Status status;
  Clock::time_point intended;
  size_t stub = 0;
};

class Loop {
 public:
  explicit Loop(const RpcLoad& load) : load_(load), calls_(load.in_flight_max) {
    for (const auto& channel : load.channels) {
      stubs_.push_back(std::make_unique<grpc::GenericStub>(channel));
    }
    for (size_t i = 0; i < calls_.size(); ++i) {
      calls_[i].stub = i % stubs_.size();
      idle_.push_back(&calls_[i]);
    }
  }

  // Calls for `duration`. In an open loop all that were due by then are waited for and counted, for
  // a server that stalls at the end is charged for them too; in a closed one, what is in flight
  // then belongs to nobody's second.
  RpcOutcome Run(std::chrono::seconds duration) {
    outcome_ = {};
    const Clock::time_point begin = Clock::now(), end = begin + duration;
    next_arrival_ = begin;
    while (Clock::now() < end) {
      StartDue(end);
      Reap(load_.rate ? std::min(next_arrival_, end) : end);
    }
    if (load_.rate) StartDue(end);
    while (!arrivals_.empty()) {
      Reap(Clock::now() + kCallTimeMax);
      StartDue(end);
    }
    outcome_.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    const Counting counting = load_.rate ? Counting::kYes : Counting::kNo;
    while (idle_.size() < calls_.size()) Reap(Clock::now() + kCallTimeMax, counting);
    return std::move(outcome_);
  }

 private:
  enum class Counting { kYes, kNo };

  void StartDue(Clock::time_point end) {
    const Clock::time_point now = Clock::now();
    if (load_.rate) {
      const auto step = std::chrono::duration_cast<Clock::duration>(
          std::chrono::duration<double>(1 / *load_.rate));
      for (; next_arrival_ <= now && next_arrival_ < end; next_arrival_ += step) {
        if (arrivals_.size() < kBacklogMax) {
          arrivals_.push_back(next_arrival_);
        } else {
          ++outcome_.failures["not begun: too many calls wait"];
        }
      }
      while (!idle_.empty() && !arrivals_.empty()) {
        Start(arrivals_.front());
        arrivals_.pop_front();
      }
    } else {
      while (!idle_.empty()) Start(now);
    }
  }

  void Start(Clock::time_point intended) {
    Call& call = *idle_.back();
    idle_.pop_back();
    call.intended = intended;
    call.context = std::make_unique<grpc::ClientContext>();
    call.context->set_deadline(std::chrono::system_clock::now() + kCallTimeMax);
    call.reader = stubs_[call.stub]->PrepareUnaryCall(call.context.get(), load_.method,
                                                      load_.next_request(), &queue_);
    call.reader->StartCall();
    call.reader->Finish(&call.response, &call.status, &call);
  }

  // Takes one answer, where there is one before `until`, and those that are there then.
  void Reap(Clock::time_point until, Counting counting = Counting::kYes) {
    const auto wait = std::chrono::system_clock::now() + (until - Clock::now());
    void* tag = nullptr;
    bool ok = false;
    auto deadline = std::chrono::time_point_cast<std::chrono::system_clock::duration>(wait);
    while (queue_.AsyncNext(&tag, &ok, deadline) == grpc::CompletionQueue::GOT_EVENT) {
      Note(*static_cast<Call*>(tag), counting);
      if (!load_.rate) return;
      deadline = std::chrono::system_clock::now();
    }
  }

  void Note(Call& call, Counting counting) {
    idle_.push_back(&call);
    if (counting == Counting::kNo) return;
    if (!call.status.ok()) {
      ++outcome_.failures[std::to_string(call.status.error_code()) + ": " +
                          call.status.error_message()];
      return;
    }
    ++outcome_.succeeded;
    outcome_.latencies.Add(Clock::now() - call.intended);
    outcome_.sample = std::move(call.response);
  }

  const RpcLoad& load_;
  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  std::vector<Call> calls_;
  std::vector<Call*> idle_;
  std::deque<Clock::time_point> arrivals_;
  Clock::time_point next_arrival_;
  RpcOutcome outcome_;
};

}  // namespace

Result<RpcOutcome> RunRpcLoad(const RpcLoad& load, std::chrono::seconds warm_up,
                              const std::function<void()>& begin) {
  for (const auto& channel : load.channels) {
    if (!channel->WaitForConnected(std::chrono::system_clock::now() + kConnectTimeMax)) {
      return Fail(ErrorCode::kShuttingDown, "bench.unreachable",
                  "no connection within " + std::to_string(kConnectTimeMax.count()) + " s");
    }
  }
  Loop loop(load);
  loop.Run(warm_up);
  begin();
  return loop.Run(load.duration);
}

grpc::ByteBuffer ToByteBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string FromByteBuffer(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string out;
  if (!buffer.Dump(&slices).ok()) return out;
  for (const grpc::Slice& slice : slices) {
    out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return out;
}

}  // namespace mayfly::bench
