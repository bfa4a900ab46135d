#include "libagent/record/canonical_json.hpp"

#include <nlohmann/json.hpp>

namespace libagent {

expected<std::string> canonical_json(std::string_view text, const json_limits& limits) {
  std::string canonical;
  auto parsed = with_parsed_json(text, limits, [&canonical](const nlohmann::json& value) {
    canonical = value.dump();  // The library keeps the members of an object sorted.
    return expected<void>{};
  });
  if (!parsed)
    return parsed.error();
  return canonical;
}

}  // namespace libagent
