#include "libagent/config/generated.hpp"

#include <nlohmann/json.hpp>

#include <charconv>

namespace libagent {

namespace {

using ordered_json = nlohmann::ordered_json;

constexpr const char* duration_pattern = R"(^(0|[0-9]+(\.[0-9]{1,3})? ?(ns|us|ms|s|m|h|d))$)";
constexpr const char* size_pattern = R"(^[0-9]+(\.[0-9]{1,3})? ?([kKmMgGtT]?[iI]?[bB])?$)";

ordered_json default_value(const option& each) {
  const auto& text = each.default_text();
  if (each.kind() != option_kind::integer)
    return text;
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string help_with_bounds(const option& each) {
  const bool is_range = each.kind() == option_kind::time_span || each.kind() == option_kind::size;
  return is_range ? each.help() + " Allowed: " + each.allowed() + "." : each.help();
}

ordered_json option_schema(const option& each) {
  ordered_json schema{{"description", help_with_bounds(each)}};
  switch (each.kind()) {
    case option_kind::integer:
      schema["type"] = "integer";
      schema["minimum"] = each.low();
      schema["maximum"] = each.high();
      break;
    case option_kind::size:
      schema["type"] = {"string", "integer"};
      schema["pattern"] = size_pattern;
      break;
    case option_kind::time_span:
      schema["type"] = "string";
      schema["pattern"] = duration_pattern;
      break;
    case option_kind::choice:
      schema["type"] = "string";
      schema["enum"] = each.choices();
      break;
    case option_kind::text: schema["type"] = "string"; break;
  }
  schema["default"] = default_value(each);
  return schema;
}

ordered_json closed_object() {
  return {
      {"type", "object"}, {"additionalProperties", false}, {"properties", ordered_json::object()}};
}

std::string kind_name(option_kind kind) {
  switch (kind) {
    case option_kind::integer: return "number";
    case option_kind::size: return "size";
    case option_kind::time_span: return "duration";
    case option_kind::choice: return "choice";
    case option_kind::text: return "text";
  }
  return "text";
}

std::string code(const std::string& text) {
  return text.empty() ? "empty" : "`" + text + "`";
}

void append_option_reference(std::string& out, const option& each) {
  out += "### `" + each.key() + "`\n\n" + each.help() + "\n\n";
  out += "- Default: " + code(each.default_text()) + "\n";
  out += "- Kind: " + kind_name(each.kind());
  if (!each.allowed().empty())
    out += ", " + each.allowed();
  out += each.is_secret() ? "; never shown\n" : "\n";
  out += "- Environment: `" + each.environment_variable() + "`\n\n";
}

constexpr const char* reference_head = R"(# Configuration

<!-- Generated from libagent/config/agent_options.cpp. Do not edit. -->

Every option can be set in four places. Later ones win:

1. the default below,
2. the configuration file (`--config FILE`): one JSON object, in which
   `{"memory": {"budget": "1GiB"}}` and `{"memory.budget": "1GiB"}` say the same;
   `configs/default.json` holds every option with its default,
3. the environment: `LIBAGENT_MEMORY_BUDGET=1GiB`,
4. the command line: `--set memory.budget=1GiB`.

Unknown keys and values out of range are errors that name the place, the key, the value and what is
allowed. `agent config check` finds them without starting anything, and `agent config show` prints
the effective values and where each comes from.

A **duration** is a number with a unit: `250ms`, `5s`, `2m`, `1h`, `30d`. A **size** is a number of
bytes, or one with a unit: `64MiB` (powers of 1024), `1.5GB` (powers of 1000).

)";

}  // namespace

std::string default_config_json(std::span<const option> options) {
  ordered_json document{{"$schema", "schemas/config.schema.json"}};
  for (const auto& each : options)
    document[std::string{each.section()}][std::string{each.name()}] = default_value(each);
  return document.dump(2) + "\n";
}

std::string config_schema_json(std::span<const option> options) {
  ordered_json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                      {"title", "libagent configuration"}};
  schema.update(closed_object());
  auto& sections = schema["properties"];
  sections["$schema"] = {{"type", "string"}};
  for (const auto& each : options) {
    auto& section = sections[std::string{each.section()}];
    if (section.is_null())
      section = closed_object();
    section["properties"][std::string{each.name()}] = option_schema(each);
  }
  return schema.dump(2) + "\n";
}

std::string config_reference(std::span<const option> options) {
  std::string out = reference_head;
  std::string_view section;
  for (const auto& each : options) {
    if (each.section() != section) {
      section = each.section();
      out += "## " + std::string{section} + "\n\n";
    }
    append_option_reference(out, each);
  }
  out.pop_back();  // the blank line after the last option
  return out;
}

}  // namespace libagent
