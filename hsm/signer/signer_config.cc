#include "hsm/signer/signer_config.h"

#include <algorithm>
#include <array>

#include "config/strict_toml.h"
#include "hsm/client/socket.h"

namespace mayfly::hsm {
namespace {

using config::Section;

constexpr int kWorkersDefault = 2;
constexpr int kStartSecondsDefault = 5;
constexpr std::array kConfigurable = {SignPurpose::kCertificate, SignPurpose::kCaCertificate,
                                      SignPurpose::kCrl, SignPurpose::kOcsp, SignPurpose::kAudit};

std::optional<SignPurpose> PurposeNamed(std::string_view name) {
  for (SignPurpose purpose : kConfigurable) {
    if (SignPurposeName(purpose) == name) return purpose;
  }
  return std::nullopt;
}

std::set<SignPurpose> ReadPurposes(Section& section) {
  std::set<SignPurpose> purposes = {SignPurpose::kCanary};
  for (const std::string& name : section.Strings("purposes")) {
    auto purpose = PurposeNamed(name);
    if (purpose) {
      purposes.insert(*purpose);
    } else {
      section.Complain(
          "purposes", "signer.purpose",
          "'" + Escape(name) + "' is no purpose: certificate, ca-certificate, crl, ocsp or audit");
    }
  }
  return purposes;
}

void ReadKey(Section& section, std::vector<ServedKey>& keys) {
  std::string text = section.String("uri");
  std::set<SignPurpose> purposes = ReadPurposes(section);
  if (text.empty()) return;
  auto uri = KeyUri::Parse(text);
  if (!uri) {
    section.Complain("uri", uri.error().rule, uri.error().message);
    return;
  }
  auto same = [&](const ServedKey& key) { return key.uri == *uri; };
  if (std::any_of(keys.begin(), keys.end(), same)) {
    section.Complain("uri", "signer.duplicate-key", "this key is listed twice");
  }
  if (!keys.empty() && !(keys.front().uri.token == uri->token)) {
    section.Complain("uri", "signer.one-token",
                     "one signer serves one token: run another one for this key");
  }
  keys.push_back({*std::move(uri), std::move(purposes)});
}

std::vector<ServedKey> ReadKeys(Section& root) {
  std::vector<ServedKey> keys;
  std::vector<Section> sections = root.Sections("key");
  if (sections.size() > kServedKeysMax) {
    root.Complain("key", "config.range", "at most " + std::to_string(kServedKeysMax) + " keys");
    return keys;
  }
  for (Section& section : sections) ReadKey(section, keys);
  return keys;
}

std::set<uid_t> ReadUids(Section& root) {
  std::set<uid_t> uids;
  for (const std::string& text : root.StringsOrNone("allow_uid")) {
    bool digits =
        !text.empty() && text.size() <= 9 &&
        std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (digits) {
      uids.insert(static_cast<uid_t>(std::stoul(text)));
    } else {
      root.Complain("allow_uid", "config.range", "a user id is a number in quotes, like \"998\"");
    }
  }
  return uids;
}

}  // namespace

Result<SignerProcessConfig> SignerProcessConfig::Load(const std::filesystem::path& file) {
  TRY_ASSIGN(auto document, config::Document::Load(file));
  Section root = document.root();
  const std::filesystem::path folder = std::filesystem::absolute(file).parent_path();
  SignerProcessConfig out;
  out.module = root.String("module");  // no folder before it: dlopen searches for a bare name
  out.pin_file = folder / root.String("pin_file");
  out.socket = folder / root.String("socket");
  out.state_directory = folder / root.String("state_directory");
  out.workers = static_cast<int>(root.IntegerOr("workers", kWorkersDefault, 1, kWorkersMax));
  out.start_limit = std::chrono::seconds(
      root.IntegerOr("start_seconds", kStartSecondsDefault, 1, kStartSecondsMax));
  out.network = root.BooleanOr("network", false);
  out.allowed_uids = ReadUids(root);
  out.keys = ReadKeys(root);
  if (out.socket.native().size() > kSocketPathBytesMax) {
    root.Complain("socket", "signer.socket-path",
                  "the whole path has at most " + std::to_string(kSocketPathBytesMax) + " octets");
  }
  TRY(document.Finish());
  return out;
}

}  // namespace mayfly::hsm
