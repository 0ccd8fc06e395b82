// Which faults a test wants, and at which calls.
//
// A script is a file of lines: FUNCTION WHEN FAULT. Empty lines and those after # count for
// nothing.
//
//   FUNCTION  C_Sign, C_OpenSession ..; * is any
//   WHEN      N      the Nth call since the script was written, and only this one
//             N+     it and all that follow
//             N+Ss   it and all that follow for S seconds
//   FAULT     CKR_x             returned; the token is not asked
//             CKR_x after       returned, though the token did what it was asked
//             delay MS          before the token is asked
//             hang              for ever
//             flip              C_Sign, C_SignFinal: one bit of the signature is wrong
//             length N          C_Sign, C_SignFinal: the signature is said to have N octets
//             renumber N        from this call on, handles of objects that were given out by this
//                               process name what was N below them
//             dies S            C_OpenSession: S seconds later the session is gone
//             removed           there is no token, and its sessions do not come back with it
//
// Calls are counted over all processes that share the folder, from the moment a new script is put
// there: by rename, so that none is read half written. A script that is wrong ends the process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::pkcs11_shim {

struct Fault {
  enum class Kind {
    kReturn,
    kReturnAfter,
    kDelay,
    kHang,
    kFlip,
    kLength,
    kRenumber,
    kDies,
    kRemoved
  };
  Kind kind;
  unsigned long value = 0;  // a return code, ms, octets, handles or seconds
  std::string text;         // as the script has it
};

struct Rule {
  std::string function;
  uint64_t first_call;
  int64_t for_ms;  // 0: one call only; kForEver
  Fault fault;
};

constexpr int64_t kForEver = INT64_MAX;
constexpr size_t kRulesMax = 32;

// Throws std::invalid_argument with the line.
std::vector<Rule> ParseScript(const std::string& text);

class Script {
 public:
  // `folder` holds the file "script", or will; the counts are beside it in "counts".
  explicit Script(const std::filesystem::path& folder);
  ~Script();
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  // Counts one call, and gives the faults that strike it.
  std::vector<Fault> Strike(std::string_view function);

 private:
  struct Counts;
  void ReadIfNew();

  std::filesystem::path file_;
  std::mutex mutex_;
  int fd_;
  Counts* counts_;
  uint64_t version_ = 0;
  std::vector<Rule> rules_;
};

}  // namespace mayfly::pkcs11_shim
