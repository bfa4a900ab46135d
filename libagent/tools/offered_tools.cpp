#include "libagent/tools/offered_tools.hpp"

#include "libagent/base/text.hpp"

namespace libagent {

expected<tool_registry> offered_tools(const tool_registry& all, std::string_view names) {
  if (names.empty())
    return all;
  tool_registry offered;
  for (const auto name : split_list(names)) {
    auto found = all.lookup(name);
    if (!found)
      return found.error();
    if (auto added = offered.add(*std::move(found)); !added)
      return added.error();
  }
  return offered;
}

}  // namespace libagent
