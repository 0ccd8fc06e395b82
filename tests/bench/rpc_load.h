// Unary gRPC calls as fast as they are answered (closed loop) or at a given rate (open loop).
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "tests/bench/measured.h"

namespace mayfly::bench {

constexpr size_t kBacklogMax = 100'000;  // arrivals of an open loop that wait for a free call

struct RpcLoad {
  std::string method;  // "/package.Service/Method"
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  std::function<grpc::ByteBuffer()> next_request;
  size_t in_flight_max;
  // Calls a second. A call's latency is counted from when it should have begun, so that a server
  // that stalls is charged for every call that it kept waiting (coordinated omission). Nothing:
  // each call begins when one before it ends.
  std::optional<double> rate;
  std::chrono::seconds duration;
};

struct RpcOutcome {
  Latencies latencies;  // of the calls that succeeded
  size_t succeeded = 0;
  std::map<std::string, size_t> failures;  // by "CODE: message"
  double seconds = 0;
  grpc::ByteBuffer sample;  // one answer
};

// One thread. Waits for every channel to be connected, for `warm_up` it calls without counting.
// Calls `begin` when counting begins. Error: kShuttingDown "bench.unreachable".
Result<RpcOutcome> RunRpcLoad(const RpcLoad& load, std::chrono::seconds warm_up,
                              const std::function<void()>& begin);

grpc::ByteBuffer ToByteBuffer(const std::string& bytes);
std::string FromByteBuffer(const grpc::ByteBuffer& buffer);

}  // namespace mayfly::bench
