#include "clients/cli/audit_log.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "clients/cli/render.h"
#include "clients/cpp/files.h"

namespace mayfly::cli {
namespace {

constexpr char kCheckpoint[] = "checkpoint";
constexpr char kVerifierKey[] = "verifier-key";

tlog::FetchFile FetchFrom(std::filesystem::path folder) {
  return [folder = std::move(folder)](const std::string& name) -> Result<Bytes> {
    std::ifstream in(folder / name, std::ios::binary);
    if (!in) {
      return Fail(ErrorCode::kNotFound, "tlog.file", "there is no " + (folder / name).string());
    }
    return Bytes(std::istreambuf_iterator<char>(in), {});
  };
}

Result<tlog::FetchFile> FetchFor(const Invocation& invocation, const LogOptions& options) {
  if (!options.folder.empty()) return FetchFrom(options.folder);
  TRY_ASSIGN(std::shared_ptr<client::Client> client, Connect(invocation));
  return tlog::FetchFile([client](const std::string& name) { return client->ReadAuditLog(name); });
}

std::string FirstLine(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

struct KindOf {
  std::string operator()(const tlog::IssuedCertificate&) const { return "issued"; }
  std::string operator()(const tlog::Abandonment&) const { return "abandoned"; }
  std::string operator()(const tlog::RevokedCertificate&) const { return "revoked"; }
  std::string operator()(const tlog::AdminEvent&) const { return "event"; }
};

struct SubjectOf {
  std::string operator()(const tlog::IssuedCertificate& of) const { return of.record.serial.Hex(); }
  std::string operator()(const tlog::Abandonment& of) const { return of.record.serial.Hex(); }
  std::string operator()(const tlog::RevokedCertificate& of) const { return of.serial.Hex(); }
  std::string operator()(const tlog::AdminEvent& of) const { return of.kind; }
};

struct PrincipalOf {
  std::string operator()(const tlog::IssuedCertificate& of) const { return of.record.principal; }
  std::string operator()(const tlog::Abandonment& of) const { return of.record.principal; }
  std::string operator()(const tlog::RevokedCertificate& of) const { return of.principal; }
  std::string operator()(const tlog::AdminEvent& of) const { return of.principal; }
};

// Adds what is special to a kind.
struct Fields {
  Json& json;
  void operator()(const tlog::IssuedCertificate& issued) const {
    Record(issued.record, issued.decided);
    json["tbs_der"] = ToBase64(issued.record.tbs);
    json["signature"] = ToBase64(issued.signature);
  }
  void operator()(const tlog::Abandonment& abandoned) const {
    Record(abandoned.record, abandoned.decided);
  }
  void operator()(const tlog::RevokedCertificate& revoked) const {
    json["number"] = revoked.number;
    json["issuer"] = revoked.issuer;
    json["serial_number"] = revoked.serial.Hex();
    json["reason"] = revoked.reason;
    json["not_after_time"] = Rfc3339(revoked.not_after);
  }
  void operator()(const tlog::AdminEvent& event) const {
    json["number"] = event.number;
    json["event"] = event.kind;
    Json detail = Json::parse(event.detail, nullptr, /*allow_exceptions=*/false);
    json["detail"] = detail.is_discarded() ? Json(event.detail) : std::move(detail);
  }

 private:
  void Record(const tlog::Record& record, const tlog::Decided& decided) const {
    json["issuer"] = record.issuer;
    json["serial_number"] = record.serial.Hex();
    json["profile"] = record.profile;
    json["lineage"] = record.lineage.ToString();
    json["generation"] = record.generation;
    if (record.request_id) json["request_id"] = record.request_id->ToString();
    json["policy_version"] = std::to_string(decided.policy_version);  // as the API's int64
    json["decision"] = std::to_string(decided.decision);
    json["record_time"] = Rfc3339(record.recorded_at);
    json["not_after_time"] = Rfc3339(record.not_after);
  }
};

}  // namespace

Result<std::string> VerifierKeyText(const std::string& key_or_file) {
  const auto file = client::ReadFile(key_or_file);
  if (!file && key_or_file.find('+') == std::string::npos) {
    return Usage("cli.verifier-key",
                 "\"" + Escape(key_or_file, 200) + "\" is no file, and no key NAME+ID+KEY");
  }
  return FirstLine(file ? AsText(*file) : std::string_view(key_or_file));
}

Result<AuditLogView> AuditLogView::Open(const Invocation& invocation, const LogOptions& options) {
  TRY_ASSIGN(tlog::FetchFile fetch, FetchFor(invocation, options));
  std::string text;
  if (options.verifier_key.empty()) {
    TRY_ASSIGN(const Bytes file, fetch(kVerifierKey));
    text = FirstLine(AsText(file));
  } else {
    TRY_ASSIGN(text, VerifierKeyText(options.verifier_key));
  }
  auto key = tlog::NoteKey::Parse(text);
  if (!key) {
    return Usage("cli.verifier-key", "\"" + Escape(text, 80) + "\" is neither a verifier key, " +
                                         "NAME+ID+KEY, nor a file with one");
  }
  return AuditLogView(std::move(fetch), std::move(text), *std::move(key));
}

Result<tlog::Checkpoint> AuditLogView::Checkpoint() {
  TRY_ASSIGN(const Bytes note, fetch_(kCheckpoint));
  TRY_ASSIGN(tlog::Checkpoint checkpoint,
             tlog::OpenCheckpoint(AsText(note), key_.name(), {&key_, 1}));
  note_ = ToString(note);
  return checkpoint;
}

std::string EntryKind(const tlog::LogEntry& entry) { return std::visit(KindOf{}, entry.body); }
std::string EntrySubject(const tlog::LogEntry& entry) {
  return std::visit(SubjectOf{}, entry.body);
}
std::string EntryPrincipal(const tlog::LogEntry& entry) {
  return std::visit(PrincipalOf{}, entry.body);
}

Json EntryJson(uint64_t index, const tlog::LogEntry& entry) {
  Json json{{"index", index},
            {"tick", entry.tick},
            {"kind", EntryKind(entry)},
            {"time", Rfc3339(tlog::TimeOfEntry(entry))},
            {"principal", EntryPrincipal(entry)}};
  std::visit(Fields{json}, entry.body);
  return json;
}

}  // namespace mayfly::cli
