// An RPC of an issuance's size over mutual TLS that does nothing: a server of its own process on
// gRPC's completion queue, and the same caller that mayfly-bench issue uses.
#include <fcntl.h>
#include <grpcpp/generic/async_generic_service.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "clients/cpp/files.h"
#include "tests/bench/benches.h"
#include "tests/bench/processes.h"
#include "tests/bench/rpc_load.h"
#include "tests/fakes/temporary_folder.h"

extern char** environ;

namespace mayfly::bench {
namespace {

namespace fs = std::filesystem;

constexpr size_t kRequestBytes = 350;    // a P-256 CSR, profile, request id
constexpr size_t kResponseBytes = 2300;  // certificate, chain, names, times
constexpr size_t kCallsInFlight = 64;
constexpr const char* kReadyLine = "port ";

template <auto free>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};

std::string PemOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(size)};
}

// A self-signed P-256 certificate for localhost that both ends use and trust.
Status WriteCredentials(const fs::path& folder) {
  const std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>> key(EVP_EC_gen("P-256"));
  const std::unique_ptr<X509, Free<X509_free>> certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const uint8_t*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  const std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>> names(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost"));
  X509_add_ext(certificate.get(), names.get(), -1);
  if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) {
    return Fail(ErrorCode::kInternal, "bench.echo", "OpenSSL made no certificate");
  }
  const std::unique_ptr<BIO, Free<BIO_free>> pem(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(pem.get(), certificate.get());
  TRY(client::WriteFileAtomically(folder / "tls.crt", AsBytes(PemOf(pem.get())),
                                  client::kPublicMode, client::Existing::kReplace));
  const std::unique_ptr<BIO, Free<BIO_free>> secret(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return client::WriteFileAtomically(folder / "tls.key", AsBytes(PemOf(secret.get())),
                                     client::kPrivateMode, client::Existing::kReplace);
}

Result<std::string> ReadText(const fs::path& file) {
  TRY_ASSIGN(Bytes content, client::ReadFile(file));
  return std::string(AsText(content));
}

// One call of the server, from its arrival to its end.
class EchoCall {
 public:
  EchoCall(grpc::AsyncGenericService& service, grpc::ServerCompletionQueue& queue)
      : service_(service), queue_(queue), stream_(&context_) {
    service_.RequestCall(&context_, &stream_, &queue_, &queue_, this);
  }
  void Proceed(bool ok) {
    if (!ok || step_ == Step::kFinishing) {
      delete this;
      return;
    }
    if (step_ == Step::kWaiting) {
      new EchoCall(service_, queue_);
      step_ = Step::kReading;
      stream_.Read(&request_, this);
    } else {
      static const std::string answer(kResponseBytes, 'e');
      step_ = Step::kFinishing;
      stream_.WriteAndFinish(ToByteBuffer(answer), {}, grpc::Status::OK, this);
    }
  }

 private:
  enum class Step { kWaiting, kReading, kFinishing };
  grpc::AsyncGenericService& service_;
  grpc::ServerCompletionQueue& queue_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  grpc::ByteBuffer request_;
  Step step_ = Step::kWaiting;
};

class EchoServer {
 public:
  static Result<std::unique_ptr<EchoServer>> Start(const fs::path& credentials) {
    const fs::path program = fs::read_symlink("/proc/self/exe");
    auto server = std::unique_ptr<EchoServer>(new EchoServer());
    std::array<int, 2> to_it{}, from_it{};
    if (pipe2(to_it.data(), O_CLOEXEC) != 0 || pipe2(from_it.data(), O_CLOEXEC) != 0) {
      return CannotStart();
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to_it[0], 0);
    posix_spawn_file_actions_adddup2(&actions, from_it[1], 1);
    std::string path = program.string(), command = "echo-server", folder = credentials.string();
    std::array<char*, 4> arguments{path.data(), command.data(), folder.data(), nullptr};
    const bool started =
        posix_spawn(&server->pid_, path.c_str(), &actions, nullptr, arguments.data(), environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(to_it[0]);
    close(from_it[1]);
    server->input_ = to_it[1];
    std::array<char, 32> line{};
    const ssize_t size = started ? read(from_it[0], line.data(), line.size() - 1) : -1;
    close(from_it[0]);
    if (size <= 0 || !std::string_view(line.data()).starts_with(kReadyLine)) return CannotStart();
    server->port_ = std::atoi(line.data() + std::string_view(kReadyLine).size());
    return server;
  }
  ~EchoServer() {
    if (input_ >= 0) close(input_);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }
  int port() const { return port_; }

 private:
  EchoServer() = default;
  static Error CannotStart() {
    return Fail(ErrorCode::kInternal, "bench.echo", "the echo server did not start");
  }
  pid_t pid_ = -1;
  int input_ = -1;
  int port_ = 0;
};

}  // namespace

int ServeEcho(const fs::path& credentials) {
  const auto certificate = ReadText(credentials / "tls.crt");
  const auto key = ReadText(credentials / "tls.key");
  if (!certificate || !key) return 1;
  grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  tls.pem_root_certs = *certificate;
  tls.pem_key_cert_pairs.push_back({*key, *certificate});
  int port = 0;
  grpc::AsyncGenericService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("localhost:0", grpc::SslServerCredentials(tls), &port);
  builder.RegisterAsyncGenericService(&service);
  const auto queue = builder.AddCompletionQueue();
  const auto server = builder.BuildAndStart();
  if (!server) return 1;
  std::thread serving([&] {
    for (size_t i = 0; i < kCallsInFlight; ++i) new EchoCall(service, *queue);
    void* tag = nullptr;
    bool ok = false;
    while (queue->Next(&tag, &ok)) static_cast<EchoCall*>(tag)->Proceed(ok);
  });
  dprintf(STDOUT_FILENO, "%s%d\n", kReadyLine, port);
  char ignored = 0;
  while (read(STDIN_FILENO, &ignored, 1) > 0) {
  }
  server->Shutdown(std::chrono::system_clock::now());
  queue->Shutdown();
  serving.join();
  return 0;
}

Result<Json> BenchEcho(std::chrono::seconds duration) {
  const fakes::TemporaryFolder folder;
  TRY(WriteCredentials(folder.path()));
  TRY_ASSIGN(const auto server, EchoServer::Start(folder.path()));
  grpc::SslCredentialsOptions tls;
  TRY_ASSIGN(tls.pem_root_certs, ReadText(folder.path() / "tls.crt"));
  TRY_ASSIGN(tls.pem_private_key, ReadText(folder.path() / "tls.key"));
  tls.pem_cert_chain = tls.pem_root_certs;
  const grpc::ByteBuffer request = ToByteBuffer(std::string(kRequestBytes, 'r'));
  const RpcLoad load{.method = "/bench.Echo/Echo",
                     .channels = {grpc::CreateChannel("localhost:" + std::to_string(server->port()),
                                                      grpc::SslCredentials(tls))},
                     .next_request = [&] { return request; },
                     .in_flight_max = kCallsInFlight,
                     .rate = std::nullopt,
                     .duration = duration};
  Nanoseconds serving{}, calling{};
  const auto begin = [&] {
    serving = CpuTimeOf(server->pid());
    calling = OwnCpuTime();
  };
  TRY_ASSIGN(const RpcOutcome outcome, RunRpcLoad(load, std::chrono::seconds(1), begin));
  if (outcome.succeeded == 0) {
    return Fail(ErrorCode::kInternal, "bench.echo",
                outcome.failures.empty() ? "no call ended" : outcome.failures.begin()->first);
  }
  const auto calls = static_cast<double>(outcome.succeeded);
  return Json{
      {"cpu_us", static_cast<double>((CpuTimeOf(server->pid()) - serving).count()) / 1e3 / calls},
      {"caller_cpu_us", static_cast<double>((OwnCpuTime() - calling).count()) / 1e3 / calls},
      {"per_second", calls / outcome.seconds}};
}

}  // namespace mayfly::bench
