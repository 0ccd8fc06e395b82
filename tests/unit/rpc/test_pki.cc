#include "tests/unit/rpc/test_pki.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

namespace mayfly::rpc {

namespace fs = std::filesystem;

TestPki::TestPki() {
  std::string pattern = (fs::temp_directory_path() / "mayfly-pki-XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
  MakeRoot("ca");
  MakeRoot("foreign");
  Make("server", "ca", "serverAuth");
  Make("client", "ca", "clientAuth");
}

TestPki::~TestPki() { fs::remove_all(folder_); }

void TestPki::Run(const std::string& command) const {
  const std::string line = "cd " + folder_.string() + " && openssl " + command + " >log 2>&1";
  if (system(line.c_str()) != 0) ADD_FAILURE() << line;
}

void TestPki::MakeRoot(const std::string& name) {
  Run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" + name +
      " -keyout " + name + ".key -out " + name +
      ".crt -addext keyUsage=critical,keyCertSign,cRLSign");
}

void TestPki::Make(const std::string& name, const std::string& issuer, const std::string& usage,
                   int days) {
  std::ofstream(File(name + ".ext")) << "subjectAltName=DNS:localhost,IP:127.0.0.1\n"
                                     << "keyUsage=critical,digitalSignature\n"
                                     << (usage.empty() ? "" : "extendedKeyUsage=" + usage + "\n");
  Run("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name + " -keyout " +
      name + ".key -out " + name + ".csr");
  Run("x509 -req -in " + name + ".csr -CA " + issuer + ".crt -CAkey " + issuer +
      ".key -CAcreateserial -days " + std::to_string(days) + " -extfile " + name + ".ext -out " +
      name + ".crt");
}

}  // namespace mayfly::rpc
