#include <gmock/gmock.h>

#include "hsm/client/signer_client.h"
#include "hsm/client/software_signer.h"
#include "tests/contract/signer_contract.h"
#include "tests/contract/signer_process.h"

namespace mayfly::contract {

using hsm::KeyKind;
using hsm::SignerClient;
using hsm::SoftwareSigner;
using Outcome = SignResult::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kWrongPin = "no-such-pin\n";

template <KeyKind kKind, KeyKind kOther>
class SoftwareFixture {
 public:
  SoftwareFixture() {
    EXPECT_TRUE(hsm::GenerateSoftwareKey(folder_.path(), "issuing", kKind));
    EXPECT_TRUE(hsm::GenerateSoftwareKey(folder_.path(), "other", kOther));
  }
  static constexpr KeyKind kind() { return kKind; }
  Signer& signer() { return signer_; }
  std::string key_uri() const { return "file:issuing"; }
  std::string other_uri() const { return "file:other"; }
  std::string absent_uri() const { return "file:absent"; }
  std::string foreign_uri() const { return "file:../issuing"; }

 private:
  TemporaryFolder folder_;
  SystemClock clock_;
  ThreadPool pool_{2};
  SoftwareSigner signer_{folder_.path(), pool_, clock_};
};

// The threads that a client needs, and the client.
struct Asking {
  explicit Asking(const std::filesystem::path& socket) : client(socket, pool, timer, clock) {}
  SystemClock clock;
  ThreadPool pool{2};
  Timer timer{clock};
  SignerClient client;
};

template <class Token, KeyKind kKind, KeyKind kOther>
class ProcessFixture {
 public:
  ProcessFixture() {
    host_.MakeToken();
    EXPECT_EQ(host_.GenerateKey("issuing", kKind), 0) << host_.Output();
    EXPECT_EQ(host_.GenerateKey("other", kOther), 0) << host_.Output();
    host_.Start();
  }
  static constexpr KeyKind kind() { return kKind; }
  Signer& signer() { return asking_.client; }
  std::string key_uri() const { return host_.Uri("issuing"); }
  std::string other_uri() const { return host_.Uri("other"); }
  std::string absent_uri() const { return host_.Uri("absent"); }
  std::string foreign_uri() const { return host_.Uri("nobody"); }

 private:
  SignerHost host_{std::make_unique<Token>()};
  Asking asking_{host_.socket()};
};

using Software = testing::Types<SoftwareFixture<KeyKind::kP256, KeyKind::kP384>,
                                SoftwareFixture<KeyKind::kP384, KeyKind::kP256>,
                                SoftwareFixture<KeyKind::kEd25519, KeyKind::kP256>,
                                SoftwareFixture<KeyKind::kRsa3072, KeyKind::kP256>,
                                SoftwareFixture<KeyKind::kRsa4096, KeyKind::kP256>>;
using SoftHsm = testing::Types<ProcessFixture<SoftHsmToken, KeyKind::kP256, KeyKind::kP384>,
                               ProcessFixture<SoftHsmToken, KeyKind::kP384, KeyKind::kP256>,
                               ProcessFixture<SoftHsmToken, KeyKind::kEd25519, KeyKind::kP256>,
                               ProcessFixture<SoftHsmToken, KeyKind::kRsa3072, KeyKind::kP256>,
                               ProcessFixture<SoftHsmToken, KeyKind::kRsa4096, KeyKind::kP256>>;
using Tpm = testing::Types<ProcessFixture<TpmToken, KeyKind::kP256, KeyKind::kP384>,
                           ProcessFixture<TpmToken, KeyKind::kP384, KeyKind::kP256>,
                           ProcessFixture<TpmToken, KeyKind::kRsa3072, KeyKind::kP256>>;

INSTANTIATE_TYPED_TEST_SUITE_P(Software, SignerContract, Software);
INSTANTIATE_TYPED_TEST_SUITE_P(SoftHsm, SignerContract, SoftHsm);
INSTANTIATE_TYPED_TEST_SUITE_P(Tpm, SignerContract, Tpm);

namespace {

class SignerProcess : public testing::Test {
 protected:
  void Prepare() {
    ASSERT_NO_FATAL_FAILURE(host.MakeToken());
    ASSERT_NO_FATAL_FAILURE(host.MakeKeys({"issuing"}));
  }
  void PrepareAndStart(size_t workers) {
    host.Configure(workers);
    ASSERT_NO_FATAL_FAILURE(Prepare());
    ASSERT_NO_FATAL_FAILURE(host.StartReady());
    spki = Key("issuing");
    ASSERT_TRUE(spki);
  }
  std::optional<x509::SubjectPublicKeyInfo> Key(const std::string& name) {
    auto key = SyncWait(asking.client.PublicKey(host.Uri(name), Soon()));
    if (!key) return std::nullopt;
    return *key;
  }
  SignJob Job(seconds allowed = kPlenty) {
    return SignJob{NewId(),
                   SignPurpose::kCertificate,
                   {host.Uri("issuing"), spki ? spki->hash() : Hash256{}},
                   x509::SignatureAlgorithm::kEcdsaSha256,
                   DerMessage(),
                   Soon(allowed)};
  }
  SignResult Sign(SignJob job) { return SyncWait(asking.client.Sign(std::move(job))); }
  bool Signs() { return Sign(Job()).outcome == Outcome::kSigned; }

