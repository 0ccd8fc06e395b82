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
void Reset(int socket, ino_t inode) {
  if (InodeOf(socket) != inode) return;
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;  // connect(2): dissolves the association
  connect(socket, &nobody, sizeof nobody);
}

}  // namespace

bool Connections::Enter(int socket, const Peer& peer) {
  const auto inode = InodeOf(socket);
  if (!inode) return true;  // closed already
  std::lock_guard lock(mutex_);
  // Who had this descriptor before has closed it.
  if (const auto before = entries_.find(socket); before != entries_.end()) Forget(before);
  if (Refusal(peer.address)) ForgetClosed();
  const auto refusal = IsKeptOut(peer.address) ? ConnectionRefusal::kFlood : Refusal(peer.address);
  if (refusal && !MakePlace(*refusal, peer.address)) {
    Tell(*refusal, peer.address);
    return false;
  }
  const uint64_t number = entered_++;
  Entry& entry =
      entries_.emplace(socket, Entry{socket, *inode, peer, number, clock_.BootNow()}).first->second;
  of_peer_[peer.text] = &entry;
  Address& address = of_address_[peer.address];
  ++address.open;
  address.not_admitted.emplace(number, &entry);
  not_admitted_.emplace(number, &entry);
  return true;
}

void Connections::NoteAdmitted(const std::string& peer) {
  std::lock_guard lock(mutex_);
  const Entry* entry = Of(peer);
  if (entry == nullptr || not_admitted_.erase(entry->number) == 0) return;
  of_address_.at(entry->peer.address).not_admitted.erase(entry->number);
}

void Connections::NoteBegun(const std::string& peer) {
  std::lock_guard lock(mutex_);
  ++calls_.in_hand;
  if (Entry* entry = Of(peer)) ++entry->calls.in_hand;
}

void Connections::NoteEnded(const std::string& peer, End end) {
  std::lock_guard lock(mutex_);
  const auto count = [end](CallCounts& calls) {
    // Another's, from the same port, may have come meanwhile.
    if (calls.in_hand > 0) --calls.in_hand;
    if (end == End::kAnswered) ++calls.answered;
  };
  count(calls_);
  if (Entry* entry = Of(peer)) count(entry->calls);
}

CallCounts Connections::Calls() const {
  std::lock_guard lock(mutex_);
  return calls_;
}

std::optional<Connections::Counted> Connections::Find(const std::string& peer) const {
  std::lock_guard lock(mutex_);
  const Entry* entry = Of(peer);
  if (entry == nullptr) return std::nullopt;
  return Counted{entry->peer.address, entry->entered, entry->calls};
}

Connections::Entry* Connections::Of(const std::string& peer) const {
  const auto found = of_peer_.find(peer);
  return found == of_peer_.end() ? nullptr : found->second;
}

void Connections::CutOff(const std::string& peer) {
  std::lock_guard lock(mutex_);
  const Entry* entry = Of(peer);
  if (entry == nullptr || InodeOf(entry->socket) != entry->inode) return;
  kept_out_[entry->peer.address] = clock_.BootNow() + kKeptOut;
  Tell(ConnectionRefusal::kFlood, entry->peer.address);
  Reset(entry->socket, entry->inode);
}

size_t Connections::open() {
  std::lock_guard lock(mutex_);
  ForgetClosed();
  return entries_.size();
}

std::optional<ConnectionRefusal> Connections::Refusal(const std::string& address) const {
  const auto same = of_address_.find(address);
  if (same != of_address_.end() && same->second.open >= net::AddressShare(open_max_)) {
    return ConnectionRefusal::kAddress;
  }
  if (entries_.size() >= open_max_) return ConnectionRefusal::kFull;
  return std::nullopt;
}

bool Connections::MakePlace(ConnectionRefusal refusal, const std::string& address) {
  if (refusal == ConnectionRefusal::kFlood) return false;
  const Order& waiting = refusal == ConnectionRefusal::kAddress
                             ? of_address_.find(address)->second.not_admitted
                             : not_admitted_;
  if (waiting.empty()) return false;
  const Entry& oldest = *waiting.begin()->second;
  Tell(refusal, oldest.peer.address);
  Reset(oldest.socket, oldest.inode);
  Forget(entries_.find(oldest.socket));
  return true;
}

bool Connections::IsKeptOut(const std::string& address) {
  const BootTime now = clock_.BootNow();
  std::erase_if(kept_out_, [&](const auto& kept) { return kept.second <= now; });
  return kept_out_.contains(address);
}

void Connections::Tell(ConnectionRefusal refusal, const std::string& address) const {
  if (on_refused_) on_refused_(refusal, address);
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
  const Entry& of = entry->second;
  not_admitted_.erase(of.number);
  const auto address = of_address_.find(of.peer.address);
  address->second.not_admitted.erase(of.number);
  if (--address->second.open == 0) of_address_.erase(address);
  // Somebody may call from the same port at another listener.
  const auto peer = of_peer_.find(of.peer.text);
  if (peer != of_peer_.end() && peer->second == &of) of_peer_.erase(peer);
  return entries_.erase(entry);
}

}  // namespace mayfly::rpc
