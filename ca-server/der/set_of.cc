#include "der/set_of.h"

#include <algorithm>

namespace mayfly::der {

Result<std::vector<Element>> ReadSetMembers(Reader& set) {
  std::vector<Element> members;
  while (!set.AtEnd()) {
    TRY_ASSIGN(Element member, set.ReadAny());
    // Lexicographic, for no encoding is the beginning of another one.
    if (!members.empty() &&
        std::lexicographical_compare(member.whole.begin(), member.whole.end(),
                                     members.back().whole.begin(), members.back().whole.end())) {
      return Fail(ErrorCode::kBadDer, "der.set-order", "the members of a SET OF are not in order");
    }
    members.push_back(member);
  }
  return members;
}

}  // namespace mayfly::der
