// The folder in which mayfly-ca keeps what it must find again: its responder's id and delegates.
#pragma once

#include <filesystem>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace mayfly {

// Made with mode 0700 where it is missing, and held for this process until the result goes. Two
// servers in one would share a responder's lease: each would acknowledge revocations that the
// other has not applied. Errors: kConfiguration "state-directory", "state-directory.in-use".
Result<FileDescriptor> HoldStateDirectory(const std::filesystem::path& directory);

}  // namespace mayfly
