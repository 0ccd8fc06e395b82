// PKCS#11's return codes by their names.
#pragma once

#include <optional>
#include <string_view>

namespace mayfly::pkcs11_shim {

// "CKR_DEVICE_ERROR", or a vendor's own in hex: "0x80000001".
std::optional<unsigned long> ReturnCodeNamed(std::string_view text);

}  // namespace mayfly::pkcs11_shim
