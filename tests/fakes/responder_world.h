// A responder with the golden chain, a signer with its delegate's key, and fakes for the rest.
#pragma once

#include "ocsp/lease_keeper.h"
#include "ocsp/responder.h"
#include "tests/fakes/responder_parts.h"
#include "tests/fakes/signing_parts.h"

namespace mayfly::fakes {

constexpr IssuerId kGoldenIssuer{7};
constexpr Seconds kGoldenAnswerLife{3600};

inline x509::SerialNumber GoldenSerial() {
  return x509::SerialNumber::FromHex("210190a1b2c3d4000102030405060708090a0b0c").value();
}
inline CertificateKey GoldenKey() { return {GoldenSerial(), kGoldenIssuer}; }

// The time is the real one at start: the openssl program, which checks answers, has no other.
struct ResponderWorld {
  ResponderWorld() : clock(std::chrono::floor<Seconds>(std::chrono::system_clock::now())) {
    EXPECT_TRUE(responder.SetDelegate(kGoldenIssuer, GoldenDelegate("delegate.pem")));
    PutStanding(LedgerStatus::Standing::kIssued);
    memory.RenewLease(clock.BootNow() + Seconds(3600 * 24));
  }

  // With a key of its own, or of another certificate.
  ocsp::Delegate GoldenDelegate(const std::string& name) { return GoldenDelegate(name, name); }
  ocsp::Delegate GoldenDelegate(const std::string& name, const std::string& key_of) {
    auto key = parts.MakeKey({"golden",
                              KeyUse::kOcsp,
                              {"pkcs11:token=t;object=ocsp"},
                              OcspGoldenCertificate(key_of).tbs().fields().public_key},
                             signer, clock, random);
    return {OcspGoldenCertificate(name), std::move(key)};
  }
  std::vector<ocsp::ResponderIssuer> Issuers() const {
    x509::Certificate issuer = OcspGoldenCertificate("issuer.pem");
    return {{kGoldenIssuer, issuer.tbs().fields().subject, issuer.tbs().fields().public_key}};
  }
  void PutStanding(LedgerStatus::Standing standing) {
    source.Put(GoldenKey(), {standing, std::nullopt, clock.Now(), clock.Now() + Seconds(864000)});
  }
  Revocation GoldenRevocation(uint64_t number = 1) const {
    return {number, GoldenKey(), RevocationReason::kKeyCompromise, clock.Now(),
            clock.Now() + Seconds(864000)};
  }
  ocsp::Answer Ask(const std::string& golden) {
    Bytes der = OcspGoldenDer(golden);
    return SyncWait(responder.Respond(std::move(der)));
  }

  ManualClock clock;
  CountingRandom random;
  SigningParts parts;
  PemSigner signer{std::string(MAYFLY_SOURCE_DIR) + "/tests/golden/ocsp/delegate.key"};
  MapStatusSource source{clock};
  ListRevocationFeed feed;
  ocsp::ResponderMemory memory{clock};
  ocsp::Responder responder{
      {Issuers(),
       clock,
       source,
       memory,
       {.answer_life = kGoldenAnswerLife, .request_deadline = Milliseconds(3000)}}};
};

}  // namespace mayfly::fakes
