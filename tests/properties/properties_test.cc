// The properties of properties.h on mutants of the corpora, and round trips of random values. Round
// trips have a new seed in each run, mutants always the same one (the fuzzers look for new ones);
// MAYFLY_SEED sets both.
#include "tests/properties/properties.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "der/reader.h"
#include "der/writer.h"
#include "ocsp/response.h"
#include "tests/properties/openssl.h"
#include "tlog/checkpoint.h"
#include "tlog/log_entry.h"
#include "x509/certification_request_writer.h"

namespace mayfly::properties {
namespace {

namespace fs = std::filesystem;

constexpr int kRounds = 500;
constexpr int kMutantsEach = 200;

constexpr uint64_t kMutantSeed = 1;

class Properties : public ::testing::Test {
 protected:
  explicit Properties(uint64_t seed = kMutantSeed) {
    const char* wanted = std::getenv("MAYFLY_SEED");
    seed_ = wanted ? std::strtoull(wanted, nullptr, 10) : seed;
    engine_.seed(seed_);
  }
  std::string Repeat() const { return "repeat with MAYFLY_SEED=" + std::to_string(seed_); }

  uint64_t Number(uint64_t min, uint64_t max) {
    return std::uniform_int_distribution<uint64_t>(min, max)(engine_);
  }
  bool Coin() { return Number(0, 1) == 1; }
  Bytes Octets(size_t min, size_t max) {
    Bytes out(Number(min, max));
    for (uint8_t& octet : out) octet = static_cast<uint8_t>(Number(0, 255));
    return out;
  }
  TimePoint Time(int year_min, int year_max) {
    using std::chrono::sys_days;
    using std::chrono::year;
    const sys_days first = year(year_min) / 1 / 1;
    const sys_days last = year(year_max) / 12 / 31;
    const auto seconds = static_cast<uint64_t>(Seconds(last - first).count()) + 86399;
    return TimePoint(first) + Seconds(Number(0, seconds));
  }
  Bytes Mutant(Bytes input) {
    for (uint64_t left = Number(1, 4); left > 0 && !input.empty(); --left) {
      const auto at = static_cast<ptrdiff_t>(Number(0, input.size() - 1));
      switch (Number(0, 3)) {
        case 0:
          input[at] ^= static_cast<uint8_t>(1u << Number(0, 7));
          break;
        case 1:
          input[at] = static_cast<uint8_t>(Number(0, 255));
          break;
        case 2:
          input.erase(input.begin() + at);
          break;
        default:
          input.insert(input.begin() + at, static_cast<uint8_t>(Number(0, 255)));
      }
    }
    return input;
  }

