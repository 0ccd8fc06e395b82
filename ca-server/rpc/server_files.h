// The TLS files of a listener, looked at before gRPC is: it would start with bad ones, and then
// refuse every handshake without a word.
#pragma once

#include "rpc/server.h"

namespace mayfly::rpc {

constexpr size_t kPemFileBytesMax = 1 << 20;

// Roots are looked at where client certificates are. Errors: as RpcServer::Start.
Status CheckTlsFiles(const ServerTls& tls, Callers callers);

}  // namespace mayfly::rpc
