#include "libagent/cache/cache_key.hpp"

#include "libagent/base/text.hpp"
#include "libagent/record/canonical_json.hpp"

#include <utility>

namespace libagent {

namespace {

expected<void> check_key_text(std::string_view what, std::string_view text) {
  for (auto rest = text; !rest.empty();) {
    const auto size = utf8_sequence_size(rest);
    if (size == 0) {
      return error{errc::invalid_argument, "make cache key: " + std::string{what} + " " +
                                               quoted_excerpt(text) + " is not valid UTF-8"};
    }
    rest.remove_prefix(size);
  }
  return {};
}

// The parts are members of a JSON array, so no two lists of parts run together to one key.
std::string key_of_parts(std::string_view kind, std::span<const std::string_view> names,
                         std::string_view canonical) {
  std::string key = "[";
  append_quoted(key, kind);
  key += "," + std::to_string(cache_key_version);
  for (const auto name : names) {
    key += ",";
    append_quoted(key, name);
  }
  key += ",";
  key += canonical;
  key += "]";
  return key;
}

error with_key_context(error failure, std::string_view of) {
  failure.context = "make cache key of " + std::string{of} + ": " + failure.context;
  return failure;
}

}  // namespace

expected<std::string> tool_cache_key(const tool_key_facts& facts, const json_limits& limits) {
  if (auto valid = check_key_text("tool name", facts.name); !valid)
    return valid.error();
  if (auto valid = check_key_text("tool version", facts.version); !valid)
    return valid.error();
  auto arguments = canonical_json(facts.arguments_json, limits);
  if (!arguments)
    return with_key_context(std::move(arguments.error()), "tool arguments");
  return key_of_parts("tool", std::array{facts.name, facts.version}, *arguments);
}

expected<std::string> chat_cache_key(const chat_key_facts& facts, const json_limits& limits) {
  if (facts.resolved_model.empty())
    return error{errc::invalid_argument, "make cache key: the resolved model is empty"};
  if (auto valid = check_key_text("model", facts.resolved_model); !valid)
    return valid.error();
  auto request = canonical_json(facts.request_json, limits, facts.exclusions);
  if (!request)
    return with_key_context(std::move(request.error()), "chat request");
  if (request->front() != '{') {
    return error{
        errc::invalid_argument,
        "make cache key of chat request: expected an object, got " + quoted_excerpt(*request)};
  }
  return key_of_parts("chat", std::array{facts.resolved_model}, *request);
}

}  // namespace libagent
