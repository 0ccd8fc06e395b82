// The shim in front of SoftHSM: what it records, and that every fault of a script strikes.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <p11-kit/pkcs11.h>
#include <unistd.h>

#include <array>

#include "tests/contract/signer_process.h"
#include "tests/pkcs11_shim/script.h"

namespace mayfly::contract {
namespace {

using testing::HasSubstr;

// The module keeps its folder while it is loaded, so all tests share one token.
class Pkcs11Shim : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    host_ = new SignerHost;
    ASSERT_NO_FATAL_FAILURE(host_->MakeToken());
    ASSERT_NO_FATAL_FAILURE(host_->MakeKeys({"issuing", "status"}));
    WriteFile(host_->folder() / "module", SoftHsmToken::ModuleFile() + "\n");
    setenv("SOFTHSM2_CONF", (host_->token_folder() / "softhsm2.conf").c_str(), 1);
    setenv("MAYFLY_PKCS11_SHIM", host_->folder().c_str(), 1);
    library_ = dlopen(MAYFLY_BINARY_DIR "/bin/mayfly-pkcs11-shim.so", RTLD_NOW);
    ASSERT_NE(library_, nullptr) << dlerror();
    auto get = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library_, "C_GetFunctionList"));
    ASSERT_EQ(get(&p11), CKR_OK);
  }
  static void TearDownTestSuite() {
    dlclose(library_);
    delete host_;
  }

  void SetUp() override {
    Script("");
    WriteFile(host_->folder() / "record", "");
    ASSERT_EQ(p11->C_Initialize(nullptr), CKR_OK);
    CK_ULONG count = slots_.size();
    ASSERT_EQ(p11->C_GetSlotList(CK_TRUE, slots_.data(), &count), CKR_OK);
    session_ = Open();
    auto* pin = reinterpret_cast<CK_UTF8CHAR*>(const_cast<char*>(kPin));
    ASSERT_EQ(p11->C_Login(session_, CKU_USER, pin, 4), CKR_OK);
    private_key_ = Object(CKO_PRIVATE_KEY);
  }
  void TearDown() override {
    Script("");
    EXPECT_EQ(p11->C_Finalize(nullptr), CKR_OK);
  }

  static void Script(const std::string& text) {
    WriteFile(host_->folder() / "script.new", text);
    std::filesystem::rename(host_->folder() / "script.new", host_->folder() / "script");
  }
  static std::string RecordSoFar() { return ReadFile(host_->folder() / "record"); }

  CK_SESSION_HANDLE Open() {
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    EXPECT_EQ(p11->C_OpenSession(slots_[0], CKF_SERIAL_SESSION, nullptr, nullptr, &session),
              CKR_OK);
    return session;
  }
  CK_OBJECT_HANDLE Object(CK_OBJECT_CLASS kind, std::string label = "issuing") {
    std::array wanted = {CK_ATTRIBUTE{CKA_CLASS, &kind, sizeof kind},
                         CK_ATTRIBUTE{CKA_LABEL, label.data(), label.size()}};
    CK_OBJECT_HANDLE found = CK_INVALID_HANDLE;
    CK_ULONG count = 0;
    EXPECT_EQ(p11->C_FindObjectsInit(session_, wanted.data(), wanted.size()), CKR_OK);
    EXPECT_EQ(p11->C_FindObjects(session_, &found, 1, &count), CKR_OK);
    EXPECT_EQ(p11->C_FindObjectsFinal(session_), CKR_OK);
    EXPECT_EQ(count, 1u);
    return found;
  }
  CK_RV Sign() {
    CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
    CK_RV code = p11->C_SignInit(session_, &mechanism, private_key_);
    if (code != CKR_OK) return code;
    size_ = signature_.size();
    return p11->C_Sign(session_, digest_.data(), digest_.size(), signature_.data(), &size_);
  }
  CK_RV Verify() {
    CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
    CK_RV code = p11->C_VerifyInit(session_, &mechanism, Object(CKO_PUBLIC_KEY));
    if (code != CKR_OK) return code;
    return p11->C_Verify(session_, digest_.data(), digest_.size(), signature_.data(), size_);
  }
  CK_RV Random() {
    CK_BYTE octet;
    return p11->C_GenerateRandom(session_, &octet, 1);
  }
  // Of a child, in which `act` runs.
  template <class Act>
  int StatusOfChild(Act act) {
    pid_t child = fork();
    if (child == 0) {
      act();
      _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    return status;
  }

  static inline SignerHost* host_ = nullptr;
  static inline void* library_ = nullptr;
  static inline CK_FUNCTION_LIST* p11 = nullptr;
  std::array<CK_SLOT_ID, 8> slots_;
  CK_SESSION_HANDLE session_ = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE private_key_ = CK_INVALID_HANDLE;
  std::array<CK_BYTE, 32> digest_{0xab, 0xcd};
  std::array<CK_BYTE, 256> signature_{};
  CK_ULONG size_ = 0;
};

