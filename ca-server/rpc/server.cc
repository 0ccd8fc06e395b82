#include "rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <deque>
#include <mutex>
#include <utility>

#include "grpc/health/v1/health.pb.h"
#include "rpc/server_files.h"
#include "rpc/service.h"

namespace mayfly::rpc {
namespace {

std::string AddressOf(const RpcListener& listener) {
  const bool v6 = listener.host.find(':') != std::string::npos;
  return (v6 ? "[" + listener.host + "]" : listener.host) + ":" + std::to_string(listener.port);
}

std::shared_ptr<grpc::ServerCredentials> TlsOf(const ServerTls& tls, Callers callers) {
  using Files = grpc::experimental::FileWatcherCertificateProvider;
  const bool mutual = callers == Callers::kWithCertificate;
  auto files = mutual
                   ? std::make_shared<Files>(tls.private_key.string(), tls.certificate.string(),
                                             tls.trusted_roots.string(), kCertificateReloadSeconds)
                   : std::make_shared<Files>(tls.private_key.string(), tls.certificate.string(),
                                             kCertificateReloadSeconds);
  grpc::experimental::TlsServerCredentialsOptions options(std::move(files));
  options.watch_identity_key_cert_pairs();
  if (mutual) options.watch_root_certs();
  options.set_cert_request_type(mutual ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                       : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  return grpc::experimental::TlsServerCredentials(options);
}

int Count(Milliseconds time) { return static_cast<int>(time.count()); }

void SetLimits(grpc::ServerBuilder& builder, const ConnectionLimits& limits) {
  // Two servers that share a port unnoticed would answer in turns; a taken port must be an error.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, Count(limits.handshake));
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, limits.metadata_bytes_max);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.streams_max);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             Count(kClientPingIntervalMin));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, kPingStrikesMax);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Count(kKeepaliveInterval));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Count(kKeepaliveTimeout));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Count(limits.age_max));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, Count(kConnectionAgeGrace));
  builder.SetMaxReceiveMessageSize(limits.message_bytes_max);
  // Only reflection is served by threads of its own.
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 1);
}

void EnableHealthAndReflection() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    // gRPC serves health without protobuf; naming the message keeps its description linked, and
    // reflection can show it.
    grpc::health::v1::HealthCheckRequest::descriptor();
  });
}

Error CannotListen(const std::vector<RpcListener>& listeners, const std::deque<int>& ports) {
  Error error = Fail(ErrorCode::kConfiguration, "listener.address",
                     "cannot listen; is the port in use, or the address another machine's?");
  for (size_t i = 0; i < listeners.size(); ++i) {
    if (ports[i] != 0) continue;
    error.violations.push_back({"listener.address", AddressOf(listeners[i]), "cannot listen here"});
  }
  return error;
}

}  // namespace

struct RpcServer::Impl {
  std::unique_ptr<grpc::Server> server;
  std::mutex mutex;
  bool drained = false;
};

Result<std::unique_ptr<RpcServer>> RpcServer::Start(const RpcServerParts& parts) {
  for (const RpcListener& listener : parts.listeners) {
    TRY(CheckTlsFiles(listener.tls, parts.callers));
  }
  EnableHealthAndReflection();

  grpc::ServerBuilder builder;
  SetLimits(builder, LimitsFor(parts.callers));
  // gRPC writes the ports when the server starts; a deque keeps their addresses.
  std::deque<int> bound;
  for (const RpcListener& listener : parts.listeners) {
    builder.AddListeningPort(AddressOf(listener), TlsOf(listener.tls, parts.callers),
                             &bound.emplace_back(0));
  }
  for (grpc::Service* service : parts.services) builder.RegisterService(service);

  auto impl = std::make_unique<Impl>();
  impl->server = builder.BuildAndStart();
  if (impl->server == nullptr) return CannotListen(parts.listeners, bound);
  // gRPC knows of "" by itself, not of the services.
  impl->server->GetHealthCheckService()->SetServingStatus(kCertificateAuthorityServiceName, true);
  std::unique_ptr<RpcServer> server(new RpcServer(std::move(impl)));
  for (const int port : bound) server->ports_.push_back(static_cast<uint16_t>(port));
  return server;
}

RpcServer::RpcServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RpcServer::~RpcServer() { Drain(Milliseconds(0)); }

void RpcServer::Drain(Milliseconds time_left) {
  std::lock_guard lock(impl_->mutex);
  if (std::exchange(impl_->drained, true)) return;
  // Load balancers that watch health look elsewhere before connections are told to go.
  impl_->server->GetHealthCheckService()->Shutdown();
  impl_->server->Shutdown(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                       gpr_time_from_millis(time_left.count(), GPR_TIMESPAN)));
}

}  // namespace mayfly::rpc