 private:
  uint64_t seed_ = 0;
  std::mt19937_64 engine_;
};

std::vector<Bytes> CorpusOf(const std::string& name) {
  std::vector<Bytes> inputs;
  const fs::path folder = fs::path(MAYFLY_SOURCE_DIR) / "tests/fuzz/corpus" / name;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

struct Case {
  const char* corpus;
  Broken (*property)(ByteSpan);
};

// What the replays of tests/fuzz do not do: mutants, without a clang.
TEST_F(Properties, HoldForMutants) {
  constexpr Case kCases[] = {
      {"certificate", ByCertificate},
      {"certification_request", ByCertificationRequest},
      {"audit_dump", ByDump},
      {"checkpoint", ByCheckpoint},
      {"der", ByDer},
      {"jwt", ByJwt},
      {"log_entry", ByLogEntry},
      {"name", ByName},
      {"ocsp_get_path", ByOcspGetPath},
      {"ocsp_request", ByOcspRequest},
      {"ocsp_response", ByOcspResponse},
      {"pem", ByPem},
      {"resource_name", ByResourceName},
      {"signer_frame", BySignerFrame},
      {"signed_head", BySignedHead},
      {"tile_path", ByTilePath},
      {"tlog_proof", ByTlogProof},
  };
  for (const Case& one : kCases) {
    const std::vector<Bytes> seeds = CorpusOf(one.corpus);
    ASSERT_FALSE(seeds.empty()) << one.corpus;
    for (const Bytes& seed : seeds) {
      for (int i = 0; i < kMutantsEach; ++i) {
        const Bytes mutant = Mutant(seed);
        const Broken broken = one.property(mutant);
        ASSERT_FALSE(broken) << one.corpus << ": " << *broken << "\n"
                             << ToHex(mutant) << "\n"
                             << Repeat();
      }
    }
  }
}

// A random value of a type, the way it is written, and the way it is read back.
using WriteStep = std::function<void(der::Writer&)>;
using ReadStep = std::function<bool(der::Reader&)>;
struct Step {
  WriteStep write;
  ReadStep reads_the_same;
};

class DerRoundTrip : public Properties {
 protected:
  DerRoundTrip() : Properties(std::random_device()()) {}

  Step Scalar() {
    switch (Number(0, 7)) {
      case 0: {
        const bool value = Coin();
        return {[=](der::Writer& w) { w.Boolean(value); },
                [=](der::Reader& r) { return *r.ReadBoolean() == value; }};
      }
      case 1: {
        const uint64_t value = Number(0, INT64_MAX) >> Number(0, 62);
        return {[=](der::Writer& w) { w.SmallInteger(value); },
                [=](der::Reader& r) { return *r.ReadSmallInteger() == value; }};
      }
      case 2: {
        const auto value = static_cast<uint8_t>(Number(0, 127));
        return {[=](der::Writer& w) { w.Enumerated(value); },
                [=](der::Reader& r) { return *r.ReadEnumerated() == value; }};
      }
      case 3:
        return {[](der::Writer& w) { w.Null(); },
                [](der::Reader& r) { return bool(r.ReadNull()); }};
      case 4: {
        const TimePoint value = Time(1950, 9999);
        return {[=](der::Writer& w) { w.CertificateTime(value); },
                [=](der::Reader& r) { return *r.ReadCertificateTime() == value; }};
      }
      case 5: {
        const TimePoint value = Time(0, 9999);
        return {[=](der::Writer& w) { w.GeneralizedTime(value); },
                [=](der::Reader& r) { return *r.ReadGeneralizedTime() == value; }};
      }
      case 6:
        return Identifier();
      default:
        return String();
    }
  }

  Step String() {
    Bytes value = Octets(0, Number(0, 9) == 0 ? 70000 : 300);
    if (Coin()) {
      return {[=](der::Writer& w) { w.OctetString(value); },
              [=](der::Reader& r) { return Equal(*r.ReadOctetString(), value); }};
    }
    if (Coin()) {
      Bytes magnitude = value;
      magnitude.insert(magnitude.begin(), static_cast<uint8_t>(Number(1, 255)));
      return {[=](der::Writer& w) { w.UnsignedInteger(magnitude); },
              [=](der::Reader& r) { return Equal(*r.ReadUnsignedInteger(), magnitude); }};
    }
    const auto unused = static_cast<uint8_t>(value.empty() ? 0 : Number(0, 7));
    if (!value.empty()) value.back() &= static_cast<uint8_t>(0xff << unused);
    return {[=](der::Writer& w) { w.BitString(value, unused); },
            [=](der::Reader& r) {
              auto bits = r.ReadBitString();
              return bits->unused_bits == unused && Equal(bits->octets, value);
            }};
  }

  Step Identifier() {
    const uint64_t top = Number(0, 2);
    std::string dotted = std::to_string(top) + "." + std::to_string(Number(0, top < 2 ? 39 : 5000));
    for (uint64_t left = Number(0, 6); left > 0; --left) {
      dotted += "." + std::to_string(Number(0, UINT64_MAX) >> Number(0, 63));
    }
    const der::Oid oid = *der::Oid::FromDotted(dotted);
    return {[=](der::Writer& w) { w.ObjectIdentifier(oid); },
            [=](der::Reader& r) { return *r.ReadOid() == oid && oid.Dotted() == dotted; }};
  }

  Step Nested(int depth) {
    std::vector<Step> steps;
    for (uint64_t left = Number(0, 5); left > 0; --left) {
      steps.push_back(depth > 0 && Number(0, 2) == 0 ? Nested(depth - 1) : Scalar());
    }
    const der::Tag tag =
        Coin() ? der::Tag::kSequence : der::ContextConstructed(static_cast<uint8_t>(Number(0, 30)));
    return {[=](der::Writer& w) {
              w.Constructed(tag, [&] {
                for (const Step& step : steps) step.write(w);
              });
            },
            [=](der::Reader& r) {
              auto inner = r.ReadConstructed(tag);
              for (const Step& step : steps) {
                if (!step.reads_the_same(*inner)) return false;
              }
              return bool(inner->ExpectEnd());
            }};
  }
};

TEST_F(DerRoundTrip, WhatIsWrittenIsReadAndWrittenAgain) {
  for (int i = 0; i < kRounds; ++i) {
    const Step step = Nested(6);
    der::Writer writer;
    step.write(writer);
    der::Reader reader(writer.bytes());
    ASSERT_TRUE(step.reads_the_same(reader)) << ToHex(writer.bytes()) << "\n" << Repeat();
    ASSERT_TRUE(reader.AtEnd());
    const Broken broken = ByDer(writer.bytes());
    ASSERT_FALSE(broken) << *broken << "\n" << Repeat();
  }
}

class RoundTrip : public Properties {
 protected:
  RoundTrip() : Properties(std::random_device()()) {}

  std::string Label() {
    std::string label;
    for (uint64_t left = Number(1, 20); left > 0; --left) {
      label += static_cast<char>(Number('a', 'z'));
    }
    return label;
  }
  x509::GeneralName Name() {
    switch (Number(0, 3)) {
      case 0:
        return *x509::GeneralName::Dns((Coin() ? "*." : "") + Label() + "." + Label());
      case 1:
        // Not of ::ffff:0:0/96.
        return *x509::GeneralName::IpFromOctets(Coin() ? Octets(4, 4) : [&] {
          Bytes octets = Octets(16, 16);
          octets[0] = 0xfd;
          return octets;
        }());
      case 2:
        return *x509::GeneralName::Uri("spiffe://" + Label() + "/" + Label());
      default:
        return *x509::GeneralName::Email(Label() + "@" + Label() + "." + Label());
    }
  }
  x509::GeneralNames Names(size_t min) {
    x509::GeneralNames names;
    for (uint64_t left = Number(min, 20); left > 0; --left) names.push_back(Name());
    return x509::Normalize(std::move(names));
  }
  x509::SubjectPublicKeyInfo Key() {
    return *x509::SubjectPublicKeyInfo::FromDer(
        *FromHex("302a300506032b6570032100" + ToHex(Octets(32, 32))));
  }
  x509::SerialNumber Serial() {
    Bytes octets = Octets(20, 20);
    octets[0] = static_cast<uint8_t>(0x01 | (octets[0] & 0x7f));
    return *x509::SerialNumber::FromIntegerContents(octets);
  }
};

TEST_F(RoundTrip, Requests) {
  for (int i = 0; i < kRounds; ++i) {
    const x509::GeneralNames names = Names(0);
    const x509::SubjectPublicKeyInfo key = Key();
    const Bytes der =
        x509::AssembleCertificationRequest(x509::WriteCertificationRequestInfo(key, names),
                                           x509::SignatureAlgorithm::kEd25519, Octets(64, 64));
    auto request = x509::CertificationRequest::FromDer(der);
    ASSERT_TRUE(request) << request.error().rule << "\n" << Repeat();
    ASSERT_EQ(Describe(request->names()), Describe(names)) << Repeat();
    ASSERT_EQ(request->public_key(), key) << Repeat();
    const Broken broken = ByCertificationRequest(der);
    ASSERT_FALSE(broken) << *broken << "\n" << Repeat();
  }
}

TEST_F(RoundTrip, Certificates) {
  for (int i = 0; i < kRounds; ++i) {
    const x509::GeneralNames names = Names(1);
    const TimePoint first = Time(1950, 9998);
    const auto criticality =
        Coin() ? x509::Criticality::kCritical : x509::Criticality::kNonCritical;
    const x509::TbsFields fields{
        .signature_algorithm = x509::SignatureAlgorithm::kEcdsaSha256,
        .issuer = *x509::Name::CommonName(Label()),
        .validity = *x509::Validity::For(first, Seconds(Number(1, 30'000'000))),
        .subject = Coin() ? x509::Name::Empty() : *x509::Name::CommonName(Label()),
        .public_key = Key(),
        .extensions = {x509::SubjectAltNameExtension(names, criticality),
                       x509::SubjectKeyIdentifierExtension(Octets(20, 20))},
    };
    const x509::SerialNumber serial = Serial();
    const auto tbs = x509::TbsCertificate::Write(fields, serial);
    auto read = x509::TbsCertificate::FromDer(tbs.der());
    ASSERT_TRUE(read) << read.error().rule << "\n" << Repeat();
    ASSERT_EQ(read->serial(), serial) << Repeat();
    ASSERT_EQ(read->fields().validity, fields.validity) << Repeat();
    ASSERT_EQ(Describe(*read->names()), Describe(names)) << Repeat();
    const Broken broken = ByCertificate(
        x509::Certificate::Assemble(tbs.der(), fields.signature_algorithm, Octets(8, 80)));
    ASSERT_FALSE(broken) << *broken << "\n" << Repeat();
  }
}

TEST_F(RoundTrip, OcspAnswers) {
  const ocsp::CertStatus statuses[] = {
      ocsp::GoodStatus{}, ocsp::UnknownStatus{},
      ocsp::RevokedStatus{Time(2000, 2100), RevocationReason::kKeyCompromise}};
  for (int i = 0; i < kRounds; ++i) {
    Hash160 responder{};
    responder[0] = static_cast<uint8_t>(Number(0, 255));
    ocsp::ResponseData data{
        .responder_key_hash = responder,
        .produced_at = Time(2000, 2100),
        .cert_id = {ocsp::kCertIdForms[Number(0, 3)], Octets(20, 32), Octets(20, 32), Serial()},
        .status = statuses[Number(0, 2)],
        .this_update = Time(2000, 2100),
        .next_update = Time(2000, 2100),
        .nonce = Coin() ? std::optional<Bytes>(Octets(16, 32)) : std::nullopt,
    };
    const Bytes signed_part = ocsp::WriteResponseData(data);
    auto answer = ocsp::ParsedResponse::FromDer(ocsp::WriteSuccessfulResponse(
        {signed_part, x509::SignatureAlgorithm::kEcdsaSha256, Octets(70, 70), *FromHex("3000")}));
    ASSERT_TRUE(answer) << answer.error().rule << "\n" << Repeat();
    const ocsp::ResponseData& read = answer->basic->data;
    ASSERT_EQ(answer->basic->response_data, signed_part) << Repeat();
    ASSERT_EQ(ocsp::WriteResponseData(read), signed_part) << Repeat();
    ASSERT_EQ(read.status, data.status) << Repeat();
    ASSERT_EQ(read.nonce, data.nonce) << Repeat();
    ASSERT_EQ(read.cert_id.serial, data.cert_id.serial) << Repeat();
  }
}

TEST_F(RoundTrip, LogEntries) {
  const auto id = [&] {
    const Bytes octets = Octets(16, 16);
    std::array<uint8_t, 16> out;
    std::copy(octets.begin(), octets.end(), out.begin());
    return Uuid::FromOctets(out);
  };
  const auto decided = [&] {
    return tlog::Decided{Number(0, UINT64_MAX), Number(0, UINT64_MAX), Time(1900, 2200)};
  };
  const auto record = [&] {
    return tlog::Record{
        .tick = Number(0, UINT64_MAX),
        .issuer = Label(),
        .serial = Serial(),
        .tbs = Octets(1, 3000),
        .lineage = id(),
        .generation = static_cast<uint32_t>(Number(0, UINT32_MAX)),
        .parent = Coin() ? std::optional(Serial()) : std::nullopt,
        .profile = Label(),
        .principal = Coin() ? "spiffe://" + Label() : "",
        .request_id = Coin() ? std::optional(id()) : std::nullopt,
        .policy_version = Number(0, UINT64_MAX),
        .decision = Number(0, UINT64_MAX),
        .not_after = Time(1900, 2200),
        .renew_from = Time(1900, 2200),
        .renew_until = Time(1900, 2200),
        .recorded_at = Time(1900, 2200),
    };
  };
  const auto body = [&]() -> decltype(tlog::LogEntry::body) {
    switch (Number(0, 3)) {
      case 0:
        return tlog::IssuedCertificate{record(), decided(), Octets(1, 600)};
      case 1:
        return tlog::Abandonment{record(), decided()};
      case 2:
        return tlog::RevokedCertificate{
            Number(0, UINT64_MAX), Label(),          Serial(), static_cast<uint8_t>(Number(0, 5)),
            Time(1900, 2200),      Time(1900, 2200), Label()};
      default:
        return tlog::AdminEvent{Number(0, UINT64_MAX), Label(), Label(),
                                "{\"a\":\"" + Label() + "\"}", Time(1900, 2200)};
    }
  };
  for (int i = 0; i < kRounds; ++i) {
    const tlog::LogEntry entry{Number(0, UINT64_MAX), body()};
    auto encoded = tlog::EncodeLogEntry(entry);
    ASSERT_TRUE(encoded) << encoded.error().rule << "\n" << Repeat();
    auto read = tlog::DecodeLogEntry(*encoded);
    ASSERT_TRUE(read) << read.error().rule << "\n" << Repeat();
    ASSERT_EQ(*read, entry) << Repeat();
  }
}

TEST_F(RoundTrip, Checkpoints) {
  for (int i = 0; i < kRounds; ++i) {
    tlog::Checkpoint checkpoint{Label() + "/" + Label(), {Number(0, tlog::kTreeSizeMax), {}}};
    const Bytes root = Octets(32, 32);
    std::copy(root.begin(), root.end(), checkpoint.tree.root.begin());
    for (uint64_t left = Number(0, 3); left > 0; --left) checkpoint.extensions.push_back(Label());
    tlog::SignedNote note{*tlog::WriteCheckpoint(checkpoint)};
    for (uint64_t left = Number(1, 4); left > 0; --left) {
      note.signatures.push_back(
          {Label(), static_cast<uint32_t>(Number(0, UINT32_MAX)), Octets(1, 100)});
    }
    auto assembled = tlog::AssembleNote(note);
    ASSERT_TRUE(assembled) << assembled.error().rule << "\n" << Repeat();
    auto read = tlog::ParseNote(*assembled);
    ASSERT_TRUE(read) << read.error().rule << "\n" << Repeat();
    ASSERT_EQ(read->text, note.text) << Repeat();
    ASSERT_EQ(read->signatures, note.signatures) << Repeat();
    auto again = tlog::ParseCheckpoint(read->text);
    ASSERT_TRUE(again) << again.error().rule << "\n" << Repeat();
    ASSERT_EQ(*again, checkpoint) << Repeat();
  }
}

// The oracle itself sees a difference where there is one.
TEST(Openssl, SeesAnotherRequest) {
  std::vector<Bytes> accepted;
  for (const Bytes& der : CorpusOf("certification_request")) {
    if (x509::CertificationRequest::FromDer(der)) accepted.push_back(der);
  }
  ASSERT_GE(accepted.size(), 2u);
  auto request = x509::CertificationRequest::FromDer(accepted[0]);
  EXPECT_FALSE(DiffersFromOpenssl(*request, accepted[0]));
  EXPECT_TRUE(DiffersFromOpenssl(*request, accepted[1]));
}

}  // namespace
}  // namespace mayfly::properties