TEST_F(Pkcs11Shim, RecordsWhatIsSignedAndThatItLogsIn) {
  EXPECT_EQ(Sign(), CKR_OK);
  EXPECT_EQ(Verify(), CKR_OK);
  std::string record = RecordSoFar();
  EXPECT_EQ(Count(record, "\n"), 3u) << record;
  EXPECT_EQ(Count(record, "\"call\": \"C_Initialize\""), 1u);
  EXPECT_EQ(Count(record, "\"call\": \"C_Login\""), 1u);
  EXPECT_THAT(record, HasSubstr("\"pid\": " + std::to_string(getpid()) + ","));
  EXPECT_THAT(record, HasSubstr("\"call\": \"C_Sign\", \"label\": \"issuing\", \"id\": \""));
  EXPECT_THAT(record, HasSubstr("\"mechanism\": \"0x1041\", \"data\": \"abcd0000"));
  EXPECT_EQ(Count(record, kPin), 0u) << record;
}

TEST_F(Pkcs11Shim, AskingForTheLengthSignsNothing) {
  CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
  ASSERT_EQ(p11->C_SignInit(session_, &mechanism, private_key_), CKR_OK);
  ASSERT_EQ(p11->C_Sign(session_, digest_.data(), digest_.size(), nullptr, &size_), CKR_OK);
  EXPECT_EQ(size_, 64u);
  EXPECT_EQ(Count(RecordSoFar(), "C_Sign"), 0u);
}

TEST_F(Pkcs11Shim, StrikesTheNthCallOnce) {
  Script("C_GenerateRandom 2 CKR_DEVICE_ERROR  # a comment\n");
  EXPECT_EQ(Random(), CKR_OK);
  EXPECT_EQ(Random(), CKR_DEVICE_ERROR);
  EXPECT_EQ(Random(), CKR_OK);
  EXPECT_EQ(Count(RecordSoFar(), "\"C_GenerateRandom\", \"fault\": \"CKR_DEVICE_ERROR\""), 1u);
}

TEST_F(Pkcs11Shim, StrikesFromTheNthCallOnUntilAnotherScript) {
  Script("* 2+ 0x80000001");
  EXPECT_EQ(Random(), CKR_OK);
  EXPECT_EQ(Sign(), 0x80000001);
  EXPECT_EQ(Random(), 0x80000001);
  Script("");
  EXPECT_EQ(Random(), CKR_OK);
}

TEST_F(Pkcs11Shim, StrikesForATime) {
  Script("C_GenerateRandom 1+1s CKR_HOST_MEMORY");
  EXPECT_EQ(Random(), CKR_HOST_MEMORY);
  EXPECT_EQ(Random(), CKR_HOST_MEMORY);
  EXPECT_TRUE(Eventually([&] { return Random() == CKR_OK; }));
}

TEST_F(Pkcs11Shim, CountsCallsOfAllProcesses) {
  Script("C_GenerateRandom 2 CKR_DEVICE_ERROR");
  StatusOfChild([&] { Random(); });
  EXPECT_EQ(Random(), CKR_DEVICE_ERROR);
}

TEST_F(Pkcs11Shim, CallThatFailsMayHaveSucceeded) {
  Script("C_OpenSession 1 CKR_DEVICE_ERROR after");
  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  EXPECT_EQ(p11->C_OpenSession(slots_[0], CKF_SERIAL_SESSION, nullptr, nullptr, &session),
            CKR_DEVICE_ERROR);
  CK_SESSION_INFO info;
  EXPECT_EQ(p11->C_GetSessionInfo(session, &info), CKR_OK);
}

