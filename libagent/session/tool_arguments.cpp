#include "libagent/session/tool_arguments.hpp"

#include "libagent/record/json.hpp"

#include <map>

namespace libagent {

expected<void> check_json_object(std::string_view text) {
  const auto read = from_json<std::map<std::string, raw_json>>(text);
  if (!read)
    return read.error();
  return {};
}

std::string sound_arguments(std::string arguments) {
  if (arguments == "{}" || check_json_object(arguments))
    return arguments;
  return "{}";
}

}  // namespace libagent
