#include "rpc/connections.h"

#include <sys/socket.h>
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

// At once, whatever has been read and not: gRPC finds it closed. Between the look at the inode and
// this gRPC could close it and somebody else open another: some instructions, against a flood.
void Reset(int socket) {
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;  // connect(2): dissolves the association
  connect(socket, &nobody, sizeof nobody);
}

}  // namespace

std::optional<ConnectionRefusal> Connections::Enter(int socket, const Peer& peer) {
  const auto inode = InodeOf(socket);
  if (!inode) return std::nullopt;  // closed already
  std::lock_guard lock(mutex_);
  // Who had this descriptor before has closed it.
  if (const auto before = entries_.find(socket); before != entries_.end()) Forget(before);
  const auto refusal = [&]() -> std::optional<ConnectionRefusal> {
    if (entries_.size() >= open_max_) return ConnectionRefusal::kFull;
    const auto same = of_address_.find(peer.address);
    if (same != of_address_.end() && same->second >= address_max_) {
      return ConnectionRefusal::kAddress;
    }
    return std::nullopt;
  };
  if (IsKeptOut(peer.address)) return ConnectionRefusal::kFlood;
  if (refusal()) ForgetClosed();
  if (const auto refused = refusal()) return refused;
  entries_.emplace(socket, Entry{*inode, peer});
  ++of_address_[peer.address];
  return std::nullopt;
}

std::optional<std::string> Connections::CutOff(const std::string& peer) {
  std::lock_guard lock(mutex_);
  for (const auto& [socket, entry] : entries_) {
    if (entry.peer.text != peer || InodeOf(socket) != entry.inode) continue;
    kept_out_[entry.peer.address] = clock_.BootNow() + kKeptOut;
    Reset(socket);
    return entry.peer.address;
  }
  return std::nullopt;
}

bool Connections::IsKeptOut(const std::string& address) {
  const BootTime now = clock_.BootNow();
  std::erase_if(kept_out_, [&](const auto& kept) { return kept.second <= now; });
  return kept_out_.contains(address);
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
  const auto address = of_address_.find(entry->second.peer.address);
  if (--address->second == 0) of_address_.erase(address);
  return entries_.erase(entry);
}

}  // namespace mayfly::rpc
