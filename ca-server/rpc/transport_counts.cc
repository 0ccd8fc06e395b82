#include "rpc/transport_counts.h"

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
uint64_t NumberAt(const Json& object, const std::string& pointer) {
  const Json value = object.value(Json::json_pointer(pointer), Json("0"));
  return value.is_string() ? std::strtoull(value.get<std::string>().c_str(), nullptr, 10) : 0;
}

// Counted one after the other, so that a stream may have ended that has not begun.
StreamCounts CountsIn(const Json& object, const std::string& data, const std::string& of) {
  const auto count = [&](const char* what) { return NumberAt(object, data + of + what); };
  const uint64_t ended = count("Succeeded") + count("Failed"), begun = count("Started");
  return {begun, begun - std::min(begun, ended)};
}

}  // namespace

int64_t NewestServer() {
  int64_t newest = 0;
  for (const Json& server : Read(grpc_channelz_get_servers(0)).value("server", Json::array())) {
    newest = std::max(newest, static_cast<int64_t>(NumberAt(server, "/ref/serverId")));
  }
  return newest;
}

StreamCounts CountsOfServer(int64_t server) {
  return CountsIn(Read(grpc_channelz_get_server(server)), "/server/data/", "calls");
}

std::vector<TransportSocket> SocketsOfServer(int64_t server) {
  constexpr std::string_view kTransport = "chttp2 ";
  std::vector<TransportSocket> sockets;
  for (intptr_t next = 0;;) {
    const Json page = Read(grpc_channelz_get_server_sockets(server, next, kSocketsPerPage));
    const Json refs = page.value("socketRef", Json::array());
    for (const Json& ref : refs) {
      const auto id = static_cast<int64_t>(NumberAt(ref, "/socketId"));
      const std::string name = ref.value("name", "");
      sockets.push_back({id, name.substr(std::min(kTransport.size(), name.size()))});
      next = id + 1;
    }
    if (refs.empty() || page.value("end", false)) return sockets;
  }
}

StreamCounts CountsOfSocket(int64_t socket) {
  return CountsIn(Read(grpc_channelz_get_socket(socket)), "/socket/data/", "streams");
}

}  // namespace mayfly::rpc
