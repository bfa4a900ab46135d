#include "actors/session_spans.hpp"

#include "actors/model_spans.hpp"
#include "libagent/session/guardrails.hpp"
#include "libagent/telemetry/span_contents.hpp"

#include <chrono>
#include <utility>
#include <vector>

namespace libagent::actors {

namespace {

span ended_span(const open_span& open, const std::string& operation, const std::string& of,
                time_point now) {
  const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(now - open.began);
  span made;
  made.context = open.place.context;
  made.parent_span_id = open.place.parent_span_id;
  made.name = operation + " " + of;
  made.start_unix_nanos = open.start_unix_nanos;
  made.end_unix_nanos = open.start_unix_nanos + static_cast<std::uint64_t>(took.count());
  made.attributes.emplace_back("gen_ai.operation.name", operation);
  return made;
}

void mark_failed(span& made, errc why) {
  made.status = span_status::failed;
  made.status_message = to_string(why);
  made.attributes.emplace_back("error.type", error_type_of(why));
}

std::optional<errc> failure_of_turn(const turn_result& result) {
  if (result.failure)
    return result.failure->code;
  return result.state == turn_state::cancelled ? std::optional{errc::cancelled} : std::nullopt;
}

}  // namespace

std::unique_ptr<open_span> open_span_below(std::string& trace, span_source* source, time_point now,
                                           unix_millis wall) {
  const auto place = source != nullptr ? source->place_below(trace) : std::nullopt;
  if (!place)
    return nullptr;
  trace = make_traceparent(place->context);
  return std::make_unique<open_span>(
      open_span{.place = *place,
                .start_unix_nanos = static_cast<std::uint64_t>(wall) * 1'000'000U,
                .began = now,
                .input = {}});
}

span span_of_turn(const open_span& open, const turn_result& result, time_point now,
                  std::size_t contents_max) {
  auto made = ended_span(open, "invoke_agent", result.agent, now);
  auto& list = made.attributes;
  const auto add_text = [&list](const char* name, const std::string& text) {
    if (!text.empty())
      list.emplace_back(name, text);
  };
  // Its agents are what this provider offers, whoever's models they use.
  list.emplace_back("gen_ai.provider.name", std::string{"libagent"});
  add_text("gen_ai.agent.name", result.agent);
  add_text("gen_ai.conversation.id", result.session);
  add_text("gen_ai.response.model", result.model);
  list.emplace_back("gen_ai.usage.input_tokens", static_cast<std::int64_t>(result.usage.prompt));
  list.emplace_back("gen_ai.usage.output_tokens",
                    static_cast<std::int64_t>(result.usage.completion));
  if (result.state == turn_state::answered) {
    list.emplace_back("gen_ai.response.finish_reasons",
                      std::vector<std::string>{std::string{name_of(result.finish)}});
  }
  if (contents_max > 0) {
    add_text("gen_ai.input.messages", open.input);
    list.emplace_back("gen_ai.output.messages",
                      output_messages_text({.role = chat_role::assistant, .content = result.text},
                                           result.finish, contents_max));
  }
  if (const auto failure = failure_of_turn(result))
    mark_failed(made, *failure);
  return made;
}

span span_of_tool(const open_span& open, const std::string& tool, const std::string& call,
                  const expected<std::string>& output, time_point now, std::size_t contents_max) {
  auto made = ended_span(open, "execute_tool", tool, now);
  made.attributes.emplace_back("gen_ai.tool.name", tool);
  made.attributes.emplace_back("gen_ai.tool.call.id", call);
  made.attributes.emplace_back("gen_ai.tool.type", std::string{"function"});
  if (contents_max > 0) {
    made.attributes.emplace_back("gen_ai.tool.call.arguments",
                                 cut_with_note(open.input, contents_max));
    if (output) {
      made.attributes.emplace_back("gen_ai.tool.call.result", cut_with_note(*output, contents_max));
    }
  }
  if (!output)
    mark_failed(made, output.error().code);
  return made;
}

}  // namespace libagent::actors