  SignerHost host;
  Asking asking{host.socket()};
  std::optional<x509::SubjectPublicKeyInfo> spki;
};

TEST_F(SignerProcess, KeyServesItsConfiguredPurposesOnly) {
  ASSERT_NO_FATAL_FAILURE(PrepareAndStart(1));
  SignJob job = Job();
  job.purpose = SignPurpose::kCrl;
  SignResult result = Sign(job);
  EXPECT_EQ(result.outcome, Outcome::kRefused);
  EXPECT_EQ(result.error.rule, "signer.purpose");
  job.purpose = SignPurpose::kCaCertificate;
  EXPECT_EQ(Sign(job).error.rule, "signer.purpose");
  job.purpose = SignPurpose::kAudit;
  EXPECT_EQ(Sign(job).outcome, Outcome::kSigned);
  ASSERT_NO_FATAL_FAILURE(host.MakeKeys({"status"}));  // found without a restart
  job.key = {host.Uri("status"), Key("status")->hash()};
  EXPECT_EQ(Sign(job).error.rule, "signer.purpose");
  job.purpose = SignPurpose::kOcsp;
  EXPECT_EQ(Sign(job).outcome, Outcome::kSigned);
}

TEST_F(SignerProcess, UriIsReadAndNotCompared) {
  ASSERT_NO_FATAL_FAILURE(PrepareAndStart(1));
  SignJob job = Job();
  job.key.uri = "pkcs11:object=%69ssuing;token=mayfly";
  EXPECT_EQ(Sign(job).outcome, Outcome::kSigned);
}

TEST_F(SignerProcess, IdleWorkersThatAreKilledAreReplaced) {
  ASSERT_NO_FATAL_FAILURE(PrepareAndStart(2));
  auto before = host.Workers();
  ASSERT_EQ(before.size(), 2u);
  for (pid_t worker : before) kill(worker, SIGKILL);
  EXPECT_TRUE(Eventually([&] {
    auto now = host.Workers();
    return now.size() == 2 && now != before && Count(host.Log(), "worker.ready") >= 4;
  })) << host.Log();
  EXPECT_TRUE(Signs());
}

TEST_F(SignerProcess, WorkerKilledInAJobIsReplaced) {
  ASSERT_NO_FATAL_FAILURE(PrepareAndStart(1));
  for (const char* point : {"signer.worker.before-sign", "signer.worker.after-sign"}) {
    host.SetFailpoint(point, "kill");
    SignResult result = Sign(Job());
    EXPECT_EQ(result.outcome, Outcome::kMayHaveBeenSigned) << point;
    EXPECT_EQ(result.error.rule, "signer.worker-died");
    host.ClearFailpoint(point);
    EXPECT_TRUE(Signs()) << host.Log();
  }
}

TEST_F(SignerProcess, HungWorkerIsKilledAtTheDeadline) {
  ASSERT_NO_FATAL_FAILURE(PrepareAndStart(1));
  host.SetFailpoint("signer.worker.before-sign", "pause");
  auto started = SystemClock().BootNow();
  SignResult result = Sign(Job(seconds(1)));
  EXPECT_EQ(result.outcome, Outcome::kMayHaveBeenSigned);
  EXPECT_EQ(result.error.rule, "signer.deadline");
  EXPECT_LT(SystemClock().BootNow() - started, milliseconds(1500));
  EXPECT_TRUE(Eventually([&] { return Count(host.Log(), "worker.hung") == 1; })) << host.Log();
  host.ClearFailpoint("signer.worker.before-sign");
  EXPECT_TRUE(Signs()) << host.Log();
}

TEST_F(SignerProcess, QueuedJobsBehindAHungOneAreNotSigned) {
  ASSERT_NO_FATAL_FAILURE(PrepareAndStart(1));
  host.SetFailpoint("signer.worker.before-sign", "pause");
  std::promise<SignResult> first;
  Spawn(asking.client.Sign(Job(seconds(3))), [&](SignResult result) { first.set_value(result); });
  std::this_thread::sleep_for(milliseconds(200));
  auto key = SyncWait(asking.client.PublicKey(host.Uri("issuing"), Soon(milliseconds(500))));
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().rule, "signer.deadline");
  EXPECT_EQ(first.get_future().get().outcome, Outcome::kMayHaveBeenSigned);
  host.ClearFailpoint("signer.worker.before-sign");
}

TEST_F(SignerProcess, JobThatKillsTwoWorkersIsRefused) {
  ASSERT_NO_FATAL_FAILURE(PrepareAndStart(1));
  SignJob job = Job();
  host.SetFailpoint("signer.worker.before-sign", "kill");
  EXPECT_EQ(Sign(job).outcome, Outcome::kMayHaveBeenSigned);
  EXPECT_EQ(Sign(job).outcome, Outcome::kMayHaveBeenSigned);
  host.ClearFailpoint("signer.worker.before-sign");
  SignResult result = Sign(job);
  EXPECT_EQ(result.outcome, Outcome::kRefused);
  EXPECT_EQ(result.error.rule, "signer.job-killed-workers");
  EXPECT_TRUE(Signs());
}

TEST_F(SignerProcess, LostSessionIsReplaced) {
  ASSERT_NO_FATAL_FAILURE(PrepareAndStart(1));
  host.SetFailpoint("signer.worker.before-sign", "error");
  EXPECT_EQ(Sign(Job()).outcome, Outcome::kNotSigned);
  EXPECT_TRUE(Signs()) << host.Log();
  host.SetFailpoint("signer.worker.after-sign", "error");
  EXPECT_EQ(Sign(Job()).outcome, Outcome::kMayHaveBeenSigned);
  EXPECT_TRUE(Signs()) << host.Log();
}

TEST_F(SignerProcess, SupervisorKilledWithAJobInItsHands) {
  ASSERT_NO_FATAL_FAILURE(PrepareAndStart(1));
  auto workers = host.Workers();
  host.SetFailpoint("signer.worker.before-sign", "pause");
  std::promise<SignResult> answer;
  Spawn(asking.client.Sign(Job()), [&](SignResult result) { answer.set_value(result); });
  std::this_thread::sleep_for(milliseconds(200));
  EXPECT_EQ(host.Stop(SIGKILL), -SIGKILL);
  SignResult result = answer.get_future().get();
  EXPECT_EQ(result.outcome, Outcome::kMayHaveBeenSigned);
  EXPECT_EQ(result.error.rule, "signer.unreachable");
  // Its workers die with it: no process is left with a PIN and a session.
  ASSERT_FALSE(workers.empty());
  EXPECT_TRUE(Eventually([&] { return !IsRunning(workers[0]); }));
  SignResult unsent = Sign(Job());
  EXPECT_EQ(unsent.outcome, Outcome::kNotSigned);
  EXPECT_EQ(unsent.error.rule, "signer.unreachable");
  host.ClearFailpoint("signer.worker.before-sign");
  ASSERT_NO_FATAL_FAILURE(host.Start());
  EXPECT_TRUE(Signs()) << host.Log();
}

TEST_F(SignerProcess, TermFinishesWhatIsInFlightAndRemovesTheSocket) {
  ASSERT_NO_FATAL_FAILURE(PrepareAndStart(1));
  host.SetFailpoint("signer.worker.after-sign", "pause");
  std::promise<SignResult> answer;
  Spawn(asking.client.Sign(Job()), [&](SignResult result) { answer.set_value(result); });
  std::this_thread::sleep_for(milliseconds(200));
  kill(host.serving(), SIGTERM);
  EXPECT_TRUE(Eventually([&] { return !std::filesystem::exists(host.socket()); }));
  host.ClearFailpoint("signer.worker.after-sign");
  EXPECT_EQ(answer.get_future().get().outcome, Outcome::kSigned);
  EXPECT_EQ(host.Stop(SIGTERM), 0) << host.Log();
}

// A service manager signals every process of the unit, a terminal every one of the group.
TEST_F(SignerProcess, WorkersLeaveSignalsToTheSupervisor) {
  ASSERT_NO_FATAL_FAILURE(PrepareAndStart(1));
  auto workers = host.Workers();
  ASSERT_EQ(workers.size(), 1u);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) kill(workers[0], signal);
  EXPECT_TRUE(Signs());
  EXPECT_EQ(host.Workers(), workers);
}

