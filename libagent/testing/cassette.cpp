#include "libagent/testing/cassette.hpp"

#include "libagent/openai/chat_request_writer.hpp"
#include "libagent/record/canonical_json.hpp"

#include <array>
#include <utility>

namespace libagent::testing {

namespace {

cassette_delta to_cassette_delta(const chat_delta& delta) {
  cassette_delta out{.content = delta.content, .reasoning = delta.reasoning, .tool_calls = {}};
  for (const auto& piece : delta.tool_calls) {
    out.tool_calls.push_back(
        {.index = piece.index, .id = piece.id, .name = piece.name, .arguments = piece.arguments});
  }
  return out;
}

error to_error(const cassette_error& recorded) {
  error out{errc_from_string(recorded.code).value_or(errc::internal), recorded.context};
  if (recorded.retry_after_ms)
    out.retry_after = std::chrono::milliseconds{*recorded.retry_after_ms};
  return out;
}

}  // namespace

expected<std::string> canonical_request(const chat_request& request) {
  constexpr std::array<std::string_view, 1> left_out{"user"};
  constexpr json_limits limits{.bytes_max = 64U << 20U, .depth_max = 128};
  return canonical_json(write_chat_request(request, {}), limits, left_out);
}

cassette_line to_cassette_line(std::string request, const std::vector<chat_delta>& deltas,
                               const chat_end& end) {
  cassette_line line{.request = {std::move(request)}};
  for (const auto& delta : deltas)
    line.deltas.push_back(to_cassette_delta(delta));
  line.context_tokens = end.context_tokens;
  line.prompt_tokens = end.prompt_tokens;
  if (!end.reply) {
    const auto& failure = end.reply.error();
    line.error = cassette_error{.code = to_string(failure.code), .context = failure.context};
    if (failure.retry_after)
      line.error->retry_after_ms = failure.retry_after->count();
    return line;
  }
  const auto& reply = *end.reply;
  line.reply = cassette_reply{.id = reply.id,
                              .model = reply.model,
                              .message = reply.message,
                              .finish = reply.finish,
                              .usage = reply.usage,
                              .citations = reply.citations,
                              .found = reply.found};
  return line;
}

expected<chat_end> end_of(const cassette_line& line) {
  if (line.reply.has_value() == line.error.has_value())
    return error{errc::corrupt, "it has to have either a reply or an error"};
  if (line.error) {
    return chat_end{.reply = to_error(*line.error),
                    .so_far = {},
                    .context_tokens = line.context_tokens,
                    .prompt_tokens = line.prompt_tokens};
  }
  const auto& reply = *line.reply;
  return chat_end{.reply = chat_reply{.id = reply.id,
                                      .model = reply.model,
                                      .message = reply.message,
                                      .finish = reply.finish,
                                      .usage = reply.usage,
                                      .citations = reply.citations,
                                      .found = reply.found},
                  .so_far = {}};
}

std::vector<chat_delta> deltas_of(const cassette_line& line) {
  std::vector<chat_delta> out;
  for (const auto& delta : line.deltas) {
    chat_delta each{.content = delta.content, .reasoning = delta.reasoning, .tool_calls = {}};
    for (const auto& piece : delta.tool_calls) {
      each.tool_calls.push_back(
          {.index = piece.index, .id = piece.id, .name = piece.name, .arguments = piece.arguments});
    }
    out.push_back(std::move(each));
  }
  return out;
}

}  // namespace libagent::testing
