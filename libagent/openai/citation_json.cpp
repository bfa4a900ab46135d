#include "libagent/openai/citation_json.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>

namespace libagent {

namespace {

std::uint32_t read_line_number(json_view value) {
  return static_cast<std::uint32_t>(
      value.integer(0, std::numeric_limits<std::uint32_t>::max()).value_or(0));
}

}  // namespace

void read_citations(json_view list, std::vector<citation>& out) {
  constexpr std::size_t citations_max = 1'000;
  list.each_element([&out](json_view one) {
    if (one.find("file").is_string()) {
      out.push_back({.file = one.find("file").text(),
                     .line_first = read_line_number(one.find("line_first")),
                     .line_last = read_line_number(one.find("line_last")),
                     .quote = one.find("quote").text()});
    }
    return out.size() < citations_max;
  });
}

}  // namespace libagent
