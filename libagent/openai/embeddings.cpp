#include "libagent/openai/embeddings.hpp"

#include "libagent/base/text.hpp"
#include "libagent/openai/float_base64.hpp"
#include "libagent/openai/json_append.hpp"
#include "libagent/openai/json_tape.hpp"
#include "libagent/openai/provider_error.hpp"
#include "libagent/openai/usage_json.hpp"
#include "libagent/record/json_writer.hpp"

#include <limits>

namespace libagent {

namespace {

error embedding_failure(const std::string& came_back) {
  return {errc::corrupt, "read embeddings: " + came_back};
}

/// An embedding as numbers or as base64. Empty: neither, or one that is not finite or too large.
std::vector<float> read_embedding(json_view value) {
  if (value.is_string())
    return floats_from_base64(value.text()).value_or(std::vector<float>{});
  std::vector<float> out;
  const bool good = value.each_element([&out](json_view element) {
    const auto number = element.real();
    constexpr double most = std::numeric_limits<float>::max();
    if (!number || *number > most || *number < -most)
      return false;
    out.push_back(static_cast<float>(*number));
    return true;
  });
  return good ? out : std::vector<float>{};
}

expected<void> place_embedding(json_view element, std::size_t position,
                               std::vector<std::vector<float>>& out) {
  const auto index = element.find("index").count().value_or(position);
  if (index >= out.size() || !out[index].empty())
    return embedding_failure("there are more than " + std::to_string(out.size()));
  out[index] = read_embedding(element.find("embedding"));
  if (out[index].empty())
    return embedding_failure("number " + std::to_string(index) + " is no list of numbers");
  return {};
}

expected<void> check_sizes(const std::vector<std::vector<float>>& embeddings) {
  for (const auto& embedding : embeddings) {
    if (embedding.empty())
      return embedding_failure("one is missing");
    if (embedding.size() != embeddings.front().size())
      return embedding_failure("they have different sizes");
  }
  return {};
}

expected<embedding_result> read_result(json_view root, std::size_t inputs) {
  embedding_result out;
  out.model = root.find("model").text();
  out.embeddings.resize(inputs);
  expected<void> placed;
  std::size_t position = 0;
  root.find("data").each_element([&](json_view element) {
    placed = place_embedding(element, position++, out.embeddings);
    return placed.has_value();
  });
  if (!placed)
    return placed.error();
  if (auto done = check_sizes(out.embeddings); !done)
    return done.error();
  out.usage = read_usage(root.find("usage")).value_or(token_usage{.estimated = true});
  return out;
}

}  // namespace

std::string write_embedding_request(std::string_view model, std::span<const std::string> inputs,
                                    std::optional<std::uint32_t> dimensions) {
  std::string out;
  object_appender body{out};
  body.text("model", model);
  append_array(body.member("input"), inputs,
               [&out](const std::string& input) { append_quoted(out, input); });
  body.text("encoding_format", "base64");
  if (dimensions)
    body.integer("dimensions", *dimensions);
  body.close();
  return out;
}

expected<embedding_result> read_embedding_reply(std::string_view body, std::size_t inputs) {
  constexpr std::size_t bytes_max = 256U << 20U;
  constexpr std::size_t numbers_max = 16U << 20U;
  json_tape tape{{.bytes_max = bytes_max}, json_tape::text_rule::keep, numbers_max};
  if (auto done = tape.read(body); !done)
    return embedding_failure(done.error().context);
  if (const auto problem = tape.root().find("error"); problem.has_value())
    return read_error_value(problem).failure;
  return read_result(tape.root(), inputs);
}

std::string write_embedding_reply(const embedding_result& result, bool base64) {
  std::string out = R"({"object":"list","data":)";
  std::size_t index = 0;
  append_array(out, result.embeddings, [&](const std::vector<float>& embedding) {
    object_appender element{out};
    element.text("object", "embedding");
    element.integer("index", index++);
    if (base64) {
      element.text("embedding", to_base64(embedding));
    } else {
      append_json(element.member("embedding"), embedding);
    }
    element.close();
  });
  out += R"(,"model":)";
  append_quoted(out, result.model);
  out += R"(,"usage":{"prompt_tokens":)" + std::to_string(result.usage.prompt);
  out += R"(,"total_tokens":)" + std::to_string(result.usage.total()) + "}}";
  return out;
}

}  // namespace libagent
