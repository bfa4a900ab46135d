#include "libagent/cache/chat_storability.hpp"

#include <algorithm>

namespace libagent {

namespace {

bool is_whole_choice(std::string_view finish_reason) {
  return finish_reason == "stop" || finish_reason == "tool_calls";
}

}  // namespace

storability storability_of(const chat_answer_facts& facts) {
  if (facts.no_store)
    return storability::forbidden;
  if (facts.has_error)
    return storability::failed;
  if (facts.finish_reasons.empty() || !std::ranges::all_of(facts.finish_reasons, is_whole_choice))
    return storability::incomplete;
  if (facts.temperature == 0.0 || facts.has_seed || facts.accepts_repeats)
    return storability::storable;
  return storability::varying;
}

}  // namespace libagent
