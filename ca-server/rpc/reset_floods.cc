#include "rpc/reset_floods.h"

#include <grpc/grpc.h>
#include <grpc/support/alloc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

namespace mayfly::rpc {
namespace {

using Json = nlohmann::json;

constexpr intptr_t kSocketsPerPage = 500;

struct Free {
  void operator()(char* text) const { gpr_free(text); }
};

// What channelz says (grpc.channelz.v1, as proto3 JSON); an empty object where it is gone
// meanwhile.
Json Read(char* text) {
  const std::unique_ptr<char, Free> owned(text);
  Json read = owned ? Json::parse(owned.get(), nullptr, false) : Json::object();
  return read.is_object() ? read : Json::object();
}

// 64-bit numbers are texts, and none is zero.
uint64_t NumberAt(const Json& object, const char* pointer) {
  const Json value = object.value(Json::json_pointer(pointer), Json("0"));
  return value.is_string() ? std::strtoull(value.get<std::string>().c_str(), nullptr, 10) : 0;
}

struct Server {
  int64_t id;
  uint64_t calls_failed;
};
std::vector<Server> Servers() {
  std::vector<Server> servers;
  for (const Json& server : Read(grpc_channelz_get_servers(0)).value("server", Json::array())) {
    servers.push_back({static_cast<int64_t>(NumberAt(server, "/ref/serverId")),
                       NumberAt(server, "/data/callsFailed")});
  }
  return servers;
}

struct Socket {
  int64_t id;
  std::string peer;
  uint64_t unfinished;
};

// A stream that was reset counts as failed long after it was.
std::vector<Socket> SocketsOf(int64_t server) {
  constexpr std::string_view kTransport = "chttp2 ";
  std::vector<Socket> sockets;
  for (intptr_t next = 0;;) {
    const Json page = Read(grpc_channelz_get_server_sockets(server, next, kSocketsPerPage));
    const Json refs = page.value("socketRef", Json::array());
    for (const Json& ref : refs) {
      const auto id = static_cast<int64_t>(NumberAt(ref, "/socketId"));
      const Json socket = Read(grpc_channelz_get_socket(id));
      const std::string name = ref.value("name", "");
      sockets.push_back({id, name.substr(std::min(kTransport.size(), name.size())),
                         NumberAt(socket, "/socket/data/streamsStarted") -
                             NumberAt(socket, "/socket/data/streamsSucceeded")});
      next = id + 1;
    }
    if (refs.empty() || page.value("end", false)) return sockets;
  }
}

}  // namespace

std::vector<std::string> ResetFloods::Look(uint64_t refused) {
  const std::vector<Server> servers = Servers();
  uint64_t failed = 0;
  for (const Server& server : servers) failed += server.calls_failed;
  const uint64_t lost = failed - std::min(failed, refused);
  const uint64_t before = calls_lost_.value_or(lost);
  calls_lost_ = lost;
  if (lost < before + kUnfinishedMax) {
    unfinished_.reset();
    return {};
  }
  std::vector<std::string> flooding;
  std::map<int64_t, uint64_t> now;
  for (const Server& server : servers) {
    for (const Socket& socket : SocketsOf(server.id)) {
      now[socket.id] = socket.unfinished;
      if (!unfinished_) continue;
      const auto known = unfinished_->find(socket.id);
      const uint64_t then = known == unfinished_->end() ? 0 : known->second;
      if (socket.unfinished > then + kUnfinishedMax) flooding.push_back(socket.peer);
    }
  }
  unfinished_ = std::move(now);
  return flooding;
}

}  // namespace mayfly::rpc
