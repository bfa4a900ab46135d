#include "libagent/api/session_event_reader.hpp"

#include "libagent/record/json.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace libagent {

namespace {

/// The members of all kinds of events.
struct session_event_data {
  std::string text;
  std::uint32_t step = 0;
  std::optional<tool_call> call;
  bool succeeded = true;
  std::string output;
  std::chrono::milliseconds took{0};
  std::string agent;
};

template <class Inspector>
bool inspect(Inspector& f, session_event_data& x) {
  return record(
      f, x, "session_event", field("text", "To be appended.", x.text).fallback(std::string{}),
      field("step", "Counted from 1.", x.step).fallback(0U), field("call", "What is run.", x.call),
      field("succeeded", "Whether it went well.", x.succeeded).fallback(true),
      field("output", "As the model reads it.", x.output).fallback(std::string{}),
      field("took_ms", "Milliseconds that it took.", x.took).fallback(std::chrono::milliseconds{0}),
      field("agent", "Who answers from now on.", x.agent).fallback(std::string{}));
}

bool is_known_kind(const std::string& kind) {
  return kind == "text" || kind == "reasoning" || kind == "step_ended" || kind == "tool_began" ||
         kind == "tool_ended" || kind == "handed_over";
}

turn_update update_of(const std::string& kind, session_event_data data) {
  if (kind == "text")
    return turn_text{std::move(data.text)};
  if (kind == "reasoning")
    return turn_reasoning{std::move(data.text)};
  if (kind == "step_ended")
    return turn_step_ended{data.step};
  if (kind == "handed_over")
    return turn_handed_over{std::move(data.agent)};
  auto call = data.call.value_or(tool_call{});
  if (kind == "tool_began")
    return turn_tool_began{std::move(call)};
  return turn_tool_ended{.call = std::move(call),
                         .succeeded = data.succeeded,
                         .output = std::move(data.output),
                         .took = data.took};
}

}  // namespace

expected<std::optional<turn_update>> read_update_event(const sse_event& event) {
  if (!is_known_kind(event.event))
    return std::optional<turn_update>{};
  auto data = from_json<session_event_data>(event.data);
  if (!data)
    return error{data.error().code, "read event " + event.event + ": " + data.error().context};
  return std::optional{update_of(event.event, *std::move(data))};
}

}  // namespace libagent
