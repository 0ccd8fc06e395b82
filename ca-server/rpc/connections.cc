#include "rpc/connections.h"

#include <sys/stat.h>

namespace mayfly::rpc {
namespace {

using net::ConnectionRefusal;

// Of an open socket.
std::optional<ino_t> InodeOf(int socket) {
  struct stat status{};
  if (fstat(socket, &status) != 0 || !S_ISSOCK(status.st_mode)) return std::nullopt;
  return status.st_ino;
}

}  // namespace

std::optional<ConnectionRefusal> Connections::Enter(int socket, const std::string& address) {
  const auto inode = InodeOf(socket);
  if (!inode) return std::nullopt;  // closed already
  std::lock_guard lock(mutex_);
  // Who had this descriptor before has closed it.
  if (const auto before = entries_.find(socket); before != entries_.end()) Forget(before);
  const auto refusal = [&]() -> std::optional<ConnectionRefusal> {
    if (entries_.size() >= open_max_) return ConnectionRefusal::kFull;
    const auto same = of_address_.find(address);
    if (same != of_address_.end() && same->second >= address_max_) {
      return ConnectionRefusal::kAddress;
    }
    return std::nullopt;
  };
  if (refusal()) ForgetClosed();
  if (const auto refused = refusal()) return refused;
  entries_.emplace(socket, Entry{*inode, address});
  ++of_address_[address];
  return std::nullopt;
}

size_t Connections::open() {
  std::lock_guard lock(mutex_);
  ForgetClosed();
  return entries_.size();
}

void Connections::ForgetClosed() {
  const BootTime now = clock_.BootNow();
  if (counted_at_ && now < *counted_at_ + kConnectionsCountedEvery) return;
  counted_at_ = now;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    entry = InodeOf(entry->first) == entry->second.inode ? std::next(entry) : Forget(entry);
  }
}

Connections::Entries::iterator Connections::Forget(Entries::iterator entry) {
  const auto address = of_address_.find(entry->second.address);
  if (--address->second == 0) of_address_.erase(address);
  return entries_.erase(entry);
}

}  // namespace mayfly::rpc