// A login that is cut off leaves the PIN at trying, and in SoftHSM can cost the token.
TEST_F(SignerProcess, LoginOutlivesItsSupervisor) {
  ASSERT_NO_FATAL_FAILURE(Prepare());
  host.Configure(1);
  for (int signal : {SIGTERM, SIGKILL}) {
    host.SetFailpoint("signer.worker.in-login", "pause");
    ASSERT_NO_FATAL_FAILURE(host.Start());
    ASSERT_TRUE(Eventually([&] { return Count(host.PinNote(), "trying ") == 1; }));
    auto workers = host.Workers();
    ASSERT_EQ(workers.size(), 1u);
    EXPECT_EQ(host.Stop(signal), signal == SIGTERM ? 0 : -SIGKILL);
    EXPECT_TRUE(IsRunning(workers[0]));
    host.ClearFailpoint("signer.worker.in-login");
    EXPECT_TRUE(Eventually([&] { return !IsRunning(workers[0]); }));
    EXPECT_EQ(Count(host.PinNote(), "accepted "), 1u) << host.PinNote();
  }
  ASSERT_NO_FATAL_FAILURE(host.StartReady());
}

TEST_F(SignerProcess, SecondSupervisorIsRefused) {
  ASSERT_NO_FATAL_FAILURE(PrepareAndStart(1));
  EXPECT_EQ(host.RunSigner({"serve"}), 1);
  EXPECT_NE(host.Output().find("signer.already-serving"), std::string::npos);
  EXPECT_TRUE(Signs());
}

