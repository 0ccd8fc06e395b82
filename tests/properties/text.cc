#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "config/config.h"
#include "config/policy_file.h"
#include "hsm/client/wire.h"
#include "rpc/resource_name.h"
#include "tests/properties/properties.h"
#include "tests/unit/policy/pattern_oracle.h"

namespace mayfly::properties {
namespace {

using x509::GeneralName;

constexpr GeneralName::Kind kKinds[] = {GeneralName::Kind::kEmail, GeneralName::Kind::kDns,
                                        GeneralName::Kind::kUri, GeneralName::Kind::kIp};

// Every error of a file is told, each with its line.
Broken ByFindings(const Error& error) {
  if (error.code != ErrorCode::kConfiguration) return "not refused as a configuration";
  if (error.violations.empty()) return "refused without a finding";
  for (const Violation& violation : error.violations) {
    if (violation.field.find(':') == std::string::npos && violation.rule != "config.file") {
      return "a finding without its line: " + violation.rule;
    }
  }
  return std::nullopt;
}

// A file in memory, for what is read by its path.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(memfd_create("input.toml", MFD_CLOEXEC)) {
    if (descriptor_ < 0) std::abort();
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string Holding(ByteSpan contents) const {
    const auto size = static_cast<ssize_t>(contents.size());
    if (ftruncate(descriptor_, 0) != 0 ||
        pwrite(descriptor_, contents.data(), contents.size(), 0) != size) {
      std::abort();
    }
    return "/proc/self/fd/" + std::to_string(descriptor_);
  }

 private:
  int descriptor_;
};

}  // namespace

Broken ByServerConfiguration(ByteSpan input) {
  static const MemoryFile file;
  auto config = config::LoadConfig(file.Holding(input));
  if (!config) return ByFindings(config.error());
  if (config->issuers.empty() || config->listeners.empty()) return "accepted though incomplete";
  return std::nullopt;
}

Broken ByPolicyFile(ByteSpan input) {
  auto policy = config::ParsePolicy(AsText(input), "policy.toml");
  if (!policy) return ByFindings(policy.error());
  return std::nullopt;
}

Broken ByName(ByteSpan input) {
  const std::string text = ToString(input);
  auto name = GeneralName::FromString(text);
  if (name) {
    auto again = GeneralName::FromString(name->ToString());
    if (!again || *again != *name) return "the normal form has another: " + name->ToString();
  }
  for (GeneralName::Kind kind : kKinds) {
    auto pattern = policy::NamePattern::Parse(kind, text);
    if (!pattern || !name) continue;
    const policy::Claims nothing;
    const bool fits = policy::Fits(*pattern, *name, &nothing, policy::PatternIndex::Asked::kMatch);
    if (fits != policy::PatternOracle(*pattern).Matches(*name)) {
      return "a pattern matches another name than the oracle's";
    }
    if (fits && name->kind() != kind) return "a pattern matches a name of another kind";
  }
  return std::nullopt;
}

Broken ByResourceName(ByteSpan input) {
  const std::string text = ToString(input);
  if (auto name = rpc::CertificateName::Parse(text); name && name->ToString() != text) {
    return "a second spelling of " + name->ToString();
  }
  if (auto domain = rpc::ParseTrustBundleName(text);
      domain && rpc::TrustBundleName(*domain) != text) {
    return "a second spelling of " + rpc::TrustBundleName(*domain);
  }
  return std::nullopt;
}

Broken BySignerFrame(ByteSpan input) {
  auto frame = hsm::DecodeFrame(input);
  hsm::FrameReader reader;
  reader.Append(input);
  for (auto next = reader.Next(); next && *next;) next = reader.Next();
  if (!frame) return std::nullopt;
  const Bytes again = hsm::EncodeFrame(*frame);
  if (!Equal(ByteSpan(again).subspan(4), input)) return "written back as " + ToHex(again);
  return std::nullopt;
}

}  // namespace mayfly::properties
