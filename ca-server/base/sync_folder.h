// A name that was made, changed or removed is durable once its folder is.
#pragma once

#include <filesystem>

namespace mayfly {

// False: it is not, and errno says why.
bool SyncFolder(const std::filesystem::path& folder);

}  // namespace mayfly