TEST_F(SignerProcess, SocketIsForItsOwnerOnly) {
  ASSERT_NO_FATAL_FAILURE(PrepareAndStart(1));
  EXPECT_EQ(std::filesystem::status(host.socket()).permissions(), std::filesystem::perms(0600));
}

// SoftHSM does not count wrong PINs, so what is counted is the note and the token's own words.
TEST_F(SignerProcess, WrongPinIsSentOnceOnlyEver) {
  ASSERT_NO_FATAL_FAILURE(Prepare());
  WriteFile(host.folder() / "pin", kWrongPin);
  ASSERT_NO_FATAL_FAILURE(host.Start());
  // A job has a deadline; on a busy machine the first login may take longer.
  ASSERT_TRUE(Eventually([&] { return Count(host.Log(), "the token refused the PIN") > 0; }));
  SignResult result = Sign(Job());
  EXPECT_EQ(result.outcome, Outcome::kNotSigned);
  EXPECT_EQ(result.error.rule, "signer.pin-refused");
  std::this_thread::sleep_for(seconds(3));
  EXPECT_EQ(host.Stop(SIGTERM), 0);
  ASSERT_NO_FATAL_FAILURE(host.Start());
  EXPECT_EQ(Sign(Job()).error.rule, "signer.pin-refused");
  EXPECT_EQ(host.RunSigner({"public-key", "--uri", host.Uri("issuing")}), 1);
  std::string log = host.Log() + host.Output();
  EXPECT_EQ(Count(log, "the token refused the PIN"), 1u) << log;
  EXPECT_NE(log.find("clear-pin"), std::string::npos);
  EXPECT_EQ(Count(log, "no-such-pin"), 0u);
  // Nor is it tried in a loop that only looks at the note.
  EXPECT_LT(Count(log, "worker.down"), 12u) << log;

  // The right PIN in the file heals without a restart, for it is another value.
  WriteFile(host.folder() / "pin", std::string(kPin) + "\n");
  EXPECT_TRUE(Eventually([&] { return (spki = Key("issuing")).has_value(); })) << host.Log();
  EXPECT_TRUE(Signs());
}

