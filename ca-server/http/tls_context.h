// TlsContext: the certificate of an HTTPS listener, as its files have it now. What came before goes
// on with the connections that were made with it.
#pragma once

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/file_version.h"
#include "net/tls_files.h"

namespace mayfly::http {

// The files are looked at no more often than this.
constexpr Milliseconds kTlsFilesLookedAtEvery{1'000};

class TlsContext {
 public:
  using Context = boost::asio::ssl::context;

  // TLS 1.2 and 1.3, no client certificate. Errors: as net::CheckTlsFiles. `clock` must outlive it.
  static Result<std::unique_ptr<TlsContext>> Load(net::TlsFiles files, const Clock& clock);

  // While the files are not a pair, as between the writing of two, the one before stays. Any
  // thread.
  std::shared_ptr<Context> Current();

 private:
  using Versions = std::array<FileVersion, 2>;
  TlsContext(net::TlsFiles files, const Clock& clock) : files_(std::move(files)), clock_(clock) {}
  Status Read();
  std::optional<Versions> VersionsNow() const;

  const net::TlsFiles files_;
  const Clock& clock_;
  std::mutex mutex_;
  std::shared_ptr<Context> current_;
  std::optional<Versions> read_;
  BootTime looked_at_{};
};

}  // namespace mayfly::http
