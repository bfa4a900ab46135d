#include "libagent/session/turn_cache.hpp"

#include "libagent/cache/cache_key.hpp"
#include "libagent/cache/chat_storability.hpp"
#include "libagent/record/json.hpp"

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace libagent {

namespace {

struct keyed_tool {
  std::string name;
  std::string description;
  raw_json parameters;
};

template <class Inspector>
bool inspect(Inspector& f, keyed_tool& x) {
  return record(f, x, "keyed_tool", field("name", "Name.", x.name),
                field("description", "What it does.", x.description),
                field("parameters", "Its input.", x.parameters));
}

/// All that makes an answer, but the model.
struct keyed_turn {
  std::string client;
  std::string agent;
  std::vector<chat_message> messages;
  std::vector<keyed_tool> tools;
  std::uint8_t choice = 0;
  std::string function;
  std::uint8_t format = 0;
  raw_json schema;
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<double> presence_penalty;
  std::optional<double> frequency_penalty;
  std::optional<std::int64_t> seed;
  std::optional<std::uint32_t> tokens_max;
  std::vector<std::string> stop;
  std::string effort;
};

template <class Inspector>
bool inspect(Inspector& f, keyed_turn& x) {
  return record(
      f, x, "keyed_turn", field("client", "Whose answer.", x.client),
      field("agent", "Who answers.", x.agent), field("messages", "What was said.", x.messages),
      field("tools", "What can be called.", x.tools),
      field("choice", "Whether tools must be called.", x.choice),
      field("function", "Which one.", x.function), field("format", "Shape of the reply.", x.format),
      field("schema", "Of the reply.", x.schema), field("temperature", "Sampling.", x.temperature),
      field("top_p", "Sampling.", x.top_p),
      field("presence_penalty", "Sampling.", x.presence_penalty),
      field("frequency_penalty", "Sampling.", x.frequency_penalty),
      field("seed", "Sampling.", x.seed), field("tokens_max", "Longest.", x.tokens_max),
      field("stop", "Where to stop.", x.stop), field("effort", "Reasoning.", x.effort));
}

struct kept_answer {
  std::string text;
  std::string model;
  bool found = true;
  std::vector<citation> citations;
};

template <class Inspector>
bool inspect(Inspector& f, kept_answer& x) {
  return record(f, x, "kept_answer", field("text", "The answer.", x.text),
                field("model", "What wrote it.", x.model),
                field("found", "Whether there is one.", x.found),
                field("citations", "What it rests on.", x.citations));
}

constexpr json_limits key_limits{.bytes_max = 4U << 20U, .depth_max = 64};

}  // namespace

expected<std::string> turn_cache_key(std::string_view client, std::string_view agent,
                                     std::string_view model, const chat_request& request) {
  keyed_turn turn{.client = std::string{client},
                  .agent = std::string{agent},
                  .messages = request.messages,
                  .choice = static_cast<std::uint8_t>(request.choice.mode),
                  .function = request.choice.function,
                  .format = static_cast<std::uint8_t>(request.format.kind),
                  .schema = request.format.schema,
                  .temperature = request.how.temperature,
                  .top_p = request.how.top_p,
                  .presence_penalty = request.how.presence_penalty,
                  .frequency_penalty = request.how.frequency_penalty,
                  .seed = request.how.seed,
                  .tokens_max = request.how.tokens_max,
                  .stop = request.how.stop,
                  .effort = request.how.reasoning_effort};
  for (const auto& t : request.tools)
    turn.tools.push_back({t.name, t.description, t.parameters});
  return chat_cache_key({.request_json = to_json(turn), .resolved_model = model}, key_limits);
}

std::string cached_answer_of(const turn_result& result) {
  const std::array<std::string_view, 1> reasons{name_of(result.finish)};
  // The agent's declaration asks for the cache, which is to accept one answer for all.
  if (result.state != turn_state::answered || result.text.empty() ||
      !is_storable({.finish_reasons = reasons, .accepts_repeats = true}))
    return {};
  return to_json(kept_answer{result.text, result.model, result.found, result.citations});
}

std::optional<chat_reply> answer_from_cache(std::string_view text) {
  auto read = from_json<kept_answer>(text, key_limits);
  if (!read)
    return std::nullopt;
  chat_reply out{.model = std::move(read->model),
                 .citations = std::move(read->citations),
                 .found = read->found};
  out.message.role = chat_role::assistant;
  out.message.content = std::move(read->text);
  return out;
}

}  // namespace libagent
