// The client against a supervisor that behaves as a test wants: here a bare listening socket.
#include "hsm/client/signer_client.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "base/system.h"
#include "hsm/client/socket.h"
#include "hsm/client/wire.h"

namespace mayfly::hsm {
namespace {

using Outcome = SignResult::Outcome;
using std::chrono::milliseconds;

class SignerClientTest : public testing::Test {
 protected:
  SignerClientTest() {
    std::string pattern = testing::TempDir() + "mayfly-client-XXXXXX";
    folder = mkdtemp(pattern.data());
    path = folder / "s";
  }
  ~SignerClientTest() override { std::filesystem::remove_all(folder); }

  SignJob Job(milliseconds allowed = milliseconds(20'000)) {
    return SignJob{Uuid::MakeV7(clock.Now(), random),
                   SignPurpose::kCertificate,
                   {"pkcs11:token=t;object=o", Hash256{}},
                   x509::SignatureAlgorithm::kEcdsaSha256,
                   Bytes{0x30, 0x00},
                   clock.BootNow() + allowed};
  }
  std::future<SignResult> Begin(SignerClient& client, SignJob job) {
    auto promise = std::make_shared<std::promise<SignResult>>();
    Spawn(client.Sign(std::move(job)),
          [promise](SignResult result) { promise->set_value(result); });
    return promise->get_future();
  }
  void Listen() {
    auto fd = ListenOn(path, 0600);
    ASSERT_TRUE(fd);
    listener = *std::move(fd);
  }
  static void WaitReadable(int fd) {
    pollfd entry{fd, POLLIN, 0};
    ASSERT_EQ(poll(&entry, 1, 20'000), 1);
  }
  FileDescriptor Accept() {
    WaitReadable(listener.get());
    return FileDescriptor(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  SignRequest ReadRequest(int fd) {
    FrameReader reader;
    while (true) {
      WaitReadable(fd);
      auto received = ReceiveSome(fd);
      EXPECT_TRUE(received);
      reader.Append(*received);
      auto frame = reader.Next();
      EXPECT_TRUE(frame);
      if (*frame) return std::get<SignRequest>(**frame);
    }
  }
  static void Write(int fd, const Frame& frame) {
    Bytes encoded = EncodeFrame(frame);
    ASSERT_EQ(write(fd, encoded.data(), encoded.size()), static_cast<ssize_t>(encoded.size()));
  }

  std::filesystem::path folder, path;
  FileDescriptor listener;
  SystemClock clock;
  SystemRandom random;
  ThreadPool pool{2};
  Timer timer{clock};
};

TEST_F(SignerClientTest, NobodyThereIsNotSigned) {
  SignerClient client(path, pool, timer, clock);
  SignResult result = SyncWait(client.Sign(Job()));
  EXPECT_EQ(result.outcome, Outcome::kNotSigned);
  EXPECT_EQ(result.error.rule, "signer.unreachable");
}

TEST_F(SignerClientTest, ConnectionLostAfterTheJobMayHaveBeenSigned) {
  Listen();
  SignerClient client(path, pool, timer, clock);
  auto answer = Begin(client, Job());
  {
    FileDescriptor peer = Accept();
    ReadRequest(peer.get());
  }
  SignResult result = answer.get();
  EXPECT_EQ(result.outcome, Outcome::kMayHaveBeenSigned);
  EXPECT_EQ(result.error.rule, "signer.unreachable");
}

TEST_F(SignerClientTest, ConnectsAgainAndMatchesAnswersByTicket) {
  Listen();
  SignerClient client(path, pool, timer, clock);
  auto lost = Begin(client, Job());
  Accept();
  lost.wait();
  auto first = Begin(client, Job());
  FileDescriptor peer = Accept();
  SignRequest first_request = ReadRequest(peer.get());
  auto second = Begin(client, Job());
  SignRequest second_request = ReadRequest(peer.get());
  Write(peer.get(), SignReply{second_request.ticket, Signed(Bytes{2})});
  Write(peer.get(), SignReply{999'999, Signed(Bytes{9})});
  Write(peer.get(), SignReply{first_request.ticket, Signed(Bytes{1})});
  EXPECT_EQ(first.get().signature, Bytes{1});
  EXPECT_EQ(second.get().signature, Bytes{2});
}

TEST_F(SignerClientTest, SilenceIsAnsweredAtTheDeadline) {
  Listen();
  SignerClient client(path, pool, timer, clock);
  auto started = clock.BootNow();
  auto answer = Begin(client, Job(milliseconds(300)));
  FileDescriptor peer = Accept();
  SignRequest request = ReadRequest(peer.get());
  EXPECT_LE(request.allowed_ms, 300u);
  SignResult result = answer.get();
  EXPECT_GE(clock.BootNow() - started, milliseconds(300));
  EXPECT_EQ(result.outcome, Outcome::kMayHaveBeenSigned);
  EXPECT_EQ(result.error.rule, "signer.deadline");
  // The late answer finds nobody, and the connection goes on.
  Write(peer.get(), SignReply{request.ticket, Signed(Bytes{1})});
  auto next = Begin(client, Job());
  Write(peer.get(), SignReply{ReadRequest(peer.get()).ticket, Signed(Bytes{2})});
  EXPECT_EQ(next.get().signature, Bytes{2});
}

// The peer reads nothing, so that later frames stay in this process: they are certainly not signed.
TEST_F(SignerClientTest, UnsentAtTheDeadlineIsNotSigned) {
  Listen();
  SignerClient client(path, pool, timer, clock);
  std::vector<SignJob> jobs(8, Job());
  for (SignJob& job : jobs) {
    job.purpose = SignPurpose::kAudit;
    job.message.resize(kSignMessageBytesMax);
  }
  std::vector<std::future<SignResult>> answers;
  for (SignJob& job : jobs) {
    job.deadline = clock.BootNow() + milliseconds(500);
    answers.push_back(Begin(client, std::move(job)));
  }
  EXPECT_EQ(answers.front().get().outcome, Outcome::kMayHaveBeenSigned);
  EXPECT_EQ(answers.back().get().outcome, Outcome::kNotSigned);
}

TEST_F(SignerClientTest, NonsenseEndsTheConnection) {
  Listen();
  SignerClient client(path, pool, timer, clock);
  auto answer = Begin(client, Job());
  FileDescriptor peer = Accept();
  ReadRequest(peer.get());
  Bytes nonsense = {0, 0, 0, 1, 99};
  ASSERT_EQ(write(peer.get(), nonsense.data(), nonsense.size()), 5);
  EXPECT_EQ(answer.get().outcome, Outcome::kMayHaveBeenSigned);
}

TEST_F(SignerClientTest, InFlightHasALimit) {
  Listen();
  SignerClient client(path, pool, timer, clock);
  std::vector<std::future<SignResult>> answers;
  for (size_t i = 0; i < kClientJobsMax; ++i) answers.push_back(Begin(client, Job()));
  SignResult beyond = SyncWait(client.Sign(Job()));
  EXPECT_EQ(beyond.outcome, Outcome::kNotSigned);
  EXPECT_EQ(beyond.error.code, ErrorCode::kOverloaded);
  EXPECT_TRUE(beyond.error.retry_after);
  EXPECT_EQ(answers.back().wait_for(milliseconds(0)), std::future_status::timeout);
}

TEST_F(SignerClientTest, UriHasALimit) {
  SignerClient client(path, pool, timer, clock);
  SignJob job = Job();
  job.key.uri.resize(kUriBytesMax + 1, 'x');
  EXPECT_EQ(SyncWait(client.Sign(job)).error.rule, "signer.uri");
  job.key.uri.resize(kUriBytesMax);
  EXPECT_EQ(SyncWait(client.Sign(job)).error.rule, "signer.unreachable");
}

TEST(Socket, PathHasALimit) {
  auto rule = [](size_t size) { return ConnectTo(std::string(size, 'x')).error().rule; };
  EXPECT_EQ(rule(kSocketPathBytesMax), "signer.unreachable");
  EXPECT_EQ(rule(kSocketPathBytesMax + 1), "signer.socket-path");
}

}  // namespace
}  // namespace mayfly::hsm