TEST_F(Pkcs11Shim, FlipsABitOfTheSignature) {
  Script("C_Sign 1 flip");
  EXPECT_EQ(Sign(), CKR_OK);
  EXPECT_EQ(Verify(), CKR_SIGNATURE_INVALID);
  EXPECT_EQ(Sign(), CKR_OK);
  EXPECT_EQ(Verify(), CKR_OK);
}

TEST_F(Pkcs11Shim, LiesAboutTheLength) {
  Script("C_Sign 1 length 5000");
  EXPECT_EQ(Sign(), CKR_OK);
  EXPECT_EQ(size_, 5000u);
}

TEST_F(Pkcs11Shim, DelaysAndHangs) {
  Script("C_GenerateRandom 1 delay 300\nC_GenerateRandom 2 hang");
  auto began = SystemClock().BootNow();
  EXPECT_EQ(Random(), CKR_OK);
  EXPECT_GE(SystemClock().BootNow() - began, std::chrono::milliseconds(300));
  int status = StatusOfChild([&] {
    alarm(1);
    Random();
  });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) << status;
}

TEST_F(Pkcs11Shim, RenumbersHandles) {
  Script("C_GenerateRandom 1 renumber 1000");
  EXPECT_EQ(Sign(), CKR_OK);
  EXPECT_EQ(Random(), CKR_OK);
  EXPECT_NE(Sign(), CKR_OK);
  CK_OBJECT_HANDLE before = std::exchange(private_key_, Object(CKO_PRIVATE_KEY));
  EXPECT_EQ(private_key_, before + 1000);
  EXPECT_EQ(Sign(), CKR_OK);
}

TEST_F(Pkcs11Shim, SessionsDie) {
  Script("C_OpenSession 1 dies 1");
  CK_SESSION_HANDLE session = Open();
  CK_SESSION_INFO info;
  EXPECT_EQ(p11->C_GetSessionInfo(session, &info), CKR_OK);
  EXPECT_TRUE(Eventually(
      [&] { return p11->C_GetSessionInfo(session, &info) == CKR_SESSION_HANDLE_INVALID; }));
  EXPECT_EQ(Random(), CKR_OK);  // another session
  EXPECT_THAT(RecordSoFar(), HasSubstr("\"fault\": \"session gone\""));
}

TEST_F(Pkcs11Shim, TokenIsRemovedAndComesBack) {
  Script("* 1+1s removed");
  EXPECT_EQ(Random(), CKR_DEVICE_REMOVED);
  CK_ULONG count = slots_.size();
  EXPECT_EQ(p11->C_GetSlotList(CK_TRUE, slots_.data(), &count), CKR_OK);
  EXPECT_EQ(count, 0u);
  CK_TOKEN_INFO info;
  EXPECT_EQ(p11->C_GetTokenInfo(slots_[0], &info), CKR_TOKEN_NOT_PRESENT);
  EXPECT_TRUE(Eventually([&] { return p11->C_GetTokenInfo(slots_[0], &info) == CKR_OK; }));
  EXPECT_EQ(Random(), CKR_SESSION_HANDLE_INVALID);
  session_ = Open();
  EXPECT_EQ(Random(), CKR_OK);
}

TEST(Pkcs11ShimScript, RefusesWhatItDoesNotUnderstand) {
  using pkcs11_shim::ParseScript;
  EXPECT_EQ(ParseScript("\n# nothing\nC_Sign 3+2s CKR_DEVICE_ERROR after\nC_Sign 1 hang").size(),
            2u);
  for (const char* line :
       {"C_Sign", "C_Sign 1", "C_Sign 0 hang", "C_Sign x hang", "C_Sign 1+2 hang",
        "C_Sign 1 CKR_NO_SUCH", "C_Sign 1 0xfg", "C_Sign 1 hang 3", "C_Sign 1 delay",
        "C_Sign 1 delay soon", "C_Sign 1 CKR_OK before", "C_Sign 1 CKR_OK after all"}) {
    EXPECT_THROW(ParseScript(line), std::invalid_argument) << line;
  }
  std::string many;
  for (size_t i = 0; i < pkcs11_shim::kRulesMax; ++i) many += "C_Sign 1 hang\n";
  EXPECT_EQ(ParseScript(many).size(), pkcs11_shim::kRulesMax);
  EXPECT_THROW(ParseScript(many + "C_Sign 1 hang\n"), std::invalid_argument);
}

}  // namespace
}  // namespace mayfly::contract
