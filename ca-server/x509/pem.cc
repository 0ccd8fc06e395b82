// PEM (RFC 7468), declared in certificate.h.
#include <algorithm>
#include <optional>

#include "x509/certificate.h"

namespace mayfly::x509 {
namespace {

constexpr size_t kPemLineChars = 64;
constexpr std::string_view kBlanks = " \t\r\v\f";

Error Bad(std::string rule, std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(rule), std::move(message));
}

std::string Boundary(std::string_view kind, std::string_view label) {
  return "-----" + std::string(kind) + " " + std::string(label) + "-----";
}

// The next line without blanks around it; nothing at the end.
std::optional<std::string_view> TakeLine(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  size_t first = line.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return std::string_view();
  return line.substr(first, line.find_last_not_of(kBlanks) - first + 1);
}

// The lines up to `end`, decoded.
Result<Bytes> ReadBlock(std::string_view& text, const std::string& end) {
  std::string base64;
  while (auto line = TakeLine(text)) {
    if (*line != end) {
      base64 += *line;
      continue;
    }
    auto der = FromBase64(base64);
    if (!der) return Bad("pem.base64", "a PEM block holds something that is not base64");
    if (der->empty()) return Bad("pem.empty", "a PEM block is empty");
    return der;
  }
  return Bad("pem.end", "a PEM block has no line \"" + end + "\"");
}

}  // namespace

std::string ToPem(std::string_view label, ByteSpan der) {
  std::string out = Boundary("BEGIN", label) + "\n";
  std::string base64 = ToBase64(der);
  for (size_t i = 0; i < base64.size(); i += kPemLineChars) {
    out += base64.substr(i, kPemLineChars) + "\n";
  }
  return out + Boundary("END", label) + "\n";
}

Result<std::vector<Bytes>> FromPem(std::string_view label, std::string_view text) {
  std::string begin = Boundary("BEGIN", label);
  std::string end = Boundary("END", label);
  std::vector<Bytes> blocks;
  while (auto line = TakeLine(text)) {
    if (*line != begin) continue;
    TRY_ASSIGN(Bytes der, ReadBlock(text, end));
    blocks.push_back(std::move(der));
  }
  return blocks;
}

}  // namespace mayfly::x509
