#include "call_log.h"

#include "rpc/host_places.h"
#include "telemetry/log.h"

namespace mayfly {
namespace {

// Whom a refusal is counted for: a connection's port says nothing.
std::string WhoAndWhy(const rpc::RequestLogEntry& call) {
  const std::string who = call.principal.empty() ? rpc::HostOf(call.peer) : call.principal;
  return who + ' ' + call.rule;
}

}  // namespace

void CallLog::Write(const rpc::RequestLogEntry& call) {
  std::string not_logged;
  if (call.code == ErrorCode::kOverloaded || (call.code && call.principal.empty())) {
    const auto held_back = refusals_.Pass(WhoAndWhy(call));
    if (!held_back) return;
    not_logged = telemetry::NotLogged(*held_back);
  }
  const auto level = call.code ? telemetry::Level::kWarning : telemetry::Level::kInfo;
  telemetry::Log(level, call.method,
                 {{"outcome", call.code ? ErrorCodeName(*call.code) : std::string_view("ok")},
                  {"rule", call.rule},
                  {"principal", call.principal},
                  {"subject", call.subject},
                  {"profile", call.profile},
                  {"request_id", call.request_id},
                  {"peer", call.peer},
                  {"duration_ms", std::chrono::duration<double, std::milli>(call.duration).count()},
                  {"error", call.error},
                  {"like_it_not_logged", not_logged}});
}

}  // namespace mayfly
