#include "libagent/tools/offered_tools.hpp"

#include <algorithm>

namespace libagent {

expected<tool_registry> offered_tools(const tool_registry& all, std::string_view names) {
  if (names.empty())
    return all;
  tool_registry offered;
  while (!names.empty()) {
    const auto comma = std::min(names.find(','), names.size());
    auto found = all.lookup(names.substr(0, comma));
    if (!found)
      return found.error();
    if (auto added = offered.add(*std::move(found)); !added)
      return added.error();
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  return offered;
}

}  // namespace libagent
