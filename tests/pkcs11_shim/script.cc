#include "tests/pkcs11_shim/script.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "tests/pkcs11_shim/return_codes.h"

namespace mayfly::pkcs11_shim {
namespace {

using Kind = Fault::Kind;

struct Word {
  Kind kind;
  bool has_value;
};
const std::map<std::string, Word> kFaults = {
    {"delay", {Kind::kDelay, true}},       {"hang", {Kind::kHang, false}},
    {"flip", {Kind::kFlip, false}},        {"length", {Kind::kLength, true}},
    {"renumber", {Kind::kRenumber, true}}, {"dies", {Kind::kDies, true}},
    {"removed", {Kind::kRemoved, false}},
};

std::optional<uint64_t> Number(std::string_view text) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(value) : std::nullopt;
}

// N, N+ or N+Ss.
bool ParseWhen(std::string_view text, Rule& rule) {
  size_t plus = text.find('+');
  auto first = Number(text.substr(0, plus));
  if (!first || *first == 0) return false;
  rule.first_call = *first;
  rule.for_ms = plus == std::string_view::npos ? 0 : kForEver;
  if (plus == std::string_view::npos || plus + 1 == text.size()) return true;
  auto seconds = Number(text.substr(plus + 1, text.size() - plus - 2));
  if (!seconds || text.back() != 's') return false;
  rule.for_ms = static_cast<int64_t>(*seconds) * 1000;
  return true;
}

std::optional<Fault> ParseFault(const std::string& word, const std::string& more) {
  std::string text = more.empty() ? word : word + " " + more;
  if (auto code = ReturnCodeNamed(word)) {
    if (!more.empty() && more != "after") return std::nullopt;
    return Fault{more.empty() ? Kind::kReturn : Kind::kReturnAfter, *code, text};
  }
  auto found = kFaults.find(word);
  if (found == kFaults.end() || found->second.has_value == more.empty()) return std::nullopt;
  auto value = found->second.has_value ? Number(more) : 0;
  if (!value) return std::nullopt;
  return Fault{found->second.kind, *value, text};
}

int64_t NowMs() {
  timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

std::string ReadAll(const std::filesystem::path& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return out.str();
}

// Differs between any two files that were renamed to this place; 0 while there is none.
uint64_t VersionOf(const std::filesystem::path& file) {
  struct stat status{};
  if (stat(file.c_str(), &status) != 0) return 0;
  auto changed = static_cast<uint64_t>(status.st_ctim.tv_sec) * 1'000'000'000 +
                 static_cast<uint64_t>(status.st_ctim.tv_nsec);
  return changed ^ (static_cast<uint64_t>(status.st_ino) << 32);
}

// Other processes' and this one's threads.
class Locked {
 public:
  Locked(int fd, std::mutex& mutex) : fd_(fd), lock_(mutex) { flock(fd_, LOCK_EX); }
  ~Locked() { flock(fd_, LOCK_UN); }

 private:
  int fd_;
  std::lock_guard<std::mutex> lock_;
};

}  // namespace

// Shared by all processes. Zeros are a good beginning.
struct Script::Counts {
  uint64_t version;
  struct {
    uint64_t calls;
    int64_t first_strike_ms;
  } rules[kRulesMax];
};

std::vector<Rule> ParseScript(const std::string& text) {
  std::vector<Rule> rules;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string function, when, fault, value, more;
    if (!(words >> function)) continue;
    words >> when >> fault >> value;
    Rule rule{function};
    auto parsed = ParseFault(fault, value);
    if (!parsed || !ParseWhen(when, rule) || words >> more || rules.size() == kRulesMax) {
      throw std::invalid_argument(line);
    }
    rule.fault = *std::move(parsed);
    rules.push_back(std::move(rule));
  }
  return rules;
}

Script::Script(const std::filesystem::path& folder)
    : file_(folder / "script"),
      fd_(open((folder / "counts").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  void* memory = MAP_FAILED;
  if (fd_ >= 0 && ftruncate(fd_, sizeof(Counts)) == 0) {
    memory = mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  }
  if (memory == MAP_FAILED) throw std::runtime_error("no counts in " + folder.native());
  counts_ = static_cast<Counts*>(memory);
}

Script::~Script() {
  munmap(counts_, sizeof(Counts));
  close(fd_);
}

void Script::ReadIfNew() {
  uint64_t version = VersionOf(file_);
  if (version != version_) {
    rules_ = version ? ParseScript(ReadAll(file_)) : std::vector<Rule>();
    version_ = version;
  }
  if (counts_->version != version) *counts_ = Counts{version, {}};
}

std::vector<Fault> Script::Strike(std::string_view function) {
  Locked locked(fd_, mutex_);
  ReadIfNew();
  std::vector<Fault> faults;
  for (size_t i = 0; i < rules_.size(); ++i) {
    const Rule& rule = rules_[i];
    if (rule.function != "*" && rule.function != function) continue;
    auto& count = counts_->rules[i];
    if (++count.calls < rule.first_call) continue;
    int64_t now = NowMs();
    if (count.calls == rule.first_call) count.first_strike_ms = now;
    bool strikes = rule.for_ms == kForEver || count.calls == rule.first_call ||
                   now - count.first_strike_ms < rule.for_ms;
    if (strikes) faults.push_back(rule.fault);
  }
  return faults;
}

}  // namespace mayfly::pkcs11_shim
