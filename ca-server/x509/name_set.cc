#include "x509/name_set.h"

#include <algorithm>

#include "x509/openssl_handle.h"

namespace mayfly::x509 {
namespace {

using NameHandle = OpensslHandle<X509_NAME>;

// Null where it is none, or goes on after its end.
NameHandle Parse(ByteSpan der) {
  const uint8_t* at = der.data();
  NameHandle name(d2i_X509_NAME(nullptr, &at, static_cast<long>(der.size())));
  if (at != der.data() + der.size()) return nullptr;
  return name;
}

}  // namespace

bool NameSet::Contains(ByteSpan der) const {
  const NameHandle wanted = Parse(der);
  return std::ranges::any_of(names_, [&](const Bytes& each) {
    if (Equal(each, der)) return true;
    const NameHandle name = wanted ? Parse(each) : nullptr;
    return name && X509_NAME_cmp(name.get(), wanted.get()) == 0;
  });
}

}  // namespace mayfly::x509
