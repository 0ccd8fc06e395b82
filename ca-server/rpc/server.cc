#include "rpc/server.h"

#include <fcntl.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <mutex>
#include <thread>
#include <utility>

#include "grpc/health/v1/health.pb.h"
#include "net/client_address.h"
#include "net/tcp_acceptor.h"
#include "rpc/service.h"
#include "rpc/stream_floods.h"

namespace mayfly::rpc {
namespace {

namespace asio = boost::asio;

std::shared_ptr<grpc::ServerCredentials> TlsOf(const net::TlsFiles& tls, Callers callers) {
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

std::string TextOfPeer(const net::Tcp::endpoint& endpoint) {
  const asio::ip::address ip = net::Unmapped(endpoint.address());
  const std::string port = std::to_string(endpoint.port());
  if (ip.is_v4()) return "ipv4:" + ip.to_string() + ":" + port;
  return "ipv6:%5B" + ip.to_string() + "%5D:" + port;
}

// What gRPC would set on the sockets that it takes itself.
void SetOptions(int socket) {
  const int on = 1;
  const unsigned patience = static_cast<unsigned>(kKeepaliveTimeout.count());
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience);
  fcntl(socket, F_SETFD, FD_CLOEXEC);
  fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
}

// What gRPC counts of one server.
class OwnTransport final : public StreamFloods::Source {
 public:
  void Watch(int64_t server) { server_ = server; }
  StreamCounts OfServer() override { return CountsOfServer(server_); }
  std::vector<TransportSocket> Sockets() override { return SocketsOfServer(server_); }
  StreamCounts OfSocket(int64_t socket) override { return CountsOfSocket(socket); }

 private:
  int64_t server_ = 0;
};

}  // namespace

// gRPC takes connections without a limit, and none ever again after it has been out of file
// descriptors: they are taken here, counted, and handed on.
struct RpcServer::Impl {
  explicit Impl(const RpcServerParts& parts)
      : connections(parts.connections),
        clock(parts.clock),
        floods(static_cast<uint64_t>(LimitsFor(parts.callers).streams_max)) {}

  struct Gate {
    std::unique_ptr<net::TcpAcceptor> acceptor;
    std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> grpc;
  };
  Status Open(const RpcServerParts& parts, grpc::ServerBuilder& builder);
  void Run();
  void HandOn(net::Tcp::socket socket, grpc::experimental::ExternalConnectionAcceptor& to);
  void StopTaking();
  void LookForFloods();

  Connections& connections;
  const Clock& clock;
  StreamFloods floods;
  OwnTransport transport;
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  asio::steady_timer next_look{context};
  std::vector<Gate> gates;
  std::unique_ptr<grpc::Server> server;
  std::atomic<bool> is_stopping = false;
  std::thread thread;
  std::mutex mutex;
  bool drained = false;
};

Status RpcServer::Impl::Open(const RpcServerParts& parts, grpc::ServerBuilder& builder) {
  using Type = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
  for (const RpcListener& listener : parts.listeners) {
    TRY_ASSIGN(auto acceptor, net::TcpAcceptor::Open(context, listener.address));
    gates.push_back({std::move(acceptor), builder.experimental().AddExternalConnectionAcceptor(
                                              Type::FROM_FD, TlsOf(listener.tls, parts.callers))});
  }
  return Ok();
}

void RpcServer::Impl::Run() {
  for (Gate& gate : gates) {
    gate.acceptor->Run(
        [this, &to = *gate.grpc](net::Tcp::socket socket) { HandOn(std::move(socket), to); });
  }
  LookForFloods();
  thread = std::thread([this] { context.run(); });
}

void RpcServer::Impl::HandOn(net::Tcp::socket socket,
                             grpc::experimental::ExternalConnectionAcceptor& to) {
  boost::system::error_code gone;
  const net::Tcp::endpoint from = socket.remote_endpoint(gone);
  if (gone) return;  // returning closes it
  const Peer peer{net::ClientAddress(from.address()), TextOfPeer(from)};
  if (!connections.Enter(socket.native_handle(), peer)) return net::Reset(std::move(socket));
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
  connection.fd = socket.release(gone);
  SetOptions(connection.fd);
  to.HandleNewConnection(&connection);
}

void RpcServer::Impl::LookForFloods() {
  for (const std::string& peer : floods.Look(transport, connections, clock.BootNow())) {
    connections.CutOff(peer);
  }
  next_look.expires_after(kFloodsLookedForEvery);
  next_look.async_wait([this](boost::system::error_code stopped) {
    if (!stopped && !is_stopping) LookForFloods();
  });
}

void RpcServer::Impl::StopTaking() {
  for (Gate& gate : gates) gate.acceptor->Close();
  is_stopping = true;
  asio::post(context, [this] { next_look.cancel(); });
  work.reset();
  if (thread.joinable()) thread.join();
}

Result<std::unique_ptr<RpcServer>> RpcServer::Start(const RpcServerParts& parts) {
  for (const RpcListener& listener : parts.listeners) {
    TRY(net::CheckTlsFiles(listener.tls));
  }
  EnableHealthAndReflection();

  grpc::ServerBuilder builder;
  SetLimits(builder, LimitsFor(parts.callers));
  for (grpc::Service* service : parts.services) builder.RegisterService(service);
  auto impl = std::make_unique<Impl>(parts);
  TRY(impl->Open(parts, builder));
  impl->server = builder.BuildAndStart();
  if (impl->server == nullptr) {
    return Fail(ErrorCode::kInternal, "listener.grpc", "gRPC does not start");
  }
  impl->transport.Watch(NewestServer());
  // gRPC knows of "" by itself, not of the services.
  impl->server->GetHealthCheckService()->SetServingStatus(kCertificateAuthorityServiceName, true);
  impl->Run();
  return std::unique_ptr<RpcServer>(new RpcServer(std::move(impl)));
}

RpcServer::RpcServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  for (const Impl::Gate& gate : impl_->gates) ports_.push_back(gate.acceptor->port());
}
RpcServer::~RpcServer() { Drain(Milliseconds(0)); }

Status RpcServer::Trouble() const {
  for (const Impl::Gate& gate : impl_->gates) TRY(gate.acceptor->Trouble());
  return Ok();
}

void RpcServer::Drain(Milliseconds time_left) {
  std::lock_guard lock(impl_->mutex);
  if (std::exchange(impl_->drained, true)) return;
  // Load balancers that watch health look elsewhere before connections are told to go.
  impl_->server->GetHealthCheckService()->Shutdown();
  impl_->StopTaking();
  impl_->server->Shutdown(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                       gpr_time_from_millis(time_left.count(), GPR_TIMESPAN)));
}

}  // namespace mayfly::rpc
