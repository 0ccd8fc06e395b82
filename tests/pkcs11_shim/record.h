// What was asked of the token, one JSON object a line, appended by all processes that share it.
//
//   time_us   Unix microseconds
//   pid       of the process
//   call      C_Sign, C_SignFinal, C_Login, C_Initialize, and every call that a fault strikes
//   fault     as the script has it, where one strikes
// and of C_Sign and C_SignFinal
//   label id mechanism   the key's CKA_LABEL, its CKA_ID in hex, and CKM_x in hex
//   data                 what is signed, in hex: with CKM_ECDSA a digest
//
// A line is written before the token is asked: there is no signature without one.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/pkcs11_shim/script.h"

namespace mayfly::pkcs11_shim {

struct Signing {
  std::string label;
  std::string id;
  unsigned long mechanism = 0;
  std::string data;
};

class Record {
 public:
  explicit Record(const std::filesystem::path& file);
  ~Record();
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;

  void Append(std::string_view call, const std::vector<Fault>& faults, const Signing* signing);

 private:
  int fd_;
};

}  // namespace mayfly::pkcs11_shim
