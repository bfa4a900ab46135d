#pragma once

#include "libagent/ports/tool.hpp"
#include "libagent/record/field.hpp"

#include <cstdint>
#include <string>

namespace libagent {

/// A tool as listings and other nodes see it: what it declares, and its schemas.
struct tool_info {
  std::string name;
  std::string description;
  lane tool_lane = lane::interactive;
  isolation tool_isolation = isolation::inline_call;
  effects tool_effects = effects::idempotent;
  std::int64_t timeout_ms = 0;
  raw_json input_schema;
  raw_json output_schema;
};

template <class Inspector>
bool inspect(Inspector& f, tool_info& x) {
  return record(f, x, "tool_info", field("name", "Unique on a node.", x.name),
                field("description", "What it does.", x.description),
                field("lane", "Where its tasks run.", x.tool_lane),
                field("isolation", "How its runs are kept apart.", x.tool_isolation),
                field("effects", "What running it twice would mean.", x.tool_effects),
                field("timeout_ms", "Default time limit of a task.", x.timeout_ms),
                field("input_schema", "JSON Schema of the arguments.", x.input_schema),
                field("output_schema", "JSON Schema of the result.", x.output_schema));
}

[[nodiscard]] tool_info describe(const tool& described);

}  // namespace libagent