TEST_F(SignerProcess, RefusedPinStaysRefusedAfterAnotherWasAccepted) {
  ASSERT_NO_FATAL_FAILURE(Prepare());
  auto public_key = [&] { return host.RunSigner({"public-key", "--uri", host.Uri("issuing")}); };
  WriteFile(host.folder() / "pin", kWrongPin);
  EXPECT_EQ(public_key(), 1);
  WriteFile(host.folder() / "pin", std::string(kPin) + "\n");
  EXPECT_EQ(public_key(), 0);
  WriteFile(host.folder() / "pin", kWrongPin);
  EXPECT_EQ(public_key(), 1);
  EXPECT_EQ(Count(host.Output(), "the token refused the PIN;"), 1u);
  EXPECT_EQ(Count(host.Output(), "the token refused this PIN before"), 1u);
}

TEST_F(SignerProcess, PinLeftAtTryingWaitsForClearPin) {
  ASSERT_NO_FATAL_FAILURE(Prepare());
  ASSERT_NO_FATAL_FAILURE(host.StartReady());
  EXPECT_EQ(host.Stop(SIGTERM), 0);
  // As a machine that lost its power during the login leaves it.
  std::string note = host.PinNote();
  size_t at = note.find("accepted");
  ASSERT_NE(at, std::string::npos) << note;
  WriteFile(host.PinNoteFile(), note.replace(at, 8, "trying"));
  ASSERT_NO_FATAL_FAILURE(host.Start());
  EXPECT_EQ(Sign(Job()).error.rule, "signer.pin-refused");
  EXPECT_EQ(host.RunSigner({"clear-pin"}), 0);
  EXPECT_TRUE(Eventually([&] { return (spki = Key("issuing")).has_value(); })) << host.Log();
  EXPECT_TRUE(Signs());
}

TEST_F(SignerProcess, PinFileThatOthersCanReadIsNotUsed) {
  ASSERT_NO_FATAL_FAILURE(Prepare());
  std::filesystem::permissions(host.folder() / "pin", std::filesystem::perms(0640));
  ASSERT_NO_FATAL_FAILURE(host.Start());
  EXPECT_EQ(Sign(Job()).error.rule, "signer.pin-file");
  std::filesystem::permissions(host.folder() / "pin", std::filesystem::perms(0600));
  EXPECT_TRUE(Eventually([&] { return (spki = Key("issuing")).has_value(); })) << host.Log();
}

TEST_F(SignerProcess, AbsentTokenHealsWhenItAppears) {
  ASSERT_NO_FATAL_FAILURE(Prepare());
  std::filesystem::rename(host.token_folder() / "tokens", host.token_folder() / "away");
  std::filesystem::create_directory(host.token_folder() / "tokens");
  ASSERT_NO_FATAL_FAILURE(host.Start());
  SignResult result = Sign(Job());
  EXPECT_EQ(result.outcome, Outcome::kNotSigned);
  EXPECT_EQ(result.error.rule, "signer.token-absent");
  std::filesystem::remove_all(host.token_folder() / "tokens");
  std::filesystem::rename(host.token_folder() / "away", host.token_folder() / "tokens");
  EXPECT_TRUE(Eventually([&] { return (spki = Key("issuing")).has_value(); })) << host.Log();
  EXPECT_TRUE(Signs());
}

