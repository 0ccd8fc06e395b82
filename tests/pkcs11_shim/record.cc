#include "tests/pkcs11_shim/record.h"

#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>

#include <sstream>
#include <stdexcept>

namespace mayfly::pkcs11_shim {
namespace {

std::string Hex(std::string_view octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (unsigned char octet : octets) {
    out += kDigits[octet >> 4];
    out += kDigits[octet & 15];
  }
  return out;
}

// Labels are chosen by whoever makes a key; what JSON would escape is not worth it here.
std::string Printable(std::string text) {
  for (char& c : text) {
    if (c < ' ' || c > '~' || c == '"' || c == '\\') c = '?';
  }
  return text;
}

long long NowUs() {
  timeval now;
  gettimeofday(&now, nullptr);
  return now.tv_sec * 1'000'000LL + now.tv_usec;
}

}  // namespace

Record::Record(const std::filesystem::path& file)
    : fd_(open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
  if (fd_ < 0) throw std::runtime_error("no record: " + file.native());
}

Record::~Record() { close(fd_); }

void Record::Append(std::string_view call, const std::vector<Fault>& faults,
                    const Signing* signing) {
  std::ostringstream line;
  line << "{\"time_us\": " << NowUs() << ", \"pid\": " << getpid() << ", \"call\": \"" << call
       << '"';
  if (!faults.empty()) {
    line << ", \"fault\": \"";
    for (const Fault& fault : faults) line << (&fault == &faults[0] ? "" : ", ") << fault.text;
    line << '"';
  }
  if (signing) {
    line << ", \"label\": \"" << Printable(signing->label) << "\", \"id\": \"" << Hex(signing->id)
         << "\", \"mechanism\": \"0x" << std::hex << signing->mechanism << "\", \"data\": \""
         << Hex(signing->data) << '"';
  }
  line << "}\n";
  // One write, so that no other process's line comes between.
  std::string text = line.str();
  if (write(fd_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw std::runtime_error("the record cannot be written");
  }
}

}  // namespace mayfly::pkcs11_shim
