// One fuzzer for each property: CMakeLists.txt says which as MAYFLY_PROPERTY.
#include <cstdio>
#include <cstdlib>

#include "tests/properties/properties.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto broken = mayfly::properties::MAYFLY_PROPERTY({data, size});
  if (broken) std::fprintf(stderr, "broken: %s\n", broken->c_str());
  if (broken) std::abort();
  return 0;
}