TEST_F(SignerProcess, GeneratedKeysCannotLeaveTheToken) {
  ASSERT_NO_FATAL_FAILURE(Prepare());
  ASSERT_NO_FATAL_FAILURE(host.MakeKeys({"other"}));
  ASSERT_EQ(host.Run({"pkcs11-tool", "--module", SoftHsmToken::ModuleFile(), "--login", "--pin",
                      kPin, "--token-label", kTokenLabel, "-O", "--type", "privkey"}),
            0);
  std::string out = host.Output();
  EXPECT_EQ(Count(out, "Private Key Object"), 2u) << out;
  EXPECT_EQ(Count(out, "sensitive, always sensitive, never extractable, local"), 2u) << out;
  EXPECT_EQ(Count(out, "Usage:      sign\n"), 2u) << out;
}

TEST_F(SignerProcess, KeysAreNeverOverwritten) {
  ASSERT_NO_FATAL_FAILURE(Prepare());
  EXPECT_EQ(host.GenerateKey("issuing", KeyKind::kP256), 1);
  EXPECT_NE(host.Output().find("signer.key-exists"), std::string::npos);
  EXPECT_EQ(host.GenerateKey("issuing", KeyKind::kP256, {"--if-missing"}), 0);
  EXPECT_EQ(host.GenerateKey("issuing", KeyKind::kP384, {"--if-missing"}), 1);
  EXPECT_EQ(host.GenerateKey("fresh", KeyKind::kP384, {"--if-missing"}), 0);
}

TEST(KeysThatATokenLacks, AreRefused) {
  SignerHost host(std::make_unique<TpmToken>());
  ASSERT_NO_FATAL_FAILURE(host.MakeToken());
  EXPECT_EQ(host.GenerateKey("issuing", KeyKind::kEd25519), 1);
  EXPECT_EQ(host.GenerateKey("issuing", KeyKind::kRsa4096), 1);
  EXPECT_EQ(Count(host.Output(), "signer.key-unsupported"), 2u) << host.Output();
}

// A key that a server would have to give away is not a key of an HSM.
TEST_F(SignerProcess, ExtractableKeyIsNotServed) {
  ASSERT_NO_FATAL_FAILURE(host.MakeToken());
  ASSERT_EQ(host.Run({"pkcs11-tool", "--module", SoftHsmToken::ModuleFile(), "--login", "--pin",
                      kPin, "--token-label", kTokenLabel, "--keypairgen", "--key-type",
                      "EC:prime256v1", "--label", "issuing", "--id", "01", "--extractable"}),
            0)
      << host.Output();
  ASSERT_NO_FATAL_FAILURE(host.StartReady());
  SignResult result = Sign(Job());
  EXPECT_EQ(result.outcome, Outcome::kRefused);
  EXPECT_EQ(result.error.rule, "signer.key-extractable");
}

TEST_F(SignerProcess, WrongUsageAndConfigurationExitWithTwo) {
  EXPECT_EQ(host.Run({MAYFLY_BINARY_DIR "/bin/mayfly-signer", "serve"}), 2);
  EXPECT_EQ(host.Run({MAYFLY_BINARY_DIR "/bin/mayfly-signer", "--version"}), 0);
  WriteFile(host.folder() / "signer.toml", "modul = \"x\"\n");
  EXPECT_EQ(host.RunSigner({"serve"}), 2);
}

TEST_F(SignerProcess, JobsInFlightHaveALimit) {
  ASSERT_NO_FATAL_FAILURE(PrepareAndStart(1));
  host.SetFailpoint("signer.worker.before-sign", "pause");
  std::atomic<size_t> answered = 0, overloaded = 0;
  for (size_t i = 0; i < hsm::kClientJobsMax + 1; ++i) {
    Spawn(asking.client.Sign(Job(seconds(2))), [&](SignResult result) {
      if (result.error.code == ErrorCode::kOverloaded) ++overloaded;
      ++answered;
    });
  }
  EXPECT_EQ(overloaded, 1u);
  EXPECT_TRUE(Eventually([&] { return answered == hsm::kClientJobsMax + 1; }));
  EXPECT_EQ(overloaded, 1u);
  host.ClearFailpoint("signer.worker.before-sign");
  EXPECT_TRUE(Signs()) << host.Log();
}

}  // namespace
}  // namespace mayfly::contract
