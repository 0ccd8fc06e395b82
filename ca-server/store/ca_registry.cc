#include "store/ca_registry.h"

#include <algorithm>
#include <set>

#include "store/guarded.h"
#include "store/ledger_batch.h"
#include "store/ledger_rows.h"

namespace mayfly::store {
namespace {

Result<IssuerEntry> ReadIssuer(const pqxx::row& row) {
  TRY_ASSIGN(auto subject, x509::Name::FromDer(BytesOf(row[2])));
  TRY_ASSIGN(auto key, x509::SubjectPublicKeyInfo::FromDer(BytesOf(row[3])));
  return IssuerEntry{IssuerOf(row[0]), row[1].c_str(), std::move(subject), std::move(key)};
}

// The constraints say so too, as long as nobody drops them: of two rows of one issuer, each would
// have revocations that the other has not.
Status RequireOneOfEach(const std::vector<IssuerEntry>& entries) {
  std::set<std::string> names;
  std::set<IssuerId> ids;
  for (const IssuerEntry& entry : entries) {
    if (names.insert(entry.name).second && ids.insert(entry.id).second) continue;
    return Fail(ErrorCode::kConfiguration, "issuer.twice",
                "the database has the issuer " + Escape(entry.name) +
                    " twice: somebody changed it; find out with mayfly audit verify, and restore "
                    "its rows and constraints");
  }
  return Ok();
}

Result<CaCertificateEntry> ReadCaCertificate(const pqxx::row& row) {
  const Bytes body = BytesOf(row[3]);
  TRY_ASSIGN(auto tbs, x509::TbsCertificate::FromDer(body));
  const Bytes der =
      x509::Certificate::Assemble(body, tbs.fields().signature_algorithm, BytesOf(row[4]));
  TRY_ASSIGN(auto certificate, x509::Certificate::FromDer(der));
  return CaCertificateEntry{IssuerOf(row[0]), IssuerOf(row[1]),
                            static_cast<policy::CaKind>(row[2].as<int>()), std::move(certificate)};
}

// encode() breaks lines as MIME does; JSON's readers want none.
std::string Base64Column(const std::string& column) {
  return "translate(encode(" + column + ", 'base64'), E'\\n', '')";
}

void NoteCertified(Session& session, const CertificateKey& key, int64_t tick,
                   const std::string& principal) {
  session.Exec(
      "INSERT INTO event (kind, principal, detail, tick) "
      "SELECT 'ca.certified', $3, jsonb_build_object('issuer', i.name, 'subject', s.name, "
      "'serial_number', encode(c.serial, 'hex'), 'tbs_der', " +
          Base64Column("c.tbs") + ", 'signature', " + Base64Column("o.signature") +
          "), $4 FROM ca_certificate c "
          "JOIN ca_certificate_outcome o ON o.serial = c.serial AND o.issuer_id = c.issuer_id "
          "JOIN issuer i ON i.id = c.issuer_id JOIN issuer s ON s.id = c.subject_id "
          "WHERE c.serial = $1::bytea AND c.issuer_id = $2",
      Params()
          .Add(key.serial.octets())
          .Add(static_cast<int64_t>(key.issuer))
          .Add(principal)
          .Add(tick));
}

}  // namespace

PgCaRegistry::PgCaRegistry(Options options)
    : session_options_{.connection = std::move(options.connection),
                       .role = std::move(options.role),
                       .password_file = std::move(options.password_file)},
      principal_(std::move(options.principal)) {}

Session& PgCaRegistry::Connected() {
  if (!session_ || !session_->usable()) session_ = std::make_unique<Session>(session_options_);
  return *session_;
}

Result<IssuerEntry> PgCaRegistry::RegisterIssuer(const std::string& name, const x509::Name& subject,
                                                 const x509::SubjectPublicKeyInfo& key) {
  return Guarded([&]() -> Result<IssuerEntry> {
    Session& session = Connected();
    session.Exec(
        "INSERT INTO issuer (name, subject, spki, spki_hash) "
        "VALUES ($1, $2::bytea, $3::bytea, $4::bytea) ON CONFLICT DO NOTHING",
        Params().Add(name).Add(subject.der()).Add(key.der()).Add(ByteSpan(key.hash())));
    auto rows = session.Exec("SELECT id, name, subject, spki FROM issuer WHERE name = $1",
                             Params().Add(name));
    const Error changed = Fail(ErrorCode::kConflict, "issuer.changed",
                               "issuer " + Escape(name) +
                                   " is registered with another subject or key; a new key or "
                                   "subject is a new issuer with a new name");
    if (rows.size() != 1) return changed;  // none: the subject or the key has another name
    TRY_ASSIGN(auto entry, ReadIssuer(rows[0]));
    if (!(entry.subject == subject) || !(entry.key == key)) return changed;
    session.Barrier();
    return entry;
  });
}

Result<std::vector<IssuerEntry>> PgCaRegistry::Issuers() {
  return Guarded([&]() -> Result<std::vector<IssuerEntry>> {
    std::vector<IssuerEntry> entries;
    for (const auto& row :
         Connected().Exec("SELECT id, name, subject, spki FROM issuer ORDER BY id")) {
      TRY_ASSIGN(auto entry, ReadIssuer(row));
      entries.push_back(std::move(entry));
    }
    TRY(RequireOneOfEach(entries));
    return entries;
  });
}

Result<RecordedCaTbs> PgCaRegistry::RecordCaCertificate(const lint::LintedCaTbs& tbs,
                                                        IssuerId subject, IssuerId issuer,
                                                        policy::CaKind kind) {
  return Guarded([&]() -> Result<RecordedCaTbs> {
    const x509::TbsCertificate& body = tbs.tbs();
    Session& session = Connected();
    Transaction transaction(session);
    const WriteStart start = BeginWrite(session);
    session.Exec(
        "INSERT INTO ca_certificate (serial, issuer_id, subject_id, kind, tbs, tick) "
        "VALUES ($1::bytea, $2, $3, $4, $5::bytea, $6)",
        Params()
            .Add(body.serial().octets())
            .Add(static_cast<int64_t>(issuer))
            .Add(static_cast<int64_t>(subject))
            .Add(static_cast<int64_t>(kind))
            .Add(body.der())
            .Add(start.tick));
    transaction.Commit();
    return MakeRecorded(ToBytes(body.der()), {body.serial(), issuer});
  });
}

Status PgCaRegistry::ConfirmCaCertificate(const CertificateKey& key, ByteSpan signature) {
  return Guarded([&]() -> Status {
    Session& session = Connected();
    Transaction transaction(session);
    const WriteStart start = BeginWrite(session);
    const auto confirmed = session.Exec(
        "INSERT INTO ca_certificate_outcome (serial, issuer_id, signature, tick) "
        "VALUES ($1::bytea, $2, $3::bytea, $4) ON CONFLICT DO NOTHING RETURNING 1",
        Params()
            .Add(key.serial.octets())
            .Add(static_cast<int64_t>(key.issuer))
            .Add(signature)
            .Add(start.tick));
    if (!confirmed.empty()) NoteCertified(session, key, start.tick, principal_);
    transaction.Commit();
    session.Barrier();
    return Ok();
  });
}

Result<std::vector<CaCertificateEntry>> PgCaRegistry::CaCertificates() {
  return Guarded([&]() -> Result<std::vector<CaCertificateEntry>> {
    auto rows = Connected().Exec(
        "SELECT c.subject_id, c.issuer_id, c.kind, c.tbs, o.signature FROM ca_certificate c "
        "JOIN ca_certificate_outcome o ON o.serial = c.serial AND o.issuer_id = c.issuer_id");
    std::vector<CaCertificateEntry> entries;
    for (const auto& row : rows) {
      TRY_ASSIGN(auto entry, ReadCaCertificate(row));
      entries.push_back(std::move(entry));
    }
    std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
      return a.certificate.tbs().fields().validity.not_before() >
             b.certificate.tbs().fields().validity.not_before();
    });
    return entries;
  });
}

}  // namespace mayfly::store
