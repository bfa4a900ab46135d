#include "libagent/openai/tools_reader.hpp"

#include "libagent/base/text.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace libagent {

namespace {

constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t description_bytes_max = 1U << 20U;

bool is_name(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

bool read_name_of_tool(json_view value, const request_path& at, request_problem& problem,
                       std::string& out) {
  if (!problem.read_required(value, at, name_bytes_max, out))
    return false;
  return is_name(out) || problem.wrong(at, quoted_excerpt(out) +
                                               " has other characters than letters, digits, "
                                               "'_' and '-'");
}

/// Finds the `function` of a tool or of a choice, whose type must be that.
bool find_function(json_view value, const request_path& at, request_problem& problem,
                   json_view& out) {
  if (!value.is_object())
    return problem.wrong_type(at, "an object", value);
  const request_path type_at{.before = &at, .name = "type"};
  std::string type;
  if (!problem.read_required(value.find("type"), type_at, name_bytes_max, type))
    return false;
  if (type != "function") {
    return problem.wrong(type_at, "expected \"function\", got " + quoted_excerpt(type),
                         "unsupported_value");
  }
  out = value.find("function");
  return out.is_object() ||
         problem.wrong_type({.before = &at, .name = "function"}, "an object", out);
}

bool read_tool(json_view value, const request_path& at, request_problem& problem,
               tool_definition& out) {
  json_view function;
  if (!find_function(value, at, problem, function))
    return false;
  const request_path function_at{.before = &at, .name = "function"};
  const auto parameters = function.find("parameters");
  if (parameters.has_value() && !parameters.is_object()) {
    return problem.wrong_type({.before = &function_at, .name = "parameters"}, "an object",
                              parameters);
  }
  if (parameters.has_value())
    out.parameters.text = parameters.compact();
  return read_name_of_tool(function.find("name"), {.before = &function_at, .name = "name"}, problem,
                           out.name) &&
         problem.read(function.find("description"), {.before = &function_at, .name = "description"},
                      description_bytes_max, out.description) &&
         problem.read(function.find("strict"), {.before = &function_at, .name = "strict"},
                      out.strict);
}

auto find_tool(std::vector<tool_definition>& tools, std::string_view name) {
  return std::ranges::find(tools, name, &tool_definition::name);
}

bool read_definitions(json_view value, const chat_request_limits& limits, request_problem& problem,
                      std::vector<tool_definition>& out) {
  const request_path at{.name = "tools"};
  if (!value.has_value())
    return true;
  if (!value.is_array())
    return problem.wrong_type(at, "an array of tools", value);
  return value.each_element([&](json_view element) {
    if (out.size() == limits.tools_max) {
      return problem.wrong(at, "more than " + std::to_string(limits.tools_max) + " tools",
                           "array_above_max_length");
    }
    const request_path tool_at{.before = &at, .name = {}, .index = out.size()};
    tool_definition tool;
    if (!read_tool(element, tool_at, problem, tool))
      return false;
    if (find_tool(out, tool.name) != out.end()) {
      return problem.wrong(tool_at,
                           "another tool has the name " + quoted_excerpt(tool.name) + " too");
    }
    out.push_back(std::move(tool));
    return true;
  });
}

/// Reads a choice's `{"type":"function","function":{"name":...}}`, which has to be one of `tools`.
bool read_chosen(json_view value, const request_path& at, request_problem& problem,
                 std::vector<tool_definition>& tools, std::string& out) {
  json_view function;
  if (!find_function(value, at, problem, function))
    return false;
  const request_path function_at{.before = &at, .name = "function"};
  const request_path name_at{.before = &function_at, .name = "name"};
  if (!read_name_of_tool(function.find("name"), name_at, problem, out))
    return false;
  return find_tool(tools, out) != tools.end() ||
         problem.wrong(name_at, "no tool " + quoted_excerpt(out) + " among 'tools'");
}

bool read_choice_mode(json_view value, const request_path& at, request_problem& problem,
                      tool_choice_mode& out) {
  if (value.equals("auto")) {
    out = tool_choice_mode::automatic;
  } else if (value.equals("none")) {
    out = tool_choice_mode::none;
  } else if (value.equals("required")) {
    out = tool_choice_mode::required;
  } else {
    return problem.wrong(
        at, R"(expected "auto", "none", "required" or an object, got )" +
                quoted_excerpt(value.is_string() ? value.text() : std::string{value.kind_name()}));
  }
  return true;
}

bool read_allowed_tools(json_view value, const request_path& at, request_problem& problem,
                        chat_request& out) {
  if (!value.is_object())
    return problem.wrong_type(at, "an object", value);
  const request_path mode_at{.before = &at, .name = "mode"};
  const request_path tools_at{.before = &at, .name = "tools"};
  if (!read_choice_mode(value.find("mode"), mode_at, problem, out.choice.mode))
    return false;
  const auto list = value.find("tools");
  if (!list.is_array())
    return problem.wrong_type(tools_at, "an array of tools", list);
  std::vector<tool_definition> allowed;
  std::size_t index = 0;
  const bool good = list.each_element([&](json_view element) {
    std::string name;
    if (!read_chosen(element, {.before = &tools_at, .name = {}, .index = index++}, problem,
                     out.tools, name))
      return false;
    if (find_tool(allowed, name) == allowed.end())
      allowed.push_back(*find_tool(out.tools, name));
    return true;
  });
  if (!good)
    return false;
  out.tools = std::move(allowed);
  return !out.tools.empty() || problem.wrong(tools_at, "must not be empty");
}

bool read_choice(json_view value, request_problem& problem, chat_request& out) {
  const request_path at{.name = "tool_choice"};
  if (!value.has_value())
    return true;
  if (value.find("type").equals("allowed_tools")) {
    return read_allowed_tools(value.find("allowed_tools"), {.before = &at, .name = "allowed_tools"},
                              problem, out);
  }
  if (value.is_object()) {
    out.choice.mode = tool_choice_mode::function;
    return read_chosen(value, at, problem, out.tools, out.choice.function);
  }
  if (!read_choice_mode(value, at, problem, out.choice.mode))
    return false;
  return out.choice.mode != tool_choice_mode::required || !out.tools.empty() ||
         problem.wrong(at, "\"required\" needs 'tools'");
}

bool read_schema(json_view value, const request_path& at, request_problem& problem,
                 reply_format& out) {
  if (!value.is_object())
    return problem.wrong_type(at, "an object", value);
  out.kind = reply_format_kind::json_schema;
  out.schema.text = value.compact();
  return true;
}

bool read_named_schema(json_view format, const request_path& at, request_problem& problem,
                       reply_format& out) {
  if (format.find("json_schema").is_absent() && format.find("schema").is_object())
    return read_schema(format.find("schema"), {.before = &at, .name = "schema"}, problem, out);
  const auto value = format.find("json_schema");
  const request_path value_at{.before = &at, .name = "json_schema"};
  if (!value.is_object())
    return problem.wrong_type(value_at, "an object", value);
  const request_path name_at{.before = &value_at, .name = "name"};
  const auto schema = value.find("schema");
  out.kind = reply_format_kind::json_schema;
  return read_name_of_tool(value.find("name"), name_at, problem, out.name) &&
         problem.read(value.find("strict"), {.before = &value_at, .name = "strict"}, out.strict) &&
         (!schema.has_value() ||
          read_schema(schema, {.before = &value_at, .name = "schema"}, problem, out));
}

}  // namespace

bool read_tools(json_view body, const chat_request_limits& limits, request_problem& problem,
                chat_request& out) {
  for (const std::string_view old : {"functions", "function_call"}) {
    if (body.find(old).has_value()) {
      return problem.wrong({.name = old}, "not supported; use 'tools' and 'tool_choice'",
                           "unsupported_parameter");
    }
  }
  return read_definitions(body.find("tools"), limits, problem, out.tools) &&
         read_choice(body.find("tool_choice"), problem, out) &&
         problem.read(body.find("parallel_tool_calls"), {.name = "parallel_tool_calls"},
                      out.parallel_tool_calls);
}

bool read_reply_format(json_view value, request_problem& problem, reply_format& out) {
  const request_path at{.name = "response_format"};
  if (!value.has_value())
    return true;
  if (!value.is_object())
    return problem.wrong_type(at, "an object", value);
  const request_path type_at{.before = &at, .name = "type"};
  std::string type;
  if (!problem.read_required(value.find("type"), type_at, name_bytes_max, type))
    return false;
  if (type == "json_schema")
    return read_named_schema(value, at, problem, out);
  if (type == "json_object") {
    out.kind = reply_format_kind::json_object;
    const auto schema = value.find("schema");
    return !schema.has_value() ||
           read_schema(schema, {.before = &at, .name = "schema"}, problem, out);
  }
  return type == "text" ||
         problem.wrong(type_at, R"(expected one of "text", "json_object", "json_schema", got )" +
                                    quoted_excerpt(type));
}

}  // namespace libagent
