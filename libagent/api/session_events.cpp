#include "libagent/api/session_events.hpp"

#include "libagent/record/json.hpp"

#include <string>
#include <type_traits>
#include <variant>

namespace libagent {

template <class Inspector>
bool inspect(Inspector& f, turn_text& x) {
  return record(f, x, "turn_text", field("text", "To be appended.", x.text));
}

template <class Inspector>
bool inspect(Inspector& f, turn_reasoning& x) {
  return record(f, x, "turn_reasoning", field("text", "To be appended.", x.text));
}

template <class Inspector>
bool inspect(Inspector& f, turn_call_piece& x) {
  return record(f, x, "turn_call_piece", field("index", "Which of the calls.", x.piece.index),
                field("id", "Names the call.", x.piece.id),
                field("name", "The tool.", x.piece.name),
                field("arguments", "To be appended.", x.piece.arguments));
}

template <class Inspector>
bool inspect(Inspector& f, turn_step_ended& x) {
  return record(f, x, "turn_step_ended", field("step", "Counted from 1.", x.step));
}

template <class Inspector>
bool inspect(Inspector& f, turn_tool_began& x) {
  return record(f, x, "turn_tool_began", field("call", "What is run.", x.call));
}

template <class Inspector>
bool inspect(Inspector& f, turn_tool_ended& x) {
  return record(f, x, "turn_tool_ended", field("call", "What was run.", x.call),
                field("succeeded", "Whether it went well.", x.succeeded),
                field("output", "As the model reads it.", x.output),
                field("took_ms", "Milliseconds that it took.", x.took));
}

template <class Inspector>
bool inspect(Inspector& f, turn_handed_over& x) {
  return record(f, x, "turn_handed_over", field("agent", "Who answers from now on.", x.agent));
}

namespace {

const char* event_name(const turn_text&) {
  return "text";
}

const char* event_name(const turn_reasoning&) {
  return "reasoning";
}

const char* event_name(const turn_call_piece&) {
  return "call";
}

const char* event_name(const turn_step_ended&) {
  return "step_ended";
}

const char* event_name(const turn_tool_began&) {
  return "tool_began";
}

const char* event_name(const turn_tool_ended&) {
  return "tool_ended";
}

const char* event_name(const turn_handed_over&) {
  return "handed_over";
}

}  // namespace

sse_event update_event(const turn_update& update) {
  return std::visit(
      [](const auto& what) -> sse_event {
        return {.event = event_name(what), .data = to_json(what)};
      },
      update);
}

sse_event end_event(const turn_result& result) {
  return {.event = "end", .data = to_json(result)};
}

}  // namespace libagent
