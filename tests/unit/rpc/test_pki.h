// Throw-away certificates for TLS tests, made by the openssl program: an implementation that is
// not ours.
#pragma once

#include <filesystem>
#include <string>

namespace mayfly::rpc {

class TestPki {
 public:
  TestPki();
  ~TestPki();
  std::filesystem::path File(const std::string& name) const { return folder_ / name; }
  // NAME.crt and NAME.key, signed by `issuer` ("ca" or "foreign"), with this extendedKeyUsage.
  void Make(const std::string& name, const std::string& issuer, const std::string& usage,
            int days = 1);

 private:
  void Run(const std::string& command) const;
  void MakeRoot(const std::string& name);
  std::filesystem::path folder_;
};

}  // namespace mayfly::rpc
