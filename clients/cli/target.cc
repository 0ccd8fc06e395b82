#include "clients/cli/target.h"

#include <algorithm>
#include <cctype>

#include "base/bytes.h"
#include "clients/cpp/certificate_facts.h"
#include "clients/cpp/client.h"
#include "clients/cpp/names.h"
#include "config/near_miss.h"
#include "x509/serial_number.h"

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

// Shorter hex could be somebody's host name.
constexpr size_t kSerialHexDigitsMin = 16;
constexpr size_t kNeighboursMax = 1000;
constexpr std::string_view kPlainHttp = "http://";

bool IsFile(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored) && !fs::is_directory(path, ignored);
}

bool LooksLikeFile(const std::string& text) {
  const fs::path extension = fs::path(text).extension();
  return text.find('/') != std::string::npos || extension == ".crt" || extension == ".pem" ||
         extension == ".cer" || extension == ".der";
}

// Certificate files beside the one that was meant.
std::vector<std::string> Neighbours(const fs::path& folder, const std::string& text) {
  std::vector<std::string> names;
  std::error_code error;
  const fs::path shown = fs::path(text).parent_path();
  for (fs::directory_iterator entry((folder / text).parent_path(), error), end;
       !error && entry != end && names.size() < kNeighboursMax; entry.increment(error)) {
    const fs::path name = entry->path().filename();
    if (!LooksLikeFile(name.string())) continue;
    names.push_back((shown / name).string());
    names.push_back((shown / name.stem()).string());  // as a name whose NAME.crt is here
  }
  return names;
}

Error NoTarget(const std::string& text, const fs::path& folder) {
  const std::string near = config::DidYouMean(text, Neighbours(folder, text));
  if (LooksLikeFile(text)) {
    return Fail(ErrorCode::kNotFound, "file.missing", "there is no file " + Escape(text) + near);
  }
  return Fail(ErrorCode::kInvalidArgument, "cli.target",
              "\"" + Escape(text) + "\" is no file" + near +
                  ", no https://HOST, no serial number (" + std::to_string(kSerialHexDigitsMin) +
                  " hex digits or more), and no name whose NAME.crt is in this folder");
}

Error PlainHttp(const std::string& text) {
  return Fail(ErrorCode::kInvalidArgument, "cli.target",
              "plain HTTP shows no certificate (did you mean \"https://" +
                  Escape(text.substr(kPlainHttp.size())) + "\"?)");
}

// "21:01:A2:.." and "0x2101a2.." are serial numbers as other programs print them.
std::string HexDigitsOf(std::string_view text) {
  std::string digits(text.starts_with("0x") || text.starts_with("0X") ? text.substr(2) : text);
  std::erase(digits, ':');
  return digits;
}

// OpenSSL writes serial numbers in capitals, resource names have small letters.
std::string WithSerialInLowerCase(std::string name) {
  const auto serial = name.begin() + static_cast<std::ptrdiff_t>(name.rfind('/') + 1);
  std::transform(serial, name.end(), serial, [](unsigned char c) { return std::tolower(c); });
  return name;
}

}  // namespace

Result<Target> ReadTarget(const std::string& text, const fs::path& folder) {
  if (text.starts_with("https://")) return Target(UrlTarget{text});
  if (text.starts_with("issuers/") && !text.ends_with('/')) {
    return Target(RecordTarget{WithSerialInLowerCase(text)});
  }
  if (text.starts_with(kPlainHttp)) return PlainHttp(text);
  if (IsFile(folder / text)) return Target(FileTarget{folder / text});
  if (const std::string digits = HexDigitsOf(text); digits.size() >= kSerialHexDigitsMin) {
    if (const auto serial = x509::SerialNumber::FromHex(digits)) {
      return Target(RecordTarget{client::AnyIssuerName(*serial)});
    }
  }
  if (const auto name = client::ParseName(text)) {
    const auto beside = folder / (client::FileStemOf(*name) + ".crt");
    if (IsFile(beside)) return Target(FileTarget{beside});
  }
  return NoTarget(text, folder);
}

Result<std::string> ResourceNameOf(const std::string& text, const fs::path& folder) {
  TRY_ASSIGN(const Target target, ReadTarget(text, folder));
  if (const auto* record = std::get_if<RecordTarget>(&target)) return record->name;
  const auto* file = std::get_if<FileTarget>(&target);
  if (file == nullptr) {
    return Fail(
        ErrorCode::kInvalidArgument, "cli.target",
        "a file, a serial number or a resource name is needed, not \"" + Escape(text) + "\"");
  }
  TRY_ASSIGN(const auto certificates, client::ReadCertificates(file->path));
  TRY_ASSIGN(const auto serial, x509::SerialNumber::FromHex(certificates.front().serial));
  return client::AnyIssuerName(serial);
}

}  // namespace mayfly::cli
