#include "libagent/openai/tool_call_json.hpp"

#include "libagent/openai/json_append.hpp"
#include "libagent/openai/json_tape.hpp"

#include <cstddef>

namespace libagent {

void append_tool_calls(std::string& out, const std::vector<tool_call>& calls) {
  append_array(out, calls, [&out](const tool_call& call) {
    out += R"({"id":)";
    append_quoted(out, call.id);
    out += R"(,"type":"function","function":{"name":)";
    append_quoted(out, call.name);
    out += R"(,"arguments":)";
    append_quoted(out, call.arguments);
    out += "}}";
  });
}

std::string valid_arguments(const std::string& arguments) {
  constexpr std::size_t bytes_max = 64U << 20U;
  if (arguments.empty())
    return "{}";
  json_tape tape{{.bytes_max = bytes_max}};
  if (tape.read(arguments) && tape.root().is_object())
    return arguments;
  std::string out;
  object_appender object{out};
  object.text("invalid_arguments", arguments);
  object.close();
  return out;
}

}  // namespace libagent
