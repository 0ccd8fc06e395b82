#include "hsm/signer/key_uri.h"

#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>

#include <memory>

#include "hsm/client/wire.h"

namespace mayfly::hsm {
namespace {

struct FreeUri {
  void operator()(P11KitUri* uri) const { p11_kit_uri_free(uri); }
};
using UriHandle = std::unique_ptr<P11KitUri, FreeUri>;

constexpr CK_SLOT_ID kNoSlot = static_cast<CK_SLOT_ID>(-1);

Error BadUri(std::string message) {
  return Fail(ErrorCode::kConfiguration, "signer.uri",
              std::move(message) + "; a key is named like pkcs11:token=mayfly;object=issuing");
}

// Fields of CK_TOKEN_INFO are padded with spaces, and all zero where the URI does not name them.
template <size_t N>
std::string Unpad(const unsigned char (&field)[N]) {
  std::string text(reinterpret_cast<const char*>(field), N);
  text.resize(text.find_last_not_of(std::string(" \0", 2)) + 1);
  return text;
}

Bytes AttributeOf(P11KitUri* uri, CK_ATTRIBUTE_TYPE type) {
  CK_ATTRIBUTE_PTR attribute = p11_kit_uri_get_attribute(uri, type);
  if (!attribute || !attribute->pValue) return {};
  auto* octets = static_cast<const uint8_t*>(attribute->pValue);
  return Bytes(octets, octets + attribute->ulValueLen);
}

Status RefuseForeignParts(P11KitUri* uri) {
  if (p11_kit_uri_any_unrecognized(uri)) return BadUri("the URI has an unknown attribute");
  if (p11_kit_uri_get_slot_id(uri) != kNoSlot) {
    return BadUri("slot numbers change: name the token by its label or serial");
  }
  if (p11_kit_uri_get_pin_value(uri) || p11_kit_uri_get_pin_source(uri)) {
    return BadUri("the PIN belongs into pin_file, not into the URI");
  }
  if (p11_kit_uri_get_module_name(uri) || p11_kit_uri_get_module_path(uri)) {
    return BadUri("the module is named by `module`, not in the URI");
  }
  return Ok();
}

}  // namespace

Result<KeyUri> KeyUri::Parse(std::string_view text) {
  if (text.size() > kUriBytesMax || text.find('\0') != std::string_view::npos) {
    return BadUri("the URI is too long or holds a NUL");
  }
  UriHandle uri(p11_kit_uri_new());
  int parsed = p11_kit_uri_parse(std::string(text).c_str(), P11_KIT_URI_FOR_ANY, uri.get());
  if (parsed != P11_KIT_URI_OK) return BadUri("this is no PKCS#11 URI (RFC 7512)");
  TRY(RefuseForeignParts(uri.get()));
  const CK_TOKEN_INFO* token = p11_kit_uri_get_token_info(uri.get());
  KeyUri key{{Unpad(token->label), Unpad(token->serialNumber)},
             ToString(AttributeOf(uri.get(), CKA_LABEL)),
             AttributeOf(uri.get(), CKA_ID)};
  if (key.token.Text().empty()) return BadUri("the URI names no token (token= or serial=)");
  if (key.object.empty() && key.id.empty()) return BadUri("the URI names no key (object= or id=)");
  return key;
}

}  // namespace mayfly::hsm
